"""Does the addon work in this database? ``--test-tags /billing_dynamic_distribution``.

The full suite stands in ``tests/`` of the repository.
"""

from odoo.tests import TransactionCase, tagged

from ..core import state


@tagged("standard", "post_install", "-at_install")
class TestBillingDynamicDistribution(TransactionCase):
    def test_the_contents_are_there(self):
        content = self.env.ref("billing_dynamic_distribution.content_invoice")
        self.assertTrue(content.mail_template_id)
        self.assertIn("page_urls", content.sms_body)

    def test_what_was_opened_stays_opened(self):
        for event in state.EVENTS:
            self.assertIsNone(state.after(state.OPENED, event))

    def test_a_company_gets_its_plans_as_drafts(self):
        company = self.env["res.company"].create(
            {"name": "Testkraft", "country_id": self.env.ref("base.no").id}
        )
        plans = self.env["billing.distribution.plan"].search(
            [("company_id", "=", company.id)]
        )
        self.assertIn("posted", plans.mapped("trigger"))
        self.assertFalse(plans.live_version_id)
