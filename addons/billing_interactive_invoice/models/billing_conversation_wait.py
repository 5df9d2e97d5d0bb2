from odoo import fields, models


class BillingConversationWait(models.Model):
    """How long one customer waited for one answer."""

    _name = "billing.conversation.wait"
    _description = "Wait for an Answer"
    _order = "answered_at desc, id desc"
    _rec_name = "conversation_id"

    conversation_id = fields.Many2one(
        "billing.conversation", required=True, readonly=True, ondelete="cascade",
        index=True,
    )  # fmt: skip
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", string="Answered By", readonly=True, ondelete="set null"
    )
    asked_at = fields.Datetime(string="Asked", required=True, readonly=True)
    answered_at = fields.Datetime(string="Answered", required=True, readonly=True)
    minutes = fields.Integer(
        readonly=True,
        aggregator="avg",
        help="Opening hours that went by from the question to the answer.",
    )
    in_time = fields.Boolean(
        readonly=True, help="Answered before the time the company sets itself."
    )

    _company_idx = models.Index("(company_id, answered_at)")
