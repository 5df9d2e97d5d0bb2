from odoo import models

from ..core import state
from .account_move import OPEN_STATES

#: Runs that can go back to a step that did not get through. Who stopped one by hand
#: wants nothing sent.
RESTARTED = ("waiting", "stuck", "done")


class BillingDistributionItem(models.Model):
    _inherit = "billing.distribution.item"

    def _resend_key(self):
        """Return the key under which the log knows that this was sent again."""
        self.ensure_one()
        return f"delivery.resent:{self.attempt_id.id}:{self.move_id.id}"

    def _resend(self):
        """Send the invoices of messages again by the same channels, each once.

        A message that was sent again already is passed over, whoever did it and in
        whatever browser: the key is in the log, and the log has it once. To send once
        more, the newer message is sent again. Passed over too is what is paid, and
        whose customer has no address there that works.

        What did not get through goes back to its step in the plan, which goes on from
        there; anything else is a message besides the plan. The number of queries does
        not depend on how many there are.

        :return: those that are sent again
        :rtype: billing.distribution.item
        """
        items_sudo = self.sudo().filtered(
            lambda item: (
                item.move_id.state == "posted"
                and item.move_id.payment_state in OPEN_STATES
            )
        )
        items_sudo = items_sudo._reachable()
        events = self.env["billing.event"]._log(
            [
                {
                    "kind": "delivery.resent",
                    "move_id": item.move_id.id,
                    "partner_id": item.attempt_id.partner_id.id,
                    "channel": item.channel,
                    "actor": "staff",
                    "payload": {
                        **item._event_payload(),
                        "address": item.attempt_id.address or "",
                    },
                    "dedup_key": item._resend_key(),
                }
                for item in items_sudo
            ]
        )
        claimed = {
            (event.payload["attempt_id"], event.move_id.id) for event in events.sudo()
        }
        todo_sudo = items_sudo.filtered(
            lambda item: (item.attempt_id.id, item.move_id.id) in claimed
        )
        back_sudo = todo_sudo._restartable()
        back_sudo.run_id._restart(back_sudo)
        for (channel, content), own_sudo in (
            (todo_sudo - back_sudo)
            .grouped(lambda item: (item.channel, item.attempt_id.content_id))
            .items()
        ):
            own_sudo.move_id._billing_queue_attempts(channel, content=content)
        return todo_sudo.sudo(self.env.su)

    def _reachable(self):
        """Return those whose customers have an address that works on the channel."""
        found = self.browse()
        for company, own in self.grouped("company_id").items():
            by_channel = own.move_id.partner_id._billing_reachable(company)
            found |= own.filtered(
                lambda item, points=by_channel: points.get(item.channel, {}).get(
                    item.move_id.partner_id.id
                )
            )
        return found

    def _restartable(self):
        """Return, of each run nothing of which got through, its last failed message."""
        failed = self.filtered(
            lambda item: (
                item.state in state.FAILED and item.step_id and item.run_id.state
            )
        )
        runs = failed.run_id.with_context(billing_seen=None)._claim(*RESTARTED)
        seen = runs._seen()
        last = {}
        for item in failed.sorted("id"):
            if item.run_id in runs and not seen[item.run_id.id].reached:
                last[item.run_id] = item
        return self.browse(item.id for item in last.values())
