"""The same money twice, as a sum and payment by payment: in the books once."""

import re

from tests.builders.bank_files import OcrAssignment, OcrItem, numbered, ocr_file

from .common import ACCOUNT, BankFileCase


class TestSums(BankFileCase):
    def setUp(self):
        super().setUp()
        self.details = self.camt(
            [self.payment("123", 70.5), self.payment("124", 29.5, end="2")]
        )
        self.statement = self.without_details(self.details)

    def without_details(self, content, reference=True):
        """The same money in a camt.053 of the bank: one sum, no details."""
        text = re.sub(rb"<NtryDtls>.*?</NtryDtls>", b"", content, flags=re.S)
        if not reference:
            text = re.sub(rb"<AcctSvcrRef>.*?</AcctSvcrRef>", b"", text)
        return text.replace(b"<MsgId>M1<", b"<MsgId>S1<").replace(
            b"<Id>M1<", b"<Id>S1<"
        )

    def in_bank(self):
        """What the books say is on the bank account."""
        self.env.flush_all()
        [(total,)] = self.env.execute_query(
            self.env["account.move.line"]
            ._search(
                [
                    ("account_id", "=", self.journal.default_account_id.id),
                    ("parent_state", "=", "posted"),
                ]
            )
            .select("COALESCE(sum(balance), 0)")
        )
        return float(total)

    def open_suspense(self):
        return sum(
            self.env["account.move.line"]
            .search([("account_id", "=", self.journal.suspense_account_id.id)])
            .mapped("balance")
        )

    def events(self, kind):
        return self.env["billing.event"].search([("kind", "=", kind)])

    def test_details_replace_the_sum_that_came_first(self):
        _file, whole = self.load(self.statement, "statement.xml")
        self.assertEqual((whole.amount, whole.state), (100, "unmatched"))
        file, payments = self.load(self.details)
        self.assertEqual(payments.mapped("amount"), [70.5, 29.5])
        self.assertEqual(set(payments.mapped("state")), {"unmatched"})
        self.assertEqual((whole.state, whole.resolution), ("reconciled", "replaced"))
        self.assertEqual(self.in_bank(), 100)
        self.assertEqual(self.open_suspense(), -100)
        lines = self.env["account.bank.statement.line"].search(
            [("journal_id", "=", self.journal.id), ("is_reconciled", "=", True)]
        )
        self.assertEqual(sorted(lines.mapped("amount")), [-100, 100])
        self.assertIn(whole.statement_line_id, lines)
        event = self.events("payment.replaced")
        self.assertEqual((event.amount, event.payload["file"]), (100, file.name))
        self.assertEqual(
            self.payments.search(whole.action_open_details()["domain"]), payments
        )
        # The same files again change nothing.
        for content in (self.statement, self.details):
            self.assertFalse(self.files._import(content, "again.xml")[0] - file - _file)
        self.assertEqual(self.in_bank(), 100)

    def test_a_replaced_sum_counts_again_when_undone(self):
        _file, whole = self.load(self.statement, "statement.xml")
        self.load(self.details)
        whole.action_undo()
        self.assertEqual((whole.state, whole.resolution), ("unmatched", False))
        self.assertFalse(whole.details_entries)
        self.assertEqual(whole.statement_line_id.amount, 100)
        self.assertFalse(whole.statement_line_id.is_reconciled)
        self.assertEqual(self.in_bank(), 200)
        self.assertEqual(self.events("payment.restored").amount, 100)

    def test_an_invoice_settled_with_the_sum_is_open_for_the_details(self):
        invoice = self.invoice(100)
        _file, whole = self.load(self.statement, "statement.xml")
        whole._accept_shares({invoice.id: 100})
        self.assertEqual(invoice.payment_state, "paid")
        self.load(self.details)
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertEqual(whole.resolution, "replaced")
        # The customer does not go on reading that it is paid.
        undone = self.events("payment.undone").filtered(
            lambda event: event.move_id == invoice
        )
        self.assertTrue(undone.customer_visible)
        told = undone.with_context(billing_customer_view=True).display_text
        self.assertIn("does not count for this invoice any more", told)
        self.assertNotIn(self.env.user.name, told)
        self.assertEqual(self.in_bank(), 100)

    def test_a_sum_not_booked_yet_never_is(self):
        file, _seen = self.files._import(self.statement, "statement.xml")
        self.load(self.details)
        self.payments._process_next()
        self.assertEqual(file.payment_ids.resolution, "replaced")
        self.assertFalse(file.payment_ids.statement_line_id)
        self.assertEqual(self.in_bank(), 100)

    def test_a_sum_paid_back_holds_its_details_back(self):
        _file, whole = self.load(self.statement, "statement.xml")
        whole._assign(self.customer)
        refund = whole._refund()
        refund.partner_bank_id.allow_out_payment = True
        refund.action_post()
        _file, payments = self.load(self.details)
        self.assertEqual(set(payments.mapped("state")), {"new"})
        self.assertIn("cannot be replaced", payments[0].error)
        self.assertEqual(whole.state, "assigned")

    def test_day_and_amount_count_only_where_the_journal_says_so(self):
        statement = self.without_details(self.details, reference=False)
        _file, whole = self.load(statement, "statement.xml")
        self.load(self.details)
        self.assertFalse(whole.resolution)
        self.assertEqual(self.in_bank(), 200)

    def giro(self, *amounts):
        items = [
            OcrItem(amount=round(amount * 100), kid=f"{number:015d}")
            for number, amount in enumerate(amounts, 1)
        ]
        assignment = OcrAssignment(numbered(items), account=ACCOUNT)
        return ocr_file([assignment])

    def test_giro_before_or_after_its_sum(self):
        self.journal.billing_details_elsewhere = True
        file, payments = self.load(self.giro(70.5, 29.5), "ocr.txt")
        day = payments[0].booking_date.isoformat().encode()
        statement = re.sub(
            rb"(<(?:BookgDt|ValDt)>\s*<Dt>)[0-9-]*", rb"\g<1>" + day, self.statement
        )
        _file, whole = self.load(statement, "statement.xml")
        self.assertEqual((whole.state, whole.resolution), ("reconciled", "replaced"))
        self.assertFalse(whole.statement_line_id)
        self.assertEqual(self.in_bank(), 100)
        # Another sum of that day and amount is other money.
        other = statement.replace(b"<MsgId>S1<", b"<MsgId>S2<")
        other = re.sub(rb"<AcctSvcrRef>.*?<", b"<AcctSvcrRef>OTHER<", other)
        _file, second = self.load(other, "statement2.xml")
        self.assertEqual(second.state, "unmatched")
        self.assertEqual(self.in_bank(), 200)
        # Its details come later.
        later = self.giro(50, 50)
        self.load(later, "ocr2.txt")
        self.assertEqual(second.resolution, "replaced")
        self.assertEqual(self.in_bank(), 200)
        self.assertEqual(file.payment_ids, payments)


class TestSealedJournal(BankFileCase):
    def test_a_doubtful_payment_waits_with_its_reason_and_sure_ones_are_booked(self):
        self.journal.restrict_mode_hash_table = True
        _file, payments = self.load(self.camt([self.payment("123")]))
        self.assertEqual(payments.state, "new")
        self.assertIn("sealed", payments.error)
