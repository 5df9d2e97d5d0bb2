"""Does the addon work in this database? ``--test-tags /billing_fee_policy``.

The full suite stands in ``tests/`` of the repository.
"""

from odoo.tests import TransactionCase, tagged


@tagged("standard", "post_install", "-at_install")
class TestBillingFeePolicy(TransactionCase):
    def test_a_new_company_approves_its_reminders(self):
        company = self.env["res.company"].create({"name": "Testkraft"})
        self.assertEqual(company.billing_reminder_approval, "approve")
