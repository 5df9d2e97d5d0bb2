import dataclasses
from collections import defaultdict
from contextlib import contextmanager
from math import log

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core.decision import BOOKED, PROPOSED, Reason
from odoo.addons.billing_base.core.reference import bucket, compact

from ..core import edits, names, texts
from ..core.decide import AMOUNT, CURRENCY, OWN, UNKNOWN
from ..core.evidence import REMINDER_FEES, Customer, Item, Scene, Weigher
from ..core.scoring import Invoice
from .account_move import ISSUED_SQL, OPEN_REFUND_SQL, OPEN_SQL
from .billing_matcher import (
    GATHERED,
    _amount_of,
    _decimal_array,
    _int_array,
    _text_array,
)

_ISSUED = SQL(ISSUED_SQL)
_OPEN = SQL(OPEN_SQL)
_OPEN_REFUND = SQL(OPEN_REFUND_SQL)
_WORDS = SQL(names.WORDS_SQL.format(column="p.name"))
_ITEM = SQL(
    """m.id, m.commercial_partner_id, m.payment_reference,
       CASE WHEN m.move_type = 'out_refund'
            THEN -m.amount_residual ELSE m.amount_residual END AS residual,
       m.amount_total, m.currency_id, m.invoice_date_due,
       m.state = 'posted'
       AND m.payment_state IN ('not_paid', 'partial', 'blocked') AS is_open"""
)

#: Bearers of a name that are looked at; more of them say nothing without the amount.
MAX_NAMESAKES = 400
#: Bearers of one surname that are looked at. More common ones say too little.
MAX_KIN = 150
#: Bearers of a name whose invoices are all looked at.
MAX_FEW_NAMESAKES = 12
#: Open items of one customer that are looked at, the oldest ones.
MAX_ITEMS = 40
#: Open invoices of one amount that are looked at whosever they are.
MAX_SAME_AMOUNT = 40
#: Invoices near the stated reference whose customers are looked at.
MAX_NEAR = 24
#: Customers of one account that are looked at.
MAX_OWNERS = 30
#: Paid invoices of one customer with the paid amount that are looked at.
MAX_CLOSED = 3
#: Invoices that share a number, over years and journals.
MAX_SAME_NUMBER = 20
#: Share of payments that mention an invoice number, a customer number and so on; and
#: how much likelier it is that a number means what the word before it says.
_MENTIONED = {
    texts.INVOICE: 0.3,
    texts.CUSTOMER: 0.2,
    texts.METER: 0.2,
    texts.PHONE: 0.2,
    texts.REFERENCE: 0.3,
    texts.ANY: 0.02,
}


class BillingMatcher(models.AbstractModel):
    """Weighs everything but the reference for the payments it leaves open.

    Reads, for all payments of a batch at once, who has paid from the account, who
    bears the name, what the texts mention and whose invoices have the amount; then
    what these customers owe. The statements are the same for one payment and for
    ten thousand.
    """

    _inherit = "billing.matcher"

    def _weigh_evidence(self, payments, looks, facts, decisions, decider, units):
        """Decide anew what the references alone left to a person.

        :param facts: what the search for references found, by place
        :param decisions: list of decisions; the revised ones take their place
        """
        places = [
            at
            for at, item in enumerate(decisions)
            if payments[at].amount > 0
            and looks[at].kind != CURRENCY
            and self._is_to_weigh(item, looks[at], decider.policy)
        ]
        for start in range(0, len(places), GATHERED):
            part = places[start : start + GATHERED]
            self._load_details(payments, part)
            scenes, answered = self._load_scenes(
                payments, looks, facts, part, decider, units
            )
            weigher = Weigher(
                decider.weights,
                decider.policy,
                self._policies_of(scenes, decider.policy),
            )
            for at in part:
                before = decisions[at]
                for share in before.shares:
                    decider.ledger.give_back(share.move_id, share.amount)
                scene = self._as_left(scenes[at], decider.ledger)
                query = None if at in answered else looks[at].query
                if looks[at].kind == OWN and before.shares:
                    owner = looks[at].invoices[0].partner_id
                    if not weigher.is_strange(payments[at], query, scene, owner):
                        for share in before.shares:
                            decider.ledger.take(share.move_id, share.amount)
                        continue
                item = weigher.decide(payments[at], query, scene, before)
                for share in item.shares:
                    decider.ledger.take(share.move_id, share.amount)
                decisions[at] = item

    def _policies_of(self, scenes, policy):
        """Policy by partner id, where groups of customers have their own."""
        company = self.env.company
        policies = self.env["billing.match.policy"]
        if not policies._any(company):
            return lambda partner_id: policy
        partners = {
            customer.partner_id
            for scene in scenes.values()
            for customer in scene.customers
        }
        return policies._by_partner(company, list(partners)).__getitem__

    def _ask_groups(self, decisions):
        """Leave repairs to staff that are less certain than the customer's group asks.

        :return: the decisions, in the same order
        """
        company = self.env.company
        policies = self.env["billing.match.policy"]
        if not policies._any(company):
            return decisions
        repaired = {
            at: item.candidates[0]
            for at, item in enumerate(decisions)
            if item.outcome in BOOKED
            and item.candidates
            and item.candidates[0].distance > 0
        }
        asked = policies._by_partner(
            company, list({candidate.partner_id for candidate in repaired.values()})
        )
        decisions = list(decisions)
        for at, candidate in repaired.items():
            policy = asked[candidate.partner_id]
            least = policy.one_edit if candidate.distance < 2 else policy.two_edits
            if decisions[at].probability < least:
                decisions[at] = dataclasses.replace(
                    decisions[at],
                    outcome=PROPOSED,
                    shares=(),
                    reasons=(Reason("not_sure_enough"), *decisions[at].reasons),
                )
        return decisions

    @staticmethod
    def _is_to_weigh(item, look, policy):
        """Whether a decision by the reference alone is open to other evidence."""
        if item.outcome not in BOOKED:
            return True
        if not policy.by_evidence:
            return False
        # another amount than is open may mean another invoice than is stated
        if look.kind in (AMOUNT, OWN):
            return not any(reason.code == "amount_exact" for reason in item.reasons)
        # in dense numbering two slips look like one slip of a neighbour
        return look.kind == UNKNOWN and item.probability < policy.vetted

    @staticmethod
    def _as_left(scene, ledger):
        """The scene as the payments decided before leave it: what they settle counts
        as paid."""
        for customer in scene.customers:
            free = [
                item
                for item in customer.open
                if ledger.left(item.invoice) == item.invoice.residual
            ]
            if len(free) < len(customer.open):
                customer.closed += [
                    dataclasses.replace(
                        item,
                        invoice=dataclasses.replace(item.invoice, is_open=False),
                    )
                    for item in customer.open
                    if item not in free
                ]
                customer.open = free
        return scene

    # === LOADING === #

    def _load_details(self, payments, places):
        """Read what only evidence needs of the payments, in place."""
        wanted = {
            payments[at].payment_id: at for at in places if payments[at].day is None
        }
        if not wanted:
            return
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.payer_name, p.payer_account, p.booking_date, p.text,
                       p.end_to_end_id
                  FROM billing_payment p WHERE p.id = ANY(%s)
                """,
                list(wanted),
            )
        )
        for payment, name, account, day, text, end_to_end in rows:
            at = wanted[payment]
            payments[at] = dataclasses.replace(
                payments[at],
                payer_name=name or "",
                payer_account=account or "",
                day=day,
                text="\n".join(filter(None, (text, end_to_end))),
            )

    def _load_scenes(self, payments, looks, facts, places, decider, units):
        """What is known around each of the payments.

        :return: dict of place to :class:`~..core.evidence.Scene`, and the places whose
            stated reference is a number of another kind, such as an invoice number
        """
        strong = defaultdict(dict)  # place -> partner id -> Customer
        for at in places:
            look, fact = looks[at], facts.get(at)
            near = fact.near if fact else ()
            for invoice in (*look.invoices, *near):
                strong[at].setdefault(invoice.partner_id, Customer(invoice.partner_id))
        accounts = self._find_accounts(payments, places, strong)
        said, answered = self._find_mentions(payments, looks, places, strong, units)
        namesakes, many, kin = self._find_namesakes(payments, places, strong)
        weak = defaultdict(dict)
        self._find_by_amount(payments, places, many, strong, weak, units)
        for at, customers in weak.items():
            for partner, customer in customers.items():
                customer.namesakes = max(namesakes.get(at, 1), 1)
                customer.kin = kin.get(at, {}).get(partner, 0)
        self._load_items(payments, looks, facts, places, strong, said, units)
        self._load_people(payments, places, strong, weak)
        fees = self._get_fees()
        counted = self._count_amounts(
            payments, [at for at in places if at not in facts]
        )
        scenes = {}
        for at in places:
            paid = payments[at]
            scenes[at] = Scene(
                decider.open_counts.get(paid.company_id, 0),
                facts[at].around.sharing if at in facts else counted[_amount_of(paid)],
                [*strong[at].values(), *weak[at].values()],
                at in accounts,
                accounts.get(at, 0),
                namesakes.get(at, 0),
                fees.get(paid.company_id, ()),
            )
        return scenes, answered

    @staticmethod
    def _near_invoices(paid, look, fact):
        """Invoices that the reference led to: its own, and those near enough to matter.

        In dense numbering hundreds are two edits away; of these only the ones with the
        paid amount say anything.
        """
        near = list(look.invoices)
        for invoice in fact.near if fact else ():
            amount = invoice.residual if invoice.is_open else invoice.total
            how = edits.explain(look.query.key, invoice.key)
            if amount == paid.amount or (how is not None and how.distance < 2):
                near.append(invoice)
        return near[:MAX_NEAR]

    def _get_fees(self):
        """Reminder fees payers may have added, in minor units by company id."""
        return {
            company.id: REMINDER_FEES.get(company.country_id.code, ())
            for company in self.env["res.company"].sudo().search([])
        }

    def _find_accounts(self, payments, places, strong):
        """Customers whose payments came from the same account.

        :return: number of payments from the account by place, where it is known
        """
        wanted = defaultdict(list)
        for at in places:
            account = payments[at].payer_account
            if account:
                wanted[payments[at].company_id, account].append(at)
        known = {}
        rows = self._remembered("account", list(wanted))
        for (company, key), owners in rows.items():
            total = sum(count for _, count in owners)
            for at in wanted[company, key]:
                known[at] = total
                for partner, count in owners[:MAX_OWNERS]:
                    customer = strong[at].setdefault(partner, Customer(partner))
                    customer.account_share = count / total
        return known

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
                _int_array(company for company, _ in keys),
                _text_array(key for _, key in keys),
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
            surname with the payer
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
        for pair, owners in self._remembered("name", list(remembered)).items():
            total = sum(count for _, count in owners)
            for at in remembered[pair]:
                for partner, count in owners[:MAX_OWNERS]:
                    customer = strong[at].setdefault(partner, Customer(partner))
                    customer.name_share = count / total
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
        return counts, many, kin

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
                    _int_array(range(len(probes))),
                    _text_array(" ".join(probe) for probe in probes),
                    _WORDS,
                    limit,
                )
            )
        found = defaultdict(dict)
        for at, partner in rows:
            found[probes[at]][partner] = True
        return {probe: list(partners) for probe, partners in found.items()}

    def _find_by_amount(self, payments, places, many, strong, weak, units):
        """Open invoices with just the paid amount: of the bearers of a common name,
        and of anybody when few share the amount."""
        queries = []
        for at in places:
            for partner in many.get(at, ()):
                if partner not in strong[at]:
                    queries.append((at, partner))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::numeric[])
                       AS q(at, partner_id, company_id, currency_id, amount)
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m
                        WHERE m.commercial_partner_id = q.partner_id
                          AND m.company_id = q.company_id
                          AND m.currency_id = q.currency_id AND %s
                       -- by customer first: thousands may share the amount
                       OFFSET 0) AS found
                 WHERE found.residual >= q.amount
                       -- whole kroner may have lost their øre
                   AND found.residual <= q.amount
                       + CASE WHEN q.amount = trunc(q.amount) THEN 0.99 ELSE 0 END
                """,
                _int_array(at for at, _ in queries),
                _int_array(partner for _, partner in queries),
                _int_array(payments[at].company_id for at, _ in queries),
                _int_array(payments[at].currency_id for at, _ in queries),
                _decimal_array(
                    ((payments[at].amount,), payments[at].unit) for at, _ in queries
                ),
                _ITEM,
                _OPEN,
            )
        )
        rows += self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::numeric[])
                       AS q(at, company_id, currency_id, amount)
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m
                        WHERE m.company_id = q.company_id
                          AND m.currency_id = q.currency_id
                          AND m.amount_residual = q.amount AND %s
                        LIMIT %s) AS found
                """,
                _int_array(places),
                _int_array(payments[at].company_id for at in places),
                _int_array(payments[at].currency_id for at in places),
                _decimal_array(
                    ((payments[at].amount,), payments[at].unit) for at in places
                ),
                _ITEM,
                _OPEN,
                MAX_SAME_AMOUNT,
            )
        )
        for at, *row in rows:
            item = _to_item(row, units)
            partner = item.invoice.partner_id
            if partner in strong[at]:
                continue
            customer = weak[at].setdefault(partner, Customer(partner))
            if all(
                entry.invoice.move_id != item.invoice.move_id for entry in customer.open
            ):
                customer.open.append(item)

    def _find_mentions(self, payments, looks, places, strong, units):
        """Invoices and customers that the texts of payments mention.

        :return: dict of place to dict of invoice id to (log-likelihood ratio,
            reasons), and the places whose stated reference turned out to be another
            number of ours
        """
        by_place, own = {}, {}
        for at in places:
            paid, look = payments[at], looks[at]
            stated = [query.raw for query in paid.queries if not query.in_text]
            by_place[at] = texts.mentions((paid.text, *stated))
            if look.query and look.kind == UNKNOWN:
                own[at] = look.query.key
        said, answered = defaultdict(dict), set()

        def answer(at, mention):
            # a long row of zeros belongs to a reference, not to a short number
            key = own.get(at, "")
            if key.endswith(mention.bare) and (
                mention.year or len(key) - len(mention.bare) <= 2
            ):
                answered.add(at)

        self._find_numbers(payments, by_place, strong, said, answer)
        self._find_stated_elsewhere(payments, looks, by_place, strong, said, units)
        self._find_people_mentioned(payments, by_place, strong, answer)
        return said, answered

    def _find_numbers(self, payments, by_place, strong, said, answer):
        """Invoices mentioned by their number."""
        wanted = defaultdict(list)
        for at, found in by_place.items():
            for mention in found:
                if mention.role in (texts.INVOICE, texts.ANY) and (
                    0 < len(mention.bare) <= 9 and mention.digits.isdecimal()
                ):
                    key = payments[at].company_id, int(mention.bare)
                    wanted[key].append((at, mention))
        keys = list(wanted)
        if not keys:
            return
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::bigint[])
                       AS q(at, company_id, number)
                 CROSS JOIN LATERAL (
                       SELECT m.id, m.commercial_partner_id, m.name
                         FROM account_move m
                        WHERE m.company_id = q.company_id
                          AND m.sequence_number = q.number AND %s
                        LIMIT %s) AS found
                """,
                _int_array(range(len(keys))),
                _int_array(company for company, _ in keys),
                _int_array(number for _, number in keys),
                _ISSUED,
                MAX_SAME_NUMBER,
            )
        )
        for place, move, partner, name in rows:
            for at, mention in wanted[keys[place]]:
                if mention.year and str(mention.year) not in (name or ""):
                    continue
                digits = len(mention.bare) + (3 if mention.year else 0)
                weight = _weight(mention.role, digits)
                strong[at].setdefault(partner, Customer(partner))
                _say(said[at], move, weight, "number_in_text", name or mention.raw)
                answer(at, mention)

    def _find_stated_elsewhere(self, payments, looks, by_place, strong, said, units):
        """Invoices whose reference stands in the text besides another one."""
        wanted = defaultdict(list)
        for at, found in by_place.items():
            for mention in found:
                key = bucket(mention.digits)
                query = looks[at].query
                if len(key) >= 5 and not (query and key == bucket(query.key)):
                    wanted[key, payments[at].company_id].append((at, mention))
        targets = list(wanted)
        for place, invoice in self._probe_buckets(targets, units):
            for at, mention in wanted[targets[place]]:
                weight = _weight(mention.role, len(mention.bare))
                strong[at].setdefault(invoice.partner_id, Customer(invoice.partner_id))
                _say(
                    said[at], invoice.move_id, weight, "reference_in_text",
                    invoice.reference,
                )  # fmt: skip

    def _find_people_mentioned(self, payments, by_place, strong, answer):
        """Customers mentioned by customer number, installation or telephone."""
        wanted = defaultdict(list)
        for at, found in by_place.items():
            for mention in found:
                if mention.bare.isdecimal() and len(mention.bare) >= 4:
                    wanted[mention.bare].append((at, mention))
        numbers = list(wanted)
        if not numbers:
            return
        phones = [
            form
            for number in numbers
            for form in (f"+47{number}", f"+46{number}", f"+{number}")
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT 'customer', ltrim(p.billing_customer_number, '0'),
                       p.commercial_partner_id, NULL::int
                  FROM res_partner p
                 WHERE p.billing_customer_number = ANY(%s)
                 UNION ALL
                SELECT 'meter', ltrim(i.number, '0'), p.commercial_partner_id,
                       i.company_id
                  FROM billing_installation i
                  JOIN res_partner p ON p.id = i.partner_id
                 WHERE i.number = ANY(%s) AND i.active
                 UNION ALL
                SELECT 'phone', c.address, p.commercial_partner_id, NULL::int
                  FROM billing_contact_point c
                  JOIN res_partner p ON p.id = c.partner_id
                 WHERE c.channel = 'sms' AND c.address = ANY(%s)
                """,
                _written(wanted),
                _written(wanted),
                phones,
            )
        )
        for role, number, partner, company in rows:
            bare = number[3:] if role == "phone" else number
            keys = [bare, number.lstrip("+")] if role == "phone" else [number]
            for key in keys:
                for at, mention in wanted.get(key, ()):
                    if company and company != payments[at].company_id:
                        continue
                    said_so = mention.role == role
                    weight = _weight(role if said_so else texts.ANY, len(key))
                    customer = strong[at].setdefault(partner, Customer(partner))
                    if weight > customer.mention:
                        customer.mention = weight
                        code = f"{role}_in_text"
                        customer.mentioned = (
                            Reason(code, (("number", mention.raw),), weight),
                        )
                        answer(at, mention)

    def _load_items(self, payments, looks, facts, places, strong, said, units):
        """What the likely customers owe, and what they have paid of late."""
        pairs = [(at, partner) for at in places for partner in strong[at]]
        amounts = _decimal_array(
            ((payments[at].amount,), payments[at].unit) for at, _ in pairs
        )
        probe = SQL(
            "unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::numeric[])"
            " AS q(at, partner_id, company_id, currency_id, amount)",
            _int_array(at for at, _ in pairs),
            _int_array(partner for _, partner in pairs),
            _int_array(payments[at].company_id for at, _ in pairs),
            _int_array(payments[at].currency_id for at, _ in pairs),
            amounts,
        )
        same = SQL(
            "m.commercial_partner_id = q.partner_id AND m.company_id = q.company_id"
            " AND m.currency_id = q.currency_id"
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.at, found.* FROM %s
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m WHERE %s AND %s
                        ORDER BY m.invoice_date_due, m.id LIMIT %s) AS found
                 UNION ALL
                SELECT q.at, found.* FROM %s
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m WHERE %s AND %s
                        LIMIT %s) AS found
                 UNION ALL
                SELECT q.at, found.* FROM %s
                 CROSS JOIN LATERAL (
                       SELECT %s FROM account_move m
                        WHERE %s AND m.amount_total = q.amount AND %s
                          AND m.state = 'posted'
                          AND m.payment_state IN ('paid', 'in_payment')
                        ORDER BY m.id DESC LIMIT %s) AS found
                """,
                probe,
                _ITEM,
                same,
                _OPEN,
                MAX_ITEMS,
                probe,
                _ITEM,
                same,
                _OPEN_REFUND,
                MAX_ITEMS,
                probe,
                _ITEM,
                same,
                _ISSUED,
                MAX_CLOSED,
            )  # fmt: skip
        )
        seen = set()
        for at, *row in rows:
            item = _to_item(row, units, said[at] if at in said else None)
            seen.add((at, item.invoice.move_id))
            customer = strong[at].get(item.invoice.partner_id)
            if customer is not None:
                (customer.open if row[-1] else customer.closed).append(item)
        closed = [
            (at, invoice)
            for at in places
            for invoice in (
                *looks[at].invoices,
                *(facts[at].near if at in facts else ()),
            )
            if not invoice.is_open and (at, invoice.move_id) not in seen
        ]
        dues = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, invoice_date_due FROM account_move WHERE id = ANY(%s)",
                    list({invoice.move_id for _, invoice in closed}),
                )
            )
        )
        for at, invoice in closed:
            strong[at][invoice.partner_id].closed.append(
                Item(invoice, dues.get(invoice.move_id))
            )

    def _load_people(self, payments, places, strong, weak):
        """Names, number of known accounts and habit of all customers in question."""
        everybody = defaultdict(list)
        for at in places:
            for found in (strong[at], weak[at]):
                for customer in found.values():
                    everybody[payments[at].company_id].append(customer)
        for company, customers in everybody.items():
            ids = list({customer.partner_id for customer in customers})
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT q.id, p.name,
                           (SELECT count(*) FROM billing_payer_memory m
                             WHERE m.partner_id = q.id AND m.company_id = %s
                               AND m.kind = 'account'),
                           (SELECT h.mean_delay FROM billing_payer_habit h
                             WHERE h.partner_id = q.id AND h.company_id = %s
                               AND h.count >= 3)
                      FROM unnest(%s::int[]) AS q(id)
                      LEFT JOIN res_partner p ON p.id = q.id
                    """,
                    company,
                    company,
                    _int_array(ids),
                )
            )
            people = {row[0]: row[1:] for row in rows}
            for customer in customers:
                name, accounts, delay = people[customer.partner_id]
                customer.names = (name,) if name else ()
                customer.accounts = accounts
                customer.delay = delay


def _weight(role, digits):
    """How much a number that fits says, in nats: it would be hit by chance once in
    ten to the number of its digits."""
    return log(_MENTIONED[role]) + min(digits, 12) * log(10)


def _say(said, move, weight, code, what):
    if move not in said or weight > said[move][0]:
        said[move] = (weight, (Reason(code, (("number", what),), weight),))


def _written(wanted):
    """Numbers as payers wrote them and without leading zeros."""
    return list(
        {
            *wanted,
            *(mention.digits for found in wanted.values() for _, mention in found),
        }
    )


def _to_item(row, units, said=None):
    move, partner, reference, residual, total, currency, due, is_open = row
    unit = units[currency]
    residual = round(float(residual) * unit)
    weight, reasons = (said or {}).get(move, (0.0, ()))
    return Item(
        Invoice(
            move,
            partner,
            compact(reference),
            reference or "",
            residual,
            round(float(total) * unit),
            bool(is_open and residual),
            currency,
        ),
        due,
        weight,
        reasons,
    )
