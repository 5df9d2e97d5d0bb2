"""«I have paid» looks among the payments that found no invoice."""

from datetime import date, timedelta

from odoo import SUPERUSER_ID

from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor

from tests.integration.billing_bank_file.common import BOOKED
from tests.integration.billing_kid_match.test_match import MatchCase, swap_digit

TODAY = BOOKED + timedelta(days=2)


class TestClaim(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What matching may do unseen at first: exact references.
        cls.company.write(
            {
                "billing_match_repair": False,
                "billing_match_evidence": False,
                "billing_match_assign": False,
            }
        )

    def claim(self, move=None, day=BOOKED, amount=None):
        move = move or self.target
        move_sudo = move.with_user(SUPERUSER_ID).with_context(
            billing_date=TODAY, lang="en_US"
        )
        self.said = move_sudo._billing_claim(
            Visitor("link", partner_id=move.commercial_partner_id.id),
            day,
            round((amount or move.amount_residual) * 100),
        )
        return (
            self.env["billing.request"]
            .sudo()
            .search([("move_id", "=", move.id)], limit=1)
        )

    def kinds(self, move=None):
        return (
            self.env["billing.event"]
            .search([("move_id", "=", (move or self.target).id)], order="id")
            .mapped("kind")
        )

    def test_what_matching_is_sure_of_by_now_is_booked(self):
        payment = self.pay(swap_digit(self.reference, 5))
        self.assertEqual(payment.state, "proposed")
        self.company.billing_match_repair = True
        request = self.claim()
        self.assertEqual(self.said, "Thank you. We have found your payment.")
        self.assertEqual(request.state, "done")
        self.assertEqual(payment.state, "reconciled")
        self.assertEqual(payment.invoice_ids, self.target)
        self.assertEqual(self.target.payment_state, "paid")
        self.assertIn("claim_paid.found", self.kinds())

    def test_a_customers_word_books_nothing(self):
        # Nobody's reference: money of whoever it may be, of just this amount.
        payment = self.pay("", name="Somebody Else")
        self.assertIn(payment.state, ("proposed", "unmatched"))
        request = self.claim()
        self.assertIn("We look for your payment", self.said)
        self.assertEqual(request.state, "waiting")
        self.assertEqual(request.payment_ids, payment)
        self.assertEqual(payment.state, "proposed")
        self.assertFalse(payment.invoice_ids)
        self.assertEqual(self.target.amount_residual, self.amount)
        candidate = payment.candidate_ids.filtered(
            lambda candidate: candidate.move_id == self.target
        )
        self.assertIn("the customer says they paid it on", candidate.reason_text)
        self.assertEqual(
            [kind for kind in self.kinds() if kind.startswith("claim_paid.")],
            ["claim_paid.reported", "claim_paid.proposed"],
        )
        # A person decides, and the customer is right after all.
        candidate.action_accept()
        self.assertEqual(self.target.payment_state, "paid")
        self.assertEqual(request.state, "done")

    def test_the_word_changes_no_probability(self):
        payment = self.pay(swap_digit(self.reference, 5))
        before = payment.candidate_ids.mapped(
            lambda candidate: (candidate.move_id, candidate.probability)
        )
        best = payment.best_candidate_id
        self.claim()
        after = payment.candidate_ids.mapped(
            lambda candidate: (candidate.move_id, candidate.probability)
        )
        self.assertEqual(after, before)
        self.assertEqual(payment.best_candidate_id, best)
        # Of an invoice matching did not think of, it is the last and least.
        other = self.invoices.filtered(
            lambda move: move.amount_residual == self.amount and move != self.target
        )
        self.claim(other)
        self.assertEqual(payment.best_candidate_id, best)
        last = payment.candidate_ids.sorted("sequence")[-1:]
        if other not in [move for move, _probability in before]:
            self.assertEqual((last.move_id, last.probability), (other, 0.0))

    def test_other_amounts_and_days_are_not_looked_at(self):
        self.pay("", amount=self.amount + 1)
        self.pay("")
        for day in (BOOKED - timedelta(days=11), date(2026, 9, 20)):
            request = self.claim(day=day)
            self.assertEqual(request.state, "active")
            self.assertFalse(request.payment_ids)
            request._close("done")

    def test_where_many_fit_the_amount_says_nothing(self):
        self.load(
            self.camt(
                *(
                    [self.payment("", self.amount, name=f"Nobody {n}", end=str(n))]
                    for n in range(21)
                ),
                message_id="MANY",
            )
        )
        request = self.claim()
        self.assertEqual(request.state, "active")
        self.assertFalse(request.payment_ids)

    def test_what_a_person_took_off_stays_with_people(self):
        payment = self.pay(self.reference)
        self.assertEqual(payment.state, "reconciled")
        payment.action_undo()
        request = self.claim()
        self.assertEqual(payment.state, "proposed")
        self.assertEqual(request.state, "waiting")
        self.assertEqual(self.target.amount_residual, self.amount)

    def test_payments_of_another_company_are_not_looked_at(self):
        payment = self.pay("", name="Somebody Else")
        self.env.cr.execute(
            "UPDATE billing_payment SET company_id = %s WHERE id = %s",
            [self._create_company(name="Elsewhere").id, payment.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.claim().state, "active")
