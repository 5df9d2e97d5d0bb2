"""Currencies, companies, dates and signs of payments."""

import dataclasses

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.billing_bank_file.core.errors import BankFileError

from tests.integration.billing_kid_match.test_match import ByReferenceCase, swap_digit


class TestMoney(ByReferenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.env["res.currency.rate"].search(
            [("currency_id", "=", cls.euro.id), ("company_id", "=", cls.company.id)]
        ).unlink()
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": cls.euro.id,
                    "company_id": cls.company.id,
                    "name": name,
                    "rate": rate,
                }
                for name, rate in (
                    ("2026-01-01", 0.1),
                    ("2026-10-01", 0.0871),
                    ("2026-11-01", 0.0853),
                )
            ]
        )

    def euro_journal(self):
        return self.env["account.journal"].create(
            {
                "name": "Bank EUR",
                "code": "BEUR",
                "type": "bank",
                "company_id": self.company.id,
                "currency_id": self.euro.id,
                "bank_acc_number": "86011117947",
            }
        )

    def euro_invoices(self, *amounts):
        moves = self.env["account.move"]
        for amount in amounts:
            move = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "currency_id": self.euro.id,
                    "invoice_date": "2026-10-01",
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "x", "price_unit": amount, "tax_ids": []}
                        )
                    ],
                }
            )
            move.action_post()
            moves |= move
        return moves

    def euro_file(self, *payments, message_id="E1"):
        return self.camt(
            list(payments),
            message_id=message_id,
            account="86011117947",
            currency="EUR",
        )

    def euro_payment(self, reference, amount, end="1"):
        return dataclasses.replace(
            self.payment(reference, amount, end=end), currency="EUR"
        )

    def check_balanced(self, lines):
        for line in lines:
            items = line.move_id.line_ids
            self.assertAlmostEqual(sum(items.mapped("balance")), 0, places=2)
            self.assertAlmostEqual(sum(items.mapped("amount_currency")), 0, places=2)
            liquidity = line._seek_for_lines()[0]
            self.assertAlmostEqual(liquidity.amount_currency, line.amount, places=2)

    def test_euro_invoices_on_a_euro_journal(self):
        journal = self.euro_journal()
        moves = self.euro_invoices(33.33, 66.67, 10.01)
        for collective in (True, False):
            journal.billing_collective = collective
            with self.subTest(collective=collective):
                _file, payments = self.load(
                    self.euro_file(
                        *(
                            self.euro_payment(
                                move.payment_reference,
                                move.amount_residual,
                                end=f"{collective}{move.id}",
                            )
                            for move in moves
                        ),
                        message_id=f"E{collective}",
                    )
                )
                self.assertEqual(
                    payments.mapped("state"),
                    ["reconciled"] * 3,
                    payments.mapped("error"),
                )
                self.assertEqual(moves.mapped("payment_state"), ["paid"] * 3)
                self.check_balanced(payments.statement_line_id)
                receivable = moves.line_ids.filtered(
                    lambda line: line.account_id.account_type == "asset_receivable"
                )
                self.assertFalse(any(receivable.mapped("amount_residual")))
                self.assertFalse(any(receivable.mapped("amount_residual_currency")))
                payments[0].action_undo()
                self.assertEqual(moves[0].payment_state, "not_paid")
                self.check_balanced(payments.statement_line_id)
                payments[0].action_accept()
                self.assertEqual(moves[0].payment_state, "paid")
                self.check_balanced(payments.statement_line_id)
                payments.action_undo()
                self.assertEqual(moves.mapped("payment_state"), ["not_paid"] * 3)

    def test_a_euro_invoice_is_not_settled_by_kroner(self):
        [move] = self.euro_invoices(1000)
        payment = self.pay(move.payment_reference, 1000)
        self.assertIn(payment.state, ("proposed", "unmatched"))
        self.assertEqual(move.payment_state, "not_paid")
        candidate = (
            self.env["billing.payment.candidate"]
            .sudo()
            .create({"payment_id": payment.id, "move_id": move.id})
        )
        with self.assertRaises(UserError):
            candidate.sudo(False).action_accept()

    def test_money_out_stays_on_a_line_of_its_own(self):
        content = self.camt(
            [self.payment(self.reference, self.amount, end="1")]
        ).replace(b"<CdtDbtInd>CRDT</CdtDbtInd>", b"<CdtDbtInd>DBIT</CdtDbtInd>")
        _file, payment = self.load(content)
        self.assertLess(payment.amount, 0)
        self.assertEqual(payment.state, "unmatched")
        self.assertEqual(payment.statement_line_id.amount, -self.amount)
        self.assertEqual(self.target.payment_state, "not_paid")

    def test_an_early_payment_discount_is_not_taken_by_guess(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2/10",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 60,
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 90}
                    )
                ],
            }
        )
        move = self.target.copy({"invoice_payment_term_id": term.id})
        move.invoice_date = "2026-10-01"
        move.action_post()
        payment = self.pay(move.payment_reference, move.amount_total * 0.98)
        self.assertNotEqual(move.payment_state, "paid")
        self.assertIn(payment.state, ("partial", "proposed"))

    def test_a_credit_note_is_not_settled(self):
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": "2026-10-01",
                "payment_reference": "123456789012345",
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 100, "tax_ids": []})
                ],
            }
        )
        refund.action_post()
        payment = self.pay("123456789012345", 100)
        self.assertIn(payment.state, ("proposed", "unmatched"))
        self.assertNotIn(refund, payment.candidate_ids.move_id)

    def test_an_archived_customer_still_pays(self):
        self.customer.active = False
        self.assertEqual(self.pay(self.reference).state, "reconciled")

    def test_a_registered_payment_is_not_settled_twice(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.target.ids
        ).create({"payment_date": "2026-10-20"})._create_payments()
        payment = self.pay(self.reference)
        # The bank confirms it; the customer is not credited once more.
        self.assertEqual((payment.state, payment.resolution), ("reconciled", "known"))
        self.assertNotEqual(
            payment.counterpart_line_ids.account_id.account_type, "asset_receivable"
        )
        self.assertTrue(payment.counterpart_line_ids.reconciled)

    def test_an_archived_journal_takes_no_file(self):
        self.journal.active = False
        with self.assertRaises(BankFileError):
            self.load(self.camt([self.payment(self.reference, self.amount)]))

    def test_cash_basis_taxes_keep_their_entries(self):
        self.company.tax_exigibility = True
        account = self.company_data["default_account_revenue"].copy({"code": "2798"})
        account.reconcile = True
        tax = self.env["account.tax"].create(
            {
                "name": "cash 25",
                "amount": 25,
                "company_id": self.company.id,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": account.id,
            }
        )
        moves = self.env["account.move"]
        for _number in range(2):
            move = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": "2026-10-01",
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "x",
                                "price_unit": 100,
                                "tax_ids": [Command.set(tax.ids)],
                            }
                        )
                    ],
                }
            )
            move.action_post()
            moves |= move
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(m.payment_reference, m.amount_residual, end=str(m.id))
                    for m in moves
                ]
            )
        )
        self.assertEqual(payments.mapped("state"), ["reconciled"] * 2)
        entries = self.env["account.move"].search(
            [("tax_cash_basis_origin_move_id", "in", moves.ids)]
        )
        self.assertEqual(len(entries), 2)
        payments.action_undo()
        self.assertEqual(moves.mapped("payment_state"), ["not_paid"] * 2)


class TestAccess(ByReferenceCase):
    def new_user(self, login, groups, company=None):
        company = company or self.company
        return new_test_user(
            self.env,
            login,
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def test_nobody_else_calls_what_the_buttons_call(self):
        other = self.setup_other_company(name="Elsewhere")["company"]
        payment = self.pay(swap_digit(self.reference, 5), self.amount + 333)
        candidate = payment.candidate_ids[0]
        booked = self.pay(self.invoices[0].payment_reference, 1000, end="9")
        self.assertEqual(booked.state, "reconciled")
        users = [
            self.new_user("rv_portal", "base.group_portal"),
            self.new_user("rv_internal", "base.group_user"),
            self.new_user("rv_accountant", "account.group_account_manager"),
            self.new_user("rv_else", "billing_base.group_billing_manager", other),
        ]
        for user in users:
            for record, names in (
                (payment, ("action_accept", "action_retry", "action_open_invoices")),
                (candidate, ("action_accept",)),
                (booked, ("action_undo", "action_open_statement_line")),
                (payment.file_id, ("action_open_payments",)),
            ):
                for name in names:
                    with self.subTest(user=user.login, method=name):
                        self.env.invalidate_all()
                        with self.assertRaises(AccessError):
                            getattr(record.with_user(user), name)()
            for model in (
                "billing.payment",
                "billing.payment.candidate",
                "billing.bank.file",
                "billing.event",
                "billing.hold",
                "billing.reference.scheme",
                "billing.bank.holiday",
                "billing.contact.point",
            ):
                with self.subTest(user=user.login, model=model):
                    found = self.env[model].with_user(user)
                    if found.has_access("read"):
                        found = found.search([])
                        if "company_id" in found._fields:
                            companies = found.sudo().company_id
                            self.assertLessEqual(companies, user.company_ids)

    def test_billing_users_write_nothing_directly(self):
        payment = self.pay(self.reference)
        clerk = self.new_user("rv_clerk", "billing_base.group_billing_manager")
        event = self.env["billing.event"].search([("move_id", "=", self.target.id)])
        for records, vals in (
            (payment.with_user(clerk), {"state": "new"}),
            (payment.file_id.with_user(clerk), {"name": "x"}),
            (event.with_user(clerk), {"amount": 1}),
            (event.sudo(), {"amount": 1}),
        ):
            with self.subTest(records._name), self.assertRaises(AccessError):
                records[:1].write(vals)
        with self.assertRaises(AccessError):
            event.sudo()[:1].unlink()

    def test_names_are_shown_as_text(self):
        evil = "<img src=x onerror=alert(1)>"
        self.customer.name = evil
        payment = self.pay(
            swap_digit(self.reference, 5), self.amount + 333, name="<script>a</script>"
        )
        html = payment.candidates_html + payment.candidate_ids[0].reference_html
        self.assertNotIn("<img", html)
        self.assertNotIn("<script", html)
