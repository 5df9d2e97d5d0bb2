from collections import defaultdict
from contextlib import contextmanager

from odoo import models
from odoo.tools import SQL

from ..core import names
from ..core.arrays import int_array, text_array
from ..core.scene import Customer

_WORDS = SQL(names.WORDS_SQL.format(column="p.name"))

#: Bearers of a name that are looked at; more of them say nothing without the amount.
MAX_NAMESAKES = 400
#: Bearers of one surname that are looked at. More common ones say too little.
MAX_KIN = 150
#: Bearers of a name whose invoices are all looked at.
MAX_FEW_NAMESAKES = 12
#: Customers of one account or name that are looked at with all they owe.
MAX_OWNERS = 30
#: Customers of one account or name of whom only invoices with the paid amount are
#: looked at.
MAX_SHARING = 400


class BillingMatcher(models.AbstractModel):
    """Finds the customers whom account and name of the payer point at."""

    _inherit = "billing.matcher"

    def _find_accounts(self, payments, places, strong):
        """Customers whose payments came from the same account.

        :return: number of payments from the account by place, where it is known; see
            :meth:`_share_out`
        """
        wanted = defaultdict(list)
        for at in places:
            account = payments[at].payer_account
            if account:
                wanted[payments[at].company_id, account].append(at)
        rows = self._remembered("account", sorted(wanted))
        known = {
            at: sum(count for _, count in owners)
            for pair, owners in rows.items()
            for at in wanted[pair]
        }
        return known, self._share_out(rows, wanted, strong, "account_share")

    def _share_out(self, rows, wanted, strong, name):
        """Tell customers which share of the payments of an account, or under a name,
        were for them.

        :param rows: see :meth:`_remembered`
        :param wanted: dict of its keys to list of places
        :param name: attribute of customers that takes the share
        :return: by place and partner id the share of those who are looked at by their
            amounts only
        """
        others = {}
        for pair, owners in rows.items():
            total = sum(count for _, count in owners)
            shares = {
                partner: count / total
                for partner, count in owners[: MAX_OWNERS + MAX_SHARING]
            }
            for at in wanted[pair]:
                for partner, _count in owners[:MAX_OWNERS]:
                    customer = strong[at].setdefault(partner, Customer(partner))
                    setattr(customer, name, shares[partner])
                if len(owners) > MAX_OWNERS:
                    others[at] = shares
        return others

    def _remembered(self, kind, keys):
        """Customers that payers with these accounts or names have paid for.

        :param keys: pairs of company id and key
        :return: dict of the pair to a list of (partner id, number of payments), the
            most frequent first
        """
        found = defaultdict(list)
        if not keys:
            return found
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.company_id, m.key, m.partner_id, m.count
                  FROM unnest(%s::int[], %s::text[]) AS q(company_id, key)
                  JOIN billing_payer_memory m
                    ON m.company_id = q.company_id AND m.kind = %s AND m.key = q.key
                 ORDER BY m.count DESC, m.partner_id
                """,
                int_array(company for company, _ in keys),
                text_array(key for _, key in keys),
                kind,
            )
        )
        for company, key, partner, count in rows:
            found[company, key].append((partner, count))
        return found

    def _find_namesakes(self, payments, places, strong):
        """Customers who bear the payer's name, or paid under it before.

        :return: number of bearers by place; by place those of whom only invoices with
            the paid amount are looked at; by place and partner id how many share a
            surname with the payer; see :meth:`_share_out`
        """
        wanted = defaultdict(list)
        remembered = defaultdict(list)
        for at in places:
            paid = payments[at]
            key = names.name_key(paid.payer_name)
            if key:
                remembered[paid.company_id, key].append(at)
            for name in (
                *([paid.payer_name] if key else ()),
                *names.on_behalf_of(paid.payer_name),
                *names.on_behalf_of(paid.text),
            ):
                for probe in names.index_probes(name):
                    wanted[probe].append(at)
        rows = self._remembered("name", sorted(remembered))
        named = self._share_out(rows, remembered, strong, "name_share")
        kin = self._find_kin(payments, places)
        bearers = self._probe_names(list(wanted), MAX_NAMESAKES)
        counts = {}
        many = {at: dict.fromkeys(found) for at, found in kin.items()}
        for probe, partners in bearers.items():
            for at in wanted[probe]:
                counts[at] = max(counts.get(at, 0), len(partners))
                if len(partners) <= MAX_FEW_NAMESAKES:
                    for partner in partners:
                        strong[at].setdefault(partner, Customer(partner))
                else:
                    many.setdefault(at, {}).update(dict.fromkeys(partners))
        for at, customers in strong.items():
            for customer in customers.values():
                customer.namesakes = max(counts.get(at, 1), 1)
                customer.kin = kin.get(at, {}).get(customer.partner_id, 0)
        return counts, many, kin, named

    @contextmanager
    def _planned_for_words(self):
        """Inverted indexes are read as bitmaps or not at all."""
        self.env.cr.execute("SET LOCAL enable_bitmapscan = on")
        yield
        self.env.cr.execute("SET LOCAL enable_bitmapscan = off")

    def _find_kin(self, payments, places):
        """Customers who share a rare surname with the payer: families pay for each
        other.

        :return: by place and partner id the number of those who share it
        """
        wanted = defaultdict(list)
        common = self._get_common_words()
        for at in places:
            for word in names.kin_probes(payments[at].payer_name):
                if word not in common:
                    wanted[(word,)].append(at)
        kin = defaultdict(dict)
        for probe, partners in self._probe_names(list(wanted), MAX_KIN).items():
            if len(partners) < MAX_KIN:
                for at in wanted[probe]:
                    for partner in partners:
                        kin[at].setdefault(partner, len(partners))
        return kin

    def _get_common_words(self):
        """Words of names that too many customers bear, as the statistics know them.

        To look them up would cost more than all the others together.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT word.value
                  FROM pg_stats s
                  JOIN pg_class c ON c.oid = to_regclass('res_partner')
                 CROSS JOIN LATERAL unnest(s.most_common_elems::text::text[],
                                           s.most_common_elem_freqs)
                       AS word(value, share)
                 WHERE s.schemaname = current_schema
                   AND s.tablename = 'res_partner_billing_words_idx'
                   AND word.share * c.reltuples > %s
                """,
                MAX_KIN,
            )
        )
        return {word for (word,) in rows}

    def _probe_names(self, probes, limit):
        """Customers whose name holds all words of each probe.

        :param probes: list of tuples of words
        :param limit: bearers of each that are looked at
        :return: dict of probe to list of commercial partner ids
        """
        if not probes:
            return {}
        with self._planned_for_words():
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT q.at, found.partner_id
                      FROM unnest(%s::int[], %s::text[]) AS q(at, words)
                     CROSS JOIN LATERAL (
                           SELECT p.commercial_partner_id AS partner_id
                             FROM res_partner p
                            WHERE %s @> string_to_array(q.words, ' ')
                              AND p.name IS NOT NULL
                            LIMIT %s) AS found
                     WHERE found.partner_id IS NOT NULL
                    """,
                    int_array(range(len(probes))),
                    text_array(" ".join(probe) for probe in probes),
                    _WORDS,
                    limit,
                )
            )
        found = defaultdict(dict)
        for at, partner in rows:
            found[probes[at]][partner] = True
        return {probe: list(partners) for probe, partners in found.items()}

    def _load_people(self, payments, places, strong, weak):
        """Names, number of known accounts and habit of all customers in question."""
        everybody = defaultdict(list)
        for at in places:
            for found in (strong[at], weak[at]):
                for customer in found.values():
                    everybody[payments[at].company_id].append(customer)
        for company, customers in everybody.items():
            ids = sorted({customer.partner_id for customer in customers})
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT q.id,
                           -- a join may read all customers there are
                           (SELECT p.name FROM res_partner p WHERE p.id = q.id),
                           (SELECT count(*) FROM billing_payer_memory m
                             WHERE m.partner_id = q.id AND m.company_id = %s
                               AND m.kind = 'account'),
                           (SELECT h.mean_delay FROM billing_payer_habit h
                             WHERE h.partner_id = q.id AND h.company_id = %s
                               AND h.count >= 3)
                      FROM unnest(%s::int[]) AS q(id)
                    """,
                    company,
                    company,
                    int_array(ids),
                )
            )
            people = {row[0]: row[1:] for row in rows}
            for customer in customers:
                name, accounts, delay = people[customer.partner_id]
                customer.names = (name,) if name else ()
                customer.accounts = accounts
                customer.delay = delay
