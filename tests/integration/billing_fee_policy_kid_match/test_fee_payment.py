"""Payments of an invoice, of its fee, or of both find their documents."""

from datetime import date

from tests.integration.billing_kid_match.test_match import MatchCase


class TestFeePayment(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.charges = cls.env["billing.charge"]

    def charge(self, reference="claim", amount=38.0, kind="fee"):
        self.company.billing_fee_reference = reference
        return self.charges._book(
            [
                {
                    "key": f"test:{reference}:{kind}",
                    "kind": kind,
                    "move_id": self.target.id,
                    "amount": amount,
                    "day": date(2026, 11, 2),
                }
            ]
        )

    def assertPaid(self, payment, *documents):
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(set(payment.invoice_ids), set(documents))
        self.assertEqual(sum(d.amount_residual for d in documents), 0)

    def test_both_with_the_reference_of_the_invoice(self):
        charge = self.charge()
        self.assertEqual(charge.document_id.payment_reference, self.reference)
        payment = self.pay(self.reference, self.amount + 38)
        self.assertPaid(payment, self.target, charge.document_id)
        self.assertEqual(charge.state, "paid")

    def test_the_invoice_alone_and_then_the_fee(self):
        charge = self.charge()
        self.assertPaid(self.pay(self.reference), self.target)
        self.assertEqual((charge.state, charge.amount_open), ("booked", 38.0))
        self.assertPaid(self.pay(self.reference, 38.0), charge.document_id)
        self.assertEqual(charge.state, "paid")

    def test_the_fee_alone(self):
        charge = self.charge()
        self.assertPaid(self.pay(self.reference, 38.0), charge.document_id)
        self.assertEqual(self.target.amount_residual, self.amount)

    def test_fee_and_interest_and_invoice_at_once(self):
        fee, interest = self.charge(), self.charge(amount=12.34, kind="interest")
        self.assertPaid(
            self.pay(self.reference, self.amount + 50.34),
            self.target,
            fee.document_id,
            interest.document_id,
        )

    def test_each_with_its_own_reference(self):
        charge = self.charge("own")
        document = charge.document_id
        self.assertNotEqual(document.payment_reference, self.reference)
        self.assertPaid(self.pay(document.payment_reference, 38.0), document)
        self.assertPaid(self.pay(self.reference), self.target)

    def test_both_with_the_invoices_own_reference(self):
        charge = self.charge("own")
        payment = self.pay(self.reference, self.amount + 38, name=self.customer.name)
        self.assertPaid(payment, self.target, charge.document_id)

    def test_both_with_the_fees_own_reference(self):
        charge = self.charge("own")
        payment = self.pay(
            charge.document_id.payment_reference,
            self.amount + 38,
            name=self.customer.name,
        )
        self.assertPaid(payment, self.target, charge.document_id)

    def test_a_part_of_the_invoice_whose_fee_was_dropped(self):
        # What the reference alone leads to.
        self.company.write(
            {"billing_match_evidence": False, "billing_match_assign": False}
        )
        charge = self.charge()
        charge._waive("Goodwill")
        charge._restore()
        charge._waive("Goodwill")
        payment = self.pay(self.reference, 500.0)
        self.assertEqual(payment.state, "partial", payment.reason_text)
        self.assertEqual(self.target.amount_residual, self.amount - 500)

    def test_fees_are_the_laws(self):
        fees = self.env["billing.matcher"]._get_fees()[self.company.id]
        self.assertIn(3800, fees)
        self.assertIn(7600, fees)

    def test_interest_ends_when_the_bank_has_the_money(self):
        payment = self.pay(self.reference)
        entry = payment.statement_line_id.move_id
        self.assertEqual(
            entry._billing_received_days(), {entry.id: payment.booking_date}
        )
