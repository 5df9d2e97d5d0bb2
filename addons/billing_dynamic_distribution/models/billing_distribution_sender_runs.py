import logging
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.billing_base.core.hold import blocking

from ..core import checks, plan
from .account_move import OPEN_STATES
from .billing_distribution_run import ERROR

_logger = logging.getLogger(__name__)

#: Runs looked at between two commits; their customers' other runs come along.
BATCH_SIZE = 400
#: Invoices one message is about at most.
ITEMS_A_MESSAGE = 100
#: First number of our locks of customers in the database.
CUSTOMER_LOCK = 0x6B76_7702


class BillingDistributionSender(models.AbstractModel):
    """From runs that are due to planned messages."""

    _inherit = "billing.distribution.sender"

    @api.model
    def _limits(self):
        """Return by company id the moment up to which runs are due."""
        return {
            company.id: company._billing_due_limit()
            for company in self.env["res.company"].sudo().search([])
        }

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
        key = (run.partner_id, point.address, run.step_id._get_content())
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
        trouble = known.troubles.get((company.id, code))
        probes = trouble._choose_probes(runs_sudo, now) if trouble else runs_sudo
        may_try = set(probes.ids)
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
                    trouble_until=(
                        None
                        if run.id in may_try
                        else known.calendars[run.id].next_allowed(
                            trouble._next_try(now)
                        )
                    ),
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
                    "content_id": step._get_content().id,
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
