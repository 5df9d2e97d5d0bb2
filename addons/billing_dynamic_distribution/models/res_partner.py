from odoo import fields, models

from .billing_channel import CHANNELS

#: Channels a customer can prefer besides what Odoo itself offers.
SENDING_METHODS = ("sms", "letter", "efaktura", "mailbox")


class ResPartner(models.Model):
    _inherit = "res.partner"

    invoice_sending_method = fields.Selection(
        selection_add=[
            (code, label) for code, label in CHANNELS if code in SENDING_METHODS
        ]
    )
