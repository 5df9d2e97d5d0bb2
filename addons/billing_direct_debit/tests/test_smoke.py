"""Does the addon work in this database? ``--test-tags /billing_direct_debit``.

The full suite stands in ``tests/`` of the repository.
"""

from odoo.tests import TransactionCase, tagged


@tagged("standard", "post_install", "-at_install")
class TestBillingDirectDebit(TransactionCase):
    def test_a_new_company_erases_what_it_need_not_keep(self):
        company = self.env["res.company"].create({"name": "Testkraft"})
        self.assertEqual(company.billing_mandate_months, 14)
