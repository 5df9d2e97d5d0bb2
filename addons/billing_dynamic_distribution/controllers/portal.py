from odoo.http import request

from odoo.addons.account.controllers.portal import CustomerPortal

from ..models.res_partner import SENDING_METHODS


class PortalAccount(CustomerPortal):
    """Customers choose how invoices come to them."""

    def _prepare_my_account_rendering_values(self, *args, **kwargs):
        """Override of `account`: our channels, those the company has set up."""
        values = super()._prepare_my_account_rendering_values(*args, **kwargs)
        channels = request.env["billing.channel"].sudo()
        for code in SENDING_METHODS:
            channel = channels._get(code)
            if channel is not None and channel._is_available(request.env.company):
                values["invoice_sending_methods"][code] = channel._label()
        return values
