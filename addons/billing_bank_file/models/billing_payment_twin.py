from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.tools import SQL

from ..core import decision, resolution
from ..core.statement_line import noted
from ..core.twins import Told, pair

# How long two doors that were open at the same moment may not see each other's money.
OVERLAP = timedelta(hours=1)


class BillingPayment(models.Model):
    """Money that came through two doors: in a bank file, and as the statement line of
    another importer. It counts once, whichever was first."""

    _inherit = "billing.payment"

    repeats_id = fields.Many2one(
        comodel_name="billing.payment",
        string="Counted As",
        help="The bank payment that is the same money and came another way.",
        readonly=True,
        ondelete="restrict",
    )

    _repeats_unique = models.UniqueIndex(
        "(repeats_id) WHERE repeats_id IS NOT NULL",
        "This payment is counted once already.",
    )

    # === ACTIONS === #

    def action_open_repeated(self):
        """Open the payment that counts in place of this one."""
        self.ensure_one()
        return self.repeats_id._get_records_action(name=self.env._("Counted As"))

    # === BUSINESS METHODS === #

    @api.model
    def _cron_adopt(self):
        """Extend: a file and a line may have come at the same moment."""
        self.search(
            [
                ("file_id", "=", False),
                ("create_date", ">=", fields.Datetime.now() - OVERLAP),
                ("state", "in", (decision.PROPOSED, decision.UNMATCHED)),
                # A person who undid it says that it is other money.
                ("undone_by_id", "=", False),
            ]
        )._take_twins_off()
        return super()._cron_adopt()

    @api.model
    def _adopt_lines(self, *args, **kwargs):
        """Extend: a line with money that a bank file has brought counts no more."""
        payments = super()._adopt_lines(*args, **kwargs)
        payments._take_twins_off()
        return payments

    def _take_twins_off(self):
        """Take lines off the bank account whose money is there by a bank file.

        :return: the payments of these lines
        """
        twins = self._find_twins_in_files()
        taken = self.browse()
        for payment in self.browse(twins):
            payment = payment.with_company(payment.company_id)
            booking = self.env["billing.booking"].with_context(billing_booking=True)
            try:
                with self.env.cr.savepoint():
                    payment.lock_for_update(allow_referencing=True)
                    booking._cancel_out(payment.with_context(billing_booking=True))
            except (LockError, UserError):
                # Somebody is at work on it, and sees that it is paid already.
                continue
            taken |= payment
        taken._set_repeating({payment.id: twins[payment.id] for payment in taken})
        return taken

    def _find_twins_in_files(self):
        """Find the payments of bank files that brought the money of these lines.

        :return: dict of payment id to the id of the payment of a file
        """
        days = {
            (payment.journal_id.id, payment.booking_date, payment.amount)
            for payment in self
            if not payment.statement_line_id.foreign_currency_id
        }
        if not days:
            return {}
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id
                  FROM billing_payment AS payment
                 WHERE (payment.journal_id, payment.booking_date, payment.amount)
                       IN %s
                   AND payment.file_id IS NOT NULL
                   AND payment.repeats_id IS NULL
                   AND NOT EXISTS (
                       SELECT FROM billing_payment AS other
                        WHERE other.repeats_id = payment.id)
                 ORDER BY payment.id
                """,
                tuple(days),
            )
        )
        theirs = self.browse(row[0] for row in rows)
        found = pair(
            [payment._told_by_file() for payment in theirs],
            [
                self._told_by_line(payment.statement_line_id, payment.id)
                for payment in self.sorted("id")
            ],
        )
        return {line: payment for payment, line in found.items()}

    def _set_repeating(self, twins):
        """Note that payments are money which others stand for in the books.

        :param twins: dict of payment id to id of the one that counts
        """
        if not twins:
            return
        self.env.cr.execute_values(
            """
            UPDATE billing_payment AS payment
               SET repeats_id = data.twin, state = data.state,
                   resolution = data.resolution, reasons = '[]'::jsonb,
                   error = NULL, partner_id = NULL,
                   write_date = now() at time zone 'UTC'
              FROM (VALUES %s) AS data (id, twin, state, resolution)
             WHERE payment.id = data.id
            """,
            [
                (payment_id, twin_id, decision.RECONCILED, resolution.REPEATED)
                for payment_id, twin_id in twins.items()
            ],
            page_size=len(twins),
        )
        self.invalidate_model()
        payments = self.browse(twins)
        self.env["billing.event"]._log(
            [
                {
                    "kind": "payment.repeated",
                    "company_id": payment.company_id.id,
                    "actor": "system",
                    "amount": payment.amount,
                    "currency_id": payment.currency_id.id,
                    "payload": {
                        "payment_id": payment.id,
                        "twin_id": payment.repeats_id.id,
                        "file": (payment.file_id or payment.repeats_id.file_id).name,
                    },
                }
                for payment in payments
            ]
        )

    def _take_lines(self, line_ids):
        """Have the statement lines of another importer for one's own.

        :param line_ids: dict of payment id to statement line id
        :raises ConcurrencyError: matching takes one of the lines up at this moment
        """
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                self.env["billing.booking"]._link(self, line_ids, False)
        except psycopg2.errors.UniqueViolation as error:
            raise ConcurrencyError(
                "a statement line was taken up at the same moment"
            ) from error
        self.statement_line_id.invalidate_recordset(["billing_payment_ids"])
        # What somebody has settled by hand is not decided any more.
        settled = self.filtered("statement_line_id.is_reconciled")
        settled.state = decision.UNMATCHED
        settled._set_settled_by_hand()

    def _forget_line(self):
        """Extend: with the line its file's payment is the only one, and counts."""
        twins = self.search([("repeats_id", "in", self.ids)])
        if twins:
            twins.write({"repeats_id": False, "state": "new", "resolution": False})
            self.env.ref("billing_bank_file.ir_cron_process").sudo()._trigger()
        return super()._forget_line()

    def _set_undone(self):
        """Extend: a payment that counts again is no other's money."""
        restored = self.filtered("repeats_id").sudo()
        res = super()._set_undone()
        restored.repeats_id = False
        for payment in restored:
            payment._log_step("payment.restored")
        return res

    # === HELPERS === #

    def _told_by_file(self):
        """What a bank file tells of the payment, to compare."""
        self.ensure_one()
        return Told(
            self.id,
            self.journal_id.id,
            self.booking_date,
            self.amount,
            tuple(filter(None, (self.bank_reference, self.end_to_end_id))),
            self.reference or "",
            self.payer_account or "",
            self.payer_name or "",
            self.text or "",
        )

    @api.model
    def _told_by_line(self, line, key):
        """What a statement line of another importer tells, to compare."""
        values = self._values_of_line(line)
        return Told(
            key,
            line.journal_id.id,
            line.date,
            line.amount,
            (),
            values["reference"] or "",
            values["payer_account"] or "",
            values["payer_name"] or "",
            values["text"] or "",
            noted(line.payment_ref, line.ref, line.narration, line.transaction_details),
        )


class BillingBankFile(models.Model):
    """Finds what another importer has brought before a file."""

    _inherit = "billing.bank.file"

    def _take_over_lines(self):
        """Let the file's payments have the statement lines that are their money.

        A line nobody has matched becomes the payment's own. Where the line is matched
        already, the payment of the file only repeats it.

        :return: ids of the payments that repeat another
        """
        lines = self._find_lines_of_others()
        if not lines:
            return set()
        payments = self.env["billing.payment"].search(
            [
                ("file_id", "=", self.id),
                ("state", "=", "new"),
                ("journal_id", "in", lines.journal_id.ids),
                ("booking_date", "in", lines.mapped("date")),
                ("amount", "in", lines.mapped("amount")),
            ],
            order="position",
        )
        found = pair(
            [payment._told_by_file() for payment in payments],
            [payments._told_by_line(line, line.id) for line in lines],
        )
        matched = {line.id: line.billing_payment_ids.id for line in lines}
        repeated = {
            payment_id: matched[line_id]
            for payment_id, line_id in found.items()
            if matched[line_id]
        }
        own = {
            payment_id: line_id
            for payment_id, line_id in found.items()
            if not matched[line_id]
        }
        payments._set_repeating(repeated)
        payments.browse(own)._take_lines(own)
        return set(repeated)

    def _find_lines_of_others(self):
        """Statement lines that may hold money of this file, the first first.

        :return: ``account.bank.statement.line`` records that no bank file made and
            that no payment of a file repeats
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id
                  FROM (SELECT DISTINCT journal_id, booking_date
                          FROM billing_payment
                         WHERE file_id = %(file)s AND state = 'new') AS day
                  JOIN account_move AS move
                    ON move.journal_id = day.journal_id AND move.date = day.booking_date
                  JOIN account_bank_statement_line AS line ON line.move_id = move.id
                 WHERE move.state = 'posted'
                   AND line.foreign_currency_id IS NULL
                   AND NOT EXISTS (
                       SELECT FROM billing_payment AS payment
                        WHERE payment.statement_line_id = line.id
                          AND (payment.file_id IS NOT NULL
                               OR payment.repeats_id IS NOT NULL
                               OR EXISTS (SELECT FROM billing_payment AS other
                                           WHERE other.repeats_id = payment.id)))
                   AND EXISTS (
                       SELECT FROM billing_payment AS payment
                        WHERE payment.file_id = %(file)s
                          AND payment.state = 'new'
                          AND payment.journal_id = line.journal_id
                          AND payment.booking_date = move.date
                          AND payment.amount = line.amount)
                 ORDER BY line.id
                """,
                file=self.id,
            )
        )
        return (
            self.env["account.bank.statement.line"]
            .sudo()
            .browse(row[0] for row in rows)
        )
