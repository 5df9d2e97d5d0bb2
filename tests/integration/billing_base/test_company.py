"""Company helpers: today, bank days, alerts about failing jobs."""

from datetime import date
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from .common import BillingBaseCase


class TestCompany(BillingBaseCase):
    # === CALENDAR === #

    @freeze_time("2026-11-21 23:30:00")
    def test_today_is_the_day_where_the_company_is(self):
        self.assertEqual(self.company._billing_today(), date(2026, 11, 22))
        self.company.partner_id.tz = "America/New_York"
        self.assertEqual(self.company._billing_today(), date(2026, 11, 21))
        self.company.partner_id.write({"tz": False, "country_id": False})
        self.assertEqual(self.company._billing_today(), date(2026, 11, 21))

    def test_run_can_be_made_as_on_another_day(self):
        for forced in ("2027-01-02", date(2027, 1, 2)):
            company = self.company.with_context(billing_date=forced)
            self.assertEqual(company._billing_today(), date(2027, 1, 2))

    def test_bank_days_follow_the_country_and_own_exceptions(self):
        self.env["billing.bank.holiday"].create(
            [
                {
                    "name": "New clearing system",
                    "date": "2026-11-23",
                    "company_id": self.company.id,
                },
                {
                    "name": "Open anyway",
                    "date": "2026-12-25",
                    "is_open": True,
                    "company_id": self.company.id,
                },
            ]
        )
        calendar = self.company._bank_calendar()
        self.assertEqual(calendar.country, "NO")
        self.assertFalse(calendar.is_bank_day(date(2026, 11, 23)))
        self.assertTrue(calendar.is_bank_day(date(2026, 12, 25)))
        other_calendar = self._other_company()._bank_calendar()
        self.assertEqual(other_calendar.country, "SE")
        self.assertTrue(other_calendar.is_bank_day(date(2026, 11, 23)))

    def test_calendar_is_for_managers_to_change(self):
        values = {"name": "x", "date": "2026-11-23", "company_id": self.company.id}
        days = self.env["billing.bank.holiday"]
        with self.assertRaises(AccessError):
            days.with_user(self.user).create(values)
        day = days.with_user(self.manager).create(values)
        self.assertTrue(day.with_user(self.user).name)
        foreign = days.create({**values, "company_id": self._other_company().id})
        self.assertNotIn(foreign, days.with_user(self.user).search([]))

    @mute_logger("odoo.sql_db")
    def test_one_exception_a_day(self):
        values = {"name": "x", "date": "2026-11-23", "company_id": self.company.id}
        days = self.env["billing.bank.holiday"].create(values)
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            days.create(values)

    # === ALERTS === #

    def _alerts(self):
        return self.env["mail.message"].search(
            [
                ("model", "=", "res.partner"),
                ("res_id", "=", self.company.partner_id.id),
                ("message_type", "=", "user_notification"),
            ]
        )

    @freeze_time("2026-11-21 12:00:00")
    def test_managers_hear_of_a_failing_job_once_a_day(self):
        error = ValueError("no route to <b>host</b>")
        self.assertTrue(self.company._billing_alert("Bank files", error))
        self.assertFalse(self.company._billing_alert("Bank files", "again"))
        self.assertTrue(self.company._billing_alert("Reminders", error))
        alerts = self._alerts()
        self.assertEqual(len(alerts), 2)
        self.assertIn("&lt;b&gt;host", alerts[0].body)
        self.assertIn(self.manager.partner_id, alerts.notified_partner_ids)
        self.assertNotIn(self.user.partner_id, alerts.notified_partner_ids)
        event = self.events.search([("kind", "=", "job.failed")], limit=1)
        self.assertEqual(
            event.display_text, "Reminders failed: no route to <b>host</b>"
        )
        with freeze_time("2026-11-22 12:00:00"):
            self.assertTrue(self.company._billing_alert("Bank files", error))

    @mute_logger("odoo.addons.billing_base.models.res_company")
    def test_a_job_goes_on_when_one_company_fails(self):
        other = self._other_company()
        done, committed = [], []

        def work(company):
            self.assertEqual(company.env.company, company)
            if company == self.company:
                raise ValueError("no luck")
            done.append(company.id)

        with (
            # A test may not commit, nor give up what it made.
            patch.object(self.env.cr, "rollback", lambda: None),
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda cron, number, remaining: committed.append(remaining) or 1,
            ),
        ):
            (self.company | other)._billing_each("Learning", work)
        self.assertEqual(done, other.ids)
        self.assertEqual(committed, [1, 0])
        event = self.events.search([("kind", "=", "job.failed")])
        self.assertEqual(event.company_id, self.company)
        self.assertIn("no luck", event.display_text)

    def test_managers_hear_of_it_in_their_own_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.env["ir.module.module"]._load_module_terms(["billing_base"], ["nb_NO"])
        self.manager.lang = "nb_NO"
        self.company._billing_alert("Bank files", "x")
        [own] = self._alerts().filtered(
            lambda alert: self.manager.partner_id in alert.notified_partner_ids
        )
        self.assertEqual(own.subject, "Fakturaflyt: Bank files feilet")
        self.assertIn("Den planlagte jobben", own.body)

    def test_managers_of_other_companies_are_left_alone(self):
        stranger = self._new_user(
            "stranger", "billing_base.group_billing_manager", self._other_company()
        )
        self.company._billing_alert("Bank files", "x")
        self.assertNotIn(stranger.partner_id, self._alerts().notified_partner_ids)

    def test_job_that_odoo_gives_up_raises_an_alert(self):
        own = self.env.ref("billing_base.ir_cron_event_retention").sudo()
        core = self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()
        with (
            patch.object(self.env.registry["res.company"], "_billing_alert") as alert,
            mute_logger("odoo.addons.base.models.ir_cron"),
        ):
            own._notify_admin("deactivated")
            core._notify_admin("deactivated")
        alert.assert_called_once_with(own.name, "deactivated")
