from odoo import api, models


class BillingBooking(models.AbstractModel):
    """Small differences, as far as the company writes them off."""

    _inherit = "billing.booking"

    # === HELPERS === #

    @api.model
    def _write_off_account(self, company):
        return company.billing_match_tolerance_account_id

    @api.model
    def _write_off_limit(self, company):
        return company.billing_match_tolerance
