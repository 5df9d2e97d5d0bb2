"""The replay beside what the engine really did."""

from datetime import date, timedelta

import pytest

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import Outcome

from .common import MONDAY, DistributionCase


class ReplayCase(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.email_sms_letter()
        cls.live = cls.plan.live_version_id

    def post_all(self, count, prefix="Customer"):
        """Invoices of as many customers, posted and sent on Monday."""
        with self.at(0):
            partners = [
                self.create_customer(
                    f"{prefix} {nth}",
                    f"{prefix.lower()}{nth}@example.com",
                    phone=f"+47 406 12 {nth:03}",
                )
                for nth in range(count)
            ]
            moves = [self.post(partner)[0] for partner in partners]
            self.send()
        return moves

    def replay(self, version, days=60, **values):
        with self.at(days):
            run = self.env["billing.distribution.replay"].create(
                {
                    "plan_id": version.plan_id.id,
                    "version_id": version.id,
                    "date_from": date(2026, 11, 1),
                    "date_to": date(2027, 1, 31),
                    **values,
                }
            )
            run.action_run()
        return run

    def total(self, run):
        return run.line_ids.filtered(lambda line: line.dimension == "total")

    def live_through(self):
        """Invoices with every kind of fate there is."""
        self.counter.answers.extend(
            [
                # the first: no such address; the second: full for a while
                Outcome(state.FAILED_HARD, code="550", reason="no such user"),
                Outcome(state.FAILED_SOFT, code="452", reason="mailbox full"),
                # the third: nobody knows
                Outcome(state.UNCERTAIN, reason="time-out"),
            ]
        )
        moves = self.post_all(12)
        mute = self.create_customer("Without e-mail", phone="+47 406 54 321")
        with self.at(0):
            moves.append(self.post(mute)[0])
            self.send()
        self.go_to(MONDAY + timedelta(minutes=31))
        with self.at(1):
            self.attempts_of(moves[3])._apply("opened")
            self.pay(moves[4])
            moves[5]._billing_place_hold(
                "Asked us to wait", date(2026, 11, 29), blocks={"distribution"}
            )
            self.run_of(moves[6]).action_skip()
            self.run_of(moves[7]).action_stop()
            self.attempts_of(moves[8])._apply("failed_hard", reason="gone")
            self.send()
        self.go_to(3)
        with self.at(4):
            self.attempts_of(moves[9])[-1]._apply("delivered")
            self.attempts_of(moves[9])[-1]._apply("opened")
            self.run_of(moves[7]).action_resume()
            self.send()
        for day in (5, 6, 7, 8, 9, 10, 14):
            self.go_to(day)
        with self.at(14):
            self.pay(moves[10])
        with self.at(16):
            moves[11]._billing_queue_attempts("sms")
            self.send()
        return self.env["account.move"].concat(*moves)


class TestTheActualPlan(ReplayCase):
    def test_the_plan_that_ran_gives_back_what_happened(self):
        moves = self.live_through()
        run = self.replay(self.live)
        total = self.total(run)
        attempts = moves.billing_item_ids.attempt_id.filtered("sent_at")
        self.assertFalse(run.departures)
        self.assertTrue(run.is_actual)
        self.assertEqual(total.invoices, 13)
        self.assertGreater(len(attempts), 25)
        self.assertEqual(total.messages_would, len(attempts))
        self.assertEqual(total.messages_was, len(attempts))
        self.assertAlmostEqual(total.cost_would, sum(attempts.mapped("cost")))
        self.assertEqual(
            {code: counts[1] for code, counts in total.channels.items()},
            {code: len(own) for code, own in attempts.grouped("channel").items()},
        )
        self.assertEqual(total.opened_would, 2)
        self.assertEqual((total.paid_was, total.paid_low, total.paid_high), (2, 2, 2))
        # Eleven were still open when a fee might be charged.
        self.assertEqual((total.fees_was, total.fees_low, total.fees_high), (11,) * 3)

    @pytest.mark.nightly
    def test_a_copy_of_it_says_the_same(self):
        self.live_through()
        copy = self.live._copy_as_draft()
        run = self.replay(copy)
        self.assertFalse(run.departures)
        self.assertTrue(run.is_actual)

    @pytest.mark.nightly
    def test_the_replay_changes_nothing(self):
        self.live_through()
        before = len(self.counter.calls)
        events = self.env["billing.event"].search_count([])
        self.replay(self.live)
        self.assertEqual(len(self.counter.calls), before)
        self.assertEqual(self.env["billing.event"].search_count([]), events)

    def test_in_the_middle_of_everything(self):
        """Runs that are on their way are recorded as far as they came."""
        self.post_all(3)
        for days in (0.1, 1, 3.1):
            self.assertTrue(self.replay(self.live, days).is_actual)
            self.go_to(3)

    def test_several_invoices_in_one_message_count_once(self):
        with self.at(0):
            for _nth in range(3):
                self.post()
            self.send()
        self.assertEqual(len(self.counter.calls), 1)
        total = self.total(self.replay(self.live, 1))
        self.assertEqual(total.invoices, 3)
        self.assertAlmostEqual(total.messages_would, 1)
        self.assertAlmostEqual(total.cost_would, 0.5)

    def test_what_was_not_sent_for_no_reason_is_named(self):
        [move] = self.post_all(1)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE billing_distribution_run SET next_at = '2030-01-01'"
            " WHERE move_id = %s",
            [move.id],
        )
        self.env.invalidate_all()
        run = self.replay(self.live, 10)
        self.assertEqual(self.total(run).departures, 1)
        self.assertIn(move.name, run.departure_html)

    def test_a_plan_of_another_day(self):
        """A reminder on the due date: waits count from that day."""
        reminder = self.create_plan(
            ("sms", 0, "not_paid"), trigger="on_due", name="Reminder", is_reminder=True
        )
        [move] = self.post_all(1)
        self.go_to(3)
        self.go_to(5)
        with self.at(14):
            self.planner._cron_plan()
            self.send()
        self.assertIn("on_due", self.run_of(move).trigger_key)
        run = self.replay(reminder.live_version_id, 15)
        self.assertFalse(run.departures)
        self.assertEqual(self.total(run).messages_would, 1)


@pytest.mark.nightly
class TestAnotherPlan(ReplayCase):
    def draft(self, *steps):
        return self.create_plan(*steps, name="Another").live_version_id

    def test_without_the_letter(self):
        self.live_through()
        shorter = self.live._copy_as_draft()
        shorter.step_ids.sorted("sequence")[-1].unlink()
        run = self.replay(shorter)
        total = self.total(run)
        self.assertFalse(run.is_actual)
        self.assertLess(total.exact, total.invoices)
        self.assertGreater(total.exact, 0)
        self.assertEqual(total.channels["letter"][1], 0)
        self.assertEqual(total.channels["sms"][0], total.channels["sms"][1])
        self.assertLess(total.cost_would, total.cost_was)
        self.assertLessEqual(total.paid_high, total.invoices)

    def test_a_new_plan_is_replayed_on_the_invoices_of_another(self):
        self.live_through()
        new = self.draft(("sms", 0, "not_paid"))
        run = self.replay(new, source_plan_id=self.plan.id)
        total = self.total(run)
        self.assertEqual(total.invoices, 13)
        self.assertEqual(total.channels["letter"][1], 0)
        self.assertFalse(self.total(self.replay(new)))

    def test_the_domain_of_a_new_plan_counts(self):
        moves = self.live_through()
        new = self.draft(("sms", 0, "not_paid"))
        new.plan_id.domain = repr([("partner_id", "=", moves[0].partner_id.id)])
        run = self.replay(new, source_plan_id=self.plan.id)
        self.assertEqual(self.total(run).invoices, 1)

    def test_months_and_groups_add_up(self):
        self.live_through()
        run = self.replay(self.live)
        for dimension in ("month", "segment"):
            lines = run.line_ids.filtered(lambda line, d=dimension: line.dimension == d)
            self.assertEqual(sum(lines.mapped("invoices")), 13)
            self.assertTrue(all(lines.mapped("label")))
        self.assertIn("November 2026", run.report)

    def test_of_many_invoices_a_part_is_drawn(self):
        self.post_all(4)
        run = self.replay(self.live, limit=3)
        self.assertEqual((run.found_count, self.total(run).invoices), (4, 3))

    def test_a_long_history_is_replayed_by_the_job(self):
        self.post_all(2)
        path = (
            "odoo.addons.billing_dynamic_distribution.models"
            ".billing_distribution_replay.AT_ONCE"
        )
        with self.at(60):
            self.patch_at_once(path)
            run = self.env["billing.distribution.replay"].create(
                {
                    "plan_id": self.plan.id,
                    "version_id": self.live.id,
                    "date_from": date(2026, 11, 1),
                    "date_to": date(2027, 1, 31),
                }
            )
            run.action_run()
            self.assertEqual(run.state, "queued")
            self.env["billing.distribution.replay"]._cron_replay()
        self.assertEqual(run.state, "done")
        self.assertEqual(self.total(run).invoices, 2)

    def patch_at_once(self, path):
        from unittest.mock import patch

        self.startPatcher(patch(path, 1))

    def test_telling_takes_the_same_number_of_queries_however_many(self):
        few, many = self.post_all(2, "Few"), self.post_all(20, "Many")
        stories = self.env["billing.distribution.stories"].sudo()
        counts = []
        for moves in (few, many):
            runs = self.env["account.move"].concat(*moves).billing_run_ids.ids
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            told = stories._tell(self.company, runs)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(told), len(moves))
        self.assertEqual(counts[0], counts[1])

    def test_steps_of_another_plan_are_refused(self):
        other = self.draft(("sms", 0, "not_paid"))
        with self.assertRaises(UserError):
            self.replay(other).write({"plan_id": self.plan.id})
            self.replay(other, plan_id=self.plan.id)


class TestWhoMay(ReplayCase):
    def test_users_read_and_managers_replay(self):
        user = new_test_user(
            self.env,
            "replay-user",
            groups="billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self.post_all(1)
        run = self.replay(self.live)
        self.assertTrue(run.with_user(user).report)
        with self.assertRaises(AccessError):
            run.with_user(user).action_run()

    def test_other_companies_see_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.post_all(1)
        run = self.replay(self.live)
        stranger = new_test_user(
            self.env,
            "replay-stranger",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(
            self.env["billing.distribution.replay"].with_user(stranger).search([]) & run
        )
        with self.assertRaises(AccessError):
            run.with_user(stranger).read(["report"])
