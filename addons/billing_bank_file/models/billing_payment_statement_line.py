import dataclasses
import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.billing_base.core.reference import normalise

from ..core import decision
from ..core.statement_line import stated

# Statement lines taken up in one transaction.
ADOPT_SIZE = 1000

# What follows from the line and is written again when somebody corrects it.
LINE_COLUMNS = (
    "journal_id",
    "company_id",
    "currency_id",
    "amount",
    "booking_date",
    "reference",
    "reference_key",
    "reference_values",
    "text",
    "payer_name",
    "payer_account",
    "payment_type",
    "raw",
)


class BillingPayment(models.Model):
    """Payments whose statement line was there first: another importer made it."""

    _inherit = "billing.payment"

    file_id = fields.Many2one(
        required=False,
        help="Empty for a payment that was taken from a statement line.",
    )
    position = fields.Integer(required=False)

    _adopted_line_unique = models.UniqueIndex(
        "(statement_line_id) WHERE is_collective IS NOT TRUE",
        "This statement line is matched already.",
    )
    _adopted_idx = models.Index("(company_id, create_date) WHERE file_id IS NULL")

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_always(self):
        """A payment that only repeats a statement line goes with the line."""
        if self.env.context.get("billing_line_deleted") and not self.file_id:
            return
        super()._unlink_except_always()

    # === BUSINESS METHODS === #

    @api.model
    def _cron_adopt(self):
        """Take up statement lines of other importers, batch by batch."""
        self._notice_settled_lines()
        while payments := self._adopt_lines():
            self.env.ref("billing_bank_file.ir_cron_process")._trigger()
            remaining = len(payments) == ADOPT_SIZE
            if not self.env["ir.cron"]._commit_progress(
                len(payments), remaining=int(remaining)
            ):
                break

    @api.model
    def _adopt_lines(self, journals=None, limit=ADOPT_SIZE):
        """Make a payment of statement lines that are open and that nobody owns.

        Only money in, on journals that say so, all of it still on the suspense
        account, outside locked periods. A line is taken up once, whoever tries.

        :param journals: only lines of these ``account.journal`` records
        :param limit: the most lines to take
        :return: the new payments, state «new»
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM account_bank_statement_line AS line
                  JOIN account_move AS move ON move.id = line.move_id
                  JOIN account_journal AS journal ON journal.id = line.journal_id
                  JOIN res_company AS company ON company.id = line.company_id
                 WHERE line.is_reconciled IS NOT TRUE
                   AND line.amount > 0
                   AND move.state = 'posted'
                   AND move.date > GREATEST(
                       company.fiscalyear_lock_date, company.hard_lock_date,
                       '0001-01-01')
                   AND journal.type = 'bank'
                   AND journal.billing_match_lines
                   %s
                   AND NOT EXISTS (
                       SELECT FROM billing_payment AS payment
                        WHERE payment.statement_line_id = line.id)
                   AND NOT EXISTS (
                       SELECT FROM account_move_line AS item
                        WHERE item.move_id = line.move_id
                          AND item.account_id NOT IN (
                              journal.default_account_id, journal.suspense_account_id))
                 ORDER BY line.id LIMIT %s
                """,
                SQL("AND line.journal_id IN %s", tuple(journals.ids))
                if journals
                else SQL(),
                limit,
            )
        )
        lines = self.env["account.bank.statement.line"].browse(row[0] for row in rows)
        return self._insert_lines(lines)

    def _insert_lines(self, lines):
        """Insert a payment for each line that has none, in one statement."""
        if not lines:
            return self.browse()
        columns = (
            *LINE_COLUMNS, "statement_line_id", "import_key", "bank_collective",
            "is_collective", "state", "create_uid", "write_uid",
        )  # fmt: skip
        rows = [
            (
                *self._as_columns(self._values_of_line(line)),
                line.id,
                f"line/{line.id}",
                False,
                False,
                "new",
                self.env.uid,
                self.env.uid,
            )
            for line in lines
        ]
        inserted = self.env.cr.execute_values(
            f"INSERT INTO billing_payment ({', '.join(columns)},"
            " create_date, write_date) VALUES %s"
            " ON CONFLICT DO NOTHING RETURNING id",
            rows,
            template=(
                f"({', '.join(['%s'] * len(columns))},"
                " now() at time zone 'UTC', now() at time zone 'UTC')"
            ),
            page_size=len(rows),
            fetch=True,
        )
        self.invalidate_model()
        lines.invalidate_recordset(["billing_payment_ids"])
        return self.browse(row[0] for row in inserted)

    @api.model
    def _values_of_line(self, line):
        """What a statement line says, as values of a payment.

        The customer an importer or a person set on the line is evidence like the name
        on it, no more: matching decides.
        """
        said = stated(
            line.payment_ref,
            line.ref,
            line.narration,
            line.transaction_details,
            line.partner_name or line.partner_id.name or "",
            line.account_number or "",
        )
        references = [{"value": said.reference, "amount": None, "kind": "structured"}]
        foreign = line.foreign_currency_id
        return {
            "journal_id": line.journal_id.id,
            "company_id": line.company_id.id,
            "currency_id": (foreign or line.currency_id).id,
            "amount": line.amount_currency if foreign else line.amount,
            "booking_date": line.date,
            "reference": said.reference or False,
            "reference_key": normalise(said.reference) or False,
            "reference_values": references if said.reference else [],
            "text": " ".join(said.texts) or False,
            "payer_name": said.payer_name or False,
            "payer_account": said.payer_account or False,
            "payment_type": line.transaction_type or False,
            "raw": {
                "statement_line": {
                    "payment_ref": line.payment_ref,
                    "ref": line.ref,
                    "narration": line.narration,
                    "partner_name": line.partner_name,
                    "partner_id": line.partner_id.id,
                    "account_number": line.account_number,
                    "transaction_type": line.transaction_type,
                    "transaction_details": line.transaction_details,
                }
            },
        }

    @api.model
    def _as_columns(self, values):
        """Values in the order of ``LINE_COLUMNS``, as the database takes them."""
        return [
            json.dumps(values[name])
            if name in ("reference_values", "raw")
            else None
            if values[name] is False
            else values[name]
            for name in LINE_COLUMNS
        ]

    def _follow_lines(self):
        """Take over what somebody corrected on lines that are not decided yet."""
        for payment in self:
            values = payment._values_of_line(payment.statement_line_id)
            if values["raw"] == payment.raw and all(
                payment[name].id == value
                if name.endswith("_id")
                else payment[name] == value
                for name, value in values.items()
                if name != "raw"
            ):
                continue
            payment.write({**values, "state": "new", "error": False, "reasons": []})
            self.env.ref("billing_bank_file.ir_cron_process").sudo()._trigger()

    @api.model
    def _notice_settled_lines(self):
        """Note payments in review whose line was settled without an invoice, such as
        by a write-off in Odoo's or another addon's screens."""
        self.env["account.bank.statement.line"].flush_model(["is_reconciled"])
        self.flush_model(["state", "statement_line_id", "is_collective"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id
                  FROM billing_payment AS payment
                  JOIN account_bank_statement_line AS line
                    ON line.id = payment.statement_line_id
                 WHERE payment.state IN ('proposed', 'unmatched')
                   AND NOT payment.is_collective
                   AND line.is_reconciled
                """
            )
        )
        self.browse(row[0] for row in rows)._set_settled_by_hand()

    def _book_decisions(self, decisions):
        """Extend: somebody may have settled a line between its adoption and now."""
        res = super()._book_decisions(decisions)
        self.filtered(
            lambda payment: (
                not payment.file_id
                and payment.state in ("proposed", "unmatched")
                and payment.statement_line_id.is_reconciled
            )
        )._set_settled_by_hand()
        return res

    def _forget_line(self):
        """Take the payments off their invoices and drop them, as their lines go."""
        self.filtered("is_booked")._undo()
        self.counterpart_line_ids.billing_payment_id = False
        self.with_context(billing_line_deleted=True).unlink()


class BillingBooking(models.AbstractModel):
    """Payments whose statement line was there first are settled on that line."""

    _inherit = "billing.booking"

    @api.model
    def _book(self, payments, decisions):
        """Extend: payments that have a line already get no second one."""
        adopted = payments.filtered("statement_line_id")
        if not adopted:
            return super()._book(payments, decisions)
        by_id = {item.payment_id: item for item in decisions}
        others = payments - adopted
        booked = super()._book(others, [by_id[i] for i in others.ids]) if others else []
        booked += [
            by_id[payment.id] for payment in adopted if not self._books(payment, by_id)
        ]
        settled = adopted.filtered(lambda payment: self._books(payment, by_id))
        busy = settled.filtered(lambda payment: not self._is_free(payment))
        free = settled - busy
        booked += self._settle(free, [by_id[i] for i in free.ids]) if free else []
        booked += [self._changed(by_id[payment_id]) for payment_id in busy.ids]
        by_id = {item.payment_id: item for item in booked}
        return [by_id[payment_id] for payment_id in payments.ids]

    @api.model
    def _books(self, payment, by_id):
        return by_id[payment.id].outcome in decision.CREDITED

    @api.model
    def _is_free(self, payment):
        """Whether all the money of an adopted line still waits on suspense."""
        try:
            self._check_free(payment)
        except UserError:
            return False
        return True

    @api.model
    def _changed(self, item):
        """A decision that somebody in Odoo's own screens was faster than."""
        return dataclasses.replace(
            item,
            outcome=decision.PROPOSED if item.candidates else decision.UNMATCHED,
            shares=(),
            partner_id=0,
            write_off=0,
            reasons=(decision.Reason("changed_meanwhile"), *item.reasons),
        )
