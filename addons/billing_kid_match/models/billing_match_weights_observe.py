import json

from odoo import api, models
from odoo.tools import SQL, split_every

from ..core import learning, memory, names
from ..core.queries import stated_references
from ..core.weights import ACCOUNT_NEW, ACCOUNT_OTHER, ACCOUNT_SAME
from .billing_match_verdict import IS_RIGHT_SQL
from .billing_matcher_evidence import NAMED_SQL, TOLD_SQL

#: Most payments looked at for one version.
SAMPLE = 20_000
#: Payments read at once, which bounds memory.
CHUNK = 2_000
#: One payment in so many is kept back to judge the new weights by.
HELD_OUT = 5
#: Kinds of structured references that name an invoice by its payment reference.
_REFERENCE_KINDS = ("structured", "creditor_rf")


class BillingMatchWeights(models.Model):
    """What payments of a period tell about the weights."""

    _inherit = "billing.match.weights"

    @api.model
    def _observe(self, company, since, until):
        """Look at payments that were booked, and not taken back, in a period.

        :param since: day after which they were booked, None from the beginning
        :param until: last day
        :return: (observations to learn from, those kept back, number of payments)
        """
        taught, held_out = learning.Observations(), learning.Observations()
        sample = 0
        ids, is_all = self._draw(company, since, until)
        for chunk in split_every(CHUNK, ids, list):
            cases = self._read_cases(company, chunk)
            sample += len(cases)
            taught += learning.observe(
                case for payment_id, case in cases if payment_id % HELD_OUT
            )
            held_out += learning.observe(
                case for payment_id, case in cases if not payment_id % HELD_OUT
            )
        if not is_all:
            # Damaged references are rare in a sample; which kinds of damage there are
            # may be read off all of them.
            taught = taught.only(*set(taught.counts) - {"kinds"})
            held_out = held_out.only(*set(held_out.counts) - {"kinds"})
            judged, _is_all = self._draw(company, since, until, judged=True)
            for chunk in split_every(CHUNK, judged, list):
                cases = self._read_cases(company, chunk)
                taught += learning.observe(
                    case for payment_id, case in cases if payment_id % HELD_OUT
                ).only("kinds")
                held_out += learning.observe(
                    case for payment_id, case in cases if not payment_id % HELD_OUT
                ).only("kinds")
        return taught, held_out, sample

    @api.model
    def _draw(self, company, since, until, judged=False):
        """Draw payments whose invoice is known, evenly over a period.

        :param judged: only those that evidence had to be weighed for
        :return: (payment ids, whether these are all)
        """
        self.env["billing.payment"].flush_model()
        self.env["billing.match.verdict"].flush_model()
        where = SQL(
            """
            p.company_id = %s AND p.booking_date <= %s AND %s
            AND p.state IN ('reconciled', 'partial') AND p.amount > 0 AND %s
            """,
            company.id,
            until,
            SQL("p.booking_date > %s", since) if since else SQL("TRUE"),
            SQL(
                "EXISTS (SELECT FROM billing_match_verdict v WHERE v.payment_id = p.id)"
            )
            if judged
            else SQL("TRUE"),
        )
        [(count,)] = self.env.execute_query(
            SQL("SELECT count(*) FROM billing_payment p WHERE %s", where)
        )
        step = max(-(-count // SAMPLE), 1)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM (SELECT p.id, row_number() OVER (ORDER BY p.id) AS place
                                  FROM billing_payment p WHERE %s) AS numbered
                 WHERE place %% %s = 0 ORDER BY id
                """,
                where,
                step,
            )
        )
        return [row[0] for row in rows], step == 1

    @api.model
    def _read_cases(self, company, payment_ids):
        """Read payments with the invoices they settle, in a fixed number of queries.

        :return: list of (payment id, :class:`~..core.learning.Case`)
        """
        invoices = self._read_invoices(payment_ids)
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT p.id, p.state, p.amount, p.booking_date AS day, p.reference,
                       CASE WHEN jsonb_typeof(p.reference_values) = 'array'
                            THEN p.reference_values::text END AS others,
                       p.text, p.payer_account, told.commercial_partner_id AS told,
                       -- without a name of its own, it is that of who was set
                       CASE WHEN told.id IS NULL OR %s THEN p.payer_name END AS name
                  FROM billing_payment p
                  LEFT JOIN res_partner told ON told.id = %s
                 WHERE p.id = ANY(%s) ORDER BY p.id
                """,
                SQL(NAMED_SQL),
                SQL(TOLD_SQL),
                list(payment_ids),
            )
        )
        rows = [row for row in rows if row["id"] in invoices]
        known = self._read_accounts(
            company,
            [
                (
                    row["id"],
                    invoices[row["id"]][0]["partner_id"],
                    memory.account_key(row["payer_account"]),
                    row["day"],
                )
                for row in rows
            ],
        )
        for row in rows:
            row["others"] = [
                item["value"]
                for item in json.loads(row["others"] or "[]")
                if item["kind"] in _REFERENCE_KINDS
            ]
            row["issued"] = [found["reference"] for found in invoices[row["id"]]]
            row["queries"] = stated_references(
                row["reference"], row["others"], row["text"]
            )
            row["is_named"] = memory.names_all(
                row["reference"], row["others"], row["issued"]
            )
        elsewhere = self._read_other_references(rows, invoices)
        return [
            (row["id"], self._to_case(row, invoices, elsewhere, known)) for row in rows
        ]

    @api.model
    def _to_case(self, row, invoices, elsewhere, known):
        settled = invoices[row["id"]]
        customers = {found["partner_id"] for found in settled}
        stated, slips = learning.how_stated(
            row["queries"],
            [reference or "" for reference in row["issued"]],
            elsewhere.get(row["id"], ()),
        )
        account, knew_account = known.get(row["id"], ("", None))
        first = settled[0]
        return learning.Case(
            stated,
            slips,
            is_named=row["is_named"] and len(customers) == 1,
            invoices=len(settled),
            customers=len(customers),
            amount=_how_much(row["state"], row["amount"], settled),
            name=names.compare(row["name"], first["name"]) if row["name"] else "",
            account=account,
            knew_account=knew_account,
            delay=(row["day"] - first["due"]).days if first["due"] else None,
            told=row["told"] in customers if row["told"] else None,
        )

    @api.model
    def _read_judged(self, company, since, until):
        """What was said of the likeliest invoice, where the truth is known by now.

        Money that was credited to a customer is left out: what was said is about him.

        :return: pairs of (probability, whether it was right): those to learn from, and
            those kept back
        """
        self.env["billing.match.verdict"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT v.payment_id, v.probability::float, v.is_right
                  FROM (SELECT v.*, %s AS is_right FROM billing_match_verdict v
                         WHERE v.company_id = %s AND v.decided_on <= %s AND %s
                           AND v.outcome != 'assigned' AND v.probability > 0) AS v
                 WHERE v.is_right IS NOT NULL
                 ORDER BY v.id DESC LIMIT %s
                """,
                SQL(IS_RIGHT_SQL),
                company.id,
                until,
                SQL("v.decided_on > %s", since) if since else SQL("TRUE"),
                SAMPLE,
            )
        )
        taught = [row[1:] for row in rows if row[0] % HELD_OUT]
        return taught, [row[1:] for row in rows if not row[0] % HELD_OUT]

    @api.model
    def _read_invoices(self, payment_ids):
        """The invoices that payments settle.

        :return: dict of payment id to list of dict, the latest due first
        """
        settled = self.env["billing.payment"].browse(payment_ids)._settled_amounts()
        pairs = [
            (payment_id, move_id, amount)
            for payment_id, amounts in settled.items()
            for move_id, amount in amounts.items()
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.payment_id, q.amount, m.payment_reference, m.invoice_date_due,
                       partner.id, partner.name
                  FROM unnest(%s::int[], %s::int[], %s::float[])
                       AS q(payment_id, move_id, amount)
                  JOIN account_move m ON m.id = q.move_id
                  JOIN res_partner partner ON partner.id = m.commercial_partner_id
                 WHERE m.move_type IN ('out_invoice', 'out_receipt')
                 ORDER BY q.payment_id, m.invoice_date_due DESC NULLS LAST, m.id
                """,
                [pair[0] for pair in pairs],
                [pair[1] for pair in pairs],
                [pair[2] for pair in pairs],
            )
        )
        found = {}
        for payment_id, amount, reference, due, partner_id, name in rows:
            found.setdefault(payment_id, []).append(
                {
                    "amount": amount,
                    "reference": reference,
                    "due": due,
                    "partner_id": partner_id,
                    "name": name or "",
                }
            )
        return found

    @api.model
    def _read_accounts(self, company, payers):
        """What was known of the payers' accounts on the day they paid.

        :param payers: list of (payment id, customer id, account key, day)
        :return: dict of payment id to (constant ``ACCOUNT_…`` or nothing when no
            account of the customer was known, whether one was)
        """
        payers = [row for row in payers if row[2]]
        self.env["billing.payer.memory"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.payment_id,
                       EXISTS (SELECT FROM billing_payer_memory m
                                WHERE m.company_id = %(company)s AND m.kind = 'account'
                                  AND m.partner_id = q.partner_id
                                  AND m.first_date < q.day),
                       EXISTS (SELECT FROM billing_payer_memory m
                                WHERE m.company_id = %(company)s AND m.kind = 'account'
                                  AND m.key = q.key AND m.partner_id = q.partner_id
                                  AND m.first_date < q.day),
                       EXISTS (SELECT FROM billing_payer_memory m
                                WHERE m.company_id = %(company)s AND m.kind = 'account'
                                  AND m.key = q.key AND m.first_date < q.day)
                  FROM unnest(%(ids)s::int[], %(partners)s::int[], %(keys)s::varchar[],
                              %(days)s::date[]) AS q(payment_id, partner_id, key, day)
                """,
                company=company.id,
                ids=[row[0] for row in payers],
                partners=[row[1] for row in payers],
                keys=[row[2] for row in payers],
                days=[row[3] for row in payers],
            )
        )
        found = {}
        for payment_id, knew_account, is_same, is_known in rows:
            account = ""
            if knew_account:
                account = ACCOUNT_OTHER if is_known else ACCOUNT_NEW
                account = ACCOUNT_SAME if is_same else account
            found[payment_id] = (account, knew_account)
        return found

    @api.model
    def _read_other_references(self, rows, invoices):
        """References of other invoices of the customers, among those that were paid.

        :param rows: see :meth:`_read_cases`
        :param invoices: see :meth:`_read_invoices`
        :return: dict of payment id to list of references
        """
        wanted = [
            (row["id"], found["partner_id"], key)
            for row in rows
            if not row["is_named"]
            for found in invoices[row["id"]]
            for query in row["queries"]
            for key in query.keys
        ]
        found = {}
        for payment_id, reference in self.env.execute_query(
            SQL(
                """
                SELECT q.payment_id, m.payment_reference
                  FROM unnest(%s::int[], %s::int[], %s::varchar[])
                       AS q(payment_id, partner_id, key)
                  JOIN account_move m ON m.commercial_partner_id = q.partner_id
                   AND m.payment_reference = q.key
                """,
                [row[0] for row in wanted],
                [row[1] for row in wanted],
                [row[2] for row in wanted],
            )
        ):
            found.setdefault(payment_id, []).append(reference)
        return found


def _how_much(state, amount, settled):
    """How a payment relates to what was open on its invoices.

    :param state: of the payment
    :param amount: of the payment
    :param settled: see ``_read_invoices``
    """
    if state == "partial":
        return learning.LESS
    rest = float(amount) - sum(row["amount"] for row in settled)
    # Half of the smallest unit that any currency has here
    return learning.MORE if rest > 0.005 else learning.EQUAL
