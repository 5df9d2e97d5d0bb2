from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_values(self, src_partners, dst_partner):
        """Override of `base`: two customers cannot have one customer number.

        Core copies values before it deletes the merged customers, which the unique
        index would refuse. The number goes over first; if the remaining customer
        has one, it stays, and references with the other find their invoice still.
        """
        numbered_sudo = src_partners.sudo().filtered("billing_customer_number")
        number = dst_partner.sudo().billing_customer_number or (
            numbered_sudo[:1].billing_customer_number
        )
        # Their invoices are the remaining customer's by now, so nothing holds them.
        numbered_sudo.billing_customer_number = False
        numbered_sudo.flush_recordset(["billing_customer_number"])
        dst_partner.sudo().billing_customer_number = number
        return super()._update_values(src_partners, dst_partner)
