from odoo import fields, models


class BillingReminderLine(models.Model):
    _inherit = "billing.reminder.line"

    waiver_ids = fields.One2many("billing.waiver", "reminder_line_id", string="Waivers")
