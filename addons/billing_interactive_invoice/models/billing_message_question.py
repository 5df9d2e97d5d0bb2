from odoo import fields, models

from ..core import page_message


class BillingMessageQuestion(models.Model):
    """A question that a message answers before customers have to ask it."""

    _name = "billing.message.question"
    _description = "Question in a Message to Customers"
    _order = "sequence, id"
    _rec_name = "question"

    message_id = fields.Many2one(
        "billing.message", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="message_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    question = fields.Char(required=True, translate=True)
    answer = fields.Text(required=True, translate=True)

    def _paragraphs(self):
        """Return the answer as paragraphs of lines."""
        self.ensure_one()
        return page_message.paragraphs(self.answer)
