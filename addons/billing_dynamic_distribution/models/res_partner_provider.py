from odoo import models

from .res_company_provider import PROVIDER_CHANNELS


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_billing_find_receivers(self):
        """Look customers up at the company's operators (action of the list)."""
        self.check_access("write")
        company = self.env.company
        found = self.browse()
        for channel in PROVIDER_CHANNELS:
            found |= self.env[f"billing.channel.{channel}"]._find_receivers(
                company, self
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if found else "info",
                "message": self.env._(
                    "%(found)s customers have a new address for eFaktura or a mailbox.",
                    found=len(found),
                ),
            },
        }
