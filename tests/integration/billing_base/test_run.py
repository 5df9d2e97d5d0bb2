from datetime import date
from unittest.mock import patch

from odoo.tests.common import mute_logger

from tests.common import KvittCase

LOGGER = "odoo.addons.billing_base.models.ir_cron"


class TestRun(KvittCase):
    def setUp(self):
        super().setUp()
        # Only the jobs of these tests; and no commit, nor rollback, inside a test.
        self.env["ir.cron"].search([]).active = False
        cron_class = self.env.registry["ir.cron"]
        self.commits = self.enterContext(
            patch.object(cron_class, "_commit_progress", return_value=float("inf"))
        )
        self.rollbacks = self.enterContext(patch.object(self.env.cr, "rollback"))
        self.lines = []

    def job(self, name, code, addon="billing_base"):
        job = self.env["ir.cron"].create(
            {
                "name": name,
                "model_id": self.env["ir.model"]._get_id("res.company"),
                "state": "code",
                "code": code,
                "interval_number": 1,
                "interval_type": "days",
            }
        )
        self.env["ir.model.data"].create(
            {
                "module": addon,
                "name": f"test_job_{job.id}",
                "model": "ir.cron",
                "res_id": job.id,
            }
        )
        return job

    def run_jobs(self, day=None):
        return self.env["ir.cron"]._billing_run(day, self.lines.append)

    def test_jobs_act_on_the_day_given(self):
        partner = self.env["res.partner"].create({"name": "untouched"})
        self.job(
            "tell the day",
            f"env['res.partner'].browse({partner.id}).write({{'name': "
            "str(env.company._billing_today())})",
        )
        self.assertEqual(self.run_jobs(date(2027, 3, 1)), 0)
        self.assertEqual(partner.name, "2027-03-01")
        self.assertEqual(self.lines, ["tell the day: done"])
        self.assertEqual(self.commits.call_count, 1)

    def test_a_failing_job_stops_no_other(self):
        self.job("bad", "raise UserError('no mandate')")
        self.job("good", "pass")
        with mute_logger(LOGGER):
            self.assertEqual(self.run_jobs(), 1)
        self.assertEqual(len(self.lines), 2)
        self.assertIn("no mandate", self.lines[0])
        self.assertEqual(self.lines[1], "good: done")
        self.assertEqual(self.rollbacks.call_count, 1)

    def test_other_addons_jobs_are_left_alone(self):
        self.job("theirs", "raise UserError('must not run')", addon="account")
        self.assertEqual(self.run_jobs(), 0)
        self.assertFalse(self.lines)
