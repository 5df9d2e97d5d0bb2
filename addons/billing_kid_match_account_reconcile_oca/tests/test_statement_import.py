"""A bank file through the OCA's importer, through Kvitt's, and through both.

Needs ``account_statement_import_camt`` and the files of the repository, so it runs only
where it is asked for: ``tests/operations/test_oca_bridge.py`` does.
"""

import base64
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

FILES = Path(__file__).resolve().parents[3] / "tests" / "data"
# Three payments of a Norwegian bank, two of them with KID.
NORWEGIAN = "camt054/no_camt054_001_02.xml"
# Money in and money out on a statement, from the test files of another camt reader.
DUTCH = "camt053/genkgo_camt053.v2.multi.statement.xml"


@tagged("-standard", "statement_import", "post_install", "-at_install")
class TestStatementImport(AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("billing_base.group_billing_user")
        cls.journal = cls.company_data["default_journal_bank"]
        cls.payments = cls.env["billing.payment"].sudo()
        cls.files = cls.env["billing.bank.file"]

    def bank(self, account, currency):
        """Let the file's account be the company's, in the company's currency."""
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", currency)])
        )
        currency.active = True
        self.company_data["company"].currency_id = currency
        self.journal.bank_account_id = self.env["res.partner.bank"].create(
            {
                "acc_number": account,
                "partner_id": self.company_data["company"].partner_id.id,
            }
        )

    def open_invoice(self, amount, reference, day, name=""):
        partner = self.env["res.partner"].create({"name": name or reference})
        invoice = self.init_invoice(
            "out_invoice", partner=partner, invoice_date=day, amounts=[amount], taxes=[]
        )
        invoice.payment_reference = reference
        invoice.action_post()
        return invoice

    def import_by_the_oca(self, name):
        """Import a file as the OCA's wizard does.

        :return: the statement lines it made
        """
        before = self.lines()
        wizard = self.env["account.statement.import"].create(
            {
                "statement_file": base64.b64encode((FILES / name).read_bytes()),
                "statement_filename": Path(name).name,
            }
        )
        wizard.import_file_button()
        return self.lines() - before

    def import_by_kvitt(self, name):
        """
        :return: (the file, how many of its payments were seen before)
        """
        file, seen = self.files._import((FILES / name).read_bytes(), name)
        self.process()
        return file, sum(known for _position, _payment_id, known in seen)

    def take_up(self):
        """Run the schedules that take lines up, match and book them."""
        with self.enter_registry_test_mode():
            self.env.ref("billing_bank_file.ir_cron_adopt").method_direct_trigger()
        self.process()

    def process(self):
        while self.payments._process_next()[0]:
            pass

    def lines(self):
        return self.env["account.bank.statement.line"].search(
            [("journal_id", "=", self.journal.id)]
        )

    def on(self, account):
        """The balance of an account."""
        self.env.flush_all()
        [[balance]] = self.env["account.move.line"]._read_group(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")],
            [],
            ["balance:sum"],
        )
        return round(balance or 0, 2)

    def assert_in_the_books_once(self, amount):
        self.assertEqual(self.on(self.journal.default_account_id), amount)

    def test_lines_of_the_oca_are_matched_and_their_file_adds_nothing(self):
        self.bank("15035149098", "NOK")
        invoices = self.open_invoice(1250, "0010017", "2026-11-01", "Test Testesen")
        invoices += self.open_invoice(2250, "0010025", "2026-11-01", "Prøve AS")
        lines = self.import_by_the_oca(NORWEGIAN)
        self.assertEqual(sorted(lines.mapped("amount")), [499.5, 1250, 2250])
        self.take_up()
        self.assertEqual(invoices.mapped("payment_state"), ["paid", "paid"])
        self.assertEqual(lines.mapped("is_reconciled").count(True), 2)
        payments = lines.billing_payment_ids
        self.assertEqual(
            sorted(payments.mapped("state")), ["reconciled", "reconciled", "unmatched"]
        )
        # The same money, read by Kvitt: nothing more is booked, decided or asked.
        file, seen = self.import_by_kvitt(NORWEGIAN)
        self.assertEqual((seen, file.payment_count, file.duplicate_count), (3, 0, 3))
        self.assertEqual(file.payment_ids.repeats_id, payments)
        self.assertEqual(set(file.payment_ids.mapped("resolution")), {"repeated"})
        self.assertEqual((file.settled_count, file.review_count), (0, 0))
        self.assertEqual(self.lines(), lines)
        self.assert_in_the_books_once(3999.5)
        self.import_by_kvitt(NORWEGIAN)
        self.take_up()
        self.assertEqual(self.lines(), lines)

    def test_a_file_takes_over_lines_nobody_has_taken_up(self):
        self.bank("15035149098", "NOK")
        invoice = self.open_invoice(1250, "0010017", "2026-11-01", "Test Testesen")
        lines = self.import_by_the_oca(NORWEGIAN)
        file, seen = self.import_by_kvitt(NORWEGIAN)
        self.assertEqual((seen, file.payment_count), (0, 3))
        self.assertEqual(file.payment_ids.statement_line_id, lines)
        self.take_up()
        self.assertEqual(self.lines(), lines)
        self.assertEqual(invoice.payment_state, "paid")
        self.assert_in_the_books_once(3999.5)

    def test_lines_that_come_after_the_file_count_nothing(self):
        self.bank("15035149098", "NOK")
        invoice = self.open_invoice(1250, "0010017", "2026-11-01", "Test Testesen")
        file, seen = self.import_by_kvitt(NORWEGIAN)
        self.assertEqual((seen, file.payment_count), (0, 3))
        waiting = self.on(self.journal.suspense_account_id)
        lines = self.import_by_the_oca(NORWEGIAN)
        self.assert_in_the_books_once(2 * 3999.5)
        self.take_up()
        self.assert_in_the_books_once(3999.5)
        self.assertEqual(self.on(self.journal.suspense_account_id), waiting)
        self.assertEqual(lines.billing_payment_ids.repeats_id, file.payment_ids)
        self.assertTrue(all(lines.mapped("is_reconciled")))
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.amount_residual, 0)

    def test_a_statement_with_money_in_and_out(self):
        self.bank("NL26VAYB8060476890", "EUR")
        invoice = self.open_invoice(8.85, "4654654654654654", "2014-12-01")
        lines = self.import_by_the_oca(DUTCH)
        self.assertEqual(sorted(lines.mapped("amount")), [-7, 8.85])
        self.take_up()
        payment = lines.billing_payment_ids
        self.assertRecordValues(
            payment, [{"amount": 8.85, "text": "Transaction Description 1"}]
        )
        payment._accept_shares({invoice.id: 8.85})
        # Money out is nobody's yet, so the file's payment takes its line over.
        file, seen = self.import_by_kvitt(DUTCH)
        self.assertEqual((seen, file.payment_count), (1, 1))
        out = file.payment_ids.filtered(lambda item: item.amount < 0)
        self.assertEqual(out.statement_line_id.amount, -7)
        self.assertEqual((file.payment_ids - out).repeats_id, payment)
        self.assertEqual(self.lines(), lines)
        self.assert_in_the_books_once(1.85)
        self.assertEqual(invoice.payment_state, "paid")
