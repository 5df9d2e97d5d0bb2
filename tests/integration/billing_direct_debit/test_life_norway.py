"""AvtaleGiro over months: the bank is silent unless money comes or mandates change."""

from ...builders.debit_banks import Nets, Order
from .life_common import DebitLife, day


class TestNorway(DebitLife):
    @classmethod
    def _settle_in(cls):
        cls.journal = cls.company_data["default_journal_bank"]
        cls.journal.bank_account_id = cls.env["res.partner.bank"].create(
            {"acc_number": "99991042764", "partner_id": cls.company.partner_id.id}
        )
        scheme = cls.env["billing.reference.scheme"].create(
            {"name": "KID 7+7", "company_id": cls.company.id}
        )
        cls.company_data["default_journal_sale"].write(
            {
                "invoice_reference_model": "kvitt",
                "billing_reference_scheme_id": scheme.id,
            }
        )
        cls.bank = Nets(cls.folder)
        cls.ola = cls.create_customer("Ola Nordmann", "ola@example.com")

    @classmethod
    def _agreement_values(cls):
        return {
            "name": "AvtaleGiro",
            "scheme": "avtalegiro",
            "account_number": "99991042764",
            "sender_number": "00131936",
            "kid_part_length": 7,
        }

    def signed_up(self, move, on):
        """Let the customer of an invoice agree in the bank; return the mandate."""
        self.read(on, self.bank.tell(on, mandates=[(move.payment_reference, 1)]))
        return self.mandates.search(
            [
                ("agreement_id", "=", self.agreement.id),
                ("partner_id", "=", move.commercial_partner_id.id),
            ]
        )

    def others_pay(self, on):
        """Let the bank's file of a day hold money, of somebody else."""
        move = self.bill(self.ola, on, on)
        order = Order("claim", on, 50000, reference=move.payment_reference)
        self.read(on, self.bank.tell(on, [order], kind="10"))
        self.assertIn(move.payment_state, ("paid", "in_payment"))

    def drawn(self, move):
        """What the bank is to draw for an invoice, among all it got by now."""
        return [
            (order.kind, order.day, order.amount)
            for order in self.orders
            if order.reference == move.payment_reference
        ]

    def live(self, *days):
        super().live(*days)
        self.orders = getattr(self, "orders", []) + self.bank.fetch()

    def order(self, move, nth=-1):
        return [
            order
            for order in self.orders
            if order.kind == "claim" and order.reference == move.payment_reference
        ][nth]

    def test_signed_up_told_drawn_paid(self):
        first = self.bill(self.kari, day("03-02"), day("03-30"))
        self.live(day("03-02"))
        self.assertFalse(self.of(first), "no mandate, no claim")
        mandate = self.signed_up(first, day("03-04"))
        self.assertEqual((mandate.state, mandate.active_from), ("active", day("03-04")))
        second = self.bill(self.kari, day("04-01"), day("04-30"))
        self.live(day("04-07"))
        self.assertFalse(self.of(first), "issued before the mandate")
        claim = self.of(second)
        self.assertEqual((claim.state, claim.date), ("planned", day("04-30")))
        self.assertTrue(self.is_held(second, day("04-07")))
        # Four bank days and some to spare before the last day of April.
        self.live(day("04-22"))
        self.assertEqual(self.drawn(second), [("claim", day("04-30"), 50000)])
        self.assertEqual(self.of(second).state, "delivered")
        # The same file is nobody's twice.
        self.live(day("04-22"), day("04-23"))
        self.assertEqual(len(self.drawn(second)), 1)
        self.read(day("04-30"), self.bank.tell(day("04-30"), [self.order(second)]))
        self.assertEqual(self.of(second).state, "paid")
        self.assertIn(second.payment_state, ("paid", "in_payment"))
        self.live(day("05-04"), day("05-15"))
        self.assertEqual(self.states(second), ["paid"])
        self.assertFalse(self.is_held(second, day("05-15")))
        self.assertLess(
            self.story(second, "debit.").index("debit.delivered"),
            self.story(second, "debit.").index("debit.paid"),
        )

    def test_no_money_then_drawn_again_and_paid(self):
        mandate = self.signed_up(
            self.bill(self.kari, day("03-02"), day("03-30")), day("03-04")
        )
        move = self.bill(self.kari, day("04-01"), day("04-30"))
        self.live(day("04-07"), day("04-22"))
        # Friday is a holiday: five bank days later is 8 May.
        self.live(day("05-08"))
        self.assertEqual(self.states(move), ["delivered"], "it may still come")
        self.assertTrue(self.is_held(move, day("05-08")))
        # A file of later days shows that the bank has told all there was to tell.
        self.others_pay(day("05-11"))
        self.live(day("05-12"), day("05-13"), day("05-15"))
        first, again = self.of(move)
        self.assertEqual((first.state, first.reason_code), ("failed", "not_paid"))
        self.assertEqual(first.followup, "retry")
        self.assertEqual(again.previous_id, first)
        self.assertTrue(self.counter.channels(), "the customer knows the next day")
        self.assertTrue(self.is_held(move, day("05-15")))
        calendar = self.company._bank_calendar()
        self.assertTrue(calendar.is_bank_day(again.date))
        self.live(calendar.add_bank_days(again.date, -6))
        self.assertEqual(len(self.drawn(move)), 2)
        self.read(again.date, self.bank.tell(again.date, [self.order(move)]))
        self.assertEqual(self.states(move), ["failed", "paid"])
        row = self.env["billing.debit.failure.report"].search(
            [("claim_id", "=", first.id)]
        )
        self.assertEqual((row.reason, row.done), ("not_paid", "retry_paid"))
        self.assertFalse(mandate.paused_on)

    def test_a_second_failure_asks_to_pay_otherwise(self):
        self.signed_up(self.bill(self.kari, day("03-02"), day("03-30")), day("03-04"))
        move = self.bill(self.kari, day("04-01"), day("04-30"))
        self.live(day("04-07"), day("04-22"))
        self.others_pay(day("05-11"))
        self.live(day("05-12"), day("05-13"), day("05-15"))
        again = self.of(move)[-1]
        calendar = self.company._bank_calendar()
        self.live(calendar.add_bank_days(again.date, -6))
        over = calendar.add_bank_days(again.date, 7)
        self.others_pay(over)
        self.counter.calls.clear()
        later = [calendar.add_bank_days(over, count) for count in (1, 2, 4, 6)]
        self.live(*later)
        self.assertEqual(self.states(move), ["failed", "failed"])
        self.assertTrue(self.counter.channels(), "asked to pay another way")
        self.assertFalse(self.is_held(move, later[-1]))
        self.assertEqual(len(self.drawn(move)), 2)
        row = self.env["billing.debit.failure.report"].search(
            [("claim_id", "=", self.of(move)[-1].id)]
        )
        self.assertEqual(row.done, "asked")

    def test_stopped_by_the_bank_and_paid_in_the_meantime(self):
        first = self.bill(self.kari, day("03-02"), day("03-30"))
        mandate = self.signed_up(first, day("03-04"))
        planned = self.bill(self.kari, day("04-01"), day("05-20"))
        sent = self.bill(self.kari, day("04-01"), day("04-30"))
        self.live(day("04-07"), day("04-22"))
        self.assertEqual(self.of(sent).state, "delivered")
        # The customer pays the one that is with the bank, by hand, in time.
        with self.at(day("04-24")):
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=sent.ids
            ).create({"payment_date": day("04-24")})._create_payments()
        self.live(day("04-24"), day("04-27"))
        self.assertIn(("cancel", day("04-30"), 50000), self.drawn(sent))
        self.assertEqual(self.of(sent).state, "cancelled")
        # And ends the mandate in the bank.
        self.read(
            day("04-28"),
            self.bank.tell(day("04-28"), mandates=[(first.payment_reference, 2)]),
        )
        self.assertEqual((mandate.state, mandate.ended_by), ("ended", "payer"))
        self.live(day("04-28"), day("05-12"))
        self.assertEqual(self.states(planned), ["cancelled"])
        self.assertFalse(self.drawn(planned))
        self.assertIn("no_mandate", self.why_not(planned))

    def why_not(self, move):
        return [obstacle.code for obstacle in move._billing_debit_obstacles()[move.id]]

    def test_a_mandate_nobody_knows_waits_for_somebody(self):
        self.read(day("03-04"), self.bank.tell(day("03-04"), mandates=[("7" * 15, 1)]))
        self.assertEqual(len(self.waiting()), 1)
        self.assertFalse(
            self.mandates.search([("agreement_id", "=", self.agreement.id)])
        )
