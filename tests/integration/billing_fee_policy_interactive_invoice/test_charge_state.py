"""The first sentences of the page say what came on top of the invoice."""

from ..billing_fee_policy.charge_common import ChargeCase


class TestChargeState(ChargeCase):
    def text(self, move):
        section = move._billing_state_section()
        return " ".join(str(line) for line in section.values["lines"])

    def test_what_came_on_top_is_said(self):
        claim = self.overdue()
        self.assertNotIn("came on top", self.text(claim))
        self.book(claim)
        self.assertIn("Pay <span", self.text(claim))
        self.assertIn("1,287.00", self.text(claim))
        self.pay(claim)
        self.assertIn("are left to pay", self.text(claim))
        claim.billing_charge_ids._waive("Goodwill")
        self.assertNotIn("left to pay", self.text(claim))

    def test_fees_with_a_reference_of_their_own(self):
        self.company.billing_fee_reference = "own"
        claim = self.overdue()
        self.book(claim)
        self.assertIn("a reference number of their own", self.text(claim))
