"""The engine: versions, rights, companies, batches, and what the jobs rely on."""

from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import Outcome

from .channel_contract import ChannelContract
from .common import MONDAY, DistributionCase

SENDER = (
    "odoo.addons.billing_dynamic_distribution.models.billing_distribution_sender_runs"
)


class TestContractItself(ChannelContract, DistributionCase):
    """The contract's own test: on the channel that the engine's tests use."""

    channel_code = "email"

    def contract_invoice(self):
        move = self.create_invoice()
        move.action_post()
        return move

    @contextmanager
    def provider(self, behaviour):
        answers = {
            "accept": Outcome(state.SENT, reference="1"),
            "refuse": Outcome(state.FAILED_HARD, reason="no such user"),
            "down": Outcome(state.FAILED_SOFT, reason="gone", address_fault=False),
            "silent": Outcome(state.UNCERTAIN),
        }
        self.counter.answers.append(answers[behaviour])
        with nullcontext():
            yield


class TestVersions(DistributionCase):
    def test_a_published_version_cannot_change(self):
        plan = self.email_sms_letter()
        version = plan.live_version_id
        for change in (
            lambda: version.step_ids[0].write({"wait": 9}),
            lambda: version.step_ids[0].unlink(),
            lambda: version.write({"step_ids": [Command.clear()]}),
            lambda: version.unlink(),
            lambda: version.step_ids.create(
                {
                    "version_id": version.id,
                    "channel": "sms",
                    "template_id": self.content.id,
                }
            ),
            lambda: version.action_publish(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_editing_makes_a_draft_and_going_live_retires_the_former(self):
        plan = self.email_sms_letter()
        first = plan.live_version_id
        draft = plan._get_draft()
        self.assertEqual(draft.number, first.number + 1)
        self.assertEqual(plan._get_draft(), draft)
        self.assertEqual(
            draft.step_ids.mapped("channel"), first.step_ids.mapped("channel")
        )
        draft.action_publish()
        self.assertEqual((first.state, draft.state), ("retired", "live"))
        self.assertEqual(plan.live_version_id, draft)

    def test_one_click_back_to_an_earlier_version(self):
        plan = self.email_sms_letter()
        first = plan.live_version_id
        draft = plan._get_draft()
        draft.step_ids[1:].unlink()
        draft.action_publish()
        first.action_restore()
        self.assertEqual(len(plan.live_version_id.step_ids), 3)
        self.assertEqual(plan.live_version_id.state, "live")
        self.assertEqual(draft.state, "retired")

    def test_a_version_without_steps_does_not_go_live(self):
        plan = self.env["billing.distribution.plan"].create({"name": "Empty"})
        with self.assertRaises(UserError):
            plan._get_draft().action_publish()

    def test_a_domain_on_nothing_is_refused(self):
        for domain in ("[('colour', '=', 'red')]", "[(", "__import__('os')"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.env["billing.distribution.plan"].create(
                    {"name": "Odd", "domain": domain}
                )

    def test_shipped_plans_come_once_and_as_drafts(self):
        plans = self.env["billing.distribution.plan"]
        mine = plans.with_context(active_test=False).search(
            [("company_id", "=", self.company.id)]
        )
        self.assertFalse(mine.live_version_id)
        before = len(mine.filtered("shipped_code"))
        plans.action_add_shipped()
        after = plans.with_context(active_test=False).search(
            [("company_id", "=", self.company.id), ("shipped_code", "!=", False)]
        )
        self.assertEqual(len(after), max(before, len(plans._shipped_plans())))
        invoice = after.filtered(lambda plan: plan.shipped_code == "invoice")
        steps = invoice._get_draft()._to_steps()
        self.assertEqual(
            [(step.channel, step.wait, step.unit, step.condition) for step in steps],
            [
                ("email", 0, "days", "not_paid"),
                ("sms", 3, "days", "not_opened"),
                ("letter", 2, "days", "not_opened"),
            ],
        )


class TestRights(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.email_sms_letter()
        cls.clerk = new_test_user(
            cls.env,
            "clerk",
            groups="billing_base.group_billing_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def test_a_clerk_works_with_runs_but_does_not_change_plans(self):
        with self.at(0):
            move, run = self.post()
            self.send()
        run = run.with_user(self.clerk)
        self.assertEqual(run.state, "waiting")
        with self.at(0):
            run.action_skip()
            run.action_stop()
            run.action_resume()
            self.attempts_of(move).with_user(self.clerk).action_resend()
        self.assertEqual(run.state, "waiting")
        for change in (
            lambda: run.write({"state": "done"}),
            lambda: run.unlink(),
            lambda: self.plan.with_user(self.clerk).write({"name": "Mine"}),
            lambda: (
                self.attempts_of(move).with_user(self.clerk).write({"state": "opened"})
            ),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_another_company_sees_nothing(self):
        with self.at(0):
            move, run = self.post()
            self.send()
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for model in ("plan", "version", "step", "run", "attempt", "item"):
            name = f"billing.distribution.{model}"
            found = self.env[name].with_user(stranger).search([])
            self.assertNotIn(self.company, found.company_id, name)
        with self.assertRaises(AccessError):
            run.with_user(stranger).action_stop()

    def test_somebody_from_outside_sees_nothing_at_all(self):
        portal = new_test_user(self.env, "kari.outside", groups="base.group_portal")
        for model in ("plan", "version", "step", "run", "attempt", "item", "content"):
            with self.assertRaises(AccessError):
                self.env[f"billing.distribution.{model}"].with_user(portal).search([])


class TestBatches(DistributionCase):
    def customers(self, count):
        return self.env["res.partner"].create(
            [
                {
                    "name": f"Kunde {number}",
                    "email": f"kunde{number}@example.com",
                    "country_id": self.env.ref("base.no").id,
                }
                for number in range(count)
            ]
        )

    def invoices(self, count):
        with self.at(0):
            moves = self.env["account.move"].concat(
                *(self.create_invoice(partner) for partner in self.customers(count))
            )
            moves.action_post()
        return moves

    def count(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def begin(self, moves):
        with self.at(0):
            return self.count(lambda: moves.sudo()._billing_distribute("asked"))

    def decide(self):
        with self.at(0):
            return self.count(lambda: self.sender._plan_batch("email"))

    def call(self):
        with self.at(0):
            return self.count(lambda: self.sender._call_batch("email"))

    def test_as_many_queries_for_fifty_invoices_as_for_five(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), trigger="asked")
        few, many = self.invoices(5), self.invoices(45)
        self.begin(self.invoices(1))
        self.decide()
        self.call()
        begun = self.begin(few)
        decided = self.decide()
        called = self.call()
        self.assertEqual(len(self.counter.calls), 6)
        self.assertLessEqual(self.begin(many), begun + 1)
        self.assertLessEqual(self.decide(), decided + 3)
        # Outcomes are written down 25 at a time; a channel may ask for each message.
        calls = len(self.counter.calls)
        self.assertLessEqual(self.call(), called + 6 * (len(many) - len(few)))
        self.assertEqual(len(self.counter.calls), calls + 45)

    def test_planning_a_day_asks_as_much_for_many_as_for_few(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), trigger="on_due")
        moves = self.invoices(40)
        moves[:3].invoice_date_due = date(2026, 11, 25)
        moves[3:].invoice_date_due = date(2026, 11, 26)

        def plan_day(day):
            with self.at(day):
                return self.count(
                    lambda: list(self.planner._plan_company(self.company))
                )

        few, many = plan_day(2), plan_day(3)
        self.assertLessEqual(many, few + 3)
        runs = self.env["billing.distribution.run"].search(
            [("move_id", "in", moves.ids)]
        )
        self.assertEqual(len(runs), 40)

    def test_shards_share_the_work(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), trigger="on_due")
        moves = self.invoices(10)
        moves.invoice_date_due = date(2026, 11, 26)
        with self.at(3):
            for shard in (0, 1):
                begun = sum(self.planner._plan_company(self.company, shard, 2))
                self.assertEqual(
                    begun, len(moves.filtered(lambda m, s=shard: m.id % 2 == s))
                )
            self.assertFalse(sum(self.planner._plan_company(self.company)))

    def test_one_customer_who_cannot_be_decided_on_does_not_stop_the_others(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), trigger="asked")
        moves = self.invoices(3)
        culprit = moves[1]
        calendars = type(self.company)._billing_calendars

        def broken(company, partners):
            if culprit.partner_id in partners:
                raise ZeroDivisionError("broken customer")
            return calendars(company, partners)

        # The engine rolls back; within a test that would undo the test itself.
        with self.at(0), mute_logger(SENDER):
            moves._billing_distribute("asked")
            self.env.flush_all()
            with (
                patch.object(type(self.company), "_billing_calendars", broken),
                patch.object(self.env.cr, "rollback", lambda: None),
            ):
                self.sender._plan_batch("email")
        self.assertEqual(self.run_of(culprit).state, "stuck")
        self.assertIn("broken customer", self.run_of(culprit).reason)
        for move in moves - culprit:
            self.assertEqual(self.run_of(move).state, "sending")

    def test_settled_invoices_end_with_the_planning_of_the_day(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), ("sms", 3, "not_opened"))
            move, run = self.post()
            self.send()
        # However it was settled: here nobody was told.
        self.env.cr.execute(
            "UPDATE account_move SET payment_state = 'reversed' WHERE id = %s",
            [move.id],
        )
        self.env.invalidate_all()
        with self.at(1):
            list(self.planner._plan_company(self.company))
        self.assertEqual((run.state, run.reason_code), ("done", "paid"))


class TestLostWorkers(DistributionCase):
    def lost_attempt(self, code="sms"):
        with self.at(0):
            self.create_plan((code, 0, "not_paid"), trigger="asked")
            move = self.create_invoice()
            move.action_post()
            move._billing_distribute("asked")
            self.sender._plan_batch(code)
            channel = self.env["billing.channel"]._get(code)
            self.sender._prepare_batch(channel, code, 4711)
        [attempt] = self.attempts_of(move)
        self.assertEqual(attempt.state, "calling")
        return move, attempt

    def settle(self, minutes):
        with self.at(MONDAY + timedelta(minutes=minutes)):
            self.sender._cron_settle()

    def test_the_provider_has_it(self):
        move, attempt = self.lost_attempt()
        self.counter.known[attempt.key] = Outcome(state.DELIVERED, reference="77")
        self.settle(0)
        self.assertEqual(attempt.state, "calling")
        self.settle(2)
        self.assertRecordValues(
            attempt, [{"state": "delivered", "provider_reference": "77"}]
        )
        self.assertEqual(self.run_of(move).state, "done")
        self.assertEqual(self.counter.calls, [])

    def test_the_provider_never_got_it(self):
        move, attempt = self.lost_attempt()
        self.counter.known[attempt.key] = Outcome(
            state.FAILED_SOFT, code="not_received", address_fault=False
        )
        self.settle(2)
        self.go_to(MONDAY + timedelta(minutes=10))
        self.assertEqual(
            self.attempts_of(move).mapped("state"), ["failed_soft", "sent"]
        )
        self.assertEqual(len(self.counter.calls), 1)

    def test_the_provider_cannot_tell(self):
        move, attempt = self.lost_attempt("email")
        self.settle(2)
        self.assertEqual(attempt.state, "uncertain")
        run = self.run_of(move)
        self.assertEqual((run.state, run.reason_code), ("stuck", "uncertain"))
        # A person who opens it tells more than any provider.
        with self.at(1):
            attempt._apply("opened")
        self.assertEqual((attempt.state, run.state), ("opened", "done"))
        self.assertEqual(self.counter.calls, [])

    def test_a_worker_that_lives_is_left_alone_until_it_takes_too_long(self):
        _move, attempt = self.lost_attempt()
        self.counter.known[attempt.key] = Outcome(state.SENT)
        with self.registry.cursor() as other:
            other.execute(
                "SELECT pg_advisory_lock(%s, %s)", [0x6B767701, attempt.worker]
            )
            self.settle(10)
            self.assertEqual(attempt.state, "calling")
            self.settle(16)
            self.assertEqual(attempt.state, "sent")
            # The connection outlives the test.
            other.execute("SELECT pg_advisory_unlock_all()")

    def test_what_was_planned_and_paid_in_between_is_given_up(self):
        with self.at(0):
            self.create_plan(("email", 0, "not_paid"), trigger="asked")
            move = self.create_invoice()
            move.action_post()
            move._billing_distribute("asked")
            self.sender._plan_batch("email")
            self.pay(move)
            self.send()
        self.assertEqual(self.counter.calls, [])
        self.assertEqual(self.attempts_of(move).state, "cancelled")
        self.assertEqual(self.run_of(move).reason_code, "paid")

    def test_a_message_is_made_once_for_each_try(self):
        move, attempt = self.lost_attempt()
        item = attempt.item_ids
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                item.sudo().copy({"attempt_id": attempt.id})

    def test_reports_on_one_message_in_any_order(self):
        _move, attempt = self.lost_attempt()
        with self.at(0):
            attempt._apply("delivered", at=MONDAY + timedelta(minutes=1))
            attempt._apply("sent", reference="late")
            attempt._apply("failed_soft", reason="too late")
        self.assertRecordValues(
            attempt,
            [
                {
                    "state": "delivered",
                    "provider_reference": "late",
                    "sent_at": MONDAY + timedelta(minutes=1),
                    "failed_at": False,
                }
            ],
        )


class TestRunOnAnotherDay(DistributionCase):
    def test_a_day_is_run_as_that_day(self):
        with self.at(0):
            self.create_plan(
                ("email", 0, "not_paid"), trigger="before_due", trigger_days=3
            )
            move = self.create_invoice(due=date(2026, 12, 10))
            move.action_post()
            forced = {"billing_date": date(2026, 12, 7)}
            self.planner.with_context(**forced)._cron_plan()
            for group in ("other", "email", "sms"):
                self.sender.with_context(**forced)._cron_send(group)
        [attempt] = self.attempts_of(move)
        self.assertEqual(attempt.state, "sent")
        # Noon by the company's clock.
        self.assertEqual(str(attempt.sent_at), "2026-12-07 11:00:00")

    def test_a_sunday_sends_nothing(self):
        with self.at(0):
            self.create_plan(
                ("email", 0, "not_paid"), trigger="before_due", trigger_days=3
            )
            move = self.create_invoice(due=date(2026, 12, 9))
            move.action_post()
            forced = {"billing_date": date(2026, 12, 6)}
            self.planner.with_context(**forced)._cron_plan()
            self.sender.with_context(**forced)._cron_send("email")
        self.assertFalse(self.attempts_of(move))
        # Monday, eight o'clock.
        self.assertEqual(str(self.run_of(move).next_at), "2026-12-07 07:00:00")
