from odoo import fields, models


class MailTemplate(models.Model):
    _inherit = "mail.template"

    billing_sms_text = fields.Text(
        string="Text Message",
        translate=True,
        help="What customers get who are told by SMS. Without it, this message does "
        "not go out by SMS.",
    )
