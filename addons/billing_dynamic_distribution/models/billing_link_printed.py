from odoo import models

from ..core import state


class BillingLink(models.Model):
    _inherit = "billing.link"

    def _opened_by_person(self, visits):
        """Extension: what is printed on an invoice opens the latest letter with it."""
        result = super()._opened_by_person(visits)
        printed_sudo = self.sudo().filtered(
            lambda link: link.res_model == "account.move"
        )
        items_sudo = (
            self.env["billing.distribution.item"]
            .sudo()
            .search(
                [
                    ("move_id", "in", printed_sudo.move_id.ids),
                    ("attempt_id.channel", "=", "letter"),
                    ("attempt_id.state", "in", list(state.REACHED | {state.UNCERTAIN})),
                ],
                order="id desc",
            )
        )
        attempts_sudo = items_sudo.attempt_id.browse()
        for move_items_sudo in items_sudo.grouped("move_id").values():
            attempts_sudo |= move_items_sudo[0].attempt_id
        attempts_sudo._apply(
            state.OPENED, at=min(visits.mapped("visited_at"), default=None)
        )
        return result
