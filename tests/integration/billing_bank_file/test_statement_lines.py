"""Statement lines that another importer made become payments, once each."""

import psycopg2

from odoo.exceptions import AccessError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_bank_file.core import decision

from .common import BankFileCase

KID = "001234567890128"


class TestStatementLines(BankFileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # No other addon has a say in these tests: what is decided is given.
        cls.decisions = {}
        cls.classPatch(
            cls.registry["billing.payment"],
            "_decide",
            lambda self: [
                cls.decisions.get(
                    payment_id, decision.Decision(payment_id, decision.UNMATCHED)
                )
                for payment_id in self.ids
            ],
        )

    def line(self, amount=1000.0, **values):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal.id,
                "date": "2026-11-02",
                "payment_ref": "Betaling",
                "amount": amount,
                **values,
            }
        )

    def adopt(self, process=True):
        payments = self.payments.sudo()._adopt_lines(self.journal)
        if process:
            while self.payments._process_next()[0]:
                pass
        return payments

    def settling(self, line, *invoices, outcome=decision.RECONCILED):
        """Let the payment of a line be decided for invoices, each paid in full."""
        payment = self.payments.sudo()._adopt_lines(self.journal)
        self.assertEqual(payment.statement_line_id, line)
        self.decisions[payment.id] = decision.Decision(
            payment.id,
            outcome,
            tuple(
                decision.Share(move.id, round(move.amount_residual * 100))
                for move in invoices
            ),
            1.0,
        )
        self.payments._process_next()
        return payment

    # === TAKING UP === #

    def test_a_line_is_taken_up_once(self):
        line = self.line(
            ref=KID, partner_name="Åse Øgård", account_number="1503 51 49098"
        )
        [payment] = self.adopt(process=False)
        self.assertRecordValues(
            payment,
            [
                {
                    "statement_line_id": line.id,
                    "file_id": False,
                    "amount": 1000.0,
                    "reference": KID,
                    "reference_key": KID,
                    "reference_values": [
                        {"value": KID, "amount": None, "kind": "structured"}
                    ],
                    "text": "Betaling",
                    "payer_name": "Åse Øgård",
                    "payer_account": "15035149098",
                    "state": "new",
                }
            ],
        )
        self.assertFalse(self.adopt(process=False))

    def test_the_database_lets_a_line_have_one_payment(self):
        line = self.line()
        self.adopt(process=False)
        self.assertFalse(self.payments._insert_lines(line))
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.UniqueViolation),
        ):
            self.env.cr.execute(
                "INSERT INTO billing_payment (journal_id, company_id, currency_id,"
                " amount, booking_date, import_key, state, statement_line_id)"
                " SELECT journal_id, company_id, currency_id, amount, booking_date,"
                " 'other', state, statement_line_id FROM billing_payment"
                " WHERE statement_line_id = %s",
                [line.id],
            )

    def test_what_is_left_alone(self):
        out = self.line(-100.0)
        nothing = self.line(0.0)
        done = self.line()
        done.move_id.line_ids.filtered(
            lambda item: item.account_id == self.journal.suspense_account_id
        ).account_id = self.company_data["default_account_revenue"]
        cancelled = self.line()
        cancelled.move_id.button_draft()
        locked = self.line(date="2026-03-31")
        # Odoo itself locks no period with open lines; a later exception may leave one.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_company SET fiscalyear_lock_date = '2026-06-30' WHERE id = %s",
            [self.company.id],
        )
        self.company.invalidate_recordset()
        payments = self.adopt()
        for line in (out, nothing, done, cancelled, locked):
            self.assertFalse(line.billing_payment_ids)
        self.assertFalse(payments)

    def test_a_journal_that_does_not_want_it(self):
        self.journal.billing_match_lines = False
        self.line()
        self.assertFalse(self.adopt())

    def test_lines_of_bank_files_are_nobody_elses(self):
        _file, payments = self.load(self.camt([self.payment()]))
        self.assertTrue(payments.statement_line_id)
        self.assertFalse(self.adopt())

    def test_the_customer_of_a_line_is_evidence(self):
        line = self.line(partner_id=self.customer.id)
        [payment] = self.adopt()
        self.assertEqual(payment.payer_name, self.customer.name)
        self.assertEqual(payment.state, "unmatched")
        self.assertEqual(line.partner_id, self.customer)

    def test_corrections_of_a_line_are_followed(self):
        line = self.line()
        [payment] = self.adopt()
        self.assertEqual(payment.state, "unmatched")
        line.write({"payment_ref": KID, "amount": 750.0})
        self.assertRecordValues(
            payment, [{"state": "new", "reference": KID, "amount": 750.0}]
        )
        self.payments._process_next()
        line.write({"payment_ref": KID})
        self.assertEqual(payment.state, "unmatched", "nothing changed")

    def test_a_line_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.line(foreign_currency_id=euro.id, amount_currency=90.0)
        [payment] = self.adopt()
        self.assertRecordValues(
            payment, [{"currency_id": euro.id, "amount": 90.0, "state": "unmatched"}]
        )
        self.assertTrue(self.env["billing.booking"]._is_free(payment))

    def test_queries_do_not_grow_with_the_lines(self):
        def cost(count):
            self.env["account.bank.statement.line"].create(
                [
                    {
                        "journal_id": self.journal.id,
                        "date": "2026-11-02",
                        "payment_ref": "Betaling",
                        "amount": 100 + number,
                    }
                    for number in range(count)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(
                len(self.payments.sudo()._adopt_lines(self.journal)), count
            )
            return self.env.cr.sql_log_count - before

        cost(1)
        self.assertEqual(cost(3), cost(30))

    # === SETTLING === #

    def test_an_invoice_is_settled_on_the_line_that_is_there(self):
        invoice = self.invoice()
        line = self.line()
        lines_before = self.env["account.bank.statement.line"].search_count([])
        payment = self.settling(line, invoice)
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertTrue(line.is_reconciled)
        self.assertEqual(line.partner_id, self.customer)
        self.assertEqual(payment.invoice_ids, invoice)
        self.assertEqual(payment.counterpart_line_ids.move_id, line.move_id)
        self.assertEqual(
            self.env["account.bank.statement.line"].search_count([]), lines_before
        )
        self.assertTrue(
            self.env["billing.event"].search(
                [("kind", "=", "payment.reconciled"), ("move_id", "=", invoice.id)]
            )
        )

    def test_undo_leaves_the_line_open(self):
        invoice = self.invoice()
        line = self.line()
        payment = self.settling(line, invoice)
        payment.action_undo()
        self.assertIn(payment.state, ("proposed", "unmatched"))
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertFalse(line.is_reconciled)
        self.assertFalse(self.adopt(), "it has its payment")

    def test_two_customers_on_one_line(self):
        other = self.env["res.partner"].create({"name": "Ola"})
        first, second = self.invoice(600), self.invoice(400, other)
        line = self.line()
        payment = self.settling(line, first, second)
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual((first + second).mapped("payment_state"), ["paid", "paid"])
        self.assertTrue(line.is_reconciled)

    def test_files_and_lines_in_one_batch(self):
        line = self.line()
        invoice = self.invoice()
        file, _seen = self.files._import(self.camt([self.payment("1")]), "x.xml")
        adopted = self.payments.sudo()._adopt_lines(self.journal)
        self.decisions[adopted.id] = decision.Decision(
            adopted.id,
            decision.RECONCILED,
            (decision.Share(invoice.id, 100000),),
            1.0,
        )
        self.payments._process_next()
        self.assertEqual(adopted.statement_line_id, line)
        self.assertEqual(adopted.state, "reconciled")
        self.assertEqual(file.payment_ids.state, "unmatched")
        self.assertNotEqual(file.payment_ids.statement_line_id, line)

    def test_somebody_was_faster_with_the_line(self):
        invoice, other = self.invoice(), self.invoice()
        line = self.line()
        payment = self.payments.sudo()._adopt_lines(self.journal)
        self.decisions[payment.id] = decision.Decision(
            payment.id,
            decision.RECONCILED,
            (decision.Share(invoice.id, 100000),),
            1.0,
        )
        suspense = line._seek_for_lines()[1]
        suspense.account_id = self.company_data["default_account_receivable"]
        suspense.partner_id = self.customer
        (
            suspense
            + other.line_ids.filtered(
                lambda item: item.account_id == suspense.account_id
            )
        ).reconcile()
        self.payments._process_next()
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, other)
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_a_line_written_off_by_hand_leaves_the_review(self):
        line = self.line()
        [payment] = self.adopt()
        self.assertEqual(payment.state, "unmatched")
        line._seek_for_lines()[1].account_id = self.company_data[
            "default_account_revenue"
        ]
        self.assertTrue(line.is_reconciled)
        self.payments.sudo()._notice_settled_lines()
        self.assertEqual(payment.state, "reconciled")
        self.assertFalse(payment.invoice_ids)

    def test_half_of_a_line_used_by_hand_is_not_booked_over(self):
        invoice = self.invoice()
        line = self.line()
        payment = self.payments.sudo()._adopt_lines(self.journal)
        self.decisions[payment.id] = decision.Decision(
            payment.id,
            decision.RECONCILED,
            (decision.Share(invoice.id, 100000),),
            1.0,
        )
        suspense = line._seek_for_lines()[1]
        line.move_id.with_context(
            skip_account_move_synchronization=True, skip_readonly_check=True
        ).write(
            {
                "line_ids": [
                    (1, suspense.id, {"balance": -400, "amount_currency": -400}),
                    (
                        0,
                        0,
                        {
                            "account_id": self.company_data[
                                "default_account_revenue"
                            ].id,
                            "balance": -600,
                            "amount_currency": -600,
                            "currency_id": line.currency_id.id,
                        },
                    ),
                ]
            }
        )
        self.payments._process_next()
        self.assertEqual(payment.state, "unmatched")
        self.assertEqual(payment.reasons[0]["code"], "changed_meanwhile")
        self.assertEqual(invoice.payment_state, "not_paid")

    def test_a_deleted_line_takes_its_payment_along(self):
        invoice = self.invoice()
        waiting = self.line(5.0)
        [waiting_payment] = self.adopt()
        line = self.line()
        payment = self.settling(line, invoice)
        (line + waiting).unlink()
        self.assertFalse((payment + waiting_payment).exists())
        self.assertEqual(invoice.payment_state, "not_paid")
        self.assertTrue(
            self.env["billing.event"].search(
                [("kind", "=", "payment.undone"), ("move_id", "=", invoice.id)]
            )
        )

    def test_the_line_of_a_bank_file_is_kept(self):
        _file, payments = self.load(self.camt([self.payment()]))
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.ForeignKeyViolation),
        ):
            payments.statement_line_id.unlink()

    # === SCHEDULE === #

    def test_the_schedule_takes_up_everything(self):
        lines = self.line() + self.line(20.0)
        with self.enter_registry_test_mode():
            self.env.ref("billing_bank_file.ir_cron_adopt").method_direct_trigger()
        self.assertEqual(len(lines.billing_payment_ids), 2)

    def test_the_button_of_a_journal(self):
        self.line()
        user = new_test_user(
            self.env, "button clerk", groups="billing_base.group_billing_user"
        )
        action = self.journal.with_user(user).action_billing_match_lines()
        payments = self.payments.search(action["domain"])
        self.assertRecordValues(payments, [{"state": "unmatched", "amount": 1000.0}])

    def test_the_button_is_for_billing_staff(self):
        user = new_test_user(
            self.env, "bookkeeper", groups="account.group_account_user"
        )
        with self.assertRaises(AccessError):
            self.journal.with_user(user).action_billing_match_lines()
