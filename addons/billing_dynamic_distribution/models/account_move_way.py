from odoo import api, fields, models
from odoo.tools import SQL

from .screen import day_text, tell

#: How far an invoice has come.
STUCK = "stuck"
OPENED = "opened"
DELIVERED = "delivered"
SENT = "sent"
WAITING = "waiting"
FAILED = "failed"
STOPPED = "stopped"


class AccountMove(models.Model):
    """How far an invoice has come to its customer."""

    _inherit = "account.move"

    billing_distribution_state = fields.Selection(
        [
            (STUCK, "Needs Somebody"),
            (OPENED, "Opened"),
            (DELIVERED, "Delivered"),
            (SENT, "Sent"),
            (WAITING, "On Its Way"),
            (FAILED, "Not Delivered"),
            (STOPPED, "Stopped"),
        ],
        string="Reached",
        compute="_compute_billing_distribution_state",
        groups="billing_base.group_billing_user",
        help="How far the invoice has come to its customer.",
    )

    # === COMPUTE METHODS === #

    @api.depends("billing_run_ids.state", "billing_item_ids.state")
    def _compute_billing_distribution_state(self):
        for model, names in (
            ("billing.distribution.run", ["move_id", "state"]),
            ("billing.distribution.item", ["move_id", "attempt_id"]),
            ("billing.distribution.attempt", ["state"]),
        ):
            self.env[model].flush_model(names)
        found = {}
        if self.ids:
            found = dict(
                self.env.execute_query(
                    SQL(
                        """
                        SELECT move_id,
                               CASE WHEN bool_or(state = 'opened') THEN 'opened'
                                    WHEN bool_or(state = 'stuck') THEN 'stuck'
                                    WHEN bool_or(state = 'delivered') THEN 'delivered'
                                    WHEN bool_or(state = 'sent') THEN 'sent'
                                    WHEN bool_or(state IN ('waiting', 'sending',
                                                           'planned', 'calling'))
                                         THEN 'waiting'
                                    WHEN bool_or(state IN ('failed_soft', 'failed_hard',
                                                           'uncertain')) THEN 'failed'
                                    WHEN bool_or(state = 'stopped') THEN 'stopped'
                                END
                          FROM (SELECT item.move_id, attempt.state
                                  FROM billing_distribution_item AS item
                                  JOIN billing_distribution_attempt AS attempt
                                    ON attempt.id = item.attempt_id
                                 WHERE item.move_id = ANY(%(ids)s)
                                 UNION ALL
                                SELECT move_id, state
                                  FROM billing_distribution_run
                                 WHERE move_id = ANY(%(ids)s)) AS known
                         GROUP BY move_id
                        """,
                        ids=list(self.ids),
                    )
                )
            )
        for move in self:
            move.billing_distribution_state = found.get(move._origin.id)

    # === ACTIONS === #

    def action_billing_send_by(self, channel):
        """Send the invoices by a channel, besides what their plans do (button).

        Pressed twice, or in two browsers, on the same screen, it sends once: the
        screen says in ``billing_seen`` of the context which message it saw last.

        :param str channel: one of ``billing_channel.CHANNELS``
        :return: what to tell, as an action
        :rtype: dict
        :raises UserError: an invoice is not issued, or a customer has no address there
        """
        self.env["billing.distribution.run"].check_access("read")
        self.check_access("read")
        seen = self.env.context.get("billing_seen")
        if seen is None:
            seen = max(self.sudo().billing_item_ids.ids, default=0)
        events = self.env["billing.event"]._log(
            [
                {
                    "kind": "delivery.asked",
                    "move_id": move.id,
                    "channel": channel,
                    "actor": "staff",
                    "dedup_key": f"delivery.asked:{move.id}:{channel}:{int(seen)}",
                }
                for move in self
            ]
        )
        moves = self.browse(events.sudo().move_id.ids)
        if not moves:
            return tell(
                "warning",
                self.env._(
                    "It has been sent since you looked. Nothing was sent just now."
                ),
            )
        attempts_sudo = moves._billing_queue_attempts(channel)
        return tell(
            "success",
            self.env._(
                "It goes out by %(channel)s to %(address)s on %(day)s.",
                channel=self.env["billing.distribution.run"]._channel_label(channel),
                address=", ".join(attempts_sudo.mapped("address")),
                day=day_text(self.env, max(attempts_sudo.mapped("planned_at"))),
            ),
        )
