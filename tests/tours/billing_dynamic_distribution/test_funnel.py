"""A plan is built, and its funnel read, in a browser."""

from datetime import timedelta

import pytest

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.web.tests import test_js

from ...common import KvittHttpCase
from ...integration.billing_dynamic_distribution.common import DistributionCase

PLANS = "/odoo/action-billing_dynamic_distribution.billing_distribution_plan_action"
#: Odoo's test page is asked for the tests of one addon by a hash of its name.
URL = "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id={job}"


class FunnelTourCase(DistributionCase, KvittHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tours look for English words, whatever else the database speaks.
        cls.env["res.lang"]._activate_lang("en_US")
        new_test_user(
            cls.env,
            "tour_manager",
            "billing_base.group_billing_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
            lang="en_US",
        )

    @classmethod
    def create_funnel(cls):
        """A plan by which two e-mails went out; one was opened and paid."""
        plan = cls.create_plan(
            ("email", 0, "not_paid"), ("sms", 3, "not_opened"), name="Funnel"
        )
        ola = cls.create_customer("Ola Nordmann", "ola@example.com")
        today = fields.Date.today()
        moves = cls.env["account.move"]
        for partner in cls.kari, ola:
            moves |= cls.create_invoice(
                partner, due=today + timedelta(days=14), invoice_date=today
            )
        moves.action_post()
        runs = cls.env["billing.distribution.run"].search(
            [("move_id", "in", moves.ids)], order="id"
        )
        attempts = cls.env["billing.distribution.attempt"]._make(
            [
                {
                    "company_id": cls.company.id,
                    "partner_id": run.partner_id.id,
                    "recipient_id": run.partner_id.id,
                    "channel": "email",
                    "address": run.partner_id.email,
                    "planned_at": fields.Datetime.now(),
                    "items": [
                        {
                            "move_id": run.move_id.id,
                            "company_id": cls.company.id,
                            "run_id": run.id,
                            "step_id": run.step_id.id,
                            "try_number": 1,
                        }
                    ],
                }
                for run in runs
            ]
        )
        for run, item in zip(runs, attempts.item_ids, strict=True):
            run.sudo().write(
                {"state": "sending", "last_item_id": item.id, "try_count": 1}
            )
        attempts._apply(state.CALLED)
        attempts._apply(state.SENT)
        attempts[0]._apply(state.OPENED)
        return plan


class TestBuildPlan(FunnelTourCase):
    def test_build_a_plan(self):
        self.start_tour(PLANS, "billing_distribution_build_plan", login="tour_manager")
        plan = self.env["billing.distribution.plan"].search([("name", "=", "Winter")])
        self.assertEqual(plan.live_version_id.state, "live")
        self.assertEqual(
            [
                (step.channel, step.wait)
                for step in plan.live_version_id._ordered_steps()
            ],
            [("email", 0), ("sms", 3)],
        )
        self.assertEqual(plan.version_ids, plan.live_version_id)


class TestFunnel(FunnelTourCase):
    def test_see_its_funnel(self):
        plan = self.create_funnel()
        self.start_tour(
            f"{PLANS}/{plan.id}", "billing_distribution_funnel", login="tour_manager"
        )

    def test_scripts_of_the_addon(self):
        job = test_js.HOOTCommon._generate_hash(self, "@billing_dynamic_distribution")
        self.browser_js(
            URL.format(job=job),
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )


@pytest.mark.nightly
class TestFunnelOnPhone(FunnelTourCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_see_its_funnel(self):
        plan = self.create_funnel()
        self.start_tour(
            f"{PLANS}/{plan.id}", "billing_distribution_phone", login="tour_manager"
        )
