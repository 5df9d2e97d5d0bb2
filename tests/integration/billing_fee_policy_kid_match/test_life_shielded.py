"""A claim that may have been paid is not reminded of until somebody has decided."""

from datetime import date

from tests.integration.billing_fee_policy.life_common import Life
from tests.integration.billing_kid_match.test_shield import ShieldCase

#: The payment is booked on 2 November, 14 days later.
DUE = date(2026, 10, 19)


class TestShieldedLife(Life, ShieldCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_the_stage()
        cls.kari = cls.customer_of()
        cls.claim = cls.bill(cls.kari, due=DUE, amount=1249.0)

    def remind(self, day):
        return self.live(self.claim, self.day(day, DUE))

    def test_its_payment_in_review_keeps_everything_back(self):
        self.assertEqual(self.remind(3)[0], "soft")
        payment = self.damaged(self.claim)
        for day in (14, 15, 21):
            self.assertIsNone(self.remind(day), day)
        self.assertEqual(self.books(self.kari)[1:], (0.0, 0.0))
        # It was somebody else's: this customer gets as many days as anybody.
        payment._accept(self.invoices[8])
        self.assertEqual(self.remind(22), ("reminder", 38.0, 0.0, self.day(36, DUE)))
        self.assertEqual(self.books(self.kari), (1287.0, 38.0, 0.0))

    def test_the_payment_was_the_customers(self):
        self.remind(3)
        payment = self.damaged(self.claim)
        self.assertIsNone(self.remind(14))
        payment.action_accept()
        for day in (15, 31):
            self.assertIsNone(self.remind(day))
        self.assertEqual(self.books(self.kari), (0.0, 0.0, 0.0))
        self.assertEqual(len(self.messages(self.kari)), 1)

    def test_a_reminder_that_waits_to_go_out_is_stopped(self):
        self.remind(3)
        self.company.billing_reminder_approval = "approve"
        self.assertIsNone(self.remind(14))
        letter = self.reminders.search(
            [("commercial_partner_id", "=", self.kari.id), ("state", "=", "prepared")]
        )
        self.assertEqual((letter.kind, letter.charged), ("reminder", 38.0))
        self.damaged(self.claim)
        letter.action_approve()
        self.assertIsNone(self.remind(15))
        self.assertEqual(letter.state, "cancelled")
        self.assertEqual(self.books(self.kari), (1249.0, 0.0, 0.0))
