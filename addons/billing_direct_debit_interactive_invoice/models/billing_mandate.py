from odoo import models
from odoo.tools import SQL


class BillingMandate(models.Model):
    _inherit = "billing.mandate"

    def _log(self, happened, actor):
        """Override: whatever happens to a mandate, open pages of its customer show."""
        result = super()._log(happened, actor)
        # Few pages are open at a time, however many mandates a file tells of.
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT presence.move_id
                     FROM billing_page_presence AS presence
                     JOIN account_move AS move ON move.id = presence.move_id
                    WHERE move.commercial_partner_id = ANY(%s)""",
                self.partner_id.ids,
            )
        )
        moves = self.env["account.move"].browse(move_id for (move_id,) in rows)
        moves._billing_page_changed()
        return result
