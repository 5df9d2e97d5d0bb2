from odoo import api, fields, models
from odoo.tools import format_date

from odoo.addons.billing_base.core.hold import blocking

from ..core import checks, way
from .billing_channel import VIRTUAL_CHANNELS
from .screen import day_text

#: States of runs that something can be done about.
AHEAD = ("waiting", "sending", "stuck", "stopped")
VIRTUAL = dict(VIRTUAL_CHANNELS)


class BillingDistributionWay(models.AbstractModel):
    _inherit = "billing.distribution.way"

    @api.model
    def _load_ahead(self, runs, is_open):
        """Return what the runs of an invoice do next, and what can be done.

        :param is_open: the invoice is issued, and something is left to pay
        """
        runs = runs.filtered(lambda run: run.state in AHEAD)
        if not runs or not is_open:
            return []
        known = runs._load()
        points = runs._find_points()
        return [self._run_ahead(run, known, points[run.id]) for run in runs]

    @api.model
    def _run_ahead(self, run, known, points):
        steps = run.version_id.step_ids.sorted(lambda step: (step.sequence, step.id))
        place = steps.ids.index(run.step_id.id) if run.step_id in steps else len(steps)
        current = run.channel if run.state == "waiting" else None
        return {
            "id": run.id,
            "plan": run.plan_id.display_name,
            "state": run.state,
            "state_label": dict(run._fields["state"]._description_selection(self.env))[
                run.state
            ],
            "reason": run.reason or "",
            "stamp": run.stamp,
            "next": self._next_ahead(run, known, points) if current else None,
            "failing": self._failing_ahead(run) if run.state == "stuck" else None,
            "later": [self._step_ahead(step) for step in steps[place + 1 :]],
            "can_stop": run.state in ("waiting", "stuck"),
            "can_skip": run.state == "waiting",
            "can_hurry": run.state == "waiting"
            and bool(run.next_at)
            and run.next_at > self.env.company._billing_now(),
            "can_resume": run.state in ("stopped", "stuck") and bool(run.step_id),
            "channels": [
                self._channel_entry(code, point)
                for code, point in points.items()
                if code != current
            ]
            if run.state != "sending" and run.step_id
            else [],
        }

    @api.model
    def _step_ahead(self, step):
        """Return a later step: by what, when, and on what condition."""
        conditions = {
            "not_opened": self.env._("if it has not been opened by then"),
            "not_delivered": self.env._("if it has not been delivered by then"),
            "not_paid": self.env._("if it has not been paid by then"),
        }
        return {
            "id": step.id,
            "channel": step.channel,
            "title": step.display_name,
            "when": self.env._("%(wait)s later", wait=self._wait_text(step))
            if step.wait
            else self.env._("at once"),
            "condition": conditions.get(step.condition, ""),
        }

    @api.model
    def _failing_ahead(self, run):
        """Return the address to put right so that a stuck run can go on, or None."""
        points = run.item_ids.attempt_id.sorted("id", reverse=True).contact_point_id
        point = points.filtered(
            lambda point: (
                point.active
                and point.channel != "letter"
                and point.state in ("failing", "blocked")
            )
        )[:1]
        return {"id": point.id, "address": point.address} if point else None

    @api.model
    def _next_ahead(self, run, known, points):
        """Return the next message of a run that waits: by what, where, when, why."""
        code = run.channel
        if code in VIRTUAL:
            found = (
                self.env["billing.distribution.sender"]
                .sudo()
                ._find_channels(run.move_id, last_opened=code == "last_opened")
            )
            code = found.get(run.move_id.id) or code
        point = points.get(code)
        holds = run.sudo().move_id._billing_holds()[run.move_id.id]
        held = blocking(holds, "distribution") + (
            blocking(holds, "reminder") if run.plan_id.is_reminder else []
        )
        forecast = self._forecast(run, code, known)
        return {
            "channel": code,
            "title": run._channel_label(code),
            "address": point.address if point else "",
            "at": fields.Datetime.to_string(run.next_at),
            "why": self._why(run, known),
            "holds": [self._hold_text(hold) for hold in dict.fromkeys(held)],
            "forecast": forecast,
        }

    @api.model
    def _forecast(self, run, code, known):
        """Return what will come of the next message as things are, empty = it is sent.

        The engine's own checks answer, for the moment at which it is due.
        """
        company = run.company_id
        sender_sudo = self.env["billing.distribution.sender"].sudo()
        channel = self.env["billing.channel"]._get(code)
        facts = sender_sudo.with_company(company)._gather_facts(
            run.sudo(),
            channel.sudo().with_company(company) if channel is not None else None,
            code,
            company.sudo(),
            known,
        )
        verdict = checks.decide(facts[run.id][0])
        reason = run._reason_labels().get(verdict.code, verdict.code)
        if verdict.kind == checks.SKIP:
            return self.env._("It will be left out: %(reason)s.", reason=reason)
        if verdict.kind == checks.NOT_NEEDED:
            return self.env._("It will not be needed.")
        if verdict.kind == checks.POSTPONE and verdict.code == checks.CAP:
            return self.env._(
                "Not before %(until)s: the customer gets no more messages until then.",
                until=day_text(self.env, verdict.until),
            )
        if verdict.kind == checks.POSTPONE and verdict.code == checks.QUIET:
            return self.env._(
                "Not before %(until)s: people are not written to at that hour.",
                until=day_text(self.env, verdict.until),
            )
        return ""

    @api.model
    def _why(self, run, known):
        """Return why the next message comes when it comes, in sentences."""
        last = run.last_item_id.attempt_id
        since = last.failed_at or last.sent_at or last.called_at or run.started_at
        codes = way.reasons(
            way.Pending(
                next_at=run.next_at,
                now=self.env.company._billing_now(),
                step=run.step_id._to_step(),
                since=since,
                retry=run.retry,
                other_point=run.use_other_point,
                code=run.reason_code or "",
                calendar=known.calendars[run.id],
            )
        )
        texts = {
            way.DUE: self.env._("Its time has come; it goes out within minutes."),
            way.WAIT: self.env._(
                "%(wait)s after the message of %(since)s.",
                wait=self._wait_text(run.step_id),
                since=day_text(self.env, since),
            )
            if last
            else self.env._(
                "%(wait)s after the plan began on %(since)s.",
                wait=self._wait_text(run.step_id),
                since=day_text(self.env, since),
            ),
            way.AT_ONCE: self.env._("As soon as possible."),
            way.RETRY: self.env._(
                "Tried again after a passing trouble, for the %(count)s. time.",
                count=run.retry,
            ),
            way.OTHER_ADDRESS: self.env._(
                "To another address of the customer: the first one failed."
            ),
            way.HOURS: self.env._(
                "Not earlier: nobody is written to at night or on days off."
            ),
            way.WINDOW: self.env._(
                "Not earlier: that is the part of the day at which it is best read."
            ),
        }
        labels = run._reason_labels()
        return [texts.get(code) or f"{labels[code]}." for code in codes]

    @api.model
    def _hold_text(self, hold):
        """Return a hold in a sentence."""
        if hold.until:
            return self.env._(
                "On hold until %(until)s: %(label)s",
                until=format_date(self.env, hold.until),
                label=hold.label,
            )
        return self.env._("On hold: %(label)s", label=hold.label)

    @api.model
    def _wait_text(self, step):
        """Return the wait of a step in words."""
        if step.wait_unit == "hours":
            return self.env._("%(count)s hours", count=step.wait)
        if step.wait_unit == "bank_days":
            return self.env._("%(count)s bank days", count=step.wait)
        return self.env._("%(count)s days", count=step.wait)
