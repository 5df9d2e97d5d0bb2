from odoo import api, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _billing_channel_by_method(self):
        """Extension: who wants invoices by Peppol wants EHF."""
        return {**super()._billing_channel_by_method(), "peppol": "ehf"}

    def _billing_contact_fields(self):
        """Extension of `billing_base`: the Peppol address, and what it is made of."""
        return super()._billing_contact_fields() | {
            "peppol_eas",
            "peppol_endpoint",
            *self._peppol_eas_endpoint_depends(),
        }

    def _billing_contact_addresses(self):
        """Extension of `billing_base`: the Peppol address is an EHF contact point."""
        addresses = super()._billing_contact_addresses()
        if self.peppol_eas and self.peppol_endpoint:
            points = self.env["billing.contact.point"]
            value = f"{self.peppol_eas}:{self.peppol_endpoint}"
            addresses += [
                ("ehf", address)
                for address in points._normalise_all("ehf", value, self)
                if ("ehf", address) not in addresses
            ]
        return addresses
