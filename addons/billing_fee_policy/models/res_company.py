from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_reminder_approval = fields.Selection(
        [
            ("approve", "After somebody has approved them"),
            ("automatic", "By themselves"),
        ],
        string="Reminders Go Out",
        required=True,
        default="approve",
    )
