"""Does the addon work in this database? ``odoo-bin --test-tags /billing_bank_file``.

The full suite stands in ``tests/`` of the repository.
"""

from odoo.tests import TransactionCase, tagged

from ..core.errors import BankFileError


@tagged("standard", "post_install", "-at_install")
class TestBillingBankFile(TransactionCase):
    def test_what_is_no_bank_file_is_refused_with_the_place(self):
        files = self.env["billing.bank.file"]
        with self.assertRaises(BankFileError) as caught:
            files._import(b"hello", "hello.txt")
        file = files._refuse("hello.txt", b"hello", caught.exception)
        self.assertEqual(file.state, "refused")
        self.assertTrue(file.reason.startswith("hello.txt:"))
