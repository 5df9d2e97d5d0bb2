from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Override of `base`: counts of one payer add up.

        Core would move the rows one table at a time and fail on the unique index when
        both customers had the same payer.
        """
        self.env["billing.payer.memory"]._merge_customers(
            src_partners.ids, dst_partner.id
        )
        return super()._update_foreign_keys(src_partners, dst_partner)
