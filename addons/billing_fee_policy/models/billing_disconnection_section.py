from odoo import fields, models


class BillingDisconnectionSection(models.Model):
    """One thing that a notice of disconnection says, in the customer's language."""

    _name = "billing.disconnection.section"
    _description = "Paragraph of a Notice of Disconnection"
    _order = "sequence, id"

    notice_id = fields.Many2one(
        "billing.disconnection.notice", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    code = fields.Selection(
        [
            ("claim", "What is owed"),
            ("cure", "By when paying keeps the supply"),
            ("danger", "Danger to life, health or property"),
            ("contact", "Objections and trouble paying"),
            ("costs", "Costs of cutting and connecting"),
            ("social", "Social services"),
            ("scope", "What is limited"),
            ("free_calls", "Emergency calls"),
            ("other", "Something else"),
        ],
        string="About",
        required=True,
        default="other",
    )
    text = fields.Text()
