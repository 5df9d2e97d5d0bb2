from odoo import models


class BillingLink(models.Model):
    _inherit = "billing.link"

    def _opened_by_person(self, visits):
        """Extension of `billing_base`: the offers with these links are opened."""
        result = super()._opened_by_person(visits)
        first_by_link = {
            visit.link_id: visit for visit in visits.sorted("visited_at")[::-1]
        }
        events = []
        for link_sudo, visit in first_by_link.items():
            if link_sudo.res_model != "billing.debit.offer":
                continue
            offer_sudo = (
                self.env["billing.debit.offer"].sudo().browse(link_sudo.res_id).exists()
            )
            if not offer_sudo.opened_at:
                offer_sudo.opened_at = visit.visited_at
            # Links in other records write the history of the invoice themselves.
            events.append(link_sudo._prepare_event("link.opened", visit))
        self.env["billing.event"]._log(events)
        return result
