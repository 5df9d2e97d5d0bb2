"""What fees earned, counted from the books and told in words."""

from datetime import date, timedelta

from odoo.addons.billing_fee_policy.core import profit

from .charge_common import DAY, DUE, ChargeCase


class TestFeeReport(ChargeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["billing.fee.report"]
        cls.company.write(
            {
                "billing_fee_hour_cost": 600,
                "billing_fee_letter_minutes": 1,
                "billing_fee_conversation_minutes": 10,
                "billing_fee_churn_days": 90,
                "billing_fee_quiet_days": 60,
            }
        )

    def letter(self, moves, fee=38, day=DAY):
        """A reminder that was sent, with one fee on the first invoice."""
        reminder = (
            self.env["billing.reminder"]
            .sudo()
            .create(
                {
                    "company_id": self.company.id,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": moves[0].partner_id.id,
                    "commercial_partner_id": moves[0].commercial_partner_id.id,
                    "kind": "reminder",
                    "day": day,
                    "state": "sent",
                    "key": f"test:{moves.ids}:{day}",
                    "line_ids": [
                        (0, 0, {"move_id": move.id, "kind": "reminder"})
                        for move in moves
                    ],
                }
            )
        )
        line = reminder.line_ids[0]
        return self.charges._book(
            [self.vals(moves[0], amount=fee, day=day, reminder_line_id=line.id)]
        )

    def figures(self, on=DAY, **scope):
        self.env.flush_all()
        self.env.invalidate_all()
        report = self.report.with_context(billing_date=on)
        return report._figures(self.company.with_env(report.env), **scope)

    def review(self, on=DAY):
        self.env.flush_all()
        return (
            self.env["billing.fee.review"]
            .with_context(billing_date=on)
            .create(
                {
                    "company_id": self.company.id,
                    "date_from": DAY - timedelta(days=365),
                    "date_to": DAY + timedelta(days=30),
                }
            )
        )

    def test_what_was_charged_paid_and_dropped(self):
        firm = self._new_partner("Bakeri AS", is_company=True)
        ola = self._new_partner("Ola")
        self.letter(self.overdue(2))
        paid = self.letter(self.overdue(partner=firm))
        dropped = self.letter(self.overdue(partner=ola))
        self.book(self.overdue(partner=firm), "interest", 12)
        self.pay(paid.document_id)
        dropped._waive("Asked for it")
        found = self.figures()
        self.assertEqual(
            (found.fees, found.due, found.forgiven, found.paid, found.letters),
            (3, 114, 38, 38, 3),
        )
        self.assertEqual(found.unpaid, 38)
        self.assertEqual(self.figures(segment="business").paid, 38)
        self.assertEqual(self.figures(segment="person").paid, 0)
        self.assertEqual(self.figures(until=DAY - timedelta(days=1)), profit.Figures())
        rows = self.report.search([("company_id", "=", self.company.id)])
        self.assertEqual(len(rows), len(set(rows.ids)))
        self.assertEqual(sum(rows.mapped("charged")), 76)
        # Three minutes at 10 a minute.
        self.assertEqual(
            (sum(rows.mapped("minutes")), sum(rows.mapped("cost"))), (3, 30)
        )
        self.assertEqual(sum(rows.mapped("result")), 8)

    def test_what_was_taken_back_is_no_fee(self):
        self.letter(self.overdue())._reverse("By mistake")
        self.assertEqual(self.figures().fees, 0)

    def test_a_conversation_follows_a_fee(self):
        asked, silent, late = (
            self.overdue(partner=self._new_partner(name)) for name in "ABC"
        )
        for move in (asked, silent, late):
            self.letter(move)
        for move, days in ((asked, 2), (asked, 3), (late, 14)):
            move.message_post(
                body="Why?",
                author_id=move.partner_id.id,
                message_type="comment",
            ).date = DAY + timedelta(days=days)
        # What staff write is none.
        silent.message_post(body="Note", message_type="comment")
        found = self.figures()
        self.assertEqual((found.letters, found.conversations), (3, 1))

    def test_who_left(self):
        later = DAY + timedelta(days=90)
        stays, leaves, spared = (self._new_partner(name) for name in "ABC")
        for partner in (stays, leaves, spared):
            charge = self.letter(self.overdue(partner=partner))
        charge._waive("Loyal")
        for partner in (stays, spared):
            self.overdue(partner=partner, due=later)
        # A final invoice shortly after is no sign of staying.
        self.overdue(partner=leaves, due=DUE + timedelta(days=45))
        self.assertEqual(self.figures(later - timedelta(days=1)).payers, 0)
        found = self.figures(later)
        self.assertEqual(
            (found.payers, found.payers_lost, found.spared, found.spared_lost),
            (2, 1, 1, 0),
        )
        text = self.review(later).report
        self.assertIn("too few to conclude anything", text)
        self.assertIn("1 of 2: 50 %", text)

    def test_the_words(self):
        self.assertIn("No fee came due", self.review().report)
        review = self.review()
        prices = self.company._billing_fee_prices()
        judged = profit.judge(
            profit.Figures(fees=40, letters=40, conversations=40), prices
        )
        self.assertIn(
            "do not pay for themselves",
            review._conclusion(judged, profit.Figures(fees=40)),
        )
        for code, words in (
            (profit.EARLY, "It is too early to tell"),
            (profit.EARNS, "Fees are worth it"),
            (profit.COSTS_CUSTOMERS, "Fees cost more than they bring in"),
            (profit.UNSURE, "It cannot be told"),
            (profit.UNPRICED, "Say in the settings"),
            (profit.FEW, "Whether they cost customers cannot be told yet"),
        ):
            share = profit.wilson(3, 40)
            judged = profit.Judgement(
                code,
                100,
                share,
                share,
                profit.difference(share, share),
                -50,
                60,
                0.1,
                90,
            )
            figures = profit.Figures(fees=40, payers=40)
            self.assertIn(words, review._conclusion(judged, figures))
            notes = review._notes(judged, figures, prices)
            self.assertIn("3 had left", notes[0])
            self.assertEqual(len(notes), 4)

    def test_the_guides_beside_what_was_seen(self):
        review = self.review()
        self.company.billing_fee_customer_value = 1000
        prices = self.company._billing_fee_prices()
        for hits, words in (
            (0, "Far fewer of yours left."),
            (60, "Even more of yours left."),
        ):
            judged = profit.judge(
                profit.Figures(fees=60, payers=60, payers_lost=hits), prices
            )
            note = review._guide_note(judged, prices)
            self.assertIn("33.3 %", note)
            self.assertIn(words, note)
            self.assertIn("19,980.00", note)

    def test_shares_for_simulations(self):
        policy = self.env["billing.dunning.policy"].create(
            {"name": "Any", "company_id": self.company.id}
        )
        simulation = self.env["billing.fee.simulation"].new({"policy_a_id": policy.id})
        self.assertEqual(
            (simulation.paid_share, simulation.conversation_share), (100, 5)
        )
        self.assertEqual(simulation.date_from, date(2025, 6, 3))
