import logging
import secrets
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

from odoo.addons.billing_base.core.hold import blocking

from ..core import checks, plan, state
from ..core.channel import ChannelError, Outcome
from .account_move import OPEN_STATES
from .billing_channel import CHANNELS, GROUPS
from .billing_distribution_run import ERROR

_logger = logging.getLogger(__name__)

#: Runs looked at between two commits; their customers' other runs come along.
BATCH_SIZE = 400
#: Invoices one message is about at most.
ITEMS_A_MESSAGE = 100
#: Outcomes that are written down together while a batch is being handed over.
SETTLE_SIZE = 25
#: Batches in a row that others may take away before a job leaves the rest to them.
CONFLICTS = 20
#: Times the writing down of outcomes is tried while others change the same rows.
SETTLE_TRIES = 5
#: First numbers of our locks in the database: of workers, and of customers.
WORKER_LOCK = 0x6B76_7701
CUSTOMER_LOCK = 0x6B76_7702
#: A provider may need so long until it knows of what it was handed just now.
GRACE = timedelta(seconds=60)
#: How long the provider is asked about a message that nobody knows anything of.
ASK_FOR = timedelta(days=3)
ASK_EVERY = timedelta(hours=1)


class BillingDistributionSender(models.AbstractModel):
    """Takes what is due, decides, hands it over, and writes down what came of it.

    In three transactions, so that a worker may die at any point:

    1. runs that are due are locked and checked, their messages are written down as
       planned (:meth:`_plan_batch`);
    2. planned messages are locked, checked once more and rendered, and marked as being
       handed over; that is committed before the first call (:meth:`_call_batch`);
    3. what the channel answered is written down (:meth:`_settle`).

    Who died between 1 and 2 left planned messages: the next worker takes them. Who
    died after 2 left messages that may be out: the provider is asked by their keys,
    and what it cannot tell is never sent again by itself (:meth:`_settle_lost`).
    """

    _name = "billing.distribution.sender"
    _description = "Sending of Messages"

    # === JOBS === #

    @api.model
    def _cron_send(self, group):
        """Send what is due on a group of channels.

        :param str group: one of ``billing_channel.GROUPS``
        """
        commit = self.env["ir.cron"]._commit_progress
        self._settle_lost(group)
        self._resolve_virtual_runs()
        commit(0, remaining=1)
        for code in self._codes_of(group):
            conflicts = 0
            while conflicts < CONFLICTS:
                planned = self._plan_batch(code)
                conflicts = conflicts + 1 if planned is None else 0
                if not commit(planned or 0, remaining=1):
                    return
                called = self._call_all(code)
                if called is None:
                    return
                if planned == 0 and not called:
                    break
        commit(0, remaining=0)

    @api.model
    def _cron_settle(self):
        """Ask the providers about messages that nobody settled."""
        for group in GROUPS:
            self._settle_lost(group)
            self._ask_uncertain(group)

    @api.model
    def _codes_of(self, group):
        """Return the channels a job works on: also those that are not installed.

        What waits for a channel that does not exist has to be left out by somebody.
        """
        channels = self.env["billing.channel"]
        codes = channels._get_group_codes(group)
        if group == "other":
            known = channels._registry()
            codes += [code for code, _label in CHANNELS if code not in known]
        return codes

    @api.model
    def _trigger(self, codes):
        """Wake the jobs of channels soon.

        :param codes: set of codes, virtual ones too
        :return: None
        """
        channels = self.env["billing.channel"]
        group_by_code = {
            code: self.env[name]._group for code, name in channels._registry().items()
        }
        for group in {group_by_code.get(code, "other") for code in codes if code}:
            cron_sudo = self.env.ref(
                f"billing_dynamic_distribution.ir_cron_send_{group}"
            ).sudo()
            cron_sudo._trigger()

    @api.model
    def _trigger_all(self):
        """Wake the jobs of all channels."""
        for group in GROUPS:
            self.env.ref(
                f"billing_dynamic_distribution.ir_cron_send_{group}"
            ).sudo()._trigger()

    # === 1. FROM RUNS TO PLANNED MESSAGES === #

    @api.model
    def _limits(self):
        """Return by company id the moment up to which runs are due."""
        return {
            company.id: company._billing_due_limit()
            for company in self.env["res.company"].sudo().search([])
        }

    @api.model
    def _resolve_virtual_runs(self):
        """Find out by which channel the runs go that are due on a virtual one.

        :return: None
        """
        commit = self.env["ir.cron"]._commit_progress
        for code in ("preferred", "last_opened"):
            while True:
                try:
                    runs_sudo = self._lock_due_runs(
                        code, self._limits(), limit=BATCH_SIZE
                    )
                    if not runs_sudo:
                        break
                    self._resolve(runs_sudo, code)
                    if not commit(len(runs_sudo), remaining=1):
                        return
                except psycopg2.OperationalError:
                    # Another worker has them.
                    self.env.cr.rollback()
                    break

    @api.model
    def _resolve(self, runs_sudo, code):
        """Set the channel of runs, or leave the step out where none is usable."""
        found = self._find_channels(
            runs_sudo.move_id, last_opened=code == "last_opened"
        )
        unreachable = runs_sudo.browse()
        for run in runs_sudo:
            channel = found.get(run.move_id.id)
            if channel:
                run.channel = channel
            else:
                unreachable |= run
        unreachable._skip(checks.NO_ADDRESS)

    @api.model
    def _find_channels(self, moves, last_opened=False):
        """Return the channel each invoice goes by when nobody says which.

        The one the customer last opened something on, if asked for; then the one that
        the customer chose; then what is known to reach the customer; then that of the
        best contact point.

        :rtype: dict[int, str | None]
        """
        found = {}
        for company, own_moves in moves.sudo().grouped("company_id").items():
            models_by_code = {
                code: self.env[name].with_company(company)
                for code, name in self.env["billing.channel"]._registry().items()
                if self.env[name]._is_available(company)
            }
            partners = own_moves.partner_id
            usable = defaultdict(dict)
            for code, model in models_by_code.items():
                for partner_id, (points, _why) in model._find_contact_points(
                    partners
                ).items():
                    if points:
                        usable[partner_id][code] = points[0]
            opened = self._last_opened(own_moves) if last_opened else {}
            chosen = {
                partner: partner.with_company(company).invoice_sending_method
                for partner in own_moves.commercial_partner_id
            }
            learned = own_moves.commercial_partner_id._billing_learned_channels(company)
            for move in own_moves:
                mine = usable[move.partner_id.id]
                wishes = (
                    opened.get(move.commercial_partner_id.id),
                    chosen[move.commercial_partner_id],
                    learned.get(move.commercial_partner_id.id),
                )
                best = min(
                    mine,
                    key=lambda code, mine=mine: (
                        mine[code].state == "failing",
                        mine[code].sequence,
                        mine[code].id,
                    ),
                    default=None,
                )
                found[move.id] = next((w for w in wishes if w in mine), best)
        return found

    @api.model
    def _last_opened(self, moves):
        """Return the channel each customer last opened a message on, by partner id."""
        self.env["billing.distribution.attempt"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT DISTINCT ON (partner_id) partner_id, channel
                         FROM billing_distribution_attempt
                        WHERE partner_id = ANY(%s) AND company_id = ANY(%s)
                          AND opened_at IS NOT NULL
                        ORDER BY partner_id, opened_at DESC, id DESC""",
                    list(moves.commercial_partner_id.ids),
                    list(moves.company_id.ids),
                )
            )
        )

    @api.model
    def _plan_batch(self, code):
        """Decide on the next runs that are due on a channel, in this transaction.

        A customer's invoices are decided on together. When something unforeseen
        happens each customer is decided on alone, and who is to blame gets stuck.

        :return: number of runs that were dealt with, None when somebody else changed
            the same ones
        """
        commit = self.env["ir.cron"]._commit_progress
        limits = self._limits()
        partner_ids = self._due_partners(code, limits)
        if not partner_ids:
            return 0
        # A new transaction sees all that was committed before the locks are taken.
        commit(0)
        try:
            return self._plan_partners(code, limits, partner_ids)
        except psycopg2.OperationalError:
            # Somebody else changed the same rows; the next batch finds what is left.
            self.env.cr.rollback()
            return None
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Deciding what to send by %s failed", code)
            self.env.company._billing_alert(self.env._("Distribution: send"), error)
            commit(0)
        done = 0
        for partner_id in partner_ids:
            done += self._plan_partner(code, limits, partner_id)
            commit(0)
        return done

    @api.model
    def _plan_partner(self, code, limits, partner_id):
        """Decide on the runs of one customer; they get stuck if that is impossible."""
        try:
            return self._plan_partners(code, limits, [partner_id])
        except psycopg2.OperationalError:
            self.env.cr.rollback()
            return 0
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Deciding what customer %s gets failed", partner_id)
            runs_sudo = self._lock_due_runs(code, limits, [partner_id])
            runs_sudo._end("stuck", ERROR, f"{type(error).__name__}: {error}")
            return len(runs_sudo)

    @api.model
    def _due_partners(self, code, limits):
        """Return the ids of the customers whose runs on a channel are due first."""
        self.env["billing.distribution.run"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT partner_id
                     FROM (SELECT run.partner_id
                             FROM billing_distribution_run AS run
                             JOIN unnest(%(companies)s, %(limits)s::timestamp[])
                                  AS due(company_id, upto)
                               ON due.company_id = run.company_id
                            WHERE run.state = 'waiting' AND run.channel = %(code)s
                              AND run.next_at <= %(latest)s AND run.next_at <= due.upto
                            ORDER BY run.next_at, run.id
                            LIMIT %(limit)s) AS first
                    GROUP BY partner_id""",
                companies=list(limits),
                limits=list(limits.values()),
                latest=max(limits.values()),
                code=code,
                limit=BATCH_SIZE,
            )
        )
        return [partner_id for (partner_id,) in rows]

    @api.model
    def _lock_due_runs(self, code, limits, partner_ids=None, limit=BATCH_SIZE * 25):
        """Return due runs on a channel, locked; those others hold are passed over."""
        runs_sudo = self.env["billing.distribution.run"].sudo()
        runs_sudo.flush_model()
        whose = (
            SQL("run.partner_id = ANY(%s)", list(partner_ids))
            if partner_ids is not None
            else SQL("TRUE")
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT run.id
                     FROM billing_distribution_run AS run
                     JOIN unnest(%(companies)s, %(limits)s::timestamp[])
                          AS due(company_id, upto) ON due.company_id = run.company_id
                    WHERE run.state = 'waiting' AND run.channel = %(code)s
                      AND run.next_at <= %(latest)s AND run.next_at <= due.upto
                      AND %(whose)s
                    ORDER BY run.next_at, run.id
                    LIMIT %(limit)s
                      FOR NO KEY UPDATE OF run SKIP LOCKED""",
                companies=list(limits),
                limits=list(limits.values()),
                latest=max(limits.values()),
                code=code,
                whose=whose,
                limit=limit,
            )
        )
        return runs_sudo.browse(run_id for (run_id,) in rows)

    @api.model
    def _plan_partners(self, code, limits, partner_ids):
        """Decide on the due runs of some customers on a channel, in this transaction.

        :return: number of runs that were dealt with
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT partner_id FROM unnest(%s) AS partner_id
                    WHERE pg_try_advisory_xact_lock(%s, partner_id)""",
                list(partner_ids),
                CUSTOMER_LOCK,
            )
        )
        runs_sudo = self._lock_due_runs(code, limits, [row[0] for row in rows])
        for company, own_sudo in runs_sudo.grouped("company_id").items():
            self.with_company(company)._decide(own_sudo, code, company)
        return len(runs_sudo)

    @api.model
    def _decide(self, runs_sudo, code, company):
        """Decide on runs of one company that are due on a channel.

        :return: None
        """
        runs_sudo._notice_changes()
        channel = self.env["billing.channel"]._get(code)
        known = runs_sudo._load()
        facts = self._gather_facts(runs_sudo, channel, code, company, known)
        verdicts = {}
        bundles = defaultdict(list)
        sent = defaultdict(tuple)
        for run in runs_sudo:
            fact, point = facts[run.id]
            parts = bundles[self._bundle_key(run, point, channel)]
            joins = bool(parts) and len(parts[-1]) < ITEMS_A_MESSAGE
            if joins:
                # One more invoice in a message that goes out anyway.
                fact = replace(fact, caps=checks.Caps())
            else:
                fact = replace(fact, sent=fact.sent + sent[run.partner_id.id])
            verdicts[run.id] = verdict = checks.decide(fact)
            if verdict.kind == checks.SEND:
                if not joins:
                    parts.append([])
                    sent[run.partner_id.id] += (fact.at,)
                parts[-1].append((run, point))
        self._go_on(runs_sudo, verdicts)
        self._make_attempts(
            [part for parts in bundles.values() for part in parts], code, company
        )

    @api.model
    def _go_on(self, runs_sudo, verdicts):
        """Do what the checks say with the runs that send nothing now."""

        def grouped(kind):
            chosen = runs_sudo.filtered(lambda run: verdicts[run.id].kind == kind)
            return chosen.grouped(lambda run: verdicts[run.id].code).items()

        for code, runs in grouped(checks.END):
            runs._end("done" if code == checks.PAID else "stopped", code)
        for _code, runs in grouped(checks.POSTPONE):
            runs._postpone(verdicts)
        for code, runs in grouped(checks.SKIP):
            runs._skip(code)
        for _code, runs in grouped(checks.NOT_NEEDED):
            runs._step_came_to(plan.NOT_NEEDED)

    @api.model
    def _bundle_key(self, run, point, channel):
        """Return what the invoices of one message have in common."""
        key = (run.partner_id, point.address, run.step_id.template_id)
        key += (run.step_id.attach_pdf,)
        if channel is None or not channel._can_bundle:
            key += (run,)
        return key

    @api.model
    def _gather_facts(self, runs_sudo, channel, code, company, known):
        """Return what the checks ask of each run, in a constant number of queries.

        :return: by run id a ``core.checks.Facts`` and the contact point to use
        """
        now = company._billing_now()
        moves_sudo = runs_sudo.move_id
        # Whoever may be asked for a reason is asked as the system, in this company.
        holds = moves_sudo._billing_holds()
        is_available = channel is not None and channel._is_available(company)
        points, tried = {}, {}
        if is_available and channel._needs_address:
            points = channel._find_contact_points(moves_sudo.partner_id)
            tried = self._tried_addresses(runs_sudo)
        group = channel._group if channel is not None else "other"
        caps = company._billing_caps(group)
        sent = self._recently_sent(runs_sudo.partner_id, company, group, now, caps)
        facts = {}
        for run in runs_sudo:
            move = run.move_id
            step = run.step_id
            point, problem = self.env["billing.contact.point"].sudo(), ""
            if is_available and channel._needs_address:
                usable, problem = points[move.partner_id.id]
                if run.use_other_point:
                    done = tried.get((run.id, step.id), ())
                    usable = usable.filtered(lambda p, done=done: p.address not in done)
                    problem = problem or ("" if usable else checks.ADDRESS_BLOCKED)
                point = usable[:1]
            held = blocking(holds[move.id], "distribution")
            if run.plan_id.is_reminder:
                held += blocking(holds[move.id], "reminder")
            facts[run.id] = (
                checks.Facts(
                    at=max(now, run.next_at),
                    is_posted=move.state == "posted",
                    is_open=move.payment_state in OPEN_STATES,
                    payment_blocked=move.payment_state == "blocked",
                    is_held=bool(held),
                    is_needed=plan.is_needed(step._to_step(), known.seen[run.id]),
                    has_channel=channel is not None,
                    is_available=is_available,
                    point_problem=problem,
                    is_intrusive=channel is not None and channel._is_intrusive,
                    sent=sent.get(run.partner_id.id, ()),
                    caps=caps,
                    calendar=known.calendars[run.id],
                ),
                point,
            )
        return facts

    @api.model
    def _tried_addresses(self, runs_sudo):
        """Return the addresses that were tried, by run and step."""
        tried = defaultdict(set)
        for item in runs_sudo.filtered("use_other_point").item_ids:
            tried[item.run_id.id, item.step_id.id].add(item.attempt_id.address)
        return tried

    @api.model
    def _recently_sent(self, partners, company, group, now, caps):
        """Return when customers got messages on a group of channels within a week."""
        if not (caps.day or caps.week):
            return {}
        self.env["billing.distribution.attempt"].flush_model()
        return {
            partner_id: tuple(moments)
            for partner_id, moments in self.env.execute_query(
                SQL(
                    """SELECT partner_id,
                              array_agg(COALESCE(called_at, planned_at))
                         FROM billing_distribution_attempt
                        WHERE partner_id = ANY(%s) AND company_id = %s
                          AND channel = ANY(%s) AND planned_at > %s
                          AND state NOT IN ('cancelled', 'failed_soft', 'failed_hard')
                        GROUP BY partner_id""",
                    list(partners.ids),
                    company.id,
                    self.env["billing.channel"]._get_group_codes(group),
                    now - timedelta(days=7),
                )
            )
        }

    @api.model
    def _make_attempts(self, bundles, code, company):
        """Write down messages as planned, one for each bundle of runs.

        :param bundles: lists of pairs of run and contact point
        """
        now = company._billing_now()
        vals_list = []
        for bundle in bundles:
            first, point = bundle[0]
            recipient = first.move_id.partner_id
            step = first.step_id
            vals_list.append(
                {
                    "company_id": company.id,
                    "partner_id": first.partner_id.id,
                    "recipient_id": recipient.id,
                    "channel": code,
                    "contact_point_id": point.id,
                    "address": point.address,
                    "origin": "plan",
                    "content_id": step.template_id.id,
                    "attach_pdf": self._attaches_pdf(step, company),
                    "lang": recipient.lang or company.partner_id.lang,
                    "planned_at": max(now, first.next_at),
                    "items": [
                        {
                            "move_id": run.move_id.id,
                            "company_id": company.id,
                            "run_id": run.id,
                            "step_id": run.step_id.id,
                            "try_number": run.try_count + 1,
                        }
                        for run, _point in bundle
                    ],
                }
            )
        items_sudo = self.env["billing.distribution.attempt"]._make(vals_list).item_ids
        items_sudo.run_id.filtered(lambda run: not run.try_count)._log_runs(
            "run.started"
        )
        for item in items_sudo:
            item.run_id.write(
                {
                    "state": "sending",
                    "last_item_id": item.id,
                    "try_count": item.try_number,
                    "next_at": False,
                    "use_other_point": False,
                    "reason_code": False,
                    "reason_detail": False,
                }
            )

    @api.model
    def _attaches_pdf(self, step, company):
        """Whether a step's messages carry the PDF."""
        if step.attach_pdf == "company":
            return company.billing_pdf_policy == "attach"
        return step.attach_pdf == "attach"

    # === 2. FROM PLANNED MESSAGES TO CALLS === #

    @api.model
    def _call_all(self, code):
        """Hand over everything that is planned on a channel and due.

        :return: number of messages, None when the time of the job is up
        """
        done = 0
        while True:
            called = self._call_batch(code)
            done += called
            if not self.env["ir.cron"]._commit_progress(called, remaining=1):
                return None
            if not called:
                return done

    @api.model
    def _call_batch(self, code):
        """Hand over the next planned messages of a channel.

        :return: number of messages that were dealt with
        """
        channel = self.env["billing.channel"]._get(code)
        if channel is None:
            return 0
        worker = secrets.randbelow(2**31 - 1) + 1
        self._lock_worker(worker)
        try:
            try:
                prepared, dealt_with = self._prepare_batch(channel, code, worker)
                self.env["ir.cron"]._commit_progress(0)
            except psycopg2.OperationalError:
                self.env.cr.rollback()
                return 0
            self._hand_over(channel, prepared)
        finally:
            self._unlock_worker(worker)
        return dealt_with

    @api.model
    def _lock_worker(self, worker):
        """Hold a lock for as long as this process works on a batch.

        It belongs to the connection, not to the transaction, so that it goes with the
        process and with nothing else. A failed transaction must not keep it, so that
        it is let go on the way out whatever happened.
        """
        self.env.execute_query(
            SQL("SELECT pg_advisory_lock(%s, %s)", WORKER_LOCK, worker)
        )

    @api.model
    def _unlock_worker(self, worker):
        try:
            self.env.execute_query(
                SQL("SELECT pg_advisory_unlock(%s, %s)", WORKER_LOCK, worker)
            )
        except psycopg2.errors.InFailedSqlTransaction:
            self.env.cr.rollback()
            self.env.execute_query(
                SQL("SELECT pg_advisory_unlock(%s, %s)", WORKER_LOCK, worker)
            )

    @api.model
    def _prepare_batch(self, channel, code, worker):
        """Lock, check and render the next planned messages, mark them as being sent.

        :return: pairs of attempt and ``core.channel.Prepared``, and the number of
            messages that were dealt with
        """
        attempts_sudo = self._lock_planned(code, channel._batch_size)
        if not attempts_sudo:
            return [], 0
        kept = self._recheck(attempts_sudo)
        prepared, failed = [], []
        for company, own in kept.grouped("company_id").items():
            for attempt, message in self._render(
                channel.with_company(company), own.with_company(company)
            ):
                if isinstance(message, ChannelError):
                    failed.append((attempt, message.outcome))
                else:
                    prepared.append((attempt, message))
        attempts = self.env["billing.distribution.attempt"].sudo()
        if failed:
            attempts._apply_outcomes(failed)
        for attempt, message in prepared:
            attempt.write(
                {
                    "worker": worker,
                    "subject": message.subject,
                    "preview": message.text,
                    "segments": message.segments,
                    "cost": channel._cost(attempt.company_id, message),
                }
            )
        attempts.concat(*(attempt for attempt, _message in prepared))._apply(
            state.CALLED
        )
        return prepared, len(attempts_sudo)

    @api.model
    def _render(self, channel, attempts):
        """Render messages of one company together, else each alone.

        :return: pairs of attempt and ``core.channel.Prepared`` or ``ChannelError``
        """
        try:
            with self.env.cr.savepoint():
                return list(channel._prepare_batch(attempts))
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.exception("Messages are rendered one by one")
            return list(channel._prepare_each(attempts))

    @api.model
    def _lock_planned(self, code, limit):
        """Return planned messages of a channel that are due, locked."""
        attempts_sudo = self.env["billing.distribution.attempt"].sudo()
        attempts_sudo.flush_model()
        limits = self._limits()
        rows = self.env.execute_query(
            SQL(
                """SELECT attempt.id
                     FROM billing_distribution_attempt AS attempt
                     JOIN unnest(%(companies)s, %(limits)s::timestamp[])
                          AS due(company_id, upto)
                       ON due.company_id = attempt.company_id
                    WHERE attempt.state = 'planned' AND attempt.channel = %(code)s
                      AND attempt.planned_at <= due.upto
                    ORDER BY attempt.planned_at, attempt.id
                    LIMIT %(limit)s
                      FOR NO KEY UPDATE OF attempt SKIP LOCKED""",
                companies=list(limits),
                limits=list(limits.values()),
                code=code,
                limit=limit,
            )
        )
        return attempts_sudo.browse(attempt_id for (attempt_id,) in rows)

    @api.model
    def _recheck(self, attempts_sudo):
        """Return the messages that may still go out; give up the others.

        A payment or a hold may have come since a message was planned, above all when a
        worker died in between.
        """
        moves_sudo = attempts_sudo.item_ids.move_id
        holds = moves_sudo._billing_holds()
        given_up = attempts_sudo.browse()
        for attempt in attempts_sudo:
            for item in attempt.item_ids:
                move = item.move_id
                is_reminder = item.run_id.plan_id.is_reminder
                held = blocking(holds[move.id], "distribution") or (
                    is_reminder and blocking(holds[move.id], "reminder")
                )
                is_open = move.payment_state in OPEN_STATES
                if move.state != "posted" or (item.run_id and (held or not is_open)):
                    given_up |= attempt
        if given_up:
            given_up._give_up()
        return attempts_sudo - given_up

    @api.model
    def _hand_over(self, channel, prepared):
        """Make the calls, and write down their outcomes little by little."""
        outcomes = []
        try:
            for attempt, outcome in channel._call_batch(prepared):
                outcomes.append((attempt.id, outcome))
                if len(outcomes) >= SETTLE_SIZE:
                    self._settle(outcomes)
                    outcomes = []
        except Exception as error:
            # Who had his turn is not known: what has no outcome is asked for by key.
            self.env.cr.rollback()
            _logger.exception("Channel %s broke off", channel._channel)
            self.env.company._billing_alert(self.env._("Distribution: send"), error)
        if outcomes:
            self._settle(outcomes)

    # === 3. OUTCOMES === #

    @api.model
    def _settle(self, outcomes):
        """Write down outcomes, whatever else is being written at the same time.

        :param outcomes: pairs of attempt id and ``core.channel.Outcome``
        :return: whether they are written; else the provider is asked later
        """
        commit = self.env["ir.cron"]._commit_progress
        attempts = self.env["billing.distribution.attempt"].sudo()
        for _attempt_number in range(SETTLE_TRIES):
            try:
                # What channels wrote while calling, and a transaction of today.
                commit(0)
                attempts._apply_outcomes(
                    [(attempts.browse(id_), outcome) for id_, outcome in outcomes]
                )
                commit(0)
                return True
            except psycopg2.OperationalError:
                self.env.cr.rollback()
        _logger.error("Outcomes of %s messages were not written", len(outcomes))
        return False

    @api.model
    def _settle_lost(self, group):
        """Find out about messages whose worker died while it handed them over.

        :param str group: one of ``billing_channel.GROUPS``
        :return: number of messages that were settled
        """
        done = 0
        for worker, company_id, ids in self._lost_workers(group):
            company = self.env["res.company"].browse(company_id)
            now = company._billing_now()
            late = now - timedelta(minutes=company.sudo().billing_settle_minutes)
            [(is_gone,)] = self.env.execute_query(
                SQL("SELECT pg_try_advisory_lock(%s, %s)", WORKER_LOCK, worker)
            )
            try:
                lost_sudo = (
                    self.env["billing.distribution.attempt"]
                    .sudo()
                    .browse(ids)
                    .filtered(
                        lambda attempt, limit=now - GRACE if is_gone else late: (
                            attempt.state == state.CALLING
                            and attempt.called_at <= limit
                        )
                    )
                )
                outcomes = [
                    (attempt.id, self._ask(attempt) or Outcome(state.UNCERTAIN))
                    for attempt in lost_sudo
                ]
                for some in split_every(SETTLE_SIZE, outcomes):
                    self._settle(list(some))
                done += len(outcomes)
            finally:
                if is_gone:
                    self._unlock_worker(worker)
        return done

    @api.model
    def _lost_workers(self, group):
        """Return messages that are being handed over, by worker and company."""
        self.env["billing.distribution.attempt"].flush_model()
        return self.env.execute_query(
            SQL(
                """SELECT worker, company_id, array_agg(id ORDER BY id)
                     FROM billing_distribution_attempt
                    WHERE state = 'calling' AND channel = ANY(%s)
                    GROUP BY worker, company_id""",
                self.env["billing.channel"]._get_group_codes(group),
            )
        )

    @api.model
    def _ask_uncertain(self, group):
        """Ask the providers about messages nobody knows anything of, for some days."""
        codes = [
            code
            for code in self.env["billing.channel"]._get_group_codes(group)
            if self.env["billing.channel"]._get(code)._can_look_up
        ]
        while True:
            try:
                ids = self._claim_uncertain(codes)
                if not self.env["ir.cron"]._commit_progress(len(ids)) or not ids:
                    return
            except psycopg2.OperationalError:
                # Somebody else claimed the same ones.
                self.env.cr.rollback()
                return
            outcomes = []
            for attempt in self.env["billing.distribution.attempt"].sudo().browse(ids):
                outcome = self._ask(attempt)
                if outcome is not None:
                    outcomes.append((attempt.id, outcome))
            if outcomes:
                self._settle(outcomes)

    @api.model
    def _claim_uncertain(self, codes):
        """Return ids of messages to ask about, and note that they are asked about."""
        now = self.env.company._billing_now()
        rows = self.env.execute_query(
            SQL(
                """UPDATE billing_distribution_attempt SET checked_at = %(now)s
                    WHERE id IN (
                          SELECT id FROM billing_distribution_attempt
                           WHERE state = 'uncertain' AND channel = ANY(%(codes)s)
                             AND called_at BETWEEN %(since)s AND %(until)s
                             AND (checked_at IS NULL OR checked_at <= %(before)s)
                           ORDER BY id LIMIT %(limit)s
                             FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING id""",
                now=now,
                codes=codes,
                since=now - ASK_FOR,
                until=now - GRACE,
                before=now - ASK_EVERY,
                limit=SETTLE_SIZE,
            )
        )
        return [attempt_id for (attempt_id,) in rows]

    @api.model
    def _ask(self, attempt):
        """Ask the provider what became of a message, None if it cannot tell."""
        channel = self.env["billing.channel"]._get(attempt.channel)
        if channel is None:
            return None
        try:
            return channel.with_company(attempt.company_id)._look_up(attempt)
        except psycopg2.Error:
            raise
        except Exception:
            _logger.exception("Asking about message %s failed", attempt.id)
            return None

    # === MESSAGES OUTSIDE OF PLANS === #

    @api.model
    def _queue(self, moves, code, content, contact_point, origin, at):
        """Queue messages; see ``account.move._billing_queue_attempts``."""
        moves_sudo = moves.sudo()
        if any(move.state != "posted" for move in moves_sudo):
            raise UserError(self.env._("Only invoices that are issued can be sent."))
        channel = self.env["billing.channel"]._get(code)
        if channel is None:
            raise UserError(self.env._("This channel is not installed."))
        content = content or self.env.ref(
            "billing_dynamic_distribution.content_invoice"
        )
        points = {}
        if channel._needs_address and not contact_point:
            points = channel._find_contact_points(moves_sudo.partner_id)
        bundles = defaultdict(list)
        for move in moves_sudo:
            point = contact_point or self.env["billing.contact.point"].sudo()
            if not point and channel._needs_address:
                usable, _problem = points[move.partner_id.id]
                point = usable[:1]
                if not point:
                    raise UserError(
                        self.env._(
                            "%(customer)s has no address that works on this channel.",
                            customer=move.partner_id.display_name,
                        )
                    )
            key = move.company_id, move.commercial_partner_id, point.address
            if not channel._can_bundle:
                key += (move,)
            bundles[key].append((move, point))
        vals_list = []
        for (company, partner, *_rest), bundle in bundles.items():
            move, point = bundle[0]
            recipient = move.partner_id
            planned_at = at or company._billing_now()
            if channel._is_intrusive:
                calendar = company._billing_calendars(recipient)[recipient.id]
                planned_at = calendar.next_allowed(planned_at)
            vals_list.append(
                {
                    "company_id": company.id,
                    "partner_id": partner.id or recipient.id,
                    "recipient_id": recipient.id,
                    "channel": code,
                    "contact_point_id": point.id,
                    "address": point.address,
                    "origin": origin,
                    "content_id": content.id,
                    "attach_pdf": company.billing_pdf_policy == "attach",
                    "lang": recipient.lang or company.partner_id.lang,
                    "planned_at": planned_at,
                    "items": [
                        {"move_id": move.id, "company_id": company.id}
                        for move, _point in bundle
                    ],
                }
            )
        attempts_sudo = self.env["billing.distribution.attempt"]._make(vals_list)
        if origin == "odoo":
            self._join_runs(attempts_sudo.item_ids, code)
        self._trigger({code})
        return attempts_sudo

    @api.model
    def _record_sent(self, moves, code, origin, values):
        """Note sent messages; see ``account.move._billing_record_sent``."""
        vals_list = []
        for move in moves.sudo():
            now = move.company_id._billing_now()
            vals_list.append(
                {
                    "company_id": move.company_id.id,
                    "partner_id": move.commercial_partner_id.id or move.partner_id.id,
                    "recipient_id": move.partner_id.id,
                    "channel": code,
                    "origin": origin,
                    "lang": move.partner_id.lang,
                    "planned_at": now,
                    "state": state.CALLING,
                    "called_at": now,
                    **values,
                    "items": [{"move_id": move.id, "company_id": move.company_id.id}],
                }
            )
        attempts_sudo = self.env["billing.distribution.attempt"]._make(vals_list)
        self._join_runs(attempts_sudo.item_ids, code)
        attempts_sudo._apply(state.SENT)
        return attempts_sudo

    @api.model
    def _join_runs(self, items_sudo, code):
        """Let runs that wait for their first message by a channel take it as sent."""
        runs_sudo = self.env["billing.distribution.run"].sudo()
        waiting = runs_sudo.search(
            [
                ("move_id", "in", items_sudo.move_id.ids),
                ("state", "=", "waiting"),
                ("try_count", "=", 0),
                ("plan_id.trigger", "in", ("posted", "changed", "asked")),
                ("channel", "in", (code, "preferred", "last_opened")),
            ]
        )
        item_by_move = {item.move_id: item for item in items_sudo}
        for run in waiting:
            item = item_by_move[run.move_id]
            if item.run_id:
                continue
            item.write({"run_id": run.id, "step_id": run.step_id.id, "try_number": 1})
            run.write(
                {
                    "state": "sending",
                    "last_item_id": item.id,
                    "try_count": 1,
                    "next_at": False,
                }
            )
        waiting.filtered(lambda run: run.state == "sending")._log_runs("run.started")
