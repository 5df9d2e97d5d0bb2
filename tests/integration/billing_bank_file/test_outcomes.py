"""Every outcome leaves the books as invoices and payments add up, and can be undone."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.billing_bank_file.core.decision import (
    ASSIGNED,
    RECONCILED,
    UNMATCHED,
    Decision,
    Reason,
    Share,
)

from .common import BankFileCase


class OutcomeCase(BankFileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create({"name": "Ola Li"})
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.clerk = new_test_user(
            cls.env,
            "outcome_clerk",
            groups="billing_base.group_billing_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def decided(self, *amounts, **decision):
        """Import payments of one bank entry and decide them as told.

        :param amounts: kroner of each payment
        :param decision: what :class:`Decision` is made with, for all of them
        :return: the payments, booked
        """
        decision.setdefault("outcome", UNMATCHED)

        def decide(payments):
            return [Decision(payment.id, **decision) for payment in payments]

        number = self.payments.search_count([])
        content = self.camt(
            [
                self.payment("48213", amount, end=f"{number}-{at}")
                for at, amount in enumerate(amounts)
            ],
            message_id=f"O{number}",
        )
        with patch.object(type(self.payments), "_decide", decide):
            _file, payments = self.load(content)
        self.assertFalse(any(payments.mapped("error")), payments.mapped("error"))
        return payments

    def credit_note(self, amount, partner=None):
        move = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": (partner or self.customer).id,
                "invoice_date": "2026-10-20",
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": amount, "tax_ids": []})
                ],
            }
        )
        move.action_post()
        return move

    def balance(self, account, partner=None):
        domain = [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        if partner:
            domain.append(("partner_id", "=", partner.id))
        self.env.flush_all()
        groups = self.env["account.move.line"]._read_group(domain, [], ["balance:sum"])
        return round(groups[0][0] or 0.0, 2)

    def events(self, kind, **domain):
        return self.env["billing.event"].search(
            [("kind", "=", kind), *((name, "=", of) for name, of in domain.items())]
        )

    def check_waits(self, payment):
        """The payment stands on suspense, as if nothing had been decided."""
        self.assertIn(payment.state, ("proposed", "unmatched"))
        self.assertFalse(payment.counterpart_line_ids)
        line = payment.statement_line_id
        self.assertFalse(line.is_reconciled)
        suspense = line._seek_for_lines()[1]
        self.assertEqual(suspense.amount_currency, -payment.amount)
        self.assertEqual(line.amount, payment.amount)


class TestAssigned(OutcomeCase):
    def test_the_customer_is_credited(self):
        payment = self.decided(
            700, outcome=ASSIGNED, partner_id=self.customer.id, probability=0.9999
        )
        self.assertEqual(payment.state, "assigned")
        self.assertEqual(payment.resolution, "assigned")
        self.assertEqual(payment.partner_id, self.customer)
        [item] = payment.counterpart_line_ids
        self.assertEqual((item.credit, item.partner_id), (700, self.customer))
        self.assertFalse(item.reconciled)
        self.assertTrue(payment.statement_line_id.is_reconciled)
        self.assertEqual(self.balance(self.receivable, self.customer), -700)
        [event] = self.events("payment.assigned", partner_id=self.customer.id)
        self.assertEqual(event.amount, 700)
        self.assertTrue(event.customer_visible)

    def test_the_command_line_calls_it_a_proposal(self):
        payment = self.decided(700, outcome=ASSIGNED, partner_id=self.customer.id)
        command = self.env["billing.import.command"]
        self.assertEqual(command._outcome(payment, False), "proposed")
        self.assertTrue(payment.counterpart_line_ids)

    def test_sure_neighbours_are_booked_together_without_it(self):
        moves = self.invoice(100), self.invoice(200)
        decide = self._by_amount(
            {
                100: (RECONCILED, moves[0]),
                200: (RECONCILED, moves[1]),
                300: (ASSIGNED, None),
            }
        )
        with patch.object(type(self.payments), "_decide", decide):
            _file, payments = self.load(
                self.camt(
                    [
                        self.payment("1", amount, end=str(amount))
                        for amount in (100, 200, 300)
                    ]
                )
            )
        self.assertEqual(payments.mapped("is_collective"), [True, True, False])
        self.assertEqual(self.balance(self.receivable, self.customer), -300)

    def _by_amount(self, plan):
        def decide(payments):
            decisions = []
            for payment in payments:
                outcome, move = plan[payment.amount]
                shares = (Share(move.id, round(payment.amount * 100)),) if move else ()
                decisions.append(
                    Decision(
                        payment.id,
                        outcome,
                        shares,
                        partner_id=0 if move else self.customer.id,
                    )
                )
            return decisions

        return decide

    def test_undo_puts_it_back_to_suspense(self):
        payment = self.decided(700, outcome=ASSIGNED, partner_id=self.customer.id)
        payment.with_user(self.clerk).action_undo()
        self.check_waits(payment)
        self.assertFalse(payment.resolution)
        self.assertEqual(self.balance(self.receivable, self.customer), 0)
        [event] = self.events("payment.unassigned", partner_id=self.customer.id)
        self.assertEqual((event.amount, event.user_id), (700, self.clerk))

    def test_credit_used_in_odoos_screens_is_noted(self):
        payment = self.decided(700, outcome=ASSIGNED, partner_id=self.customer.id)
        first, second = self.invoice(500), self.invoice(500)
        first.js_assign_outstanding_line(payment.counterpart_line_ids.id)
        self.assertEqual(payment.state, "assigned")
        self.assertEqual(payment.invoice_ids, first)
        second.js_assign_outstanding_line(payment.counterpart_line_ids.id)
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, first + second)
        self.assertEqual(
            self.events("payment.credit_used", move_id=first.id).amount, 500
        )
        self.assertEqual(
            self.events("payment.credit_used", move_id=second.id).amount, 200
        )
        payment.action_undo()
        self.check_waits(payment)
        self.assertEqual(
            (first + second).mapped("payment_state"), ["not_paid", "not_paid"]
        )

    def test_credit_taken_off_in_odoos_screens_stays_credit(self):
        payment = self.decided(700, outcome=ASSIGNED, partner_id=self.customer.id)
        move = self.invoice(500)
        move.js_assign_outstanding_line(payment.counterpart_line_ids.id)
        [partial] = move.line_ids.matched_credit_ids
        move.js_remove_outstanding_partial(partial.id)
        self.assertEqual(payment.state, "assigned")
        self.assertEqual(payment.counterpart_line_ids.amount_residual, -700)
        self.assertEqual(self.events("payment.undone", move_id=move.id).amount, 500)

    def test_an_invoice_can_be_chosen_later(self):
        payment = self.decided(700, outcome=ASSIGNED, partner_id=self.customer.id)
        move = self.invoice(700, self.other)
        payment.with_user(self.clerk)._accept_shares({move.id: 700})
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(self.balance(self.receivable, self.customer), 0)
        self.assertEqual(self.balance(self.receivable, self.other), 0)

    def test_an_archived_customer_is_credited(self):
        self.customer.active = False
        payment = self.decided(700, outcome=ASSIGNED, partner_id=self.customer.id)
        self.assertEqual(payment.state, "assigned")
        payment.action_undo()
        self.check_waits(payment)

    def test_undo_in_a_closed_period(self):
        payment = self.decided(700, outcome=ASSIGNED, partner_id=self.customer.id)
        bank = self.balance(self.journal.default_account_id)
        self.company.fiscalyear_lock_date = "2026-11-30"
        payment.action_undo()
        self.check_waits(payment)
        self.assertEqual(self.balance(self.receivable, self.customer), 0)
        self.assertEqual(self.balance(self.journal.default_account_id), bank)


class TestWriteOff(OutcomeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.differences = cls.company_data["default_account_expense"]

    def setUp(self):
        super().setUp()
        booking = type(self.env["billing.booking"])
        self.limit = 5.0
        self.startPatcher(
            patch.object(
                booking, "_write_off_account", lambda _self, _company: self.differences
            )
        )
        self.startPatcher(
            patch.object(
                booking, "_write_off_limit", lambda _self, _company: self.limit
            )
        )

    def short(self, paid, difference):
        """Pay an invoice of 1000 with a difference; above zero: too little paid."""
        move = self.invoice(1000)
        payment = self.decided(
            paid,
            outcome=RECONCILED,
            shares=(Share(move.id, 100000),),
            write_off=round(difference * 100),
        )
        return move, payment

    def test_too_little_is_borne(self):
        move, payment = self.short(996.5, 3.5)
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(
            (payment.state, payment.resolution), ("reconciled", "written_off")
        )
        self.assertEqual(payment.counterpart_line_ids.credit, 1000)
        self.assertEqual(self.balance(self.differences), 3.5)
        self.assertEqual(payment.statement_line_id.amount, 996.5)
        payment.action_undo()
        self.check_waits(payment)
        self.assertEqual(self.balance(self.differences), 0)
        self.assertEqual(move.amount_residual, 1000)

    def test_too_much_is_kept(self):
        move, payment = self.short(1002, -2)
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(payment.counterpart_line_ids.credit, 1000)
        self.assertTrue(payment.counterpart_line_ids.reconciled)
        self.assertEqual(self.balance(self.differences), -2)

    def test_undo_in_a_closed_period_takes_the_difference_back(self):
        move, payment = self.short(996.5, 3.5)
        bank = self.balance(self.journal.default_account_id)
        self.company.hard_lock_date = "2026-11-30"
        payment.action_undo()
        self.check_waits(payment)
        self.assertEqual(self.balance(self.differences), 0)
        self.assertEqual(self.balance(self.journal.default_account_id), bank)
        self.assertEqual(move.amount_residual, 1000)

    def test_beyond_the_limit_a_person_decides(self):
        move, payment = self.short(994, 6)
        self.check_waits(payment)
        self.assertEqual(payment.reasons[0]["code"], "write_off_refused")
        self.assertEqual(move.amount_residual, 1000)

    def test_without_an_account_a_person_decides(self):
        self.differences = self.env["account.account"]
        move, payment = self.short(996.5, 3.5)
        self.check_waits(payment)
        self.assertEqual(move.payment_state, "not_paid")

    def test_a_difference_that_does_not_add_up_is_not_booked(self):
        move, payment = self.short(996.5, 1)
        self.check_waits(payment)
        self.assertEqual(move.payment_state, "not_paid")

    def test_a_person_writes_off(self):
        move = self.invoice(1000)
        payment = self.decided(997)
        payment.with_user(self.clerk)._accept_shares({move.id: 1000}, write_off=True)
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(payment.resolution, "written_off")
        self.assertEqual(self.balance(self.differences), 3)

    def test_a_person_has_the_same_limit(self):
        move = self.invoice(1000)
        payment = self.decided(900)
        with self.assertRaises(UserError):
            payment.with_user(self.clerk)._accept_shares(
                {move.id: 1000}, write_off=True
            )
        self.assertEqual(payment.state, "unmatched")


class TestCreditNotes(OutcomeCase):
    def net(self, amount, *parts):
        """Pay ``amount`` for pairs of move and kroner."""
        return self.decided(
            amount,
            outcome=RECONCILED,
            shares=tuple(Share(move.id, round(kroner * 100)) for move, kroner in parts),
        )

    def test_a_credit_note_is_set_off(self):
        move, note = self.invoice(1000), self.credit_note(300)
        payment = self.net(700, (move, 1000), (note, -300))
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual((move + note).mapped("amount_residual"), [0, 0])
        self.assertEqual(move.payment_state, "paid")
        self.assertTrue(payment.counterpart_line_ids.reconciled)
        [event] = self.events("payment.reconciled", move_id=move.id)
        self.assertEqual(event.amount, 700)
        payment.action_undo()
        self.check_waits(payment)
        self.assertEqual((move + note).mapped("amount_residual"), [1000, 300])

    def test_a_part_of_a_credit_note(self):
        first, second = self.invoice(1000), self.invoice(500)
        note = self.credit_note(400)
        payment = self.net(1250, (first, 1000), (second, 500), (note, -250))
        self.assertEqual((first + second).mapped("payment_state"), ["paid", "paid"])
        self.assertEqual(note.amount_residual, 150)
        payment.action_undo()
        self.assertEqual(
            (first + second + note).mapped("amount_residual"), [1000, 500, 400]
        )

    def test_what_was_set_off_before_stays_so_after_undo(self):
        move, note = self.invoice(1000), self.credit_note(300)
        items = (move + note).line_ids.filtered(
            lambda item: item.account_id == self.receivable
        )
        items.reconcile()
        payment = self.net(700, (move, 700))
        payment.action_undo()
        self.assertEqual((move + note).mapped("amount_residual"), [700, 0])

    def test_never_across_customers(self):
        move, note = self.invoice(1000), self.credit_note(300, self.other)
        payment = self.net(700, (move, 1000), (note, -300))
        self.check_waits(payment)
        self.assertEqual((move + note).mapped("amount_residual"), [1000, 300])

    def test_a_sign_that_does_not_fit_is_refused(self):
        move, note = self.invoice(1000), self.credit_note(300)
        for shares in ([(note, 300)], [(move, 1000), (note, 300)], [(move, -1000)]):
            payment = self.net(1000, *shares)
            self.check_waits(payment)


class TestPeople(OutcomeCase):
    def waiting(self, amount=1000):
        return self.decided(amount).with_user(self.clerk)

    def test_parts_of_invoices_of_several_customers(self):
        first, second = self.invoice(1000), self.invoice(500)
        third = self.invoice(700, self.other)
        payment = self.waiting(1300)
        payment._accept_shares({first.id: 400, second.id: 500, third.id: 400})
        self.assertEqual(payment.state, "partial")
        self.assertEqual(
            (first + second + third).mapped("amount_residual"), [600, 0, 300]
        )
        self.assertTrue(all(payment.counterpart_line_ids.mapped("reconciled")))
        self.assertEqual(
            {
                event.move_id: event.amount
                for event in self.events("payment.partial")
                if event.move_id in first + second + third
            },
            {first: 400, second: 500, third: 400},
        )
        payment.action_undo()
        self.check_waits(payment)
        self.assertEqual(
            (first + second + third).mapped("amount_residual"), [1000, 500, 700]
        )

    def test_a_part_and_the_rest_to_the_customers_credit(self):
        move = self.invoice(1000)
        payment = self.waiting(700)
        payment._accept_shares({move.id: 400})
        self.assertEqual(move.amount_residual, 600)
        self.assertEqual(
            sum(payment.counterpart_line_ids.mapped("amount_residual")), -300
        )

    def test_amounts_that_cannot_be(self):
        first, third = self.invoice(1000), self.invoice(700, self.other)
        cases = {
            "more than was paid": {first.id: 1000, third.id: 1},
            "more than is open": {third.id: 701, first.id: 299},
            "a rest of several customers": {first.id: 500, third.id: 400},
            "nothing": {first.id: 0},
            "no invoice": {},
        }
        payment = self.waiting()
        for name, amounts in cases.items():
            with self.subTest(name), self.assertRaises(UserError):
                payment._accept_shares(amounts)
        self.check_waits(payment)

    def test_an_invoice_cancelled_meanwhile(self):
        move = self.invoice(1000)
        payment = self.waiting()
        move.button_cancel()
        with self.assertRaises(UserError):
            payment._accept_shares({move.id: 1000})
        self.check_waits(payment)

    def test_another_companys_invoice_is_not_seen(self):
        other = self.setup_other_company(name="Elsewhere")
        move = self.init_invoice(
            "out_invoice", amounts=[1000], company=other["company"], post=True
        )
        payment = self.waiting()
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            payment._accept_shares({move.id: 1000})
        self.check_waits(payment.sudo())

    def test_assign(self):
        payment = self.waiting()
        payment._assign(self.customer)
        self.assertEqual(payment.state, "assigned")
        self.assertEqual(self.balance(self.receivable, self.customer), -1000)
        [event] = self.events("payment.assigned", partner_id=self.customer.id)
        self.assertEqual((event.actor, event.user_id), ("staff", self.clerk))
        payment._assign(self.other)
        self.assertEqual(self.balance(self.receivable, self.customer), 0)
        self.assertEqual(self.balance(self.receivable, self.other), -1000)

    def test_money_goes_to_the_company_behind_a_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Regnskap", "parent_id": self.other.id, "type": "contact"}
        )
        payment = self.waiting()
        payment._assign(contact)
        self.assertEqual(payment.counterpart_line_ids.partner_id, self.other)

    def test_a_customer_of_another_company_is_refused(self):
        other = self.setup_other_company(name="Elsewhere")
        foreign = self.env["res.partner"].create(
            {"name": "Foreign", "company_id": other["company"].id}
        )
        payment = self.waiting()
        with self.assertRaises(UserError):
            payment._assign(foreign)

    def test_park_and_take_up_again(self):
        payment = self.waiting()
        with self.assertRaises(UserError):
            payment._park("  ")
        payment._park("waits for the bank")
        self.assertEqual(payment.resolution, "parked")
        self.check_waits(payment)
        [event] = self.events("payment.parked", user_id=self.clerk.id)
        self.assertIn("waits for the bank", event.display_text)
        payment._unpark()
        self.assertFalse(payment.resolution)
        with self.assertRaises(UserError):
            payment._unpark()
        payment._park("once more")
        payment._accept_shares({self.invoice(1000).id: 1000})
        self.assertEqual((payment.state, payment.resolution), ("reconciled", False))

    def test_unparking_remembers_what_was_special(self):
        payment = self.decided(100, reasons=(Reason("reference_paid"),))
        self.assertEqual(payment.resolution, "already_paid")
        payment._park("call him")
        payment._unpark()
        self.assertEqual(payment.resolution, "already_paid")

    def test_what_is_decided_is_not_decided_again(self):
        move = self.invoice(1000)
        payment = self.decided(
            1000, outcome=RECONCILED, shares=(Share(move.id, 100000),)
        ).with_user(self.clerk)
        for name, args in (
            ("_accept_shares", [{move.id: 1000}]),
            ("_assign", [self.customer]),
            ("_park", ["x"]),
            ("_unpark", []),
            ("_refund", []),
        ):
            with self.subTest(name), self.assertRaises(UserError):
                getattr(payment, name)(*args)
        self.assertEqual(payment.state, "reconciled")

    def test_others_may_decide_nothing(self):
        move = self.invoice(1000)
        accountant = new_test_user(
            self.env, "outcome_accountant", groups="account.group_account_manager"
        )
        payment = self.decided(1000).with_user(accountant)
        for name, args in (
            ("_accept_shares", [{move.id: 1000}]),
            ("_assign", [self.customer]),
            ("_park", ["x"]),
            ("_unpark", []),
            ("_refund", []),
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(payment, name)(*args)

    def test_a_payment_that_waits_in_a_closed_period_is_decided(self):
        move = self.invoice(1000)
        payment = self.waiting()
        bank = self.balance(self.journal.default_account_id)
        # Odoo asks to settle what waits before it closes a period; a lock exception
        # or an import into a period locked later leaves such lines.
        self.env.cr.execute(
            "UPDATE res_company SET fiscalyear_lock_date = '2026-11-30' WHERE id = %s",
            [self.company.id],
        )
        self.company.invalidate_recordset()
        payment._accept_shares({move.id: 1000})
        self.assertEqual(move.payment_state, "paid")
        self.assertEqual(self.balance(self.journal.default_account_id), bank)
        self.assertEqual(self.balance(self.journal.suspense_account_id), 0)


class TestForeignCurrency(OutcomeCase):
    def test_a_write_off_and_a_split_in_euro(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "company_id": self.company.id,
                "name": "2026-09-01",
                "rate": 0.0871,
            }
        )
        journal = self.env["account.journal"].create(
            {
                "name": "Bank EUR",
                "code": "BEUR",
                "type": "bank",
                "company_id": self.company.id,
                "currency_id": euro.id,
                "bank_acc_number": "86011117947",
            }
        )
        moves = self.env["account.move"]
        for amount in (33.33, 66.67):
            moves |= self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "currency_id": euro.id,
                    "invoice_date": "2026-10-01",
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "x", "price_unit": amount, "tax_ids": []}
                        )
                    ],
                }
            )
        moves.action_post()
        content = self.camt(
            [self.payment("48213", 60)], account="86011117947", currency="EUR"
        ).replace(b'Ccy="NOK"', b'Ccy="EUR"')
        _file, payment = self.load(content, journal=journal)
        payment._accept_shares({moves[0].id: 33.33, moves[1].id: 26.67})
        self.assertEqual(moves[0].payment_state, "paid")
        self.assertEqual(moves[1].amount_residual, 40)
        items = payment.statement_line_id.move_id.line_ids
        self.assertAlmostEqual(sum(items.mapped("balance")), 0, places=2)
        payment.action_undo()
        self.assertEqual(moves.mapped("amount_residual"), [33.33, 66.67])
        payment._assign(self.customer)
        self.assertEqual(payment.counterpart_line_ids.amount_currency, -60)
