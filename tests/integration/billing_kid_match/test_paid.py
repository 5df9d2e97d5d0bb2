"""What is paid already: registered before, paid twice, kept for the next invoice."""

from unittest.mock import patch

from odoo.exceptions import UserError

from odoo.addons.billing_bank_file.core.decision import (
    ASSIGNED,
    PROPOSED,
    RECONCILED,
    UNMATCHED,
    Candidate,
    Decision,
    Reason,
    Share,
)

from tests.integration.billing_kid_match.test_match import MatchCase


class PaidCase(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receivable = cls.company_data["default_account_receivable"]

    def told(self, item, *amounts, reference="48213"):
        """Import payments and let the engine say ``item`` of each."""
        number = self.payments.search_count([])

        def decide(_matcher, payment_ids):
            return [
                Decision(
                    payment_id,
                    item.outcome,
                    item.shares,
                    item.probability,
                    item.reasons,
                    item.candidates,
                    item.partner_id,
                    item.write_off,
                )
                for payment_id in payment_ids
            ]

        content = self.camt(
            [
                self.payment(reference, amount, end=f"{number}-{at}")
                for at, amount in enumerate(amounts)
            ],
            message_id=f"P{number}",
        )
        with patch.object(type(self.env["billing.matcher"]), "_decide", decide):
            _file, payments = self.load(content)
        self.assertFalse(any(payments.mapped("error")), payments.mapped("error"))
        return payments

    def paid_twice(self, *amounts, candidates=()):
        return self.told(
            Decision(
                0,
                UNMATCHED,
                reasons=(Reason("reference_paid", (("reference", "48213"),)),),
                candidates=candidates,
                partner_id=self.customer.id,
            ),
            *amounts,
        )

    def paid_twice_by(self, customers, amount):
        """Import one file in which each customer pays what is paid."""
        number = self.payments.search_count([])
        owners = iter(customers)

        def decide(_matcher, payment_ids):
            reasons = (Reason("reference_paid", (("reference", "48213"),)),)
            return [
                Decision(
                    payment_id, UNMATCHED, reasons=reasons, partner_id=next(owners).id
                )
                for payment_id in payment_ids
            ]

        content = self.camt(
            [
                self.payment("48213", amount, end=f"{number}-{at}")
                for at in range(len(customers))
            ],
            message_id=f"R{number}",
        )
        with patch.object(type(self.env["billing.matcher"]), "_decide", decide):
            _file, payments = self.load(content)
        self.assertFalse(any(payments.mapped("error")), payments.mapped("error"))
        return payments

    def balance(self, account, partner):
        self.env.flush_all()
        [[total]] = self.env["account.move.line"]._read_group(
            [
                ("account_id", "=", account.id),
                ("partner_id", "=", partner.id),
                ("parent_state", "=", "posted"),
            ],
            [],
            ["balance:sum"],
        )
        return round(total or 0.0, 2)


class TestPaidPolicy(PaidCase):
    def test_review(self):
        payment = self.paid_twice(700)
        self.assertEqual(payment.state, "unmatched")
        self.assertEqual(payment.resolution, "already_paid")
        self.assertEqual(payment.partner_id, self.customer)

    def test_next(self):
        self.company.billing_match_paid_policy = "next"
        payment = self.paid_twice(700)
        self.assertEqual(
            (payment.state, payment.resolution), ("assigned", "already_paid")
        )
        self.assertFalse(payment.refund_id)

    def test_refund(self):
        self.company.billing_match_paid_policy = "refund"
        payment = self.paid_twice(700)
        self.assertEqual((payment.state, payment.resolution), ("assigned", "refund"))
        self.assertEqual(payment.refund_id.state, "draft")
        [event] = self.env["billing.event"].search(
            [("kind", "=", "payment.refund_proposed")]
        )
        self.assertEqual(event.actor, "system")

    def refunds_of(self, count, known=True):
        """Decide a file of payments of what is paid, each of another customer.

        :param known: whether the customers have the account they pay from
        :return: (the payments, queries for their refunds)
        """
        customers = self.env["res.partner"].create(
            [{"name": f"Kunde {number}"} for number in range(count)]
        )
        if known:
            self.env["res.partner.bank"].create(
                [
                    {"acc_number": "1503.51.49098", "partner_id": customer.id}
                    for customer in customers
                ]
            )
        cost = []
        propose = type(self.payments)._propose_refunds_by_rule

        def counted(payments):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            propose(payments)
            self.env.flush_all()
            cost.append(self.env.cr.sql_log_count - before)

        with patch.object(type(self.payments), "_propose_refunds_by_rule", counted):
            payments = self.paid_twice_by(customers, 70)
        return payments, sum(cost)

    def test_refunds_of_a_batch_cost_the_same_whatever_its_size(self):
        self.company.billing_match_paid_policy = "refund"
        self.refunds_of(3)
        _payments, few = self.refunds_of(5)
        _payments, many = self.refunds_of(40)
        self.assertEqual(few, many)
        # Odoo looks for the twin of each new account, and logs that it is new.
        payments, new = self.refunds_of(40, known=False)
        self.assertLessEqual(new, few + 2 * 40 + 2)
        self.assertEqual(set(payments.mapped("resolution")), {"refund"})
        self.assertEqual(len(payments.refund_id), 40)
        for payment in payments:
            refund = payment.refund_id
            self.assertEqual(refund.partner_id, payment.partner_id)
            self.assertEqual(refund.amount, 70)
            self.assertEqual(refund.partner_bank_id.partner_id, payment.partner_id)
            self.assertEqual(refund.partner_bank_id.acc_number, payment.payer_account)
            self.assertFalse(refund.partner_bank_id.allow_out_payment)

    def test_a_refund_that_odoo_refuses_stops_no_other(self):
        self.company.billing_match_paid_policy = "refund"
        create = type(self.env["account.payment"]).create

        def refuse(model, vals_list):
            if any(vals["amount"] == 500 for vals in vals_list):
                raise UserError("no")
            return create(model, vals_list)

        with patch.object(type(self.env["account.payment"]), "create", refuse):
            payments = self.paid_twice(700, 500, 300)
        self.assertEqual(
            payments.mapped("resolution"), ["refund", "already_paid", "refund"]
        )
        self.assertEqual(set(payments.mapped("state")), {"assigned"})

    def test_a_customer_who_is_not_certain_waits(self):
        self.company.billing_match_paid_policy = "next"
        payment = self.told(
            Decision(0, UNMATCHED, reasons=(Reason("reference_paid"),)), 700
        )
        self.assertEqual(payment.state, "unmatched")

    def test_money_that_may_be_for_an_open_invoice_waits(self):
        self.company.billing_match_paid_policy = "next"
        candidate = Candidate(self.target.id, self.customer.id, 0.6, 70000, "", -1)
        payment = self.paid_twice(700, candidates=(candidate,))
        self.assertEqual(payment.state, "unmatched")

    def test_a_second_payment_of_a_paid_invoice(self):
        self.company.billing_match_paid_policy = "next"
        self.pay(self.reference)
        payment = self.pay(self.reference, end="again")
        self.assertEqual(self.target.payment_state, "paid")
        self.assertIn(payment.state, ("assigned", "proposed", "unmatched"))
        self.assertIn(payment.resolution, ("already_paid", "duplicate"))
        self.assertFalse(payment.invoice_ids)


class TestNextInvoice(PaidCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_match_paid_policy = "next"

    def test_credit_is_set_against_the_next_invoice(self):
        payment = self.paid_twice(700)
        move = self.invoice(1000)
        self.assertEqual(move.amount_residual, 300)
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, move)
        [event] = self.env["billing.event"].search(
            [("kind", "=", "payment.credit_used"), ("move_id", "=", move.id)]
        )
        self.assertEqual((event.amount, event.actor), (700, "system"))
        payment.action_undo()
        self.assertEqual(move.amount_residual, 1000)

    def test_what_is_left_waits_for_the_one_after(self):
        payment = self.paid_twice(700)
        first = self.invoice(400)
        self.assertEqual((first.payment_state, payment.state), ("paid", "assigned"))
        second = self.invoice(400)
        self.assertEqual((second.amount_residual, payment.state), (100, "reconciled"))

    def test_other_customers_and_other_credit_stay_as_they_are(self):
        payment = self.paid_twice(700)
        unsure = self.told(Decision(0, ASSIGNED, partner_id=self.other.id), 500)
        self.assertEqual(self.invoice(400, self.other).amount_residual, 400)
        self.assertEqual((payment + unsure).mapped("state"), ["assigned"] * 2)

    def test_not_without_the_rule(self):
        payment = self.paid_twice(700)
        self.company.billing_match_paid_policy = "review"
        self.assertEqual(self.invoice(400).amount_residual, 400)
        self.assertEqual(payment.state, "assigned")

    def test_many_at_once_with_constant_queries(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Kunde {number}"} for number in range(24)]
        )

        def queries(partners):
            payments = self.paid_twice_by(partners, 100)
            self.assertEqual(set(payments.mapped("state")), {"assigned"})
            with patch.object(type(self.target), "_billing_use_credits"):
                moves = self.open_invoices(*((100, partner) for partner in partners))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            moves._billing_use_credits()
            self.env.flush_all()
            count = self.env.cr.sql_log_count - before
            self.assertEqual(set(moves.mapped("payment_state")), {"paid"})
            return count

        queries(customers[:4])
        few, many = queries(customers[4:8]), queries(customers[8:])
        # Who works in which company is looked up once, by either of them.
        self.assertAlmostEqual(few, many, delta=2)


class TestKnownPayments(PaidCase):
    """Both set-ups: with an outstanding account, and without any entry."""

    def register(self, moves, amount=None, without_entry=False, **values):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=moves.ids
        )
        values = {"payment_date": "2026-10-30", "journal_id": self.journal.id, **values}
        if amount:
            values["amount"] = amount
        if without_entry:
            # As with Odoo's accounting app, which leaves entries to the bank.
            self.journal.inbound_payment_method_line_ids.payment_account_id = False
            self.startPatcher(
                patch.object(
                    type(self.env["account.move"]),
                    "_get_invoice_in_payment_state",
                    lambda _self: "in_payment",
                )
            )
        payments = wizard.create(values)._create_payments()
        # The bank reports on another day, in another transaction.
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(bool(payments.move_id), not without_entry)
        return payments

    def test_the_bank_confirms_a_registered_payment(self):
        known = self.register(self.target)
        self.assertEqual(self.target.payment_state, "paid")
        self.assertFalse(known.is_matched)
        payment = self.pay(self.reference)
        self.assertEqual((payment.state, payment.resolution), ("reconciled", "known"))
        self.assertTrue(known.is_matched)
        self.assertEqual(known.state, "paid")
        self.assertEqual(payment.invoice_ids, self.target)
        self.assertEqual(
            payment.counterpart_line_ids.account_id, known.outstanding_account_id
        )
        self.assertTrue(payment.counterpart_line_ids.reconciled)
        self.assertEqual(self.balance(known.outstanding_account_id, self.customer), 0)
        [event] = self.env["billing.event"].search(
            [("kind", "=", "payment.confirmed"), ("move_id", "=", self.target.id)]
        )
        self.assertFalse(event.customer_visible)

    def test_undo_leaves_the_registered_payment(self):
        known = self.register(self.target)
        payment = self.pay(self.reference)
        payment.action_undo()
        self.assertIn(payment.state, ("proposed", "unmatched"))
        self.assertFalse(payment.counterpart_line_ids)
        self.assertFalse(known.is_matched)
        self.assertEqual(self.target.payment_state, "paid")

    def test_undo_in_a_closed_period(self):
        known = self.register(self.target)
        payment = self.pay(self.reference)
        self.company.fiscalyear_lock_date = "2026-11-30"
        payment.action_undo()
        self.assertFalse(payment.counterpart_line_ids)
        self.assertFalse(known.is_matched)
        self.assertFalse(payment.statement_line_id.is_reconciled)

    def test_a_third_payment_is_one_too_many(self):
        self.register(self.target)
        self.pay(self.reference)
        payment = self.pay(self.reference, end="again")
        self.assertNotEqual(payment.state, "reconciled")
        self.assertFalse(payment.invoice_ids)

    def test_two_in_one_file(self):
        self.register(self.target)
        _file, payments = self.load(
            self.camt(
                [self.payment(self.reference, self.amount, end=end) for end in "12"]
            )
        )
        self.assertEqual(payments.mapped("state").count("reconciled"), 1)

    def test_another_amount_is_another_payment(self):
        known = self.register(self.target)
        payment = self.pay(self.reference, self.amount + 1)
        self.assertNotEqual(payment.state, "reconciled")
        self.assertFalse(known.is_matched)

    def test_one_registered_payment_for_two_invoices(self):
        moves = self.invoices[0] + self.invoices[2]
        total = sum(moves.mapped("amount_residual"))
        known = self.register(moves, group_payment=True)
        self.assertEqual(len(known), 1)
        payment = self.pay(moves[0].payment_reference, total)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, moves)
        self.assertTrue(known.is_matched)

    def test_one_payment_from_the_bank_for_several_registered(self):
        moves = self.invoices[0] + self.invoices[1] + self.invoices[2]
        known = self.env["account.payment"]
        for move in moves:
            known |= self.register(move)
        payment = self.told(Decision(0, UNMATCHED), sum(known.mapped("amount")))
        payment._accept_shares({item.move_id.id: item.amount for item in known})
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(known.mapped("is_matched"), [True] * 3)
        self.assertEqual(payment.invoice_ids, moves)
        payment.action_undo()
        self.assertEqual(known.mapped("is_matched"), [False] * 3)

    def test_without_an_entry_the_invoice_itself_is_settled(self):
        known = self.register(self.target, without_entry=True)
        self.assertEqual(known.state, "in_process")
        self.assertEqual(self.target.amount_residual, self.amount)
        payment = self.pay(self.reference)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(self.target.amount_residual, 0)
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(known.state, "paid")
        payment.action_undo()
        self.assertEqual(self.target.amount_residual, self.amount)
        self.assertEqual(known.state, "in_process")

    def test_without_an_entry_for_two_invoices(self):
        moves = self.invoices[0] + self.invoices[2]
        total = sum(moves.mapped("amount_residual"))
        known = self.register(moves, without_entry=True, group_payment=True)
        payment = self.pay(moves[0].payment_reference, total)
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(moves.mapped("amount_residual"), [0, 0])
        self.assertEqual(known.state, "paid")

    def test_found_by_the_customer(self):
        known = self.register(self.target)
        payment = self.told(
            Decision(0, UNMATCHED, partner_id=self.customer.id), self.amount
        )
        self.assertEqual(payment.state, "reconciled")
        self.assertTrue(known.is_matched)

    def test_never_in_another_journal(self):
        cash = self.company_data["default_journal_cash"]
        known = self.register(self.target, journal_id=cash.id)
        payment = self.pay(self.reference)
        self.assertNotEqual(payment.state, "reconciled")
        self.assertFalse(known.is_matched)

    def test_a_card_payment_is_not_what_a_transfer_reports(self):
        known = self.register(self.target)
        known.payment_method_id.code = "card"
        self.env.flush_all()
        payment = self.pay(self.reference)
        self.assertNotEqual(payment.state, "reconciled")
        self.assertFalse(known.is_matched)

    def test_a_card_payment_is_found_by_the_providers_reference(self):
        known = self.register(self.target)
        known.payment_method_id.code = "card"
        known.payment_reference = "7788990011223"
        self.env.flush_all()
        [found] = self.env["billing.known.payment"]._find(
            [
                (
                    5,
                    self.company.id,
                    self.company.currency_id.id,
                    round(self.amount * 100),
                    ("7788990011223",),
                    known.date,
                )
            ]
        )[5]
        self.assertEqual(found.payment_id, known.id)
        self.assertTrue(found.is_named)

    def test_two_of_the_same_make_both_doubtful(self):
        first, second = (
            self.env["account.payment"].create(
                {
                    "payment_type": "inbound",
                    "partner_id": self.customer.id,
                    "amount": 321,
                    "journal_id": self.journal.id,
                    "date": "2026-10-30",
                }
            )
            for _number in range(2)
        )
        (first + second).action_post()
        payment = self.told(Decision(0, PROPOSED, partner_id=self.customer.id), 321)
        self.assertEqual(payment.state, "proposed")


class TestTolerance(PaidCase):
    def test_the_company_sets_account_and_limit(self):
        account = self.company_data["default_account_expense"]
        item = Decision(
            0,
            RECONCILED,
            (Share(self.target.id, round(self.amount * 100)),),
            write_off=150,
        )
        payment = self.told(item, self.amount - 1.5)
        self.assertIn(payment.state, ("proposed", "unmatched"))
        self.assertIn("cannot be written off", payment.reason_text)
        self.company.write(
            {
                "billing_match_tolerance": 2,
                "billing_match_tolerance_account_id": account.id,
            }
        )
        payment = self.told(item, self.amount - 1.5)
        self.assertEqual(
            (payment.state, payment.resolution), ("reconciled", "written_off")
        )
        self.assertEqual(self.target.payment_state, "paid")
