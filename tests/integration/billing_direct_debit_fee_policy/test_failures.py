"""What a debit that failed by no fault of the customer means for fees."""

from odoo.addons.billing_direct_debit.core import failure

from ..billing_direct_debit.failure_common import FailureCase


class TestFailures(FailureCase):
    def test_what_was_ours_or_the_bank_s_costs_no_fee(self):
        with self.at(0):
            claims = self.claims.union(*(self.sent_claim() for _nth in range(3)))
        ours, bank, payer = claims.sudo()
        for claim, reason in (
            (ours, failure.OURS),
            (bank, failure.BANK),
            (payer, failure.FUNDS),
        ):
            claim.write({"state": "failed", "reason_code": reason})
        moves = claims.move_id
        found = moves._billing_debit_failures()
        self.assertEqual(set(found), set((ours | bank).move_id.ids))
        self.assertIn("mistake of ours", found[ours.move_id.id])
        # While the plan deals with it nobody is charged, whoever's fault it was.
        ours._on_failed()
        self.assertEqual(moves._billing_blocked("fee"), ours.move_id)
        with self.assertQueryCount(2):
            moves._billing_debit_failures()

    def test_reminders_count_for_campaigns(self):
        kinds = self.env["billing.debit.campaign"]._reminder_kinds()
        self.assertIn("reminder.sent", kinds)
        self.assertIn("reminder.sent", self.env["billing.event"]._billing_event_kinds())
