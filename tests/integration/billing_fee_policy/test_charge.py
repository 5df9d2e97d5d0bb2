"""Fees in the books: documents of their own, booked once, apart from the invoice."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

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
        for name, template in (("Fjordljus", "se"), ("Generic", "generic_coa")):
            company = self.env["res.company"].create(
                {
                    "name": f"{name} for fees",
                    "country_id": self.env.ref(
                        "base.se" if template == "se" else "base.us"
                    ).id,
                }
            )
            self.env["account.chart.template"].try_loading(
                template, company, install_demo=False
            )
            company._billing_prepare_charges()
            with self.subTest(chart=template):
                self.assertEqual(company.billing_fee_journal_id.company_id, company)
                self.assertEqual(
                    company.billing_fee_account_id.account_type, "income_other"
                )
                self.assertTrue(company.billing_interest_account_id)
                if template == "se":
                    self.assertEqual(
                        company.with_company(company).billing_interest_account_id.code[
                            :4
                        ],
                        "8310",
                    )

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
