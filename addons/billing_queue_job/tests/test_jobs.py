"""The distribution's work as jobs of the OCA's queue.

Run by ``tests/operations/test_queue_job.py``, which fetches the OCA's addon. Several
servers at work, and one that is killed, are tested there.
"""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase, tagged

from odoo.addons.billing_dynamic_distribution.models.billing_channel import GROUPS
from odoo.addons.queue_job.exception import RetryableJobError
from odoo.addons.queue_job.job import Job


@tagged("standard", "post_install", "-at_install")
class TestJobs(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As the scheduler calls it.
        cls.env = cls.env(context={**cls.env.context, "cron_id": 1})
        cls.jobs = cls.env["queue.job"]
        cls.sender = cls.env["billing.distribution.sender"]
        cls.planner = cls.env["billing.distribution.planner"]
        cls.company = cls.env.company
        cls.parameters = cls.env["ir.config_parameter"]
        cls.jobs.search([("channel", "=like", "root.billing.%")]).unlink()

    def setUp(self):
        super().setUp()
        # Tests do not commit; what would be committed is flushed.
        self.startPatcher(
            patch.object(
                type(self.env["ir.cron"]),
                "_commit_progress",
                lambda cron, *_args, **_values: cron.env.flush_all() or float("inf"),
            )
        )

    def ours(self, *states):
        return self.jobs.search(
            [
                ("channel", "=like", "root.billing.%"),
                ("state", "in", states or ("pending",)),
            ],
            order="id",
        )

    def keys(self):
        return self.ours().mapped("identity_key")

    def perform(self, job):
        """Run a job as a worker does, up to its end."""
        job = Job.load(self.env, job.uuid)
        job.set_started()
        job.store()
        job.perform()
        job.set_done()
        job.store()

    def plan_messages(self, count, planned_at=None):
        """Messages that are planned, to nobody: what they say does not matter here."""
        partner = self.env["res.partner"].create({"name": "Kari Nordmann"})
        now = fields.Datetime.now()
        return (
            self.env["billing.distribution.attempt"]
            .sudo()
            .create(
                [
                    {
                        "key": f"queue-{number}",
                        "company_id": self.company.id,
                        "partner_id": partner.id,
                        "recipient_id": partner.id,
                        "channel": "email",
                        "origin": "manual",
                        "state": "planned",
                        "planned_at": planned_at or now - timedelta(minutes=1),
                    }
                    for number in range(count)
                ]
            )
        )

    def call_lane(self, lane):
        """Let a lane of e-mail work on a batch of which nothing may go out."""

        def recheck(sender, attempts, *_args):
            return attempts.browse()

        with patch.object(type(self.sender), "_recheck", recheck):
            self.sender.with_context(job_uuid="x")._job_call("email", lane)

    # === What the scheduler does === #

    def test_scheduled_sending_is_noted_once(self):
        with patch.object(type(self.sender), "_plan_batch") as decide:
            self.sender._cron_send("email")
            self.sender._cron_send("email")
        decide.assert_not_called()
        self.assertEqual(self.keys(), ["billing:decide:email"])

    def test_another_group_has_a_job_of_its_own(self):
        for group in GROUPS:
            self.sender._cron_send(group)
        self.assertEqual(self.keys(), [f"billing:decide:{group}" for group in GROUPS])

    def test_a_job_that_runs_lets_another_wait(self):
        """What comes while a job works is not overlooked."""
        self.sender._cron_send("email")
        job = Job.load(self.env, self.ours().uuid)
        job.set_started()
        job.store()
        self.sender._cron_send("email")
        self.assertIn("billing:decide:email", self.keys())

    def test_scheduled_settling_is_noted_once(self):
        with patch.object(type(self.sender), "_settle_lost") as settle:
            self.sender._cron_settle()
            self.sender._cron_settle()
            settle.assert_not_called()
            self.assertEqual(self.keys(), ["billing:settle"])
            self.perform(self.ours())
            self.assertEqual(settle.call_count, len(GROUPS))
        self.assertFalse(self.ours())

    def test_planning_is_cut_for_company_and_part(self):
        company = self.env["res.company"].create({"name": "Nabolys AS"})
        self.parameters.set_param("billing_queue_job.plan_parts", "3")
        self.planner._cron_plan(0, 2)
        self.planner._cron_plan(1, 2)
        self.planner._cron_plan(1, 2)
        own = [
            key for key in self.keys() if key.startswith(f"billing:plan:{company.id}")
        ]
        # Every remainder by six, once.
        self.assertEqual(
            sorted(own), [f"billing:plan:{company.id}:{part}:6" for part in range(6)]
        )
        jobs = self.ours().filtered(lambda job: job.identity_key in own)
        self.assertEqual(jobs.company_id, company)
        self.assertEqual(set(jobs.mapped("channel")), {"root.billing.plan"})

    def test_who_is_not_the_scheduler_gets_the_work_done(self):
        """The command line and a run as on another day wait for no queue."""
        for context in ({"cron_id": False}, {"billing_date": "2026-12-01"}):
            with (
                self.subTest(context),
                patch.object(
                    type(self.sender), "_plan_batch", return_value=0
                ) as decide,
            ):
                self.sender.with_context(**context)._cron_send("email")
                decide.assert_called()
        self.assertFalse(self.ours())

    # === Nobody takes the jobs === #

    def let_wait(self, jobs, minutes):
        # The queue lets nobody change this.
        jobs.flush_recordset()
        self.env.cr.execute(
            """UPDATE queue_job SET date_created = date_created - %s::interval
                WHERE id = ANY(%s)""",
            [f"{minutes} minutes", jobs.ids],
        )
        jobs.invalidate_recordset()

    def test_the_scheduler_works_itself_when_nobody_takes_jobs(self):
        self.sender._cron_send("email")
        self.let_wait(self.ours(), 20)
        with patch.object(type(self.sender), "_plan_batch", return_value=0) as decide:
            self.sender._cron_send("email")
            decide.assert_called()
        alert = self.env["billing.event"].search(
            [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
        )
        self.assertIn("Job runner", alert[-1].display_text)

    def test_a_queue_that_is_only_long_is_waited_for(self):
        self.sender._cron_send("email")
        self.sender._cron_settle()
        decide, settle = self.ours()
        self.let_wait(settle + decide, 20)
        self.perform(settle)
        self.assertTrue(self.jobs._billing_takes_over())

    def test_a_job_that_is_meant_for_later_does_not_stand_still(self):
        self.sender._cron_send("email")
        self.let_wait(self.ours(), 20)
        self.ours().eta = fields.Datetime.now() + timedelta(minutes=1)
        self.assertTrue(self.jobs._billing_takes_over())

    def test_planning_that_nobody_takes_is_done_by_the_scheduler(self):
        self.planner._cron_plan(0, 2)
        self.let_wait(self.ours(), 20)
        with patch.object(
            type(self.planner), "_plan_company", return_value=iter(())
        ) as plan:
            self.sender._cron_settle()
            plan.assert_called()
        self.assertFalse(self.ours())

    # === Jobs === #

    def test_planning_is_followed_by_sending(self):
        with patch.object(
            type(self.planner), "_plan_company", return_value=iter([0, 7])
        ):
            self.planner._job_plan(self.company.id, 0, 1)
        self.assertEqual(self.keys(), [f"billing:decide:{group}" for group in GROUPS])

    def test_planning_that_changed_nothing_wakes_nobody(self):
        with patch.object(type(self.planner), "_plan_company", return_value=iter([0])):
            self.planner._job_plan(self.company.id, 0, 1)
        self.assertFalse(self.ours())

    def test_planning_of_a_company_that_is_gone(self):
        companies = self.env["res.company"].with_context(active_test=False)
        newest = companies.search([], order="id desc", limit=1)
        self.planner._job_plan(newest.id + 1, 0, 1)
        self.assertFalse(self.ours())

    def test_deciding_wakes_a_lane(self):
        self.plan_messages(1)
        with patch.object(type(self.sender), "_plan_batch", return_value=0):
            self.sender._job_decide("email")
            self.sender._job_decide("email")
        self.assertEqual(self.keys(), ["billing:call:email:0"])
        self.assertEqual(self.ours().channel, "root.billing.send.email")

    def test_a_message_for_later_wakes_no_lane(self):
        self.plan_messages(1, fields.Datetime.now() + timedelta(hours=1))
        with patch.object(type(self.sender), "_plan_batch", return_value=0):
            self.sender._job_decide("email")
        self.assertFalse(self.ours())

    def test_a_full_batch_wakes_two_more_lanes(self):
        self.parameters.set_param("billing_queue_job.batch_size", "2")
        self.plan_messages(5)
        self.call_lane(3)
        self.assertEqual(
            self.keys(),
            ["billing:call:email:7", "billing:call:email:8", "billing:call:email:3"],
        )

    def test_a_batch_that_is_not_full_is_the_last(self):
        self.parameters.set_param("billing_queue_job.batch_size", "2")
        self.plan_messages(1)
        self.call_lane(3)
        self.assertEqual(self.keys(), ["billing:call:email:3"])

    def test_there_are_only_so_many_lanes(self):
        self.parameters.set_param("billing_queue_job.batch_size", "2")
        self.plan_messages(5)
        self.call_lane(63)
        self.assertEqual(self.keys(), ["billing:call:email:63"])

    def test_deciding_goes_on_while_it_finds_something(self):
        with patch.object(type(self.sender), "_plan_batch", return_value=7):
            self.sender._job_decide("email")
        self.assertEqual(self.keys(), ["billing:decide:email"])

    def test_deciding_is_tried_again_after_a_conflict(self):
        """And the other channels of the group have their turn before."""
        codes = self.sender._codes_of("other")
        with (
            patch.object(
                type(self.sender), "_plan_batch", side_effect=[None] + [0] * len(codes)
            ) as decide,
            self.assertRaises(RetryableJobError),
        ):
            self.sender._job_decide("other")
        self.assertEqual(decide.call_count, len(codes))

    def test_a_lane_goes_on_while_it_finds_something(self):
        with patch.object(type(self.sender), "_call_batch", return_value=50):
            self.sender._job_call("email", 3)
        self.assertEqual(self.keys(), ["billing:call:email:3"])

    def test_a_lane_ends_when_nothing_is_left(self):
        with patch.object(type(self.sender), "_call_batch", return_value=0):
            self.sender._job_call("email", 3)
        self.assertFalse(self.ours())

    def test_a_lane_comes_back_after_a_conflict(self):
        self.plan_messages(1)
        with (
            patch.object(type(self.sender), "_call_batch", return_value=0),
            self.assertRaises(RetryableJobError),
        ):
            self.sender._job_call("email", 0)

    def test_a_batch_of_a_job_is_no_longer_than_allowed(self):
        self.plan_messages(3)
        self.parameters.set_param("billing_queue_job.batch_size", "2")
        self.assertEqual(len(self.sender._lock_planned("email", 50)), 3)
        in_a_job = self.sender.with_context(job_uuid="x")
        self.assertEqual(len(in_a_job._lock_planned("email", 50)), 2)

    # === The queue === #

    def test_jobs_may_commit_and_are_tried_again(self):
        for method in ("_job_decide", "_job_call", "_job_settle"):
            config = self.env["queue.job.function"].job_config(
                f"<billing.distribution.sender>.{method}"
            )
            self.assertTrue(config.allow_commit, method)
            self.assertTrue(config.retry_pattern, method)
        config = self.env["queue.job.function"].job_config(
            "<billing.distribution.planner>._job_plan"
        )
        self.assertTrue(config.allow_commit)

    def test_a_job_that_fails_tells_the_managers(self):
        self.sender._cron_send("email")
        job = Job.load(self.env, self.ours()[0].uuid)
        job.set_failed(
            exc_name="ValueError", exc_message="no such thing", exc_info="Traceback"
        )
        job.store()
        self.sender._cron_settle()
        alert = self.env["billing.event"].search(
            [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
        )
        self.assertIn("no such thing", alert[-1].display_text)
        self.assertTrue(job.db_record().billing_is_told)

    def test_jobs_of_others_are_theirs(self):
        self.jobs.with_delay()._test_job()
        other = self.jobs.search([("method_name", "=", "_test_job")], limit=1)
        before = self.env["billing.event"].search_count([("kind", "=", "job.failed")])
        job = Job.load(self.env, other.uuid)
        job.set_failed(exc_name="ValueError", exc_message="no", exc_info="Traceback")
        job.store()
        self.sender._cron_settle()
        self.assertEqual(
            self.env["billing.event"].search_count([("kind", "=", "job.failed")]),
            before,
        )
