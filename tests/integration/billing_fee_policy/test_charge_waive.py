"""Dropped and charged again: the books are as before, to the cent."""

from datetime import date
from random import Random

from odoo import Command
from odoo.exceptions import UserError

from .charge_common import DAY, ChargeCase


class TestChargeWaive(ChargeCase):
    # === THE BOOKS === #

    def test_waiver_then_undo_restores_the_books_to_the_cent(self):
        """Many charges of all kinds, unpaid, part-paid and paid, in two currencies."""
        random = Random(1981)
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {
                    "name": day,
                    "company_rate": rate,
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                }
                for day, rate in (("2026-01-01", 0.0871), ("2026-06-05", 0.0913))
            ]
        )
        claims = self.overdue(4) + self.overdue(2, currency_id=euro.id)
        vals_list = []
        for claim in claims:
            for kind in ("fee", "interest"):
                amount = random.choice((35, 38, 113, random.randint(1, 99999) / 100))
                vals_list.append(self.vals(claim, kind, amount))
        charges = self.charges._book(vals_list)
        for charge in charges:
            part = random.choice((0, 0, 1 / 3, 0.999, 1, 1))
            amount = charge.currency_id.round(charge.amount * part)
            if amount:
                self.pay(charge.document_id, amount)
        before = self.snapshot(charges)
        books = self.books()
        # Another day, with another rate of the euro.
        later = charges.with_context(billing_date=date(2026, 6, 20))
        later._waive("Goodwill", {"rule": 1})
        self.assertEqual(set(charges.mapped("state")), {"waived"})
        income = (
            self.company.billing_fee_account_id
            | self.company.billing_interest_account_id
        )
        self.assertFalse(
            [row for row in self.books() if row[0] in income.ids],
            "nothing of what was dropped is income",
        )
        self.assertFalse(any(charges.mapped("amount_open")))
        later._restore()
        self.assertEqual(self.snapshot(charges), before)
        self.assertEqual(self.books(), books)

    def snapshot(self, charges):
        """All that a person sees of charges and their documents."""
        self.env.invalidate_all()
        return [
            (
                charge.id,
                charge.state,
                charge.amount,
                charge.amount_open,
                charge.document_id.amount_residual,
                charge.document_id.amount_residual_signed,
                charge.document_id.payment_state,
                charge.move_id.amount_residual,
                charge.waive_reason,
                charge.decision,
            )
            for charge in charges
        ]

    def test_what_was_paid_stays_the_customers_credit(self):
        claim = self.overdue()
        charge = self.book(claim)
        self.pay(charge.document_id, 20.0)
        charge._waive("Goodwill")
        credit = charge.credit_id
        self.assertEqual(credit.move_type, "out_refund")
        self.assertEqual(credit.amount_residual, 20.0)
        self.assertEqual(credit.billing_claim_id, claim)
        self.assertFalse(credit.activity_ids)
        self.assertEqual(self.kinds(claim), ["charge.booked", "charge.waived"])
        self.env.flush_all()
        planner = self.env["billing.dunning.planner"].with_company(self.company)
        credits = planner._load_credits(self.company, self.kari.ids)
        self.assertEqual(credits[self.kari.id, charge.currency_id.id], 20)

    def test_what_was_paid_is_paid_back(self):
        self.company.billing_fee_paid_waiver = "refund"
        paid, open_one = (self.book(claim) for claim in self.overdue(2))
        self.pay(paid.document_id)
        (paid + open_one)._waive("Goodwill")
        self.assertEqual(
            paid.credit_id.activity_ids.summary, "Pay back a fee that was dropped"
        )
        self.assertFalse(open_one.credit_id.activity_ids)

    def test_a_credit_that_was_used_is_not_charged_again(self):
        claim, other = self.overdue(2)
        charge = self.book(claim)
        self.pay(charge.document_id)
        charge._waive("Goodwill")
        lines = (charge.credit_id + other).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        lines.reconcile()
        with self.assertRaisesRegex(UserError, "has been used"):
            charge._restore()
        self.assertEqual(charge.state, "waived")

    def test_what_was_dropped_does_not_come_back_beside_its_like(self):
        claim = self.overdue(price=36500.0)
        fee = self.book(claim)
        fee._waive("Goodwill")
        compensation = self.book(claim, "compensation", 430)
        self.assertEqual(compensation.amount, 430.0)
        with self.assertRaisesRegex(UserError, "beside Compensation"):
            fee._restore()
        compensation._waive("Goodwill")
        fee._restore()
        interest = self.charges._book(claim._billing_interest_vals(DAY))
        interest._reverse("Wrong")
        self.charges._book(claim._billing_interest_vals(date(2026, 5, 20)))
        with self.assertRaisesRegex(UserError, "beside Late interest"):
            interest._restore()

    def test_what_is_dropped_is_not_dropped_again(self):
        charge = self.book(self.overdue())
        with self.assertRaisesRegex(UserError, "was not dropped"):
            charge._restore()
        charge._waive("Goodwill")
        with self.assertRaisesRegex(UserError, "already"):
            charge._waive("Goodwill")
        charge.with_user(self.user).action_restore()
        self.assertEqual(charge.state, "booked")
        self.assertEqual(
            self.kinds(charge.move_id),
            ["charge.booked", "charge.waived", "charge.restored"],
        )

    # === WHAT BECOMES OF THE INVOICE === #

    def test_of_an_invoice_that_is_credited_no_fee_is_owed(self):
        claim = self.overdue()
        charge = self.book(claim)
        claim._reverse_moves([{"invoice_date": DAY}], cancel=True)
        self.assertEqual(claim.payment_state, "reversed")
        self.assertEqual(charge.state, "reversed")
        self.assertEqual(charge.document_id.amount_residual, 0.0)

    def test_of_an_invoice_that_is_credited_in_part_it_is(self):
        claim = self.overdue()
        charge = self.book(claim)
        refund = claim._reverse_moves([{"invoice_date": DAY}])
        refund.invoice_line_ids.price_unit = 100.0
        refund._post(soft=False)
        self.assertEqual(charge.state, "booked")

    def test_of_an_invoice_that_is_cancelled_no_fee_is_owed(self):
        claim = self.overdue()
        charge = self.book(claim)
        claim.button_draft()
        claim.button_cancel()
        self.assertEqual(charge.state, "reversed")

    def test_a_document_that_somebody_credits_is_noted(self):
        charge = self.book(self.overdue())
        refund = charge.document_id._reverse_moves(
            [{"invoice_date": DAY, "ref": "By hand"}], cancel=True
        )
        self.assertRecordValues(
            charge,
            [{"state": "reversed", "credit_id": refund.id, "waive_reason": "By hand"}],
        )
        other = self.book(self.overdue())
        part = other.document_id._reverse_moves([{"invoice_date": DAY}])
        part.write(
            {
                "invoice_line_ids": [
                    Command.update(part.invoice_line_ids.id, {"price_unit": 10.0})
                ]
            }
        )
        part._post(soft=False)
        self.assertEqual(other.state, "booked")
