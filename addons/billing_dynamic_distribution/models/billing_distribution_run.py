from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import checks, plan, state
from ..fields import GuardedMany2one
from .billing_channel import CHANNELS, VIRTUAL_CHANNELS

#: Why a run waits, ended or needs somebody, besides the outcomes of a step.
STOPPED_BY_STAFF = "staff"
CANCELLED = "cancelled"
ERROR = "error"


class BillingDistributionRun(models.Model):
    """One invoice on its way through one plan.

    ``state`` changes through the named methods only. A run waits for its next step,
    until ``next_at``; while the message of that step is handed over it is ``sending``.
    There is one run for each invoice, plan and occasion: the unique index sees to it
    that an occasion which is noticed twice begins one run.
    """

    _name = "billing.distribution.run"
    _description = "Invoice in a Distribution Plan"
    _order = "id desc"
    _rec_name = "move_id"
    # A million rows are inserted in one go; who made them when is in started_at.
    _log_access = False

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = GuardedMany2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    plan_id = GuardedMany2one(
        "billing.distribution.plan", required=True, readonly=True, ondelete="restrict"
    )
    version_id = GuardedMany2one(
        "billing.distribution.version",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    trigger_key = fields.Char(
        string="Occasion", required=True, readonly=True, help="What began the run."
    )
    started_at = fields.Datetime(string="Started", required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("sending", "Sending"),
            ("done", "Done"),
            ("stopped", "Stopped"),
            ("stuck", "Needs Somebody"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    ended_at = fields.Datetime(string="Ended", readonly=True)

    # What comes next
    step_id = GuardedMany2one(
        "billing.distribution.step",
        string="Next Step",
        readonly=True,
        ondelete="restrict",
    )
    channel = fields.Selection(
        VIRTUAL_CHANNELS + CHANNELS, string="Next Channel", readonly=True
    )
    next_at = fields.Datetime(string="Next Message", readonly=True)
    retry = fields.Integer(string="Tried Again", readonly=True)
    use_other_point = fields.Boolean(readonly=True)

    # What was
    last_item_id = fields.Many2one(
        "billing.distribution.item",
        string="Last Message",
        readonly=True,
        ondelete="set null",
    )
    item_ids = fields.One2many("billing.distribution.item", "run_id", string="Messages")
    try_count = fields.Integer(string="Messages Made", readonly=True)
    reason_code = fields.Char(readonly=True)
    reason_detail = fields.Char(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    planned_amount = fields.Monetary(
        readonly=True, help="Amount of the invoice when the customer was last told."
    )
    planned_due = fields.Date(
        readonly=True, help="Due date when the customer was last told."
    )
    currency_id = fields.Many2one(related="move_id.currency_id")

    _occasion_unique = models.UniqueIndex(
        "(move_id, plan_id, trigger_key)",
        "The invoice has been through this plan for this occasion.",
    )
    _due_idx = models.Index("(channel, next_at, id) WHERE state = 'waiting'")
    _customer_idx = models.Index("(partner_id) WHERE state = 'waiting'")
    _stuck_idx = models.Index("(company_id, id) WHERE state = 'stuck'")
    _plan_idx = models.Index("(plan_id, state)")

    # === COMPUTE METHODS === #

    @api.depends("reason_code", "reason_detail")
    @api.depends_context("lang")
    def _compute_reason(self):
        labels = self._reason_labels()
        for run in self:
            label = labels.get(run.reason_code, run.reason_code or "")
            run.reason = (
                f"{label}: {run.reason_detail}"
                if label and run.reason_detail
                else label
            )

    @api.model
    def _reason_labels(self):
        """Return why runs wait, ended or need somebody, in the reader's language."""
        return {
            checks.PAID: self.env._("Paid"),
            checks.RESET: self.env._("The invoice is not issued any more"),
            checks.HOLD: self.env._("On hold"),
            checks.BLOCKED: self.env._("The invoice is marked as not to be paid"),
            checks.QUIET: self.env._(
                "Waits for an hour at which people may be written to"
            ),
            checks.CAP: self.env._("The customer got enough messages for now"),
            checks.TROUBLE: self.env._("The channel fails for everybody; tried again"),
            checks.NO_CHANNEL: self.env._("The channel is not installed"),
            checks.CHANNEL_OFF: self.env._("The channel is not set up"),
            checks.NO_ADDRESS: self.env._("No address"),
            checks.NO_CONSENT: self.env._("The customer does not want invoices there"),
            checks.OPTED_OUT: self.env._("The customer opted out"),
            checks.ADDRESS_BLOCKED: self.env._("The address does not work"),
            plan.NOT_NEEDED: self.env._("Nothing more is needed"),
            plan.SKIPPED: self.env._("No channel could be used"),
            "no_steps": self.env._("The plan has no steps"),
            state.SENT: self.env._("All messages are sent"),
            state.DELIVERED: self.env._("Delivered"),
            state.OPENED: self.env._("Opened"),
            state.FAILED_SOFT: self.env._("Could not be delivered for now"),
            state.FAILED_HARD: self.env._("Could not be delivered"),
            state.UNCERTAIN: self.env._("Nobody knows whether the message went out"),
            STOPPED_BY_STAFF: self.env._("Stopped by hand"),
            CANCELLED: self.env._("The invoice was cancelled"),
            ERROR: self.env._("Something went wrong"),
        }

    # === BUSINESS METHODS - STATE === #

    def _stop(self, code, detail=None, actor="system"):
        """End runs before their plan does.

        :param str code: why, see :meth:`_reason_labels`
        :param str detail: more about it, for staff
        :param str actor: who, as in ``billing.event``
        :return: None
        """
        self._end("stopped", code, detail, actor)

    def _end(self, target, code, detail=None, actor="system"):
        """Bring runs to an end, with an event.

        :param str target: ``done``, ``stopped`` or ``stuck``
        """
        todo = self.filtered(lambda run: run.state != target)
        todo.sudo().write(
            {
                "state": target,
                "reason_code": code,
                "reason_detail": detail or False,
                "ended_at": self.env.company._billing_now(),
                "next_at": False,
                "use_other_point": False,
            }
        )
        todo._log_runs(f"run.{target}", code, detail, actor)

    def _take(self, following):
        """Do what ``core.plan`` says comes next.

        :param following: ``core.plan.Next`` by run id
        :return: None
        """
        ended = defaultdict(self.browse)
        for run in self:
            nxt = following.get(run.id)
            if nxt is None:
                continue
            if nxt.kind == plan.WAIT:
                vals = {
                    "state": "waiting",
                    "next_at": nxt.at,
                    "retry": nxt.retry,
                    "use_other_point": nxt.other_point,
                    "ended_at": False,
                    "reason_code": nxt.code == checks.TROUBLE and nxt.code,
                    "reason_detail": False,
                }
                if nxt.step.id != run.step_id.id or run.channel != nxt.step.channel:
                    vals.update(step_id=nxt.step.id, channel=nxt.step.channel)
                run.sudo().write(vals)
            else:
                ended[nxt.kind, nxt.code] |= run
        for (kind, code), runs in ended.items():
            runs._end("done" if kind == plan.DONE else "stuck", code)

    def _skip(self, code, detail=None):
        """Leave out the next step of runs, with an event, and go on with the one after.

        :param str code: why, see :meth:`_reason_labels`
        :return: None
        """
        self._log_runs("delivery.skipped", code, detail)
        self._step_came_to(plan.SKIPPED)

    def _postpone(self, verdicts):
        """Let runs wait until later, with an event for what staff should know of.

        :param verdicts: ``core.checks.Verdict`` by run id
        :return: None
        """
        told = defaultdict(self.browse)
        for run in self:
            verdict = verdicts[run.id]
            run.sudo().write({"next_at": verdict.until, "reason_code": verdict.code})
            if verdict.code != checks.QUIET:
                told[verdict.code] |= run
        for code, runs in told.items():
            runs._log_runs("delivery.postponed", code, dedup=True)

    def _step_came_to(self, outcome, at=None):
        """Go on after the next step of the runs came to something without a message.

        :param str outcome: ``core.plan.SKIPPED`` or ``core.plan.NOT_NEEDED``
        :param datetime at: when (UTC), None = now
        :return: None
        """
        at = at or self.env.company._billing_now()
        known = self._load()
        self._take(
            {
                run.id: plan.after(
                    known.steps[run.version_id.id],
                    run.step_id.id,
                    outcome,
                    at,
                    known.seen[run.id],
                    known.calendars[run.id],
                )
                for run in self
            }
        )

    @api.model
    def _attempts_changed(self, items, event, at):
        """Go on after something became of the messages of runs.

        :param items: the ``billing.distribution.item`` of the messages, which are in
            the state that ``event`` led to
        :param str event: one of ``core.state.EVENTS``
        :param datetime at: when (UTC)
        :return: None
        """
        if event not in state.OUTCOMES | {state.OPENED}:
            return
        runs = items.run_id.filtered(
            lambda run: (
                run.state in ("waiting", "sending", "stuck")
                or (run.state == "done" and run.reason_code != checks.PAID)
            )
        )
        if not runs:
            return
        known = runs._load()
        others = (
            runs._find_other_points(items) if event in state.FAILED else frozenset()
        )
        item_by_run = {item.run_id: item for item in items}
        following = {}
        for run in runs:
            nxt = run._next_after(item_by_run[run], event, at, known, run.id in others)
            if nxt is not None:
                following[run.id] = nxt
        runs._take(following)
        self.env["billing.distribution.sender"]._trigger(
            {
                nxt.step.channel
                for nxt in following.values()
                if nxt.kind == plan.WAIT and nxt.at <= at
            }
        )

    def _next_after(self, item, event, at, known, other_point):
        """Return what comes next for one run, None if the event changes nothing."""
        self.ensure_one()
        steps = known.steps[self.version_id.id]
        seen = known.seen[self.id]
        calendar = known.calendars[self.id]
        is_last = self.last_item_id == item
        if not is_last or not item.step_id:
            # News of an earlier message, or of one by hand: it may make the rest
            # needless, and nothing else.
            if seen.opened and self.state in ("waiting", "stuck"):
                return self._next_if_needless(steps, seen)
            return None
        if event in state.FAILED or self.state == "sending":
            if self.state == "done" and seen.opened:
                return None
            trouble = known.troubles.get((self.company_id.id, item.attempt_id.channel))
            if trouble and event in state.FAILED:
                return self._next_in_trouble(item, steps, at, calendar, trouble)
            following = plan.after(
                steps,
                item.step_id.id,
                event,
                at,
                seen,
                calendar,
                retries=known.retries_of(item.attempt_id),
                retry=self.retry if self.state == "sending" else 0,
                other_point=other_point,
            )
            if (
                self.state == "waiting"
                and following.kind == plan.WAIT
                and following.step.id == self.step_id.id
                and self.next_at
                and self.next_at < following.at
            ):
                return None
            return following
        if self.state == "stuck" and seen.reached:
            return plan.Next(plan.DONE, code=event)
        if seen.opened:
            return self._next_if_needless(steps, seen)
        return None

    def _next_in_trouble(self, item, steps, at, calendar, trouble):
        """Return what comes next when a message failed like all others on its channel.

        The same step again, when it may work: also for what waits for a later step by
        now, and would reach everybody with that.
        """
        return plan.Next(
            plan.WAIT,
            next(step for step in steps if step.id == item.step_id.id),
            calendar.next_allowed(trouble._next_try(at)),
            self.retry,
            checks.TROUBLE,
        )

    def _next_if_needless(self, steps, seen):
        """Return the end of a run none of whose remaining steps can be needed."""
        rest = steps
        for position, step in enumerate(steps):
            if step.id == self.step_id.id:
                rest = steps[position:]
        if self.state == "stuck" or not any(
            plan.can_be_needed(step, seen) for step in rest
        ):
            return plan.Next(plan.DONE, code=state.OPENED)
        return None

    # === BUSINESS METHODS - FACTS === #

    def _is_as_told(self):
        """Whether the invoice is as the customer was last told."""
        self.ensure_one()
        return (
            self.planned_due == self.move_id.invoice_date_due
            and self.currency_id.compare_amounts(
                self.planned_amount, self.move_id.amount_total
            )
            == 0
        )

    def _notice_changes(self):
        """Note where amount or due date changed since the customer was last told.

        What is sent from now on says how things are now. Where a customer was told
        before, the plan for changed invoices begins besides.
        """
        changed = self.filtered(lambda run: not run._is_as_told())
        if not changed:
            return
        told = changed.filtered("try_count")
        told._log_runs("run.changed")
        for run in changed:
            run.write(
                {
                    "planned_amount": run.move_id.amount_total,
                    "planned_due": run.move_id.invoice_date_due,
                }
            )
        told.move_id._billing_distribute_changed()

    def _load(self):
        """Return what stepping needs to know of the runs, all in a few queries.

        :rtype: _Known
        """
        steps = {version.id: version._to_steps() for version in self.sudo().version_id}
        calendars = {}
        for company, runs in self.sudo().grouped("company_id").items():
            by_partner = company._billing_calendars(runs.move_id.partner_id)
            for run in runs:
                calendars[run.id] = by_partner[run.move_id.partner_id.id]
        troubles = self.env["billing.distribution.trouble"]._find_open(self.company_id)
        return _Known(steps, calendars, self._seen(), troubles)

    def _seen(self):
        """Return what is known of the messages of each of the runs.

        :rtype: dict[int, core.plan.Seen]
        """
        channels = self.env["billing.channel"]
        reports = {
            code: self.env[name]._reports_delivery
            for code, name in channels._registry().items()
        }
        attempts = defaultdict(list)
        self.env["billing.distribution.attempt"].flush_model(["state"])
        self.env["billing.distribution.item"].flush_model(["run_id", "attempt_id"])
        for run_id, current, channel in self.env.execute_query(
            SQL(
                """SELECT item.run_id, attempt.state, attempt.channel
                     FROM billing_distribution_item AS item
                     JOIN billing_distribution_attempt AS attempt
                       ON attempt.id = item.attempt_id
                    WHERE item.run_id = ANY(%s)""",
                list(self.ids),
            )
        ):
            attempts[run_id].append((current, reports.get(channel, True)))
        return {run_id: plan.Seen.of(attempts[run_id]) for run_id in self.ids}

    def _find_other_points(self, items):
        """Return the runs whose customers have another address on the same channel.

        :param items: the failed messages of the runs
        :return: ids of runs
        :rtype: set[int]
        """
        items_sudo = items.sudo().filtered("step_id")
        tried = defaultdict(set)
        for other in items_sudo.run_id.item_ids:
            tried[other.run_id.id, other.step_id.id].add(other.attempt_id.address)
        found = set()
        for channel, own_sudo in items_sudo.grouped(
            lambda item: item.attempt_id.channel
        ).items():
            model = self.env["billing.channel"]._get(channel)
            if model is None:
                continue
            points = model._find_contact_points(own_sudo.move_id.partner_id)
            for item in own_sudo:
                usable, _problem = points[item.move_id.partner_id.id]
                addresses = set(usable.mapped("address"))
                if addresses - tried[item.run_id.id, item.step_id.id]:
                    found.add(item.run_id.id)
        return found

    # === HELPERS === #

    def _log_runs(self, kind, code=None, detail=None, actor="system", dedup=False):
        """Leave an event of ``kind`` for each of the runs."""
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "move_id": run.move_id.id,
                    "channel": run.channel,
                    "actor": actor,
                    "payload": {
                        **run._event_payload(),
                        "code": code or "",
                        "detail": detail or "",
                    },
                    "dedup_key": (
                        f"{kind}:{run.id}:{run.step_id.id}:{code}" if dedup else None
                    ),
                }
                for run in self.sudo()
            ]
        )

    def _event_payload(self):
        """Return what every event about the run says of it."""
        self.ensure_one()
        return {
            "run_id": self.id,
            "plan_id": self.plan_id.id,
            "plan": self.plan_id.name,
            "version_id": self.version_id.id,
            "step_id": self.step_id.id,
        }


class _Known:
    """What stepping needs to know of runs.

    :param steps: tuple of ``core.plan.Step`` by version id
    :param calendars: ``core.clock.Calendar`` by run id
    :param seen: ``core.plan.Seen`` by run id
    :param troubles: ``billing.distribution.trouble`` by company id and channel
    """

    __slots__ = ("steps", "calendars", "seen", "troubles")

    def __init__(self, steps, calendars, seen, troubles):
        self.steps = steps
        self.calendars = calendars
        self.seen = seen
        self.troubles = troubles

    @staticmethod
    def retries_of(attempt):
        """Return how often the channel of an attempt that failed is tried again."""
        return attempt.company_id._billing_retries(attempt.is_address_fault)
