"""Trying a version of a plan on some of the customers."""

from collections import Counter
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_dynamic_distribution.core import experiment

from .optimiser_common import TODAY, HistoryCase


class ExperimentCase(HistoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.email_sms_letter()
        cls.live = cls.plan.live_version_id

    def draft(self, channel="sms"):
        return self.live._copy_with("channel", channel)

    def begin(self, share=0.4, holdout=0.1, version=None, **values):
        trial = self.experiments.create(
            {
                "name": "SMS first",
                "plan_id": self.plan.id,
                "version_b_id": (version or self.draft()).id,
                "holdout": holdout,
                "share": share,
                "is_adaptive": False,
                **values,
            }
        )
        with self.at(0):
            trial.action_start()
        return trial


class TestWhoGetsIt(ExperimentCase):
    @pytest.mark.nightly
    def test_customers_are_split_by_their_number(self):
        trial = self.begin()
        partners = self.create_customers(40)
        with self.at(0):
            moves = self.env["account.move"].concat(
                *(self.create_invoice(partner) for partner in partners)
            )
            moves.action_post()
        versions = {run.partner_id: run.version_id for run in moves.billing_run_ids}
        groups = Counter()
        for partner in partners:
            group = trial._group_of(partner)
            groups[group] += 1
            expected = (
                trial.version_b_id if group == experiment.TRIAL else trial.version_a_id
            )
            self.assertEqual(versions[partner], expected)
        self.assertEqual(len(groups), 3, "the draw should have some of each")

    def test_a_customer_gets_the_same_version_every_time(self):
        self.begin(share=0.5)
        for _month in range(3):
            with self.at(0):
                _move, run = self.post()
            versions = self.kari.env["billing.distribution.run"].search(
                [("partner_id", "=", self.kari.id)]
            )
            self.assertEqual(len(versions.version_id), 1)

    def test_the_first_message_is_the_version_s_own(self):
        trial = self.begin(share=1.0, holdout=0.0)
        with self.at(0):
            move, run = self.post()
            self.send()
        self.assertEqual(run.version_id, trial.version_b_id)
        self.assertEqual(self.counter.channels(), ["sms"])

    @pytest.mark.nightly
    def test_splitting_takes_the_same_number_of_queries_however_many(self):
        self.begin()
        counts = []
        for count in (2, 30):
            partners = self.create_customers(count)
            moves = self.env["account.move"].concat(
                *(self.create_invoice(partner) for partner in partners)
            )
            with (
                self.at(0),
                patch.object(
                    type(moves), "_billing_distribute", lambda own, *_args: own.browse()
                ),
            ):
                moves.action_post()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            with self.at(0):
                moves._billing_distribute("posted")
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(moves.billing_run_ids), count)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_dated_plans_are_split_too(self):
        reminder = self.create_plan(
            ("email", 0, "not_paid"), trigger="on_due", name="Reminder"
        )
        draft = reminder.live_version_id._copy_as_draft()
        draft.step_ids.channel = "sms"
        self.begin(plan_id=reminder.id, version=draft, share=1.0, holdout=0.0)
        with self.at(0):
            move, _run = self.post()
        with self.at(14):
            self.planner._cron_plan()
        self.assertEqual(self.run_of(move).version_id, draft)


class TestLifeOfATry(ExperimentCase):
    def test_begin_end_and_what_is_on_its_way(self):
        trial = self.begin(share=1.0, holdout=0.0)
        self.assertEqual(trial.version_a_id, self.live)
        self.assertEqual(trial.version_b_id.state, "trial")
        with self.at(0):
            _move, run = self.post()
        with self.at(1):
            trial.action_stop()
            _other, later = self.post(self.create_customer("Ola", "ola@example.com"))
        self.assertEqual((trial.state, trial.end_code), ("stopped", "staff"))
        self.assertEqual(trial.version_b_id.state, "retired")
        self.assertEqual(run.version_id, trial.version_b_id)
        self.assertEqual(later.version_id, self.live)

    def test_what_is_tried_cannot_change(self):
        trial = self.begin()
        with self.assertRaises(UserError):
            trial.version_b_id.step_ids[0].wait = 9
        with self.assertRaises(UserError):
            trial.unlink()

    def test_one_try_at_a_time(self):
        self.begin()
        other = self.experiments.create(
            {
                "name": "Letter first",
                "plan_id": self.plan.id,
                "version_b_id": self.draft("letter").id,
            }
        )
        with self.assertRaises(UserError):
            other.action_start()
        self.env.flush_all()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            other.state = "running"
            self.env.flush_all()

    def test_a_new_version_of_the_plan_ends_it(self):
        trial = self.begin()
        with self.at(1):
            self.plan._get_draft()._publish()
        self.assertEqual((trial.state, trial.end_code), ("stopped", "changed"))

    def test_adopt_and_go_back(self):
        trial = self.begin()
        with self.at(1):
            trial.action_adopt()
        self.assertEqual(trial.state, "adopted")
        self.assertEqual(self.plan.live_version_id, trial.version_b_id)
        self.assertEqual(self.live.state, "retired")
        with self.at(1):
            _move, run = self.post()
        self.assertEqual(run.version_id, trial.version_b_id)
        with self.at(2):
            trial.action_rollback()
            _move, run = self.post(self.create_customer("Ola", "ola@example.com"))
        self.assertEqual(trial.state, "rolled_back")
        self.assertEqual(self.plan.live_version_id, self.live)
        self.assertEqual(run.version_id, self.live)

    def test_what_is_worse_or_too_dear_is_not_adopted(self):
        trial = self.begin()
        trial.sudo().write({"verdict": "worse"})
        with self.assertRaisesRegex(UserError, "worse"):
            trial.action_adopt()
        trial.sudo().write({"verdict": "open", "count_b": 10, "cost_b": 5.0})
        self.company.billing_optimise_cost_invoice = 2.0
        with self.assertRaisesRegex(UserError, "allows"):
            trial.action_adopt()
        self.assertEqual(self.plan.live_version_id, self.live)

    def test_a_step_that_the_law_asks_for_is_kept(self):
        plan = self.create_plan(
            ("email", 0, "not_paid"),
            ("letter", 14, "not_paid", {"is_required": True}),
            name="Notice",
        )
        draft = plan.live_version_id._copy_as_draft()
        draft.step_ids.filtered("is_required").unlink()
        with self.assertRaisesRegex(UserError, "required by law"):
            self.begin(plan_id=plan.id, version=draft)

    def test_only_managers_begin_and_adopt(self):
        user = new_test_user(
            self.env,
            "try-user",
            groups="billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        trial = self.begin()
        self.assertTrue(trial.with_user(user).summary)
        for button in ("action_stop", "action_adopt", "action_start"):
            with self.assertRaises(AccessError):
                getattr(trial.with_user(user), button)()

    def test_other_companies_see_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "try-stranger",
            groups="billing_base.group_billing_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        trial = self.begin()
        found = self.experiments.with_user(stranger).search([])
        self.assertNotIn(trial.id, found.ids)


class TestFigures(ExperimentCase):
    def sides(self, trial, count, paid_a, paid_b, weeks=2, **values):
        """Write invoices of both sides in the weeks after the beginning."""
        for week in range(weeks):
            posted = TODAY + timedelta(days=1 + 7 * week)
            for version, paid in (
                (trial.version_a_id, paid_a),
                (trial.version_b_id, paid_b),
            ):
                self.write_history(
                    version,
                    self.create_customers(count),
                    channel=version.step_ids.sorted("sequence")[0].channel,
                    paid=paid,
                    posted=posted,
                    **values,
                )

    def follow(self, day=60):
        with self.at(day):
            self.experiments.sudo()._follow(self.company)

    def test_the_figures_are_those_of_the_invoices(self):
        trial = self.begin(share=0.2)
        self.sides(trial, 40, 0.5, 0.75, cost=0.3)
        self.follow()
        self.assertRecordValues(
            trial,
            [
                {
                    "count_a": 80,
                    "count_b": 80,
                    "customers_a": 80,
                    "customers_b": 80,
                    "paid_a": 0.5,
                    "paid_b": 0.75,
                    "opened_a": 0.8,
                    "waiting_b": 0,
                    "has_difference": True,
                    "difference": 0.25,
                }
            ],
        )
        self.assertAlmostEqual(trial.cost_b, 0.3)
        self.assertLess(trial.difference_low, 0.25)
        self.assertIn("of 100 invoices", trial.summary)

    def test_what_is_not_due_yet_is_not_counted(self):
        trial = self.begin(share=0.2)
        self.sides(trial, 10, 0.5, 0.5, weeks=1)
        self.follow(10)
        self.assertEqual((trial.count_b, trial.waiting_b), (0, 10))
        self.assertFalse(trial.has_difference)
        self.assertIn("not enough", trial.summary)

    def test_what_is_worse_ends_by_itself(self):
        trial = self.begin(share=0.4)
        self.sides(trial, 150, 0.9, 0.4)
        self.follow()
        self.assertEqual(trial.verdict, "worse")
        self.assertEqual((trial.state, trial.end_code), ("stopped", "worse"))
        event = self.env["billing.event"].search([("kind", "=", "trial.ended")])
        self.assertIn("worse", event[:1].display_text)

    def test_what_is_too_dear_ends_by_itself(self):
        self.company.billing_optimise_cost_invoice = 0.2
        trial = self.begin(share=0.4)
        self.sides(trial, 20, 0.5, 0.5, cost=0.5)
        self.follow()
        self.assertEqual((trial.state, trial.end_code), ("stopped", "dear"))

    def test_a_try_begins_small_and_grows_when_it_proves_itself(self):
        trial = self.begin(share=0.0, is_adaptive=True)
        self.assertLess(trial.share, 0.05)
        self.sides(trial, 150, 0.5, 0.9)
        self.follow()
        self.assertEqual(trial.verdict, "better")
        self.assertAlmostEqual(trial.share, 0.9, delta=0.01)
        self.assertEqual(trial.state, "running", "staff decide")
        self.assertIn("Better", trial.summary)

    def test_refreshing_counts_queries_not_invoices(self):
        trial = self.begin()
        self.sides(trial, 5, 0.5, 0.5, weeks=1)
        trial = trial.sudo()
        counts = []
        for _round in range(2):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with self.at(60):
                trial._update_figures()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.sides(trial, 40, 0.5, 0.5, weeks=1)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_python_and_the_database_draw_the_same_number(self):
        trial = self.begin()
        [(number,)] = self.env.execute_query(
            self.sql(
                "('x' || LEFT(MD5(%s || ':' || 17::text), 8))::bit(32)::bigint", trial
            )
        )
        self.assertEqual(number, experiment.bucket(trial.id, 17))

    def sql(self, text, trial):
        from odoo.tools import SQL

        return SQL("SELECT " + text, str(trial.id))


class TestPages(ExperimentCase):
    def test_due_dates_of_history(self):
        """The helper writes what the tests believe it writes."""
        moves = self.write_history(
            self.live, self.create_customers(4), paid=0.5, posted=date(2026, 9, 1)
        )
        self.assertEqual(moves.mapped("payment_state"), ["not_paid"] * 4)
        self.assertEqual(set(moves.mapped("invoice_date_due")), {date(2026, 9, 15)})
