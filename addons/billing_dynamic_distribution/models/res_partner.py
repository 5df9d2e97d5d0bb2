from odoo import api, fields, models

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

    @api.model
    def _billing_channel_by_method(self):
        """Return Odoo's ways of sending that are a channel under another name.

        :return: code of the channel by way; addons for one of them add theirs
        :rtype: dict[str, str]
        """
        return {}

    def _billing_chosen_channel(self, company):
        """Return the code of the channel a customer chose, None without a choice.

        :param company: the ``res.company`` that writes
        :rtype: str | None
        """
        self.ensure_one()
        method = self.with_company(company).invoice_sending_method
        return self._billing_channel_by_method().get(method, method) or None
