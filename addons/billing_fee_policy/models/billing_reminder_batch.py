from odoo import fields, models


class BillingReminder(models.Model):
    """Letters that wait to be printed."""

    _inherit = "billing.reminder"

    batch_id = fields.Many2one(
        "billing.letter.batch",
        string="Letters to Print",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )

    def _billing_redate(self, day):
        """Let a letter that waited say the day it is posted, and as many days to pay.

        What was paid of it meanwhile is taken off. Nothing further is charged.

        :param date day: on which it goes out
        :return: None
        :raises UserError: the letter lacks something now
        """
        self.ensure_one()
        owed_before = self.line_ids.mapped("principal")
        for line in self.line_ids:
            line.principal = min(
                line.principal, max(line.move_id.amount_residual - line.credit, 0)
            )
        if day <= self.day and self.line_ids.mapped("principal") == owed_before:
            return
        if day > self.day:
            deadline = self.deadline and self.deadline + (day - self.day)
            self.write(
                {
                    "day": day,
                    "deadline": deadline
                    and self.company_id._bank_calendar().next_bank_day(deadline),
                }
            )
        old_pdf = self.pdf_attachment_id
        letter = self._make_letter()
        self.letter_total = float(letter["document"].total)
        old_pdf.unlink()
