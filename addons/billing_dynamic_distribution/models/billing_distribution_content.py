from odoo import fields, models


class BillingDistributionContent(models.Model):
    """What a message says, in the words of each kind of channel.

    The texts are rendered on ``billing.distribution.attempt``, which may be about
    several invoices: see its fields and those of its items.
    """

    _name = "billing.distribution.content"
    _description = "Content of Messages"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company", help="Empty: for all companies.", ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    mail_template_id = fields.Many2one(
        "mail.template",
        string="E-mail",
        domain=[("model", "=", "billing.distribution.attempt")],
        ondelete="restrict",
    )
    sms_body = fields.Text(
        string="SMS",
        translate=True,
        help="Places for values are written {{ object.field }}; object is the message.",
    )
    letter_text = fields.Text(
        string="Letter",
        translate=True,
        help="Stands above the payment slip of a letter that asks for payment again. "
        "The invoice itself goes out as it is.",
    )
