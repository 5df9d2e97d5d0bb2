import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.billing_bank_file.core.errors import BankFileError

from tests.integration.billing_bank_file.common import BOOKED, BankFileCase


class TestImport(BankFileCase):
    def test_every_transaction_is_kept_as_the_bank_sent_it(self):
        content = self.camt(
            [
                self.payment("0000017", 100, end="A"),
                self.payment("0000025", 200, end="B"),
            ],
            [self.payment("", 300, message="Takk for strømmen", end="C")],
        )
        file, payments = self.load(content)
        self.assertEqual(file.payment_count, 3)
        self.assertEqual(payments.mapped("amount"), [100.0, 200.0, 300.0])
        self.assertEqual(payments.mapped("position"), [1, 2, 3])
        self.assertEqual(payments[0].reference, "0000017")
        self.assertEqual(payments[0].payer_name, "Åse Øgård")
        self.assertEqual(payments[0].booking_date, BOOKED)
        self.assertEqual(payments[2].text, "Takk for strømmen")
        self.assertTrue(all(payments.mapped("bank_reference")))
        self.assertEqual(payments[0].bank_entry, payments[1].bank_entry)
        self.assertNotEqual(payments[1].bank_entry, payments[2].bank_entry)

    def test_the_bank_account_shows_the_money_whether_matched_or_not(self):
        _file, payments = self.load(
            self.camt([self.payment("123", 70.5), self.payment("124", 29.5, end="2")])
        )
        lines = payments.statement_line_id
        self.assertEqual(len(lines), 2)
        self.assertEqual(sum(lines.mapped("amount")), 100.0)
        self.assertFalse(any(lines.mapped("is_reconciled")))
        self.assertEqual(set(payments.mapped("state")), {"unmatched"})
        self.assertEqual(lines[0].partner_name, "Åse Øgård")
        self.assertEqual(lines[0].account_number, "15035149098")

    def test_the_same_file_again_imports_nothing(self):
        content = self.camt([self.payment("123")])
        first, payments = self.load(content)
        lines = self.env["account.bank.statement.line"].search_count([])
        again, seen = self.files._import(content, "renamed.xml")
        self.assertEqual(again, first)
        self.assertEqual(seen, [(1, payments.id, True)])
        self.assertEqual(
            self.env["account.bank.statement.line"].search_count([]), lines
        )

    def test_a_transaction_in_another_file_is_known(self):
        content = self.camt([self.payment("123", end="A")])
        _first, payments = self.load(content)
        # The bank sends the notification again, as another message.
        other = content.replace(b"<MsgId>M1<", b"<MsgId>M9<").replace(
            b"<Id>M1<", b"<Id>M9<"
        )
        file, seen = self.files._import(other, "again.xml")
        self.assertEqual(seen, [(1, payments.id, True)])
        self.assertEqual((file.payment_count, file.duplicate_count), (0, 1))
        self.assertEqual(file.duplicate_positions, [1])

    def statement(self, content):
        """The same money in a camt.053 of the bank: one sum, no details."""
        text = re.sub(rb"<NtryDtls>.*?</NtryDtls>", b"", content, flags=re.S)
        self.assertNotIn(b"TxDtls", text)
        return text.replace(b"<MsgId>M1<", b"<MsgId>S1<").replace(
            b"<Id>M1<", b"<Id>S1<"
        )

    def test_a_sum_whose_payments_are_known_is_not_booked_again(self):
        content = self.camt(
            [self.payment("123", 70.5), self.payment("124", 29.5, end="2")]
        )
        _file, payments = self.load(content)
        file, seen = self.files._import(self.statement(content), "statement.xml")
        self.assertEqual(seen, [(1, payments[0].id, True)])
        self.assertEqual((file.payment_count, file.duplicate_count), (0, 1))

    def test_a_sum_that_differs_is_booked(self):
        content = self.camt(
            [self.payment("123", 70.5), self.payment("124", 29.5, end="2")]
        )
        self.load(content)
        other = self.statement(content).replace(b">100.00<", b">110.00<")
        file, seen = self.files._import(other, "statement.xml")
        self.assertEqual(file.payment_ids.amount, 110)
        self.assertFalse(seen[0][2])

    def test_two_equal_payments_in_one_file_are_two(self):
        _file, payments = self.load(
            self.camt([self.payment("123"), self.payment("123")])
        )
        self.assertEqual(len(payments), 2)

    def test_another_account_is_refused_whole(self):
        content = self.camt([self.payment("123")], account="86011117947")
        with self.assertRaises(BankFileError) as caught:
            self.files._import(content, "wrong.xml")
        self.assertRegex(
            str(caught.exception), r"^wrong\.xml:\d+: account: no bank journal has"
        )

    def test_the_journal_named_must_have_the_account(self):
        other = self.journal.copy({"code": "OTH", "bank_acc_number": "86011117947"})
        with self.assertRaises(BankFileError) as caught:
            self.files._import(self.camt([self.payment("123")]), "a.xml", other)
        self.assertIn("OTH", str(caught.exception))

    def test_an_iban_finds_the_journal_of_its_national_number(self):
        self.journal.bank_account_id.acc_number = "8601 11 17947"
        content = self.camt([self.payment("123")], account="NO9386011117947")
        _file, payments = self.load(content)
        self.assertEqual(payments.journal_id, self.journal)

    def test_another_currency_is_refused(self):
        content = self.camt([self.payment("123")], currency="SEK").replace(
            b"CdtrAcct", b"CdtrAcct"
        )
        with self.assertRaises(BankFileError) as caught:
            self.files._import(content, "sek.xml", self.journal)
        self.assertRegex(str(caught.exception), r"sek\.xml:\d+: currency: journal")

    def test_a_bad_file_leaves_nothing(self):
        good = self.camt([self.payment("123")])
        before = self.payments.search_count([])
        with self.assertRaises(BankFileError), self.env.cr.savepoint():
            self.files._import(good[: len(good) // 2], "half.xml")
        self.assertEqual(self.payments.search_count([]), before)
        self.assertFalse(self.files.search([("name", "=", "half.xml")]))

    def test_query_count_does_not_grow_with_the_file(self):
        def count(size, message_id):
            content = self.camt(
                [self.payment("9", end=str(i)) for i in range(size)],
                message_id=message_id,
            )
            self.files._import(self.camt([self.payment("8")]), "warm.xml")
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.files._import(content, f"{size}.xml")
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        self.assertEqual(count(5, "S"), count(500, "L"))

    def test_a_payment_is_never_deleted(self):
        _file, payments = self.load(self.camt([self.payment("123")]))
        with self.assertRaises(UserError):
            payments.sudo().unlink()

    def test_only_billing_users_of_the_company_see_payments(self):
        _file, payments = self.load(self.camt([self.payment("123")]))
        clerk = new_test_user(
            self.env,
            "billing_clerk",
            groups="billing_base.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self.assertEqual(payments.with_user(clerk).amount, 1000.0)
        stranger = new_test_user(self.env, "stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            payments.with_user(stranger).read(["amount"])
        elsewhere = new_test_user(
            self.env,
            "elsewhere",
            groups="billing_base.group_billing_user",
            company_id=self.env.ref("base.main_company").id,
        )
        self.assertFalse(
            self.payments.with_user(elsewhere).search([("id", "in", payments.ids)])
        )


class TestUpload(BankFileCase):
    def upload(self, **files):
        wizard = self.env["billing.bank.file.upload"].create(
            {
                "attachment_ids": [
                    (0, 0, {"name": name, "raw": content})
                    for name, content in files.items()
                ]
            }
        )
        action = wizard.action_upload()
        return self.files.search(action["domain"])

    def test_good_files_are_imported_beside_a_bad_one(self):
        files = self.upload(
            good=self.camt([self.payment("123")], message_id="U1"),
            bad=b"this is no bank file",
            good2=self.camt([self.payment("124")], message_id="U2"),
        )
        by_name = {file.name: file for file in files}
        self.assertEqual(by_name["bad"].state, "refused")
        self.assertIn("bad:", by_name["bad"].reason)
        self.assertEqual(by_name["good"].payment_count, 1)
        self.assertEqual(by_name["good2"].payment_count, 1)
        self.assertEqual(by_name["good"].pending_count, 0)

    def test_an_attachment_of_another_record_is_not_deleted(self):
        document = self.env["ir.attachment"].create(
            {
                "name": "contract.pdf",
                "raw": b"%PDF",
                "res_model": "res.partner",
                "res_id": self.customer.id,
            }
        )
        wizard = self.env["billing.bank.file.upload"].create(
            {"attachment_ids": [(4, document.id)]}
        )
        wizard.action_upload()
        self.assertTrue(document.exists())


class TestWatchedDirectory(BankFileCase):
    def setUp(self):
        super().setUp()
        import os
        import tempfile
        import time
        from pathlib import Path

        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.directory = Path(folder.name)
        self.journal.sudo().billing_watch_directory = folder.name
        self.old = lambda path: os.utime(path, (time.time() - 300,) * 2)

    def run_cron(self):
        for path in self.journal._billing_waiting_files():
            self.journal.sudo()._billing_import_watched(path)
        self.env.cr.postcommit.run()

    def test_files_are_read_and_put_aside(self):
        good = self.directory / "good.xml"
        good.write_bytes(self.camt([self.payment("123")], message_id="W1"))
        bad = self.directory / "bad.xml"
        bad.write_bytes(b"<nonsense/>")
        fresh = self.directory / "fresh.xml"
        fresh.write_bytes(b"still being written")
        self.old(good)
        self.old(bad)
        self.run_cron()
        self.assertTrue((self.directory / "done/good.xml").exists())
        self.assertTrue((self.directory / "refused/bad.xml").exists())
        reason = (self.directory / "refused/bad.xml.reason.txt").read_text()
        self.assertIn("bad.xml:", reason)
        self.assertTrue(fresh.exists())
        self.assertEqual(
            self.files.search([("name", "=", "good.xml")]).payment_count, 1
        )
        self.assertEqual(self.files.search([("name", "=", "bad.xml")]).state, "refused")

    def test_a_missing_directory_tells_the_managers_once(self):
        self.journal.sudo().billing_watch_directory = "/nonexistent/kvitt"
        self.run_cron()
        self.run_cron()
        self.assertEqual(
            self.env["billing.event"].search_count(
                [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
            ),
            1,
        )
