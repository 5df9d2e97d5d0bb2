"""Autogiro over months: the bank answers everything, with codes."""

from odoo import Command

from ...builders.debit_banks import Bankgirot
from .life_common import DebitLife, day

KEY = "1234567890ABCDEF1234567890ABCDEF"


class TestSweden(DebitLife):
    @classmethod
    def _settle_in(cls):
        cls.company = cls.env.ref("billing_demo.company_se").sudo()
        cls.env.user.company_ids = [Command.link(cls.company.id)]
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.company = cls.company.with_env(cls.env)
        cls.journal = cls.env.ref("billing_demo.journal_BG_se")
        cls.bank = Bankgirot(cls.folder, "990816", "9912346")
        cls.anna = cls.create_customer(
            "Anna Lund", "anna@example.org", country_id=cls.env.ref("base.se").id
        )

    @classmethod
    def _agreement_values(cls):
        return {
            "name": "Autogiro",
            "scheme": "autogiro",
            "bankgiro_number": "9912346",
            "customer_number": "990816",
            "seal_key_new": KEY,
            "has_page_signup": True,
            "has_bank_retries": True,
        }

    @property
    def orders(self):
        return self.__dict__.setdefault("_orders", [])

    def live(self, *days):
        super().live(*days)
        self.orders.extend(self.bank.fetch())

    def sign(self, on, account="9999000000000017", **more):
        """The customer signs on the page, as the page would note it."""
        with self.at(on):
            mandate, _is_new = self.mandates._sign(
                self.agreement,
                self.anna,
                origin="page",
                bank_account=account,
                payer_identity="189001019802",
                signer="Anna Lund",
                **more,
            )
            return mandate

    def signed_up(self, on, confirmed, **more):
        """Have the customer sign up, the bank told and its word come."""
        mandate = self.sign(on, **more)
        self.live(on)
        self.assertEqual(mandate.state, "sent")
        [order] = [
            one
            for one in self.orders
            if one.kind == "new" and one.number == mandate.payer_number
        ]
        self.assertEqual(order.identity, "189001019802")
        self.read(confirmed, self.bank.advise(confirmed, (order.number, "04", "32")))
        self.assertEqual(mandate.state, "active")
        return mandate

    def order(self, move):
        reference = self.of(move)[-1].reference
        return [
            one
            for one in self.orders
            if one.kind == "claim" and one.reference == reference
        ][-1]

    def drawn(self, issued, due, amount=500.0):
        """Issue an invoice and have its claim go to the bank; return both."""
        move = self.bill(self.anna, issued, due, amount)
        calendar = self.company._bank_calendar()
        # The customer is told some days before the last on which that is in time.
        early = (calendar.add_bank_days(due, -count) for count in (11, 10, 9, 3))
        self.live(*early)
        self.assertEqual(self.states(move), ["delivered"])
        order = self.order(move)
        self.assertEqual((order.day, order.amount), (due, round(amount * 100)))
        return move, order

    def test_signed_up_drawn_paid_and_taken_back(self):
        mandate = self.signed_up(day("03-02"), day("03-06"))
        move, order = self.drawn(day("04-01"), day("04-30"))
        self.assertEqual(order.number, mandate.payer_number)
        self.assertTrue(self.bank.files[-1].startswith(b"00"), "sealed")
        self.read(day("04-30"), self.bank.specify(day("04-30"), (order, "0")))
        self.assertEqual(self.states(move), ["paid"])
        self.assertIn(move.payment_state, ("paid", "in_payment"))
        self.live(day("05-04"))
        # Weeks later the customer takes it back: the invoice is owed again.
        self.read(day("05-20"), self.bank.give_back(day("05-20"), order))
        self.assertEqual(self.states(move), ["refunded"])
        self.assertEqual(move.amount_residual, 500.0)
        self.live(day("05-21"), day("05-26"))
        self.assertEqual(self.states(move), ["refunded"], "never drawn again by itself")

    def test_no_funds_drawn_again_then_asked_to_pay_otherwise(self):
        self.signed_up(day("03-02"), day("03-06"))
        move, order = self.drawn(day("04-01"), day("04-30"))
        self.read(day("04-30"), self.bank.specify(day("04-30"), (order, "1")))
        first = self.of(move)
        self.assertEqual((first.state, first.reason_code), ("failed", "funds"))
        self.live(day("05-04"), day("05-05"), day("05-06"))
        first, again = self.of(move)
        self.assertEqual(first.followup, "retry")
        self.assertTrue(self.mails(self.anna), "the customer knows the next day")
        calendar = self.company._bank_calendar()
        # Eight bank days of notice, for the second time as for the first.
        self.assertGreaterEqual(
            calendar.bank_days_between(again.told_on, again.date), 8
        )
        self.live(calendar.add_bank_days(again.date, -3))
        self.read(again.date, self.bank.specify(again.date, (self.order(move), "1")))
        self.counter.calls.clear()
        self.live(*(calendar.add_bank_days(again.date, count) for count in (1, 2, 4)))
        self.assertEqual(self.states(move), ["failed", "failed"])
        self.assertTrue(self.counter.channels(), "asked to pay another way")
        row = self.env["billing.debit.failure.report"].search(
            [("claim_id", "=", self.of(move)[-1].id)]
        )
        self.assertEqual((row.reason, row.done), ("funds", "asked"))

    def test_the_bank_tries_again_by_itself(self):
        self.signed_up(day("03-02"), day("03-06"))
        move, order = self.drawn(day("04-01"), day("04-28"))
        self.read(day("04-28"), self.bank.specify(day("04-28"), (order, "9")))
        self.assertEqual(self.states(move), ["bank_retry"])
        self.live(day("04-29"))
        self.assertTrue(self.is_held(move, day("04-29")))
        self.assertEqual(self.states(move), ["bank_retry"], "nobody draws it twice")
        self.read(day("04-30"), self.bank.specify(day("04-30"), (order, "0")))
        self.assertEqual(self.states(move), ["paid"])

    def test_each_code_and_what_is_done(self):
        self.signed_up(day("03-02"), day("03-06"))
        closed, order = self.drawn(day("04-01"), day("04-30"))
        self.read(day("04-30"), self.bank.specify(day("04-30"), (order, "2")))
        stopped, order = self.drawn(day("04-02"), day("05-04"))
        self.read(day("04-29"), self.bank.reject(day("04-29"), order, "03"))
        unknown, order = self.drawn(day("04-03"), day("05-05"))
        self.read(day("04-29"), self.bank.reject(day("04-29"), order, "01"))
        self.live(day("05-05"), day("05-06"), day("05-08"))
        self.assertEqual(
            {
                move: (self.of(move).state, self.of(move).reason_code)
                for move in (closed, stopped, unknown)
            },
            {
                closed: ("failed", "no_account"),
                stopped: ("rejected", "stopped"),
                unknown: ("rejected", "no_mandate"),
            },
        )
        for move in (closed, stopped, unknown):
            self.assertEqual(self.of(move).followup, "otherwise", move.name)
            self.assertFalse(self.is_held(move, day("05-08")))

    def test_another_account_and_then_the_end(self):
        old = self.signed_up(day("03-02"), day("03-06"))
        new = self.sign(day("04-01"), "9999000000000025", replaces=old)
        new.replaces_id = old
        self.assertNotEqual(new.payer_number, old.payer_number)
        self.live(day("04-01"))
        self.assertEqual(
            old.state, "active", "the old one works until the new one does"
        )
        self.read(
            day("04-07"), self.bank.advise(day("04-07"), (new.payer_number, "04", "32"))
        )
        self.assertEqual((old.state, new.state), ("ended", "active"))
        self.live(day("04-08"))
        self.assertIn(("end", old.payer_number), self.told())
        move, order = self.drawn(day("04-09"), day("05-12"))
        self.assertEqual(order.number, new.payer_number)
        self.read(day("05-12"), self.bank.specify(day("05-12"), (order, "0")))
        planned = self.bill(self.anna, day("05-13"), day("06-15"))
        self.live(day("05-13"))
        self.assertEqual(self.states(planned), ["planned"])
        with self.at(day("05-18")):
            new._end(by="payer")
        self.live(day("05-18"))
        self.assertIn(("end", new.payer_number), self.told())
        self.assertEqual(self.states(planned), ["cancelled"])
        self.assertEqual(self.states(move), ["paid"])

    def told(self):
        return [(order.kind, order.number) for order in self.orders]

    def test_a_new_mandate_is_refused(self):
        mandate = self.sign(day("03-02"))
        self.live(day("03-02"))
        self.read(
            day("03-05"),
            self.bank.advise(day("03-05"), (mandate.payer_number, "42", "05")),
        )
        self.assertEqual(mandate.state, "rejected")
        move = self.bill(self.anna, day("04-01"), day("04-30"))
        self.live(day("04-01"), day("04-27"))
        self.assertFalse(self.of(move))
