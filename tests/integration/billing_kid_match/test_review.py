"""What the review list offers first, and who may accept it."""

from .test_match import MatchCase


class TestBestCandidate(MatchCase):
    def test_likeliest_of_a_customers_invoices_comes_first(self):
        self.pay(self.reference)
        amount = self.invoices[8].amount_residual
        payment = self.pay(self.reference, amount, end="again")
        self.assertEqual(payment.state, "proposed")
        self.assertGreater(len(payment.candidate_ids), 1)
        self.assertEqual(payment.best_candidate_id.move_id, self.invoices[8])
        probabilities = payment.candidate_ids.mapped("probability")
        self.assertEqual(probabilities, sorted(probabilities, reverse=True))
