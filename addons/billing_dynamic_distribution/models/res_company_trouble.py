from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_trouble_count = fields.Integer(
        string="Messages in a Row",
        default=20,
        help="When so many messages in a row fail on a channel, or cannot be prepared "
        "for the same text, what is to go out waits instead of going to the next "
        "channel. 0: never.",
    )

    billing_trouble_days = fields.Integer(
        string="Days until It Goes On",
        default=3,
        help="After so many days what waited goes on by the rules of the plans, also "
        "to the next channel. 0: only when somebody says so.",
    )

    _billing_trouble_positive = models.Constraint(
        "CHECK(billing_trouble_count >= 0 AND billing_trouble_days >= 0)",
        "Numbers of messages and days cannot be negative.",
    )
