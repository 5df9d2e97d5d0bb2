"""Fees in the books: documents of their own, booked once, apart from the invoice."""

from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.billing_fee_policy.core import kept, law
from odoo.addons.billing_fee_policy.core.charge import COMPENSATION

from .charge_common import DAY, DUE, ChargeCase


class TestCharge(ChargeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claim = cls.overdue()

    # === BOOKING === #

    def test_a_fee_stands_on_a_document_of_its_own(self):
        charge = self.book(self.claim, due=date(2026, 6, 16))
        document = charge.document_id
        self.assertRecordValues(
            document,
            [
                {
                    "move_type": "out_invoice",
                    "state": "posted",
                    "journal_id": self.company.billing_fee_journal_id.id,
                    "partner_id": self.kari.id,
                    "invoice_date": DAY,
                    "invoice_date_due": date(2026, 6, 16),
                    "amount_total": 38.0,
                    "amount_tax": 0.0,
                    "billing_claim_id": self.claim.id,
                    "payment_reference": self.claim.payment_reference,
                }
            ],
        )
        line = document.invoice_line_ids
        self.assertEqual(line.account_id, self.company.billing_fee_account_id)
        self.assertFalse(line.tax_ids)
        self.assertEqual(line.name, f"Reminder fee, invoice {self.claim.name}")
        self.assertEqual(self.claim.amount_residual, 1249.0)
        self.assertEqual(charge.state, "booked")
        self.assertEqual(charge.paragraph, "inkassoforskriften § 1-2")
        self.assertEqual(self.kinds(self.claim), ["charge.booked"])
        self.assertFalse(self.events.search([("move_id", "=", document.id)]))

    def test_the_same_thing_is_charged_once(self):
        vals = self.vals(self.claim)
        charge = self.charges._book([vals, dict(vals)])
        self.assertEqual(len(charge), 1)
        self.assertEqual(self.charges._book([vals]), charge)
        charge._waive("Goodwill")
        self.assertEqual(self.charges._book([vals]), charge)
        self.assertEqual(charge.state, "waived")

    def test_a_fee_with_a_reference_of_its_own(self):
        self.company.billing_fee_reference = "own"
        document = self.book(self.claim).document_id
        self.assertNotEqual(document.payment_reference, self.claim.payment_reference)
        self.assertEqual(document.billing_reference_scheme_id, self.scheme)

    def test_fees_and_compensation_do_not_stack(self):
        claim = self.overdue()
        fees = self.charges._book(
            [self.vals(claim, amount=38), self.vals(claim, amount=35)]
        )
        compensation = self.book(claim, COMPENSATION, 430)
        self.assertEqual(sum((fees + compensation).mapped("amount")), 430.0)
        self.assertFalse(self.book(claim, "fee", 113))
        self.assertFalse(self.book(claim, COMPENSATION, 460))
        self.assertEqual(claim._billing_compensation_claimed(), {claim.id})
        self.assertTrue(self.book(claim, "interest", 12))

    def test_what_a_reminder_charges_is_what_the_law_allowed(self):
        self.company.billing_interest_when = "both"
        claim = self.overdue(price=36500.0)
        self.book(claim, "fee", 38)
        rate = law.Rate("compensation", date(2026, 1, 1), Decimal(460))
        reasons = (law.Reason("compensation", "forsinkelsesrenteloven § 3 a"),)
        verdict = law.Verdict(True, Decimal(422), rate, reasons=reasons)
        reminder = (
            self.env["billing.reminder"]
            .sudo()
            .create(
                {
                    "key": "test",
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.kari.id,
                    "commercial_partner_id": self.kari.id,
                    "kind": "reminder",
                    "day": DAY,
                    "deadline": date(2026, 6, 16),
                    "line_ids": [
                        Command.create(
                            {
                                "move_id": claim.id,
                                "kind": "reminder",
                                "compensation_amount": 422.0,
                                "with_interest": True,
                                "verdict": {"compensation": kept.to_json(verdict)},
                            }
                        )
                    ],
                }
            )
        )
        vals_list = reminder.line_ids._billing_charge_vals()
        charges = self.charges._book(vals_list)
        self.assertEqual(self.charges._book(vals_list), charges)
        self.assertEqual(
            {charge.kind: charge.amount for charge in charges},
            # 460 less the fee; 12 % of 36 500 for 29 days.
            {"compensation": 422.0, "interest": 348.0},
        )
        compensation = charges.filtered(lambda charge: charge.kind == "compensation")
        self.assertEqual(compensation.due, date(2026, 6, 16))
        self.assertEqual(compensation.reminder_id, reminder)
        self.assertIn("§ 3 a", compensation.ground)
        self.assertEqual(compensation._to_addition().rate, rate)
        self.company.billing_interest_when = "payment"
        self.assertEqual(len(reminder.line_ids._billing_charge_vals()), 1)

    def test_what_comes_on_top_is_read_in_batch(self):
        claims = self.overdue(6)
        self.charges._book([self.vals(claim) for claim in claims])
        self.env.invalidate_all()
        claims[:2]._billing_additions()
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            additions = claims._billing_additions()
        self.assertEqual(set(additions), set(claims.ids))
        (addition,) = additions[claims[0].id]
        self.assertEqual((addition.amount, addition.open_amount), (38, 38))
        self.assertEqual(addition.reference, claims[0].payment_reference)
        self.assertEqual(claims[0].billing_charged_open, 38.0)
        self.assertEqual(claims[0].billing_total_open, 1287.0)

    def test_paying_is_noted_and_so_is_a_payment_that_goes(self):
        charge = self.book(self.claim)
        self.pay(charge.document_id)
        self.assertEqual((charge.state, charge.amount_open), ("paid", 0.0))
        charge.document_id.line_ids.remove_move_reconcile()
        self.assertEqual((charge.state, charge.amount_open), ("booked", 38.0))
        self.assertEqual(self.kinds(self.claim), ["charge.booked", "charge.paid"])

    # === WHERE IT STANDS === #

    def test_journal_and_accounts_are_made_once_and_chosen_ones_stay(self):
        account = self.company_data["default_account_revenue"]
        self.company.billing_fee_account_id = account
        self.company._billing_prepare_charges()
        journal = self.company.billing_fee_journal_id
        self.assertEqual(self.company.billing_fee_account_id, account)
        self.assertEqual(
            self.company.billing_interest_account_id.code,
            "8055",
        )
        self.company._billing_prepare_charges()
        self.assertEqual(self.company.billing_fee_journal_id, journal)

    def test_other_charts(self):
        """In companies of the database with a Swedish and with the generic chart."""
        companies = self.env["res.company"].sudo()
        for template, start in (("se", "8310"), ("generic_coa", "")):
            company = companies.search([("chart_template", "=", template)], limit=1)
            company.write(
                {
                    "billing_fee_journal_id": False,
                    "billing_fee_account_id": False,
                    "billing_interest_account_id": False,
                }
            )
            company._billing_prepare_charges()
            own = company.with_company(company)
            with self.subTest(chart=template):
                self.assertEqual(own.billing_fee_journal_id.company_id, company)
                fees = own.billing_fee_account_id
                self.assertEqual(fees.account_type, "income_other")
                self.assertFalse(fees.tax_ids)
                interest = own.billing_interest_account_id
                if start:
                    self.assertTrue(interest.code.startswith(start))
                else:
                    self.assertEqual(interest, fees)

    def test_a_company_without_chart_says_so(self):
        with self.assertRaisesRegex(UserError, "no chart of accounts"):
            self._other_company()._billing_prepare_charges()

    # === WHO MAY === #

    def test_documents_of_fees_are_not_changed_by_hand(self):
        charge = self.book(self.claim)
        with self.assertRaisesRegex(UserError, "not changed"):
            charge.document_id.button_draft()

    def test_staff_read_and_the_system_writes(self):
        charge = self.book(self.claim)
        own = charge.with_user(self.user)
        self.assertEqual(own.label, "Reminder fee")
        with self.assertRaises(AccessError):
            own.write({"state": "waived"})
        with self.assertRaises(AccessError):
            own.copy()
        portal = new_test_user(self.env, login="fee_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            charge.with_user(portal).read(["amount"])

    def test_fees_are_not_reminded_of(self):
        charge = self.book(self.claim, due=DUE)
        planner = self.env["billing.dunning.planner"].with_company(self.company)
        claims = planner._load_claims(self.company, date(2026, 7, 20), self.kari.ids)
        self.assertIn(self.claim.id, claims)
        self.assertNotIn(charge.document_id.id, claims)

    # === INTEREST === #

    def test_interest_to_the_day(self):
        claim = self.overdue(price=36500.0)
        self.pay(claim, 18250.0, date(2026, 5, 14))
        interest = claim._billing_interest(date(2026, 5, 24))[claim.id]
        # 12 % from 2026-01-01: ten days of all, the day of the payment among them,
        # and ten of half.
        self.assertEqual([p.amount for p in interest.periods], [120, 60])
        self.env["billing.charge"]._book(
            claim._billing_interest_vals(date(2026, 5, 14))
        )
        rest = claim._billing_interest(date(2026, 5, 24))[claim.id]
        self.assertEqual(rest.amount, 60)
        charge = claim.billing_charge_ids
        self.assertEqual(charge.amount, 120.0)
        self.assertEqual(
            (charge.date_from, charge.date_to), (date(2026, 5, 5), date(2026, 5, 14))
        )
        self.assertEqual(
            charge.document_id.invoice_line_ids.account_id,
            self.company.billing_interest_account_id,
        )
        # What was dropped is not charged again.
        charge._waive("Goodwill")
        self.assertEqual(
            claim._billing_interest(date(2026, 5, 24))[claim.id].amount, 60
        )

    def test_interest_takes_each_half_years_rate(self):
        claim = self.overdue(price=36500.0, due=date(2026, 6, 20))
        periods = claim._billing_interest(date(2026, 7, 10))[claim.id].periods
        self.assertEqual(
            [(p.days, p.rate, p.amount) for p in periods],
            [(10, 12, 120), (10, periods[1].rate, periods[1].amount)],
        )
        self.assertEqual(float(periods[1].rate), 12.25)
        self.assertEqual(float(periods[1].amount), 122.5)

    def test_what_was_credited_bears_no_interest(self):
        claim = self.overdue(price=36500.0)
        refund = claim._reverse_moves([{"invoice_date": date(2026, 5, 20)}])
        refund.invoice_line_ids.price_unit = 18250.0
        refund._post(soft=False)
        interest = claim._billing_interest(date(2026, 5, 14))[claim.id]
        self.assertEqual([p.amount for p in interest.periods], [60])

    def test_least_interest_and_interest_on_demand(self):
        claim = self.overdue(price=100.0)
        self.assertFalse(claim._billing_interest_vals(DAY))
        claim.action_billing_charge_interest()
        self.assertEqual(claim.billing_charge_ids.kind, "interest")
        with self.assertRaisesRegex(UserError, "no interest"):
            claim.action_billing_charge_interest()
        held = self.overdue()
        held._billing_place_hold("Meter")
        with self.assertRaisesRegex(UserError, "on hold"):
            held.action_billing_charge_interest()

    def test_closing_interest_of_what_was_paid_late(self):
        self.company.billing_interest_when = "payment"
        late, held, early = self.overdue(3, price=36500.0)
        self.pay(late, day=date(2026, 5, 14))
        self.pay(held, day=date(2026, 5, 14))
        self.pay(early, day=date(2026, 5, 3))
        held._billing_place_hold("Meter")
        charges = self.charges.with_company(self.company)
        paid = charges._find_paid_late(self.company)
        self.assertLessEqual({late, held, early}, set(paid.with_env(self.env)))
        charges._charge_closing(paid)
        charges._charge_closing(paid)
        self.assertEqual(late.billing_charge_ids.mapped("amount"), [120.0])
        self.assertFalse((held + early).billing_charge_ids)

    def test_interest_for_days_after_the_money_came_is_taken_back(self):
        early, late = self.overdue(2, price=36500.0)
        for claim in (early, late):
            self.book_interest(claim)
        charge = early.billing_charge_ids
        self.assertEqual(charge.amount, 348.0)
        # The bank tells of it after the reminder.
        self.pay(early, day=date(2026, 5, 14))
        self.pay(late, day=DAY)
        right = self.charges._correct_interest(early + late)
        self.assertEqual((charge.state, right.amount), ("reversed", 120.0))
        self.assertEqual(right.date_to, date(2026, 5, 14))
        self.assertEqual(late.billing_charge_ids.state, "booked")
        self.assertFalse(self.charges._correct_interest(early + late))
        before_due = self.overdue(price=36500.0)
        self.book_interest(before_due)
        self.pay(before_due, day=date(2026, 5, 4))
        self.assertFalse(self.charges._correct_interest(before_due))
        self.assertEqual(before_due.billing_charge_ids.state, "reversed")

    def book_interest(self, claim):
        return self.charges._book(claim._billing_interest_vals(DAY))

    def test_interest_is_read_in_batch(self):
        claims = self.overdue(5)
        claims[:1]._billing_interest(DAY)
        self.env.invalidate_all()
        with self.assertQueryCount(10):
            interests = claims._billing_interest(DAY)
        self.assertTrue(all(interest.amount for interest in interests.values()))

    def test_the_settings_make_what_is_missing(self):
        settings = self.env["res.config.settings"].create(
            {"company_id": self.company.id}
        )
        settings.action_billing_prepare_charges()
        self.assertTrue(self.company.billing_fee_journal_id)
