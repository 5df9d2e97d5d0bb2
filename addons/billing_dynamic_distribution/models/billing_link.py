from odoo import models

from ..core import state


class BillingLink(models.Model):
    _inherit = "billing.link"

    def _opened_by_person(self, visits):
        """Extension of `billing_base`: the messages with these links are opened."""
        result = super()._opened_by_person(visits)
        attempt_ids = {
            link.res_id
            for link in self.sudo()
            if link.res_model == "billing.distribution.attempt"
        }
        self.env["billing.distribution.attempt"].sudo().browse(
            attempt_ids
        ).exists()._apply(
            state.OPENED, at=min(visits.mapped("visited_at"), default=None)
        )
        return result
