from odoo import api, models

from .account_move_live import QUIET


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _log(self, vals_list):
        """Override: open pages show what happened."""
        events = super()._log(vals_list)
        move_ids = {
            vals["move_id"]
            for vals in vals_list
            if vals.get("move_id") and vals["kind"] not in QUIET
        }
        self.env["account.move"].browse(move_ids)._billing_page_changed()
        return events
