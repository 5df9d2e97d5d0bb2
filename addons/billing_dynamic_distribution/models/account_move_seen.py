from odoo import models

from ..core import state


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_page_seen(self, visits):
        """Extension of `billing_base`: the latest message about each was opened.

        Whatever else holds a newer link, such as a printed invoice.
        """
        result = super()._billing_page_seen(visits)
        items_sudo = (
            self.env["billing.distribution.item"]
            .sudo()
            .search(
                [
                    ("move_id", "in", self.ids),
                    ("attempt_id.state", "in", list(state.REACHED | {state.UNCERTAIN})),
                ],
                order="id desc",
            )
        )
        latest_sudo = items_sudo.browse(
            own_sudo[0].id for own_sudo in items_sudo.grouped("move_id").values()
        )
        latest_sudo.attempt_id._apply(
            state.OPENED, at=min(visits.mapped("visited_at"), default=None)
        )
        return result
