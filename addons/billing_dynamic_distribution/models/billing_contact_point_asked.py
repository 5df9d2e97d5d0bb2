from odoo import models


class BillingContactPoint(models.Model):
    _inherit = "billing.contact.point"

    def write(self, vals):
        """Override: another order of preference is another wish."""
        if "sequence" not in vals:
            return super().write(vals)
        with self.partner_id._billing_notice_wishes():
            return super().write(vals)
