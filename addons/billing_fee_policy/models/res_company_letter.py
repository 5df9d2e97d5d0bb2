from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_reminder_sms_too = fields.Boolean(
        string="Tell by SMS of Letters",
        help="Besides a reminder, notice or demand by e-mail or letter, the customer "
        "gets an SMS that says so, with the link to the invoice.",
    )
