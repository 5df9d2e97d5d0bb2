from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Override of `base`: counts of one payer add up, and who objected to being
        remembered under one name is not remembered under the other.

        Core would move the rows one table at a time and fail on the unique index when
        both customers had the same payer.
        """
        self.env["billing.payer.memory"]._merge_customers(
            src_partners.ids, dst_partner.id
        )
        partners_sudo = (src_partners | dst_partner).sudo()
        if any(partners_sudo.mapped("billing_forget_payers")):
            dst_partner.sudo().billing_forget_payers = True
        return super()._update_foreign_keys(src_partners, dst_partner)
