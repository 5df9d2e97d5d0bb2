"""What the review list offers first, and who may accept it."""

from odoo.exceptions import UserError

from .test_match import ByReferenceCase, swap_digit


class TestBestCandidate(ByReferenceCase):
    def test_likeliest_of_a_customers_invoices_comes_first(self):
        self.pay(self.reference)
        amount = self.invoices[8].amount_residual
        payment = self.pay(self.reference, amount, end="again")
        self.assertEqual(payment.state, "proposed")
        self.assertGreater(len(payment.candidate_ids), 1)
        self.assertEqual(payment.best_candidate_id.move_id, self.invoices[8])
        probabilities = payment.candidate_ids.mapped("probability")
        self.assertEqual(probabilities, sorted(probabilities, reverse=True))


class TestAccept(ByReferenceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_match_repair = False

    def test_what_was_not_shown_is_not_accepted(self):
        self.pay(self.reference)
        payment = self.pay(self.reference, self.invoices[8].amount_residual, end="2")
        shown = payment.best_candidate_id
        shown.move_id.button_draft()
        shown.move_id.button_cancel()
        self.assertTrue(payment.best_candidate_id)
        self.assertNotEqual(payment.best_candidate_id, shown)
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            payment.with_context(billing_candidate=shown.id).action_accept()
        self.assertEqual(payment.state, "proposed")

    def test_a_second_click_is_told_that_it_is_decided(self):
        payment = self.pay(swap_digit(self.reference, 5))
        button = payment.with_context(billing_candidate=payment.best_candidate_id.id)
        button.action_accept()
        with self.assertRaisesRegex(UserError, "decided meanwhile"):
            button.action_accept()
        self.assertEqual(payment.invoice_ids, self.target)
        self.assertEqual(self.target.amount_residual, 0)


class TestUploadAgain(ByReferenceCase):
    def upload(self, content):
        attachment = self.env["ir.attachment"].create(
            {"name": "bank.xml", "raw": content}
        )
        return (
            self.env["billing.bank.file.upload"]
            .create({"attachment_ids": attachment.ids})
            .action_upload()
        )

    def test_somebody_who_uploads_a_file_again_is_told(self):
        content = self.camt([self.payment(self.reference, self.amount)])
        first = self.upload(content)
        again = self.upload(content)
        self.assertEqual(again["tag"], "display_notification")
        self.assertIn("bank.xml", again["params"]["message"])
        self.assertEqual(again["params"]["next"]["res_id"], first["res_id"])
