"""What the page says of a debit that failed."""

from datetime import date

from odoo.addons.billing_direct_debit.core import failure

from ..billing_direct_debit.failure_common import DUE, FailureCase


class TestFailureWords(FailureCase):
    def lines(self, move):
        section = move.sudo()._billing_state_section()
        return [str(line) for line in section.values["lines"]]

    def test_each_state_of_a_debit_is_told_with_the_state_of_the_invoice(self):
        with self.at(0):
            claim = self.sent_claim()
            move = claim.move_id
            [line] = self.lines(move)
            self.assertIn("nothing you have to do", line)
        with self.at(self.morning(DUE)):
            self.bank_says(claim, failure.BANK_WILL_RETRY, "bank_retry")
            first, second = self.lines(move)
            self.assertIn("could not draw", first)
            self.assertIn("The bank tries again", second)
            self.bank_says(claim, failure.FUNDS)
            first, second = self.lines(move)
            self.assertIn("not enough on the account", first)
            self.assertIn("pay it yourself", second)
            claim._note_followup("otherwise", failure.FUNDS)
            self.assertEqual(self.lines(move), [first])
        with self.at(self.morning(date(2026, 12, 8))):
            self.assertEqual(self.lines(move)[0], first)
            self.assertIn("Please pay it now", self.lines(move)[1])
            again = move._billing_draw(previous=claim).sudo()
            lines = self.lines(move)
            self.assertIn("is drawn again on", lines[1])
            self.assertFalse([line for line in lines if "nothing you have" in line])
            again._cancel("asked")
            self.assertIn("is not drawn from your account", self.lines(move)[0])

    def test_one_place_says_it(self):
        with self.at(self.morning(DUE)):
            claim = self.sent_claim()
            self.bank_says(claim, failure.NO_ACCOUNT)
            cards = claim.move_id._billing_ordered_customer_cards()[claim.move_id.id]
        self.assertNotIn("debit_state", [card.code for card in cards])
