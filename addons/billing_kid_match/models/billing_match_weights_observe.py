import json

from odoo import api, models
from odoo.tools import SQL, split_every

from ..core import learning, memory, names
from ..core.queries import stated_references
from ..core.weights import ACCOUNT_NEW, ACCOUNT_OTHER, ACCOUNT_SAME

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
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.state, p.amount, p.booking_date, p.reference,
                       CASE WHEN jsonb_typeof(p.reference_values) = 'array'
                            THEN p.reference_values::text END,
                       p.text, p.payer_name, p.payer_account
                  FROM billing_payment p WHERE p.id = ANY(%s) ORDER BY p.id
                """,
                list(payment_ids),
            )
        )
        known = self._read_accounts(
            company,
            [
                (
                    payment_id,
                    invoices[payment_id][0]["partner_id"],
                    memory.account_key(account),
                    day,
                )
                for payment_id, _st, _am, day, _ref, _ot, _tx, _name, account in rows
                if payment_id in invoices
            ],
        )
        read = []
        for payment_id, state, amount, day, reference, others, text, name, _acc in rows:
            if payment_id not in invoices:
                continue
            others = [
                item["value"]
                for item in json.loads(others or "[]")
                if item["kind"] in _REFERENCE_KINDS
            ]
            settled = invoices[payment_id]
            read.append(
                (
                    payment_id,
                    settled,
                    stated_references(reference, others, text),
                    memory.names_all(
                        reference, others, [row["reference"] for row in settled]
                    ),
                    _how_much(state, amount, settled),
                    names.compare(name, settled[0]["name"]) if name else "",
                    (day - settled[0]["due"]).days if settled[0]["due"] else None,
                )
            )
        elsewhere = self._read_other_references(read)
        cases = []
        for payment_id, settled, queries, is_named, amount, name, delay in read:
            stated, slips = learning.how_stated(
                queries,
                [row["reference"] or "" for row in settled],
                elsewhere.get(payment_id, ()),
            )
            account, knew_account = known.get(payment_id, ("", None))
            customers = len({row["partner_id"] for row in settled})
            cases.append(
                (
                    payment_id,
                    learning.Case(
                        stated,
                        slips,
                        is_named=is_named and customers == 1,
                        invoices=len(settled),
                        customers=customers,
                        amount=amount,
                        name=name,
                        account=account,
                        knew_account=knew_account,
                        delay=delay,
                    ),
                )
            )
        return cases

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
    def _read_other_references(self, read):
        """References of other invoices of the customers, among those that were paid.

        :param read: see :meth:`_read_cases`
        :return: dict of payment id to list of references
        """
        wanted = [
            (payment_id, row["partner_id"], key)
            for payment_id, settled, queries, is_named, *_rest in read
            if not is_named
            for row in settled
            for query in queries
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
