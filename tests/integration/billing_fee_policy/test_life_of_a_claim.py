"""From the due date to the last day of a claim, in Norway and in Sweden."""

import shutil
import tempfile
from datetime import date
from pathlib import Path
from unittest.mock import patch

from odoo import Command

from odoo.addons.billing_fee_policy.adapters.fake_agency import FakeAgency

from .life_common import LifeCase


class TestNorway(LifeCase):
    def test_reminded_noticed_and_paid_with_the_agency(self):
        agency = self.agency()
        claim = self.bill(self.kari)
        self.assertIsNone(self.live(claim, 0))
        self.assertIsNone(self.live(claim, 2), "a payment of the due day is on its way")
        self.assertEqual(self.live(claim, 3), ("soft", 0.0, 0.0, False))
        self.assertEqual(self.books(self.kari), (1249.0, 0.0, 0.0))
        self.assertIsNone(self.live(claim, 13))
        self.assertEqual(self.live(claim, 14), ("reminder", 38.0, 0.0, self.day(28)))
        self.assertEqual(self.books(self.kari), (1287.0, 38.0, 0.0))
        # The deadline is a Monday; what was paid on it shows on Wednesday.
        for day in (15, 28, 29, 30):
            self.assertIsNone(self.live(claim, day), day)
        # 1249 x 12 % x 31 / 365
        self.assertEqual(self.live(claim, 31), ("notice", 38.0, 12.73, self.day(45)))
        self.assertEqual(self.books(self.kari), (1337.73, 76.0, 12.73))
        self.assertEqual(len(self.messages(self.kari)), 3)
        # The deadline is a Thursday, so that Monday belongs to the customer.
        for day in (45, 46, 49):
            self.assertFalse(self.ready(day), day)
            self.assertIsNone(self.live(claim, day), day)
        self.assertEqual(self.ready(50), claim)
        case = self.hand_over(claim, 50)
        self.assertEqual((case.principal, case.added), (1249.0, 88.73))
        self.assertEqual(case.state, "accepted")
        for day in (51, 60, 120, 250):
            self.assertIsNone(self.live(claim, day), "others collect it now")
        FakeAgency(Path(agency.directory)).answer(
            "paid",
            [(case.key, "paid", "", case.reference, "1337.73")],
            self.company.with_context(billing_date=self.day(251))._billing_now(),
        )
        self.work(self.day(251))
        self.assertEqual(case.state, "paid")
        self.assertEqual(
            self.story(claim),
            [
                "reminder.sent",
                "charge.booked",
                "reminder.sent",
                "charge.booked",
                "charge.booked",
                "reminder.sent",
                "collection.approved",
                "collection.handed_over",
                "collection.accepted",
                "collection.paid",
            ],
        )

    def test_a_demand_of_our_own(self):
        self.policy.state = "retired"
        self.policies["no_demand"].state = "active"
        claim = self.bill(self.kari)
        self.assertEqual(self.live(claim, 3)[0], "soft")
        self.assertIsNone(self.live(claim, 13))
        self.assertEqual(self.live(claim, 14), ("notice", 38.0, 0.0, self.day(28)))
        self.assertIsNone(self.live(claim, 30))
        self.assertEqual(self.live(claim, 31), ("demand", 113.0, 12.73, self.day(45)))
        self.assertEqual(self.books(self.kari), (1412.73, 151.0, 12.73))
        self.assertEqual(self.ready(50), claim)

    def test_a_claim_that_is_paid_is_called_back(self):
        self.agency()
        claim = self.bill(self.kari)
        for day in (3, 14, 31):
            self.assertTrue(self.live(claim, day))
        case = self.hand_over(claim, 50)
        self.settle(claim, self.day(55))
        self.work(self.day(55))
        self.assertEqual(case.state, "recalled")
        self.assertEqual(self.story(claim, "collection.")[-1], "collection.recalled")
        # Fees and interest are owed still, and nobody is reminded of them.
        self.assertEqual(self.books(self.kari), (88.73, 76.0, 12.73))
        self.assertIsNone(self.live(claim, 80))

    def test_paid_on_the_last_day_and_seen_two_bank_days_later(self):
        claim = self.bill(self.kari)
        for day in (3, 14):
            self.live(claim, day)
        self.assertIsNone(self.live(claim, 29))
        self.settle(claim + self.charges(claim).document_id, self.day(28))
        for day in (30, 31, 32, 60):
            self.assertIsNone(self.live(claim, day))
        self.assertEqual(self.books(self.kari), (0.0, 38.0, 0.0))
        self.assertEqual(len(self.messages(self.kari)), 2)
        self.assertFalse(self.ready(60))

    def test_paid_in_part_and_a_payment_that_is_taken_back(self):
        part, bounced = self.bill(self.kari), self.bill(self.customer_of("Ola Li"))
        for day in (3, 14):
            self.work(self.day(day))
        self.settle(part, self.day(20), amount=500.0)
        payment = self.settle(bounced, self.day(20))
        # 20 days on 1249 and 11 on 749.
        self.assertEqual(self.live(part, 31), ("notice", 38.0, 10.92, self.day(45)))
        self.assertEqual(self.lines(part)[-1].principal, 749.0)
        self.assertEqual(len(self.lines(bounced)), 2)
        payment.action_cancel()
        # The money never came: 40 days, and no letter was left out or doubled.
        self.assertEqual(self.live(bounced, 40), ("notice", 38.0, 16.43, self.day(56)))
        self.assertEqual(len(self.lines(part)), 3)

    def test_after_six_months_a_fee_may_be_charged_again(self):
        self.policy.state = "draft"
        reminder = {"kind": "reminder", "wait_from": "deadline", "has_fee": True}
        self.policy.step_ids = [
            Command.clear(),
            *(
                Command.create({**reminder, "wait_days": wait, "sequence": nth})
                for nth, wait in enumerate((14, 0, 0, 160))
            ),
        ]
        self.policy.state = "active"
        claim = self.bill(self.kari)
        self.assertEqual(self.live(claim, 14)[:2], ("reminder", 38.0))
        # Sent on 5 March.
        self.assertEqual(self.live(claim, 31)[:2], ("reminder", 38.0))
        self.assertEqual(self.live(claim, 50)[:2], ("reminder", 0.0), "two are enough")
        # 160 days after 7 April: a week after the six months are over.
        self.assertIsNone(self.live(claim, date(2026, 9, 13)))
        self.assertEqual(self.live(claim, date(2026, 9, 14))[:2], ("reminder", 38.0))
        self.assertEqual(self.books(self.kari), (1363.0, 114.0, 0.0))

    def test_the_rate_of_the_day_of_sending(self):
        due = date(2025, 12, 1)
        claim = self.bill(self.kari, due=due)
        self.assertEqual(self.live(claim, date(2025, 12, 4))[0], "soft")
        self.assertEqual(
            self.live(claim, date(2025, 12, 15)),
            ("reminder", 35.0, 0.0, date(2025, 12, 29)),
        )
        self.assertIsNone(self.live(claim, date(2025, 12, 31)))
        # 30 days at 12.25 % and 2 at 12 %.
        self.assertEqual(
            self.live(claim, date(2026, 1, 2)),
            ("notice", 38.0, 13.40, date(2026, 1, 16)),
        )
        interest = self.charges(claim).filtered(lambda one: one.kind == "interest")
        self.assertEqual(
            [
                (period.start, period.end, float(period.rate))
                for period in interest._to_basis().periods
            ],
            [
                (date(2025, 12, 2), date(2025, 12, 31), 12.25),
                (date(2026, 1, 1), date(2026, 1, 2), 12.0),
            ],
        )
        self.assertEqual(self.books(self.kari), (1335.40, 73.0, 13.40))

    def test_past_the_review_nothing_with_a_fee_goes_out(self):
        claim = self.bill(self.kari, due=date(2026, 12, 14), amount=5000.0)
        self.assertEqual(self.live(claim, date(2026, 12, 17))[0], "soft")
        self.assertEqual(self.live(claim, date(2026, 12, 28))[:2], ("reminder", 38.0))
        self.assertIsNone(self.live(claim, date(2027, 1, 14)))
        self.assertIsNone(self.live(claim, date(2027, 2, 1)))
        self.env.ref("billing_fee_policy.law_no_1988").sudo().reviewed_through = date(
            2027, 6, 30
        )
        # No rate of interest of 2027 is known: 17 days of 2026 at 12.25 %.
        self.assertEqual(
            self.live(claim, date(2027, 2, 1)),
            ("notice", 38.0, 28.53, date(2027, 2, 15)),
        )

    def test_the_law_changes_on_the_way(self):
        """The act of 2026 leaves collection notices to agencies."""
        claim = self.bill(self.kari, due=date(2026, 12, 7))
        self.assertEqual(self.live(claim, date(2026, 12, 10))[0], "soft")
        self.assertEqual(self.live(claim, date(2026, 12, 21))[:2], ("reminder", 38.0))
        self.env.ref("billing_fee_policy.law_no_2026").sudo().write(
            {"in_force_from": date(2027, 1, 1), "reviewed_through": date(2027, 6, 30)}
        )
        for day in (date(2027, 1, 7), date(2027, 3, 1)):
            self.assertIsNone(self.live(claim, day))
        planner = self.env["billing.dunning.planner"]
        self.assertIn("§ 20", " ".join(planner._explain(claim, date(2027, 3, 1))))
        self.assertEqual(self.books(self.kari), (1287.0, 38.0, 0.0))

    def test_compensation_between_businesses_does_not_stack(self):
        self.policy.state = "draft"
        self.policy.step_ids.filtered(
            lambda step: step.kind == "notice"
        ).has_compensation = True
        self.policy.state = "active"
        company = self.customer_of("Fjell AS", is_company=True)
        firm, person = self.bill(company), self.bill(self.kari)
        for day in (3, 14, 31):
            self.work(self.day(day))
        self.assertEqual(
            [(one.kind, one.amount) for one in self.charges(firm)],
            [
                ("fee", 38.0),
                ("fee", 38.0),
                # What is left of 460 after the fees.
                ("compensation", 384.0),
                ("interest", 12.73),
            ],
        )
        self.assertEqual(
            self.charges(person).mapped("kind"), ["fee", "fee", "interest"]
        )
        self.assertEqual(self.books(company), (1721.73, 460.0, 12.73))

    def test_the_first_slip_is_forgiven_and_the_second_is_not(self):
        self.env.ref("billing_fee_policy.waiver_rule_loyal").sudo().active = True
        old = self.bill(self.kari, due=date(2023, 11, 1))
        self.settle(old, date(2023, 11, 1))
        first = self.bill(self.kari)
        self.live(first, 3)
        self.assertEqual(self.live(first, 14), ("reminder", 0.0, 0.0, self.day(28)))
        self.assertIn("waiver.granted", self.story(first))
        self.assertEqual(self.books(self.kari), (1249.0, 0.0, 0.0))
        self.assertIn("dropped", self.messages(self.kari)[-1].body_html.lower())
        self.settle(first, self.day(20))
        due = date(2026, 4, 20)
        second = self.bill(self.kari, due=due)
        self.live(second, self.day(3, due))
        self.assertEqual(self.live(second, self.day(14, due))[:2], ("reminder", 38.0))
        self.assertNotIn("waiver.granted", self.story(second))
        self.assertEqual(self.books(self.kari), (1287.0, 38.0, 0.0))

    def test_a_credit_note_comes_on_the_way(self):
        claim = self.bill(self.kari)
        for day in (3, 14):
            self.live(claim, day)
        credit = self.bill(self.kari, amount=249.0, move_type="out_refund")
        self.assertEqual(self.live(claim, 31)[:2], ("notice", 38.0))
        line = self.lines(claim)[-1]
        self.assertEqual((line.principal, line.credit), (1000.0, 249.0))
        # An agency gets what is owed and no more: staff settle the credit first.
        self.assertIn("cover a part", self.against(claim, 50))
        (claim + credit).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.assertFalse(self.against(claim, 50))
        rest = self.bill(self.kari, amount=1000.0, move_type="out_refund")
        self.assertFalse(self.ready(50), "nothing is left of it")
        self.assertIn("cover it", self.against(claim, 50))
        rest.button_draft()
        rest.button_cancel()
        self.assertEqual(self.ready(50), claim)

    def test_two_in_one_letter_of_which_one_is_paid(self):
        first, second = self.bill(self.kari), self.bill(self.kari)
        self.live(first, 3)
        self.assertEqual(len(self.messages(self.kari)), 1)
        self.assertEqual(self.live(first, 14)[:2], ("reminder", 38.0))
        # One letter has one fee.
        self.assertEqual(self.lines(second)[-1].fee_amount, 0.0)
        self.assertEqual(len(self.messages(self.kari)), 2)
        self.settle(first, self.day(20))
        self.assertEqual(self.live(second, 31), ("notice", 38.0, 12.73, self.day(45)))
        self.assertEqual(len(self.lines(first)), 2)
        self.assertEqual(self.books(self.kari), (1337.73, 76.0, 12.73))

    def test_what_was_approved_and_paid_before_it_went_out_costs_nothing(self):
        self.company.billing_reminder_approval = "approve"
        first, second = self.bill(self.kari), self.bill(self.kari)
        self.work(self.day(14))
        self.reminders.search(
            [("commercial_partner_id", "=", self.kari.id)]
        ).action_approve()
        self.settle(first, self.day(15))
        self.assertEqual(self.live(second, 15)[0], "soft")
        self.assertFalse(self.lines(first))
        self.assertEqual(self.books(self.kari), (1249.0, 0.0, 0.0))

    def test_every_job_twice_on_each_day(self):
        claim = self.bill(self.kari)
        self.live(claim, 3)
        for day, letters, books in (
            (14, 2, (1287.0, 38.0, 0.0)),
            (31, 3, (1337.73, 76.0, 12.73)),
        ):
            for _again in range(2):
                told = []
                self.env["ir.cron"].with_user(1)._billing_run(
                    self.day(day), told.append
                )
                self.assertIn("Billing: send reminders: done", told)
                self.assertFalse([line for line in told if "failed" in line])
                with self.subTest(day=day):
                    self.assertEqual(len(self.lines(claim)), letters)
                    self.assertEqual(len(self.messages(self.kari)), letters)
                    self.assertEqual(self.books(self.kari), books)

    # === HELPERS === #

    def against(self, claim, day):
        """What stands against handing a claim over."""
        claim = claim.with_context(billing_date=self.day(day))
        return " ".join(claim._billing_handover_obstacles()[claim.id])

    def agency(self):
        """An agency that fetches and answers by itself."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.startPatcher(
            patch.object(
                self.registry["account.move"],
                "_billing_own_pdfs",
                lambda moves: (
                    moves.env["ir.attachment"]
                    .sudo()
                    .create([{"name": "x.pdf", "raw": b"%PDF"} for _move in moves])
                ),
            )
        )
        return self.env["billing.collection.agency"].create(
            {
                "name": "Sanden Inkasso",
                "company_id": self.company.id,
                "contact": "22 00 00 00",
                "customer_number": "F-17",
                "directory": str(Path(folder) / "agency"),
                "is_tryout": True,
            }
        )

    def hand_over(self, claim, day):
        """Prepare, approve by somebody else, and let the jobs do the rest."""
        day = self.day(day)
        batches = self.env["billing.collection.batch"].with_context(billing_date=day)
        batch = batches.with_user(self.user)._prepare(claim.with_user(self.user))
        batch.with_user(self.manager).action_approve()
        self.work(day)
        return batch.sudo().case_ids


class TestSweden(LifeCase):
    """A Swedish company of the database, with its own chart."""

    shipped_policy = "se_standard"

    @classmethod
    def set_the_stage(cls):
        cls.company = (
            cls.env["res.company"]
            .sudo()
            .search([("chart_template", "=", "se")], limit=1)
        )
        cls.env.user.company_ids = [Command.link(cls.company.id)]
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.company = cls.company.with_env(cls.env)
        super().set_the_stage()
        # What others owe the company is no part of the test.
        cls.env.cr.execute(
            "UPDATE account_move SET invoice_date_due = '2030-01-01' "
            "WHERE company_id = %s",
            [cls.company.id],
        )

    def agree(self, partner, day):
        self.env["billing.law.agreement"].create(
            {
                "company_id": self.company.id,
                "partner_id": partner.id,
                "agreed_on": day,
                "clause": "Allmänna villkor 2025, punkt 7.3",
            }
        )

    def test_with_an_agreement_without_and_with_one_too_late(self):
        """Due on Friday 15 May 2026; the reference rate is known through June."""
        due = date(2026, 5, 15)
        self.company.billing_interest_when = "both"
        late = self.customer_of("Ola Svensson")
        none = self.customer_of("Per Persson")
        self.agree(self.kari, date(2026, 5, 1))
        self.agree(late, date(2026, 5, 2))
        claim, claim_late, claim_none = (
            self.bill(partner, due=due, amount=10000.0)
            for partner in (self.kari, late, none)
        )
        self.assertIsNone(self.live(claim, date(2026, 5, 19)))
        self.assertEqual(self.live(claim, date(2026, 5, 20))[0], "soft")
        self.assertIsNone(self.live(claim, date(2026, 5, 26)))
        # Ten days end on a Saturday, that is the National Day.
        self.assertEqual(
            self.live(claim, date(2026, 5, 27)),
            ("reminder", 60.0, 0.0, date(2026, 6, 8)),
        )
        self.assertEqual(self.books(self.kari), (10060.0, 60.0, 0.0))
        for other in (claim_late, claim_none):
            line = self.lines(other)[-1]
            self.assertEqual((line.kind, line.fee_amount), ("reminder", 0.0))
            self.assertIn("2 §", line.ground)
        self.assertEqual(self.books(late), (10000.0, 0.0, 0.0))
        self.assertIsNone(self.live(claim, date(2026, 6, 10)))
        # 10000 x 10 % x 27 / 365; nobody has to agree to this fee.
        self.assertEqual(
            self.live(claim, date(2026, 6, 11)),
            ("demand", 180.0, 73.97, date(2026, 6, 22)),
        )
        self.assertEqual(self.lines(claim_none)[-1].fee_amount, 180.0)
        self.assertEqual(self.books(self.kari), (10313.97, 240.0, 73.97))
        self.assertEqual(self.books(none), (10253.97, 180.0, 73.97))
        self.assertNotIn(claim, self.ready(date(2026, 6, 24)))
        self.assertIn(claim, self.ready(date(2026, 6, 25)))
        # The rate from July on is not known: 19 days more, whenever it is paid.
        self.settle(claim, date(2026, 8, 3))
        self.work(date(2026, 8, 4))
        self.work(date(2026, 8, 5))
        self.assertEqual(self.books(self.kari), (366.02, 240.0, 126.02))
        [_first, rest] = self.charges(claim).filtered(
            lambda charge: charge.kind == "interest"
        )
        self.assertEqual(
            (rest.date_from, rest.date_to), (date(2026, 6, 12), date(2026, 6, 30))
        )

    def test_businesses_owe_fees_or_compensation(self):
        self.policy.state = "draft"
        self.policy.step_ids.has_compensation = True
        self.policy.state = "active"
        firm = self.customer_of("Fjäll AB", is_company=True)
        agreed = self.customer_of("Älv AB", is_company=True)
        self.agree(agreed, date(2026, 1, 2))
        due = date(2026, 3, 2)
        first, second = self.bill(firm, due=due), self.bill(agreed, due=due)
        for day in (3, 14, 45):
            self.work(self.day(day, due))
        self.assertEqual(
            [
                [(c.kind, c.amount) for c in self.charges(move) if c.kind != "interest"]
                for move in (first, second)
            ],
            [[("compensation", 450.0)], [("compensation", 450.0)]],
        )
