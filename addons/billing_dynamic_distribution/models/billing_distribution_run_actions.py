from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..core import plan
from .billing_distribution_run import STOPPED_BY_STAFF
from .screen import tell

#: A step was left out because somebody said so.
SKIPPED_BY_STAFF = "skipped_by_staff"


class BillingDistributionRun(models.Model):
    """What staff do with invoices on their way.

    A button may be pressed twice, and in two browsers at the same time: the rows are
    locked, and what has moved on since somebody looked at it is left alone. The screen
    says what it looked at with ``billing_seen`` in the context, see :attr:`stamp`.
    """

    _inherit = "billing.distribution.run"

    stamp = fields.Char(
        compute="_compute_stamp",
        help="Changes whenever something else comes next; screens send it along.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "step_id", "channel", "try_count", "retry", "next_at")
    def _compute_stamp(self):
        for run in self:
            run.stamp = (
                f"{run.state}:{run.step_id.id}:{run.channel}:{run.try_count}"
                f":{run.retry}:{run.next_at}"
            )

    @api.model
    def _reason_labels(self):
        """Extended with what staff do."""
        return super()._reason_labels() | {
            SKIPPED_BY_STAFF: self.env._("Left out by hand"),
        }

    # === ACTIONS === #

    def action_stop(self):
        """Send nothing more in these runs (button)."""
        own = self._claim("waiting", "stuck")
        own._stop(STOPPED_BY_STAFF, actor="staff")
        return self._tell_passed_over(own)

    def action_skip(self):
        """Leave out the next step (button)."""
        own = self._claim("waiting")
        own._log_runs("delivery.skipped", SKIPPED_BY_STAFF, actor="staff")
        own._step_came_to(plan.SKIPPED)
        return self._tell_passed_over(own)

    def action_send_now(self):
        """Send the next message now instead of waiting (button).

        Quiet hours, holds and all other checks stay.
        """
        own = self._claim("waiting")
        now = self.env.company._billing_now()
        later = own.filtered(lambda run: not run.next_at or run.next_at > now)
        later.sudo().write({"next_at": now})
        later._log_runs("run.hurried", actor="staff")
        self.env["billing.distribution.sender"]._trigger(set(own.mapped("channel")))
        return self._tell_passed_over(own)

    def action_resume(self):
        """Go on with runs that were stopped or got stuck (button)."""
        own = self._claim("stopped", "stuck")
        if any(not run.step_id for run in own):
            raise UserError(
                self.env._(
                    "There is no step left to go on with. Send the invoice again by "
                    "hand instead."
                )
            )
        own._go_on_now()
        own._log_runs("run.resumed", actor="system" if self.env.su else "staff")
        return self._tell_passed_over(own)

    def action_send_by_email(self):
        """Go on by e-mail (button)."""
        return self.action_send_by("email")

    def action_send_by_sms(self):
        """Go on by SMS (button)."""
        return self.action_send_by("sms")

    def action_send_by_letter(self):
        """Go on by letter (button)."""
        return self.action_send_by("letter")

    def action_send_by(self, channel):
        """Send the next message, or the one that went wrong, by another channel.

        The runs go on from there as their plans say. Those whose customers have no
        address that works on the channel are passed over.

        :param str channel: one of ``billing_channel.CHANNELS``
        :return: what to tell, as an action; None when all runs go on
        :raises UserError: none of the customers can be reached there
        """
        own = self._claim("waiting", "stuck", "stopped").filtered("step_id")
        points = own._find_points()
        reached = own.filtered(lambda run: channel in points[run.id])
        if own and not reached:
            raise UserError(
                self.env._(
                    "There is no address that works by %(channel)s.",
                    channel=self._channel_label(channel),
                )
            )
        reached._go_on_now(channel)
        reached._log_runs("run.rerouted", actor="staff")
        return self._tell_passed_over(reached)

    def action_ask_for_address(self):
        """Have somebody ask the customers for another address (button)."""
        self.check_access("read")
        return self.move_id.partner_id._billing_request_address()

    def action_open_invoice(self):
        """Open the invoice of the run."""
        self.ensure_one()
        return self.move_id._get_records_action()

    def action_open_customer(self):
        """Open the customer of the run."""
        self.ensure_one()
        return self.move_id.partner_id._get_records_action()

    # === BUSINESS METHODS === #

    def _claim(self, *states):
        """Lock runs that somebody pressed a button for.

        Who waited for the lock and finds the rows changed begins anew, as Odoo does
        with every request, and sees them as they are then.

        :param states: those in which the button means something
        :return: the runs that are in them, and as the screen showed them
        :raises AccessError: a run is not for the present user
        """
        self.check_access("read")
        if not self:
            return self
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                """SELECT id FROM billing_distribution_run
                    WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
                list(self.ids),
            )
        )
        self.invalidate_recordset()
        seen = self.env.context.get("billing_seen")
        return self.filtered(
            lambda run: run.state in states and (not seen or run.stamp == seen)
        )

    def _go_on_now(self, channel=None):
        """Let runs wait for a message that is due now.

        :param str channel: by which channel, None = as it was
        :return: None
        """
        vals = {
            "state": "waiting",
            "next_at": self.env.company._billing_now(),
            "ended_at": False,
            "reason_code": False,
            "reason_detail": False,
            "retry": 0,
            "use_other_point": False,
        }
        if channel:
            vals["channel"] = channel
        self.sudo().write(vals)
        self.env["billing.distribution.sender"]._trigger(set(self.mapped("channel")))

    def _find_points(self):
        """Return where the customers of the runs can be reached.

        The number of queries does not depend on how many runs there are.

        :return: by run id the best contact point of each channel that can be used
        :rtype: dict[int, dict[str, billing.contact.point]]
        """
        found = defaultdict(dict)
        for company, runs in self.sudo().grouped("company_id").items():
            by_channel = runs.move_id.partner_id._billing_reachable(company)
            for run in runs:
                found[run.id] = {
                    channel: points[run.move_id.partner_id.id]
                    for channel, points in by_channel.items()
                    if points[run.move_id.partner_id.id]
                }
        return found

    def _restart(self, items):
        """Send again what did not get through, as if for the first time.

        :param items: the ``billing.distribution.item`` that failed, one of each run
        :return: None
        """
        for (step, channel), own in items.grouped(
            lambda item: (item.step_id, item.channel)
        ).items():
            runs = own.run_id
            runs.sudo().write({"step_id": step.id})
            runs._go_on_now(channel)

    # === HELPERS === #

    @api.model
    def _channel_label(self, code):
        """Return the name of a channel in the language of the reader."""
        field = self._fields["channel"]
        return dict(field._description_selection(self.env)).get(code, code)

    def _tell_passed_over(self, own):
        """Return an action that says how many runs a button did nothing for.

        :param own: the runs it did something for
        :rtype: dict | None
        """
        count = len(self) - len(own)
        if not count:
            return None
        if len(self) == 1:
            text = self.env._(
                "It has moved on since you looked. Nothing was changed just now."
            )
        else:
            text = self.env._(
                "%(done)s done. %(count)s were left as they are: they have moved on, "
                "or it is not possible for them.",
                done=len(own),
                count=count,
            )
        return tell("warning", text)
