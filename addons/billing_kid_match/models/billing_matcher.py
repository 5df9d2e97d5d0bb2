import gc
import json
from collections import Counter, defaultdict
from contextlib import contextmanager

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_base.core.reference import (
    BUCKET_SQL,
    bucket,
    check_passes,
    compact,
)

from ..core import search
from ..core.arrays import decimal_array, int_array, text_array
from ..core.decide import Decider, decide_in_order
from ..core.look import (
    AMOUNT,
    CLOSED,
    COVERED,
    OWN,
    UNKNOWN,
    Facts,
    Paid,
    first_look,
)
from ..core.queries import stated_references
from ..core.scoring import Invoice, Surroundings
from .account_move import ISSUED_SQL, OPEN_SQL

BUCKET = SQL(BUCKET_SQL.format(column="m.payment_reference"))
_ISSUED = SQL(ISSUED_SQL)
_OPEN = SQL(OPEN_SQL)
IS_OPEN = SQL(
    "m.state = 'posted' AND m.payment_state IN ('not_paid', 'partial', 'blocked')"
)
COLUMNS = SQL(
    """m.id, m.commercial_partner_id, m.payment_reference, m.amount_residual::float8,
       m.amount_total::float8, m.currency_id, %s""",
    IS_OPEN,
)

#: Kinds of structured references that name an invoice by its payment reference.
_REFERENCE_KINDS = ("structured", "creditor_rf")

#: Open invoices are counted one by one up to here, then taken from the statistics.
COUNTED = 10_000
#: Invoices looked at that share one reference, the open ones first.
MAX_SAME_REFERENCE = 50
#: Where counting invoices of one amount ends; more are taken from the statistics.
MAX_COUNTED_AMOUNT = 2_000
#: Damaged references in one batch up to which all neighbours are searched; above, only
#: those with a right check digit for the kinds of references that are about.
MAX_UNPRUNED = 20
#: Payments by which the density of the numbering is measured.
DENSITY_SAMPLE = 50
#: Strings sent to the database in one statement.
CHUNK = 1_000_000
#: Payments whose surroundings are looked at in one go, which bounds memory.
GATHERED = 10_000
#: How the database is to plan. Parallel workers would sort the same thousands of keys
#: each, and take the processor from another process that decides.
PLANNED = {
    "jit": "off",
    "enable_bitmapscan": "off",
    "enable_seqscan": "off",
    "max_parallel_workers_per_gather": "0",
    "work_mem": "'32MB'",
}


class BillingMatcher(models.AbstractModel):
    """Finds the invoices of payments: reads the books, decides, changes nothing.

    A batch takes a fixed number of statements. Each asks for exact strings or amounts
    that the indexes of ``account.move`` answer; everything uncertain is weighed in
    ``core``.
    """

    _name = "billing.matcher"
    _description = "Payment Matching"

    def _decide(self, payment_ids):
        """Decide what is to be done with payments.

        :param payment_ids: ids of ``billing.payment`` records
        :return: one decision for each, in the same order
        :rtype: list[~odoo.addons.billing_bank_file.core.decision.Decision]
        """
        if not payment_ids:
            return []
        self.env["billing.payment"].flush_model()
        self.env["account.move"].flush_model()
        units = self._get_currency_units()
        with self._planned_for_probes(), _garbage_kept():
            return self._decide_stored(payment_ids, units)

    def _decide_stored(self, payment_ids, units):
        exact = self._find_exact(payment_ids, units)
        places = [at for at in range(len(payment_ids)) if at not in exact]
        payments, looks = self._look_at(payment_ids, places, units)
        disputed = self._disputed(exact, looks)
        if disputed:
            # who comes first, the order of the batch says
            for at in disputed:
                del exact[at]
            places = sorted([*places, *disputed])
            payments, looks = self._look_at(payment_ids, places, units)
        decider = self._get_decider(
            {found.company_id for found in exact.values()}
            | {paid.company_id for paid in payments}
        )
        decisions = [None] * len(payment_ids)
        for at, found in exact.items():
            decisions[at] = decider.settle_exact(found)
        if payments:
            others = self._decide_looked(payments, looks, decider, units)
            for at, decision in zip(places, others, strict=True):
                decisions[at] = decision
        return decisions

    def _decide_paid(self, payments, units):
        """Decide payments that are loaded already.

        :param list[Paid] payments: of any companies
        :param dict units: minor units of one whole by currency id
        """
        self.env["account.move"].flush_model()
        with self._planned_for_probes():
            looks = self._first_looks(payments, units)
            decider = self._get_decider({paid.company_id for paid in payments})
            return self._decide_looked(payments, looks, decider, units)

    def _look_at(self, payment_ids, places, units):
        """Load payments and take the first look at them.

        :param places: which of the payments
        :return: the loaded payments, and the looks at them
        """
        if not places:
            return [], []
        payments = self._load_payments([payment_ids[at] for at in places], units)
        return payments, self._first_looks(payments, units)

    def _first_looks(self, payments, units):
        hits = self._find_references(payments, units)
        looks = [
            first_look(paid, found) for paid, found in zip(payments, hits, strict=True)
        ]
        self._doubt_twins(payments, looks)
        return looks

    def _decide_looked(self, payments, looks, decider, units):
        open_counts = decider.open_counts
        facts = {}

        def gather(places):
            facts.update(self._gather(payments, looks, places, open_counts, units))
            return facts

        decisions = decide_in_order(decider, payments, looks, gather)
        self._weigh_evidence(payments, looks, facts, decisions, decider, units)
        return self._ask_groups(decisions)

    @contextmanager
    def _planned_for_probes(self):
        """Let the planner do what is right for thousands of index probes.

        PostgreSQL keeps no statistics on expressions of partial indexes; it expects
        half a percent of the table behind each key and would read bitmaps or all.
        """
        self.env.cr.execute(
            "; ".join(f"SET LOCAL {name} = {value}" for name, value in PLANNED.items())
        )
        yield
        # after an error the transaction is lost, and with it what was set
        self.env.cr.execute(
            "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in PLANNED)
        )

    def _get_decider(self, company_ids):
        return Decider(
            self._get_weights(), self._get_policy(), self._count_open(company_ids)
        )

    def _get_weights(self):
        """What the evidence is worth in the present company."""
        return self.env["billing.match.weights"]._current(self.env.company)

    def _get_policy(self):
        """When a payment is booked without a person, in the present company."""
        return self.env["billing.match.policy"]._default_policy(self.env.company)

    # === LOADING === #

    def _get_currency_units(self):
        rows = self.env.execute_query(
            SQL("SELECT id, decimal_places FROM res_currency")
        )
        return {currency: 10 ** (places or 0) for currency, places in rows}

    def _load_payments(self, payment_ids, units):
        """Read payments in the order given.

        :rtype: list[Paid]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.company_id, p.currency_id, p.amount::float8, p.reference,
                       CASE WHEN jsonb_typeof(p.reference_values) = 'array'
                            THEN CASE WHEN jsonb_array_length(p.reference_values) > 1
                                 THEN p.reference_values::text END
                       END,
                       CASE WHEN p.reference IS NULL THEN p.text END
                  FROM billing_payment p
                  JOIN unnest(%s::int[]) WITH ORDINALITY AS o(id, place)
                    ON o.id = p.id
                 ORDER BY o.place
                """,
                int_array(payment_ids),
            )
        )
        payments = []
        for payment, company, currency, amount, reference, values, text in rows:
            others = [
                item["value"]
                for item in (json.loads(values) if values else ())
                if item["kind"] in _REFERENCE_KINDS
            ]
            unit = units[currency]
            payments.append(
                Paid(
                    payment,
                    company,
                    currency,
                    round(amount * unit),
                    unit,
                    stated_references(reference, others, text),
                )
            )
        return payments

    def _count_open(self, company_ids):
        """Number of open invoices by company; large ones from the statistics."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.id,
                       (SELECT count(*)
                          FROM (SELECT 1 FROM account_move m
                                 WHERE m.company_id = c.id AND %s
                                 LIMIT %s) AS counted),
                       (SELECT reltuples FROM pg_class
                         WHERE oid = to_regclass(%s))
                  FROM unnest(%s::int[]) AS c(id)
                """,
                _OPEN,
                COUNTED + 1,
                "account_move_billing_open_amount_idx",
                list(company_ids),
            )
        )
        return {
            company: max(count, int(estimate or 0)) if count > COUNTED else count
            for company, count, estimate in rows
        }

    # === SEARCHING === #

    def _find_references(self, payments, units):
        """Invoices of any state that carry a stated reference, but for leading zeros.

        :return: list of invoices for each payment
        """
        wanted = defaultdict(list)
        for place, paid in enumerate(payments):
            if paid.amount > 0:
                for query in paid.queries:
                    for key in query.keys:
                        wanted[bucket(key), paid.company_id].append(place)
        hits = [()] * len(payments)
        targets = list(wanted)
        for at, invoice in self._probe_buckets(targets, units):
            for place in wanted[targets[at]]:
                hits[place] += (invoice,)
        return hits

    def _probe_buckets(self, targets, units):
        """Look up references.

        :param targets: pairs of bucket and company id
        :return: iterator over pairs of place in ``targets`` and invoice
        """
        order = sorted(range(len(targets)), key=targets.__getitem__)
        for start in range(0, len(order), CHUNK):
            rows = self._query_buckets(targets, order[start : start + CHUNK], SQL())
            full = _find_full(rows)
            if full:
                # so many share one reference that the open ones have to be asked for
                rows = [row for row in rows if row[0] not in full]
                rows += self._query_buckets(
                    targets, sorted(full), SQL("ORDER BY is_open DESC")
                )
            for row in rows:
                yield row[0], to_invoice(row[1:], units)

    def _query_buckets(self, targets, places, order):
        self.env.cr.execute(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::text[], %s::int[])
                       AS q(at, bucket, company_id)
                 CROSS JOIN LATERAL (
                       SELECT %s AS is_open
                         FROM account_move m
                        WHERE %s = q.bucket AND m.company_id = q.company_id AND %s
                        %s
                        LIMIT %s) AS found
                """,
                int_array(places),
                text_array(targets[at][0] for at in places),
                int_array(targets[at][1] for at in places),
                COLUMNS,
                BUCKET,
                _ISSUED,
                order,
                MAX_SAME_REFERENCE,
            )
        )
        return self.env.cr.fetchall()

    def _gather(self, payments, looks, places, open_counts, units):
        """Collect what the second look needs.

        :param places: which of the payments
        :return: facts by place
        """
        facts = {}
        families = self._sample_families({payments[at].company_id for at in places})
        if len(places) <= MAX_UNPRUNED:
            families = {}
        for start in range(0, len(places), GATHERED):
            facts.update(
                self._gather_part(
                    payments,
                    looks,
                    places[start : start + GATHERED],
                    open_counts,
                    families,
                    units,
                )
            )
        return facts

    def _gather_part(self, payments, looks, places, open_counts, families, units):
        near = defaultdict(dict)
        unknown = [at for at in places if looks[at].kind == UNKNOWN]
        self._find_one_edit(payments, looks, unknown, families, near, units)
        sharing = self._count_amounts(payments, places)
        # what is found with the right amount needs no search for two edits
        undecided = [
            at
            for at in places
            if looks[at].kind == AMOUNT
            or (
                looks[at].kind == UNKNOWN
                and not any(
                    invoice.is_open and invoice.residual == payments[at].amount
                    for invoice in (*looks[at].invoices, *near[at].values())
                )
            )
        ]
        limited = self._find_same_amount(
            payments, looks, undecided, sharing, near, units
        )
        customers = self._find_customers(payments, looks, places, units)
        dense = self._measure_density(payments, looks, places, units)
        return {
            at: Facts(
                near=sorted(near[at].values(), key=lambda invoice: invoice.move_id)
                if at in near
                else (),
                around=Surroundings(
                    open_counts.get(payments[at].company_id, 0),
                    sharing[amount_of(payments[at])],
                    bool(looks[at].query and looks[at].query.in_text),
                    at in limited,
                ),
                dense=dense.get(at, 0.0),
                customer=customers.get(at, ()),
            )
            for at in places
        }

    def _count_amounts(self, payments, places):
        """How many open invoices share the amounts of payments; roughly when many do.

        :return: number by company, currency and amount
        """
        amounts = sorted({amount_of(payments[at]) for at in places})
        if not amounts:
            return {}
        unit_of = {amount_of(payments[at]): payments[at].unit for at in places}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.at, (SELECT count(*)
                          FROM (SELECT 1 FROM account_move m
                                 WHERE m.company_id = q.company_id
                                   AND m.currency_id = q.currency_id
                                   AND m.amount_residual = q.amount AND %s
                                 LIMIT %s) AS counted)
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::numeric[])
                       AS q(at, company_id, currency_id, amount)
                """,
                _OPEN,
                MAX_COUNTED_AMOUNT,
                int_array(range(len(amounts))),
                int_array(company for company, _, _ in amounts),
                int_array(currency for _, currency, _ in amounts),
                decimal_array((amount, unit_of[amount]) for amount in amounts),
            )
        )
        usual = {}
        if any(count >= MAX_COUNTED_AMOUNT for _, count in rows):
            usual = self._estimate_usual_amounts()
        return {
            amounts[at]: count
            if count < MAX_COUNTED_AMOUNT
            else max(count, usual.get(amounts[at][2] / unit_of[amounts[at]], 0))
            for at, count in rows
        }

    def _estimate_usual_amounts(self):
        """Number of open invoices by amount, for the amounts most of them share."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT usual.amount, usual.share * c.reltuples
                  FROM pg_stats s
                  JOIN pg_class c ON c.oid = to_regclass('account_move')
                 CROSS JOIN LATERAL unnest(s.most_common_vals::text::numeric[],
                                           s.most_common_freqs)
                       AS usual(amount, share)
                 WHERE s.schemaname = current_schema
                   AND s.tablename = 'account_move'
                   AND s.attname = 'amount_residual'
                """
            )
        )
        return {float(amount): round(count) for amount, count in rows}

    def _find_customers(self, payments, looks, places, units):
        """Open invoices of customers whose reference was paid for something else.

        :return: invoices by place: those with just the paid amount, then the oldest
        """
        wanted = {}
        for at in places:
            if looks[at].kind in (CLOSED, COVERED, AMOUNT, OWN):
                wanted[at] = sorted({inv.partner_id for inv in looks[at].invoices})
        pairs = [
            (at, partner) for at, partners in wanted.items() for partner in partners
        ]
        self.env.cr.execute(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[],
                              %s::numeric[])
                       AS q(at, partner_id, company_id, currency_id, amount)
                 CROSS JOIN LATERAL (
                       SELECT %s
                         FROM account_move m
                        WHERE m.commercial_partner_id = q.partner_id
                          AND m.company_id = q.company_id
                          AND m.currency_id = q.currency_id AND %s
                        ORDER BY m.amount_residual = q.amount DESC,
                                 m.invoice_date_due, m.id
                        LIMIT %s) AS found
                """,
                int_array(at for at, _ in pairs),
                int_array(partner for _, partner in pairs),
                int_array(payments[at].company_id for at, _ in pairs),
                int_array(payments[at].currency_id for at, _ in pairs),
                decimal_array(
                    (amount_of(payments[at]), payments[at].unit) for at, _ in pairs
                ),
                COLUMNS,
                _OPEN,
                2 * self._get_policy().candidates,
            )
        )
        found = defaultdict(list)
        for at, *row in self.env.cr.fetchall():
            found[at].append(to_invoice(row, units))
        return found

    def _measure_density(self, payments, looks, places, units):
        """Count references of other customers that differ in one base digit.

        A few payments are measured, those of the same company and length share the
        mean.

        :return: mean number by place
        """
        groups = defaultdict(list)
        for at in places:
            if looks[at].kind == AMOUNT:
                key = looks[at].query.key
                groups[payments[at].company_id, len(key)].append(at)
        wanted = defaultdict(list)
        for (company, _length), members in groups.items():
            step = -(-len(members) // DENSITY_SAMPLE)
            for at in members[::step]:
                key = looks[at].query.key
                checks = [c for c in ("mod10", "mod11") if check_passes(key, c)]
                for text in search.base_neighbours(key, checks[0] if checks else ""):
                    wanted[text, company].append(at)
        counts = defaultdict(int)
        targets = list(wanted)
        for target, invoice in self._probe_buckets(targets, units):
            for at in wanted[targets[target]]:
                if invoice.partner_id != looks[at].invoices[0].partner_id:
                    counts[at] += 1
        means = {}
        for members in groups.values():
            step = -(-len(members) // DENSITY_SAMPLE)
            measured = members[::step]
            mean = sum(counts[at] for at in measured) / len(measured)
            means.update(dict.fromkeys(members, mean))
        return means


@contextmanager
def _garbage_kept():
    """Spare Python the search for garbage while a batch is decided.

    It would look through all that a server has in memory several times, a quarter of
    the whole time, and find nothing: what deciding makes holds no circles.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def amount_of(paid):
    return paid.company_id, paid.currency_id, paid.amount


def to_invoice(row, units):
    move, partner, reference, residual, total, currency, is_open = row
    unit = units[currency]
    residual = round(residual * unit)
    return Invoice(
        move,
        partner,
        compact(reference),
        reference or "",
        residual,
        round(total * unit),
        is_open and residual > 0,
        currency,
    )


def _find_full(rows):
    """Places that as many invoices were found for as are looked at."""
    if len(rows) < MAX_SAME_REFERENCE:
        return set()
    counts = Counter(row[0] for row in rows)
    return {at for at, count in counts.items() if count >= MAX_SAME_REFERENCE}
