from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import checks, state, trouble
from ..core.channel import NOT_RECEIVED, TEXT_CODES, Outcome
from .billing_channel import CHANNELS, VIRTUAL_CHANNELS


class BillingDistributionTrouble(models.Model):
    """A channel that fails for everybody, or a text that cannot be rendered.

    What is to go out then waits, instead of going on to the next, dearer channel all
    together. Managers are told once. A few messages try again from time to time; when
    they get through, all others follow.

    Of a channel, whatever is due on it waits (``run.reason_code``). Of a text, the
    messages that were tried and could not be prepared do (``attempt.trouble_id``).
    """

    _name = "billing.distribution.trouble"
    _description = "Trouble in Sending"
    _order = "id desc"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    content_id = fields.Many2one(
        "billing.distribution.content",
        string="Text",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        help="The text that cannot be rendered. Empty: the channel as a whole.",
    )
    code = fields.Char(readonly=True)
    reason = fields.Char(readonly=True)
    started_at = fields.Datetime(string="Since", required=True, readonly=True)
    is_late = fields.Boolean(
        readonly=True,
        help="The messages were taken, and reported as failed afterwards.",
    )
    probe_at = fields.Datetime(string="Tried Again", required=True, readonly=True)
    probe_count = fields.Integer(string="Tries", readonly=True)
    ended_at = fields.Datetime(string="Ended", readonly=True)
    ending = fields.Selection(
        [
            ("works", "It works again"),
            ("staff", "By hand"),
            ("late", "It took too long"),
        ],
        readonly=True,
    )
    attempt_ids = fields.One2many("billing.distribution.attempt", "trouble_id")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_waiting_count")

    _one_open = models.UniqueIndex(
        "(company_id, channel, COALESCE(content_id, 0)) WHERE ended_at IS NULL",
        "This trouble is known already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("channel", "content_id.name")
    def _compute_display_name(self):
        labels = dict(self._fields["channel"]._description_selection(self.env))
        for one in self:
            label = labels.get(one.channel, "")
            one.display_name = (
                f"{label}: {one.content_id.name}" if one.content_id else label
            )

    @api.depends("ended_at")
    def _compute_waiting_count(self):
        for one in self:
            if one.ended_at:
                one.waiting_count = 0
                continue
            attempts = self.env["billing.distribution.attempt"].search_count(
                one._waiting_attempts_domain()
            )
            runs = self.env["billing.distribution.run"].search_count(
                one._waiting_runs_domain()
            )
            one.waiting_count = attempts + runs

    # === ACTIONS === #

    def action_try(self):
        """Try again now, with a few messages (button)."""
        self.check_access("read")
        for one in self.sudo().filtered(lambda one: not one.ended_at):
            one.probe_at = one.company_id._billing_now()
        self._wake()

    def action_stop_waiting(self):
        """Let everything go on by the rules of the plans (button).

        What fails then goes on to the next channel, as far as the plan has one. For a
        day the same trouble is not noticed again.
        """
        self.check_access("read")
        self._end("staff")

    def action_open_waiting(self):
        """Open the invoices that wait."""
        self.ensure_one()
        attempts = self.env["billing.distribution.attempt"].search(
            self._waiting_attempts_domain()
        )
        runs = (
            self.env["billing.distribution.run"].search(self._waiting_runs_domain())
            | attempts.item_ids.run_id
        )
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_dynamic_distribution.billing_distribution_run_action"
        )
        action["domain"] = [("id", "in", runs.ids)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS - CHANNELS === #

    @api.model
    def _find_open(self, companies):
        """Return the channels in trouble, by company id and code.

        :rtype: dict[tuple, billing.distribution.trouble]
        """
        return {
            (one.company_id.id, one.channel): one
            for one in self.sudo().search(
                [
                    ("company_id", "in", companies.ids),
                    ("content_id", "=", False),
                    ("ended_at", "=", False),
                ]
            )
        }

    @api.model
    def _notice(self, attempts_by_event):
        """Notice from what became of messages whether their channels work.

        To be asked before the runs are told, so that they wait.

        :param attempts_by_event: attempts (superuser) by event of ``core.state``
        """
        failed = self.env["billing.distribution.attempt"].sudo()
        reached = failed
        for event, attempts in attempts_by_event.items():
            if event in state.FAILED:
                failed |= attempts
            elif event in state.REACHED:
                reached |= attempts
        if not failed and not reached:
            return
        known = self._find_open((failed | reached).company_id)
        for one in known.values():
            if one._is_over(reached, attempts_by_event):
                one._end("works")
        groups = failed.filtered("called_at").grouped(
            lambda attempt: (attempt.company_id, attempt.channel)
        )
        for (company, channel), attempts in groups.items():
            one = known.get((company.id, channel))
            if one and not one.ended_at:
                continue
            if self._is_down(company, channel):
                self._begin_down(company, channel, attempts)

    def _is_over(self, reached, attempts_by_event):
        """Whether messages got through that were tried since the trouble began.

        What was taken and reported as failed afterwards has to arrive: that it is
        taken says nothing.
        """
        self.ensure_one()
        delivered = reached.browse().union(
            *(
                attempts_by_event.get(event, reached.browse())
                for event in (state.DELIVERED, state.OPENED)
            )
        )
        return any(
            attempt.company_id == self.company_id
            and attempt.channel == self.channel
            and attempt.called_at
            and attempt.called_at >= self.started_at
            for attempt in (delivered if self.is_late else reached)
        )

    @api.model
    def _is_down(self, company, channel):
        """Whether the latest messages of a company on a channel failed."""
        count = company.sudo().billing_trouble_count
        if not count:
            return False
        since = company._billing_now() - trouble.MEMORY
        if self.search_count(
            [
                ("company_id", "=", company.id),
                ("channel", "=", channel),
                ("content_id", "=", False),
                ("ending", "in", ("staff", "late")),
                ("ended_at", ">", since),
            ],
            limit=1,
        ):
            return False
        self.env["billing.distribution.attempt"].flush_model(
            ["state", "called_at", "failure_code", "checked_at"]
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT state IN ('failed_soft', 'failed_hard')
                     FROM billing_distribution_attempt AS attempt
                    WHERE company_id = %(company)s AND channel = %(channel)s
                      AND called_at > %(since)s
                      AND state NOT IN ('planned', 'calling', 'uncertain', 'cancelled')
                      -- A worker died before it handed over: our fault. Where the
                      -- provider fell silent, it was asked about the message later.
                      AND (failure_code IS DISTINCT FROM %(not_received)s
                           OR checked_at IS NOT NULL)
                      -- Who failed before by the address's fault says nothing new.
                      AND NOT EXISTS (
                          SELECT FROM billing_distribution_attempt AS earlier
                           WHERE earlier.contact_point_id = attempt.contact_point_id
                             AND earlier.id < attempt.id
                             AND earlier.called_at > %(since)s
                             AND earlier.state IN ('failed_soft', 'failed_hard')
                             AND earlier.is_address_fault)
                    ORDER BY called_at DESC, id DESC
                    LIMIT %(count)s""",
                company=company.id,
                channel=channel,
                since=since,
                count=count,
                not_received=NOT_RECEIVED,
            )
        )
        return trouble.is_down([failed for (failed,) in rows], count)

    @api.model
    def _begin_down(self, company, channel, attempts):
        """Note that a channel is in trouble, and tell the managers.

        :param attempts: messages that failed
        """
        first = attempts[:1]
        error = Outcome(
            state.FAILED_SOFT, code=first.failure_code, reason=first.failure_reason
        )
        is_late = all(attempt.sent_at for attempt in attempts)
        one = self._begin(company, channel, error, is_late=is_late)
        company._billing_alert(
            self.env._("Distribution: %(channel)s", channel=one.display_name),
            self.env._(
                "The latest %(count)s messages failed: %(reason)s. What is to go out "
                "on this channel waits and is tried again; nothing goes to the next "
                "channel.",
                count=company.sudo().billing_trouble_count,
                reason=error.reason or error.code or "",
            ),
        )

    @api.model
    def _begin(self, company, channel, error, content_id=None, is_late=False):
        """Return a new trouble.

        Whoever notices it at the same time as somebody else starts over.

        :param error: something with a ``code`` and a ``reason``
        """
        now = company._billing_now()
        [(new_id,)] = self.env.execute_query(
            SQL(
                """INSERT INTO billing_distribution_trouble
                          (company_id, channel, content_id, code, reason, is_late,
                           started_at, probe_at, probe_count)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0)
              ON CONFLICT (company_id, channel, COALESCE(content_id, 0))
                    WHERE ended_at IS NULL DO UPDATE SET is_late = EXCLUDED.is_late
                RETURNING id""",
                company.id,
                channel,
                content_id,
                error.code or None,
                error.reason or None,
                is_late,
                now,
                now + trouble.wait(0),
            )
        )
        return self.sudo().browse(new_id)

    def _choose_probes(self, runs, now):
        """Return those of the due runs that may try whether the channel works again.

        Those that were not tried yet first: others may have a fault of their own.

        :param datetime now: UTC
        :rtype: billing.distribution.run
        """
        self.ensure_one()
        if self.probe_at > now:
            return runs.browse()
        if self.env["billing.distribution.attempt"].search_count(
            [
                ("company_id", "=", self.company_id.id),
                ("channel", "=", self.channel),
                ("state", "=", state.PLANNED),
            ],
            limit=1,
        ):
            # Messages that were written down before the trouble began try first.
            return runs.browse()
        return runs.sorted(lambda run: (bool(run.try_count), run.next_at, run.id))[
            : trouble.PROBES
        ]

    def _next_try(self, now):
        """Return when what waits now is looked at again.

        :param datetime now: UTC
        """
        self.ensure_one()
        if self.probe_at > now:
            return self.probe_at
        return now + trouble.wait(self.probe_count)

    # === BUSINESS METHODS - TEXTS === #

    @api.model
    def _hold_back(self, company, channel, failed, prepared):
        """Let messages wait whose text is broken, instead of letting them fail.

        :param str channel: code
        :param failed: pairs of attempt and ``core.channel.ChannelError``
        :param prepared: the attempts of the same batch that could be prepared
        :return: those of ``failed`` that fail after all
        """
        attempts = self.env["billing.distribution.attempt"].sudo()
        ours = [pair for pair in failed if not pair[1].address_fault]
        if not ours:
            return failed
        known = {
            one.content_id.id: one
            for one in self.sudo().search(
                [
                    ("company_id", "=", company.id),
                    ("channel", "=", channel),
                    ("content_id", "!=", False),
                    "|",
                    ("ended_at", "=", False),
                    ("ended_at", ">", company._billing_now() - trouble.MEMORY),
                ],
                order="id",
            )
        }
        by_content = defaultdict(list)
        for attempt, error in ours:
            by_content[attempt.content_id.id].append((attempt, error))
        count = company.sudo().billing_trouble_count
        held = attempts
        for content_id, pairs in by_content.items():
            own = attempts.concat(*(attempt for attempt, _error in pairs))
            broken = [e for _a, e in pairs if e.code in TEXT_CODES]
            if broken and not own.content_id.problem:
                own.content_id.problem = broken[0].reason
            one = known.get(content_id, self.browse())
            if one.ending in ("staff", "late"):
                continue
            went_well = sum(a.content_id.id == content_id for a in prepared)
            is_open = bool(one) and not one.ended_at
            waits = content_id and (
                is_open or trouble.is_broken(len(own), went_well, count)
            )
            if not is_open and (broken or waits):
                self._tell_broken(company, own, pairs[0][1])
            if waits:
                if not is_open:
                    one = self._begin(company, channel, pairs[0][1], content_id)
                own.trouble_id = one
                held |= own
        return [pair for pair in failed if pair[0] not in held]

    @api.model
    def _tell_broken(self, company, attempts, error):
        """Tell the managers of messages that cannot be prepared, once a day."""
        run = attempts.item_ids.run_id[:1]
        step = run.step_id
        labels = dict(self._fields["channel"]._description_selection(self.env))
        if run:
            steps = run.version_id.step_ids.sorted(lambda s: (s.sequence, s.id))
            job = self.env._(
                "Distribution: «%(plan)s», step %(number)s (%(channel)s)",
                plan=run.plan_id.name,
                number=[*steps.ids, step.id].index(step.id) + 1,
                channel=labels[attempts[:1].channel],
            )
        else:
            job = self.env._(
                "Distribution: «%(text)s» (%(channel)s)",
                text=attempts[:1].content_id.name or "",
                channel=labels[attempts[:1].channel],
            )
        company._billing_alert(job, error.reason)

    # === BUSINESS METHODS - BOTH === #

    @api.model
    def _take_probes(self, attempts):
        """Return those of planned messages that may be handed over.

        Of those that wait in trouble a few, now that their time has come.

        :param attempts: planned messages of one channel, locked (superuser)
        """
        troubles = self.sudo().search(
            [
                ("company_id", "in", attempts.company_id.ids),
                ("channel", "in", attempts.mapped("channel")),
                ("ended_at", "=", False),
            ]
        )
        for one in troubles:
            mine = attempts.filtered(
                lambda attempt, one=one: (
                    attempt.company_id == one.company_id
                    and (not one.content_id or attempt.trouble_id == one)
                )
            )
            if not mine:
                continue
            if one.is_late and one._have_probes_stood():
                one._end("works")
                continue
            attempts -= mine[trouble.PROBES :]
            now = one.company_id._billing_now()
            one.write(
                {
                    "probe_count": one.probe_count + 1,
                    "probe_at": now + trouble.wait(one.probe_count + 1),
                }
            )
        return attempts

    def _have_probes_stood(self):
        """Whether the last messages that were tried are not reported as failed."""
        self.ensure_one()
        probes = self.env["billing.distribution.attempt"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("channel", "=", self.channel),
                ("called_at", ">=", self.started_at),
            ],
            order="called_at desc, id desc",
            limit=trouble.PROBES,
        )
        return bool(probes) and all(
            attempt.state in state.REACHED for attempt in probes
        )

    @api.model
    def _got_through(self, attempts):
        """Note that messages that waited for their text could be prepared."""
        attempts.trouble_id._end("works")

    @api.model
    def _end_overdue(self):
        """Let go on what waited too long: an invoice late is better than none.

        :return: None
        """
        for one in self.sudo().search([("ended_at", "=", False)]):
            company = one.company_id
            days = company.billing_trouble_days
            if not days or company._billing_now() < one.started_at + timedelta(days):
                continue
            one._end("late")
            company._billing_alert(
                self.env._("Distribution: %(channel)s", channel=one.display_name),
                self.env._(
                    "It still does not work after %(days)s days. What waited goes on "
                    "by the rules of the plans, also to the next channel: %(reason)s",
                    days=days,
                    reason=one.reason or one.code or "",
                ),
            )

    def _end(self, ending):
        """Let go on what waits.

        :param str ending: ``works``, ``staff`` or ``late``
        :return: None
        """
        todo = self.sudo().filtered(lambda one: not one.ended_at)
        for one in todo:
            now = one.company_id._billing_now()
            one.write({"ended_at": now, "ending": ending})
            if one.content_id:
                continue
            self.env["billing.distribution.run"].flush_model()
            self.env.execute_query(
                SQL(
                    """UPDATE billing_distribution_run SET next_at = %s
                        WHERE company_id = %s AND state = 'waiting'
                          AND channel = ANY(%s) AND reason_code = %s
                          AND next_at > %s
                    RETURNING id""",
                    now,
                    one.company_id.id,
                    [one.channel, *(code for code, _label in VIRTUAL_CHANNELS)],
                    checks.TROUBLE,
                    now,
                )
            )
            self.env["billing.distribution.run"].invalidate_model(
                ["next_at"], flush=False
            )
        todo._wake()

    # === HELPERS === #

    def _wake(self):
        """Wake the jobs of the channels."""
        if self:
            self.env["billing.distribution.sender"]._trigger(
                set(self.mapped("channel"))
            )

    def _waiting_attempts_domain(self):
        self.ensure_one()
        return [
            ("state", "=", state.PLANNED),
            ("company_id", "=", self.company_id.id),
            ("channel", "=", self.channel),
            *([("trouble_id", "=", self.id)] if self.content_id else []),
        ]

    def _waiting_runs_domain(self):
        self.ensure_one()
        if self.content_id:
            return [(0, "=", 1)]
        return [
            ("state", "=", "waiting"),
            ("company_id", "=", self.company_id.id),
            ("channel", "=", self.channel),
            ("reason_code", "=", checks.TROUBLE),
        ]
