from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.billing_base.core.hold import blocking


class BillingDistributionSender(models.AbstractModel):
    _inherit = "billing.distribution.sender"

    @api.model
    def _recheck(self, attempts_sudo, channel):
        """Extended: reminders that lost their reason while they waited do not go out.

        A letter of an earlier day gets the days to pay that it promises, counted from
        the day it goes out.
        """
        own_sudo = attempts_sudo.filtered("reminder_id")
        if not own_sudo:
            return super()._recheck(attempts_sudo, channel)
        holds = own_sudo.item_ids.move_id._billing_holds()
        given_up = own_sudo.browse()
        for attempt in own_sudo:
            moves = attempt.item_ids.move_id
            is_settled = all(
                move.state != "posted" or move.currency_id.is_zero(move.amount_residual)
                for move in moves
            )
            is_held = any(blocking(holds[move.id], "reminder") for move in moves)
            if is_settled or is_held or attempt.reminder_id.state != "sent":
                given_up |= attempt
        if given_up:
            given_up._give_up()
        kept = super()._recheck(attempts_sudo - given_up, channel)
        for attempt in kept.filtered("reminder_id"):
            try:
                with self.env.cr.savepoint():
                    attempt.reminder_id._refresh_before_sending(attempt)
            except UserError:
                # A letter that lacks something now keeps the others from nothing.
                attempt._give_up()
                kept -= attempt
        return kept
