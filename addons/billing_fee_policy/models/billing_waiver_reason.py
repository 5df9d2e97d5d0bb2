from odoo import fields, models


class BillingWaiverReason(models.Model):
    """Why staff drop a fee."""

    _name = "billing.waiver.reason"
    _description = "Reason for a Waiver"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_goodwill = fields.Boolean(
        string="Counts on the Goodwill Budget",
        help="Take it away where the fault is not the customer's.",
    )
    is_objective = fields.Boolean(
        string="Objective",
        default=True,
        help="It holds for every customer in the same situation. A company with "
        "objective criteria only can choose no other reason.",
    )
    message_text = fields.Char(
        string="Customers Are Told",
        translate=True,
        help="The reason in the message that the fee was dropped. It may be empty.",
    )
