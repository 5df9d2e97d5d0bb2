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

    def _opened_by_machine(self, visits):
        """Extension of `billing_base`: the history of the messages tells of it."""
        result = super()._opened_by_machine(visits)
        visit_by_link = {visit.link_id: visit for visit in visits}
        items_sudo = (
            self.env["billing.distribution.item"]
            .sudo()
            .search([("link_id", "in", self.ids)])
        )
        self.env["billing.event"]._log(
            [
                {
                    "kind": "delivery.machine",
                    "move_id": item_sudo.move_id.id,
                    "channel": item_sudo.channel,
                    "actor": "gateway",
                    "occurred_at": visit_by_link[item_sudo.link_id].visited_at,
                    "payload": {
                        **item_sudo._event_payload(),
                        "reason": visit_by_link[item_sudo.link_id].reason,
                    },
                    "dedup_key": f"delivery.machine:link:{item_sudo.id}",
                }
                for item_sudo in items_sudo
            ]
        )
        return result
