from odoo import api, models
from odoo.tools import SQL

from ..core import state
from .account_move import OPEN_STATES
from .billing_channel import VIRTUAL_CHANNELS

#: Why a run ended: the invoice goes another way from now on.
ASKED = "asked"


class AccountMove(models.Model):
    """Invoices of customers who ask for another channel."""

    _inherit = "account.move"

    # === BUSINESS METHODS - ASKED FOR === #

    @api.model
    def _billing_unseen(self, partners):
        """Return open invoices of customers that nobody is known to have seen.

        Nobody opened a message about them, and no provider says that one arrived: an
        e-mail that was sent may lie unread. Only of companies that have a plan for
        customers who ask.

        :param partners: ``res.partner`` records
        :return: in superuser mode
        :rtype: account.move
        """
        plans_sudo = (
            self.env["billing.distribution.plan"]
            .sudo()
            .search([("trigger", "=", "asked"), ("live_version_id", "!=", False)])
        )
        if not plans_sudo:
            return self.sudo().browse()
        moves_sudo = self.sudo().search(
            [
                ("commercial_partner_id", "in", partners.commercial_partner_id.ids),
                ("company_id", "in", plans_sudo.company_id.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", OPEN_STATES),
            ]
        )
        items_sudo = (
            self.env["billing.distribution.item"]
            .sudo()
            .search(
                [
                    ("move_id", "in", moves_sudo.ids),
                    ("attempt_id.state", "in", (state.DELIVERED, state.OPENED)),
                ]
            )
        )
        return moves_sudo - items_sudo.move_id

    def _billing_distribute_asked(self, channel):
        """Begin the plan for what customers ask for; what else was to come is over.

        Once for each channel that is asked for. An invoice whose first message is
        still to come by that channel, or by the one the customer prefers, needs none.

        :param str channel: code of the channel the customers want
        :return: None
        """
        runs_sudo = self.env["billing.distribution.run"].sudo()
        coming_sudo = runs_sudo.search(
            [
                ("move_id", "in", self.ids),
                ("state", "=", "waiting"),
                ("try_count", "=", 0),
                ("channel", "in", [channel, *dict(VIRTUAL_CHANNELS)]),
            ]
        )
        begun = (self - coming_sudo.move_id)._billing_distribute("asked", channel)
        if not begun:
            return
        runs_sudo.flush_model(["move_id", "state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT run.id
                     FROM billing_distribution_run AS run
                     JOIN billing_distribution_plan AS plan ON plan.id = run.plan_id
                    WHERE run.move_id = ANY(%s) AND run.id <> ALL(%s)
                      AND run.state IN ('waiting', 'stuck')
                      AND plan.trigger IN ('posted', 'changed', 'asked')
                      FOR NO KEY UPDATE OF run SKIP LOCKED""",
                begun.sudo().move_id.ids,
                begun.ids,
            )
        )
        runs_sudo.browse(run_id for (run_id,) in rows)._stop(
            ASKED, actor="customer" if self.env.user.share else "staff"
        )
