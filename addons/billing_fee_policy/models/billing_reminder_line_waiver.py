from odoo import fields, models

from .billing_waiver import LIVE


class BillingReminderLine(models.Model):
    _inherit = "billing.reminder.line"

    waiver_ids = fields.One2many(
        "billing.waiver",
        "reminder_line_id",
        string="Waivers",
        domain=[("state", "in", LIVE)],
    )
