import logging
from datetime import timedelta
from functools import cache

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..core import turn

_logger = logging.getLogger(__name__)

#: Invoices that are looked at between two commits.
BATCH_SIZE = 5_000
#: How often a batch is tried that met another transaction.
TRIES = 3
#: Makes the lock of one company's planning differ from other advisory locks.
LOCK = 0x4B57_0006


class BillingDunningPlanner(models.AbstractModel):
    """Finds the claims whose turn has come, and prepares reminders about them.

    Nothing here loads an invoice: claims are read, decided about and written customer
    by customer in batches, each with the same number of queries.
    """

    _inherit = "billing.dunning.planner"

    # === JOBS === #

    @api.model
    def _cron_plan(self, shard=0, shards=1):
        """Prepare the reminders of the day, company by company.

        :param int shard: which part of the customers, from 0
        :param int shards: in how many parts the work is cut
        """
        for company in self.env["res.company"].search([]):
            try:
                if not self._plan_and_commit(company, shard, shards):
                    return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Reminders of company %s failed", company.id)
                company._billing_alert(self.env._("Prepare reminders"), error)
            self.env["ir.cron"]._commit_progress(0, remaining=0)
        self.env.ref("billing_fee_policy.ir_cron_reminder_send").sudo()._trigger()

    @api.model
    def _plan_and_commit(self, company, shard, shards):
        """Prepare a company's reminders, again where another transaction was faster.

        :return: whether there is time left
        :rtype: bool
        """
        commit = self.env["ir.cron"]._commit_progress
        for tries_left in reversed(range(TRIES)):
            try:
                day = company._billing_today()
                for done in self._plan_batches(company, day, None, shard, shards):
                    if not commit(done, remaining=1):
                        return False
                return True
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # What is committed is prepared, and is passed over.
                self.env.cr.rollback()
                if not tries_left:
                    raise
        return True

    @api.model
    def _cron_send(self):
        """Send the approved reminders, each in a transaction of its own."""
        companies = self.env["res.company"].search([])
        companies = companies.filtered(lambda one: one._billing_may_write_now())
        reminders_sudo = self.env["billing.reminder"].sudo()
        ids = reminders_sudo.search(
            [("state", "=", "approved"), ("company_id", "in", companies.ids)],
            order="id",
        ).ids
        for nth, reminder_id in enumerate(ids, start=1):
            self._send_one(reminders_sudo.browse(reminder_id))
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(ids) - nth):
                return

    @api.model
    def _send_one(self, reminder_sudo):
        """Send a reminder unless another worker has it; the caller commits.

        :return: whether it went out
        :rtype: bool
        """
        company = reminder_sudo.company_id
        reminder_sudo = reminder_sudo.with_company(company)
        if not reminder_sudo.try_lock_for_update():
            return False
        if not company._billing_may_write_now():
            return False
        try:
            return reminder_sudo._billing_send()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # The next run takes it again; nothing of this one is left.
            self.env.cr.rollback()
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Reminder %s failed", reminder_sudo.id)
            reminder_sudo._billing_fail(error)
            company._billing_alert(self.env._("Send reminders"), error)
        return False

    # === PLANNING === #

    @api.model
    def _plan(self, company, day, limit=None):
        """Prepare the reminders of a company, without committing.

        :param date day: to plan for
        :param int limit: at most so many customers
        :return: what was prepared
        :rtype: billing.reminder
        """
        reminders_sudo = self.env["billing.reminder"].sudo()
        before = reminders_sudo.search([], order="id desc", limit=1).id or 0
        for _done in self._plan_batches(company, day, limit):
            pass
        return reminders_sudo.search(
            [("company_id", "=", company.id), ("id", ">", before)], order="id"
        ).with_env(self.env)

    @api.model
    def _plan_batches(self, company, day, limit=None, shard=0, shards=1):
        """Prepare the reminders of a company, batch by batch.

        Where goodwill has a cap for the month one worker does it all: two would not
        see what the other one has just given away.

        :param int limit: at most so many customers
        :param int shard: which part of the customers, from 0
        :param int shards: in how many parts the work is cut
        :return: iterator of numbers of invoices looked at; the caller commits after
            each
        """
        planner = self.sudo().with_company(company)
        if shards > 1 and planner.env.company.billing_waiver_month_amount:
            if shard:
                return
            shards = 1
        for customer_ids in planner._find_customers(company, day, limit, shard, shards):
            # Two runs at once would only get into each other's way.
            [(is_free,)] = self.env.execute_query(
                SQL(
                    "SELECT pg_try_advisory_xact_lock(%s, %s)", LOCK + shard, company.id
                )
            )
            if not is_free:
                return
            yield planner._plan_customers(company, day, customer_ids)

    @api.model
    def _find_customers(self, company, day, limit=None, shard=0, shards=1):
        """Return the customers with overdue invoices, in batches.

        :return: lists of ids of commercial partners
        """
        if not self._load_policies(company):
            return []
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT move.commercial_partner_id, COUNT(*)
                     FROM account_move AS move
                    WHERE %(open)s AND move.commercial_partner_id IS NOT NULL
                      AND move.commercial_partner_id %% %(shards)s = %(shard)s
                 GROUP BY 1 ORDER BY 1 LIMIT %(limit)s""",
                open=self._open_sql(company, day),
                limit=limit,
                shard=shard,
                shards=shards,
            )
        )
        batches, size = [[]], 0
        for customer_id, count in rows:
            if size and size + count > BATCH_SIZE:
                batches.append([])
                size = 0
            batches[-1].append(customer_id)
            size += count
        return [batch for batch in batches if batch]

    @api.model
    def _plan_customers(self, company, day, customer_ids):
        """Prepare the reminders to some customers.

        :return: number of invoices looked at
        :rtype: int
        """
        claims, turns, policies = self._decide(company, day, customer_ids)
        drafts = self._draft(company, day, claims, turns, policies)
        self._write_drafts(company, day, drafts)
        return len(claims)

    @api.model
    def _decide(self, company, day, customer_ids):
        """Decide about all overdue invoices of some customers.

        :return: claims by id, what ``core.turn`` says by id, and the policies by id
        :rtype: tuple[dict, dict, dict[int, core.turn.Policy]]
        """
        claims = self._load_claims(company, day, customer_ids)
        policy_records = self._load_policies(company)
        policies = {policy.id: policy._to_policy() for policy in policy_records}
        chosen = self._choose_policies(policy_records, customer_ids)
        facts = self._load_facts(company, day, list(claims), claims)
        packs = {
            policy.country: self.env["billing.law.pack"]._for(policy.country, day)
            for policy in policies.values()
        }
        add_bank_days = cache(company._bank_calendar().add_bank_days)
        turns = {}
        for claim in claims.values():
            policy = policies.get(chosen.get(claim.customer_id))
            turns[claim.id] = self._ask(
                company,
                policy,
                facts[claim.id],
                policy and packs[policy.country],
                day,
                add_bank_days,
            )
        return (
            claims,
            turns,
            {
                claim.id: policies.get(chosen.get(claim.customer_id))
                for claim in claims.values()
            },
        )

    @api.model
    def _handover_ready(self, company, day, limit=None):
        """Return the invoices whose turn to be handed over for collection has come.

        :param date day: on which it is asked
        :param int limit: at most so many customers are looked at
        :rtype: account.move
        """
        planner = self.sudo().with_company(company)
        ready = []
        for customer_ids in planner._find_customers(company, day, limit):
            _claims, turns, _policies = planner._decide(company, day, customer_ids)
            ready += [
                move_id
                for move_id, found in turns.items()
                if isinstance(found, turn.Turn)
                and found.ready
                and found.step.kind == "handover"
            ]
        return self.env["account.move"].browse(ready)

    # === LOOKING ONCE MORE === #

    @api.model
    def _refresh(self, reminder_sudo, day):
        """Look at a reminder once more, on the day on which it is to go out.

        Claims that are settled, held or no longer allowed by the law leave it; what is
        charged may become less and never more than what was prepared.

        :param reminder_sudo: one ``billing.reminder`` that has not gone out
        :return: why claims were left out, by id of the invoice
        :rtype: dict[int, core.turn.Wait | None]
        """
        company = reminder_sudo.company_id
        planner = self.sudo().with_company(company)
        planner.env.flush_all()
        lines_sudo = reminder_sudo.line_ids
        policy_record = reminder_sudo.policy_id
        policy = policy_record._to_policy() if policy_record.state == "active" else None
        claims = planner._load_claims(
            company, day, reminder_sudo.commercial_partner_id.ids
        )
        move_ids = lines_sudo.move_id.ids
        facts = planner._load_facts(
            company, day, move_ids, claims, except_reminder=reminder_sudo
        )
        pack = planner.env["billing.law.pack"]._for(policy_record.country_id.code, day)
        add_bank_days = company._bank_calendar().add_bank_days
        left_out, days = {}, 0
        for line_sudo in lines_sudo:
            move_id = line_sudo.move_id.id
            found = planner._ask(
                company, policy, facts[move_id], pack, day, add_bank_days
            )
            if not isinstance(found, turn.Turn) or found.step.kind != line_sudo.kind:
                left_out[move_id] = found if isinstance(found, turn.Wait) else None
                continue
            days = max(days, found.step.deadline_days, found.send.deadline_days)
            line_sudo.write(
                {
                    "principal": claims[move_id].left,
                    "credit": claims[move_id].residual - claims[move_id].left,
                    "fee_amount": min(line_sudo.fee_amount, float(found.fee_amount)),
                    "compensation_amount": min(
                        line_sudo.compensation_amount,
                        float(found.compensation_amount),
                    ),
                    "verdict": planner._keep(found),
                }
            )
        reminder_sudo.write(
            {
                "day": day,
                "deadline": company._bank_calendar().next_bank_day(
                    day + timedelta(days=days)
                )
                if days
                else False,
            }
        )
        return left_out
