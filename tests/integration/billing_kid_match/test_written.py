"""Payers write what a payment is for wherever there is room, and as they please."""

from .test_evidence import EvidenceCase

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
STRANGER = {"name": "Per Ukjent", "account": "12345678903"}


class TestWritten(EvidenceCase):
    def paid_by_a_stranger(self, **values):
        """A payment of the invoice's amount that only what is written can place."""
        return self.pay_by(self.due.amount_residual, **{**STRANGER, **values})

    def assert_settles_the_invoice(self, payment):
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.due)

    def test_a_reference_in_any_position_of_the_message(self):
        key = self.due.payment_reference
        spaced = " ".join(key[at : at + 4] for at in range(0, len(key), 4))
        for message in (
            f"KID: {spaced}",
            f"strøm for november, kid {key} mvh Per",
            f"{spaced} strøm",
        ):
            with self.subTest(message):
                payment = self.paid_by_a_stranger(message=message)
                self.assert_settles_the_invoice(payment)
                payment.action_undo()

    def test_two_references_in_one_message(self):
        other = self.invoice(650.07, self.payer)
        keys = self.due.payment_reference, other.payment_reference
        payment = self.pay_by(
            1873.41 + 650.07, **STRANGER, message="KID {} og {}".format(*keys)
        )
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        self.assertEqual(payment.invoice_ids, self.due + other)

    def test_the_end_to_end_id_is_the_reference(self):
        payment = self.paid_by_a_stranger(end=self.due.payment_reference)
        self.assertEqual(payment.end_to_end_id, self.due.payment_reference)
        self.assert_settles_the_invoice(payment)

    def test_a_wrong_reference_beside_the_right_one_in_the_message(self):
        content = self.camt(
            [self.payment("99887766554", 1873.41, name=STRANGER["name"])],
            message_id="both",
        )
        message = f"<Ustrd>betaling KID {self.due.payment_reference}</Ustrd>"
        content = content.replace(b"<RmtInf>", f"<RmtInf>{message}".encode())
        payment = self.load(content)[1]
        self.assertEqual(payment.reference, "99887766554")
        self.assertIn("reference_in_text", self.codes(payment))
        self.assert_settles_the_invoice(payment)

    def test_letters_for_digits_as_copied_out_of_a_pdf(self):
        key = self.due.payment_reference
        for copied in (
            key.replace("0", "O"),
            key.replace("0", "O", 2).replace("1", "l"),
            key.translate(FULL_WIDTH),
        ):
            with self.subTest(copied):
                payment = self.load(
                    self.camt(
                        [self.payment(copied, 1873.41, name=STRANGER["name"])],
                        message_id=copied,
                    )
                )[1]
                self.assert_settles_the_invoice(payment)
                payment.action_undo()
            with self.subTest(f"message {copied}"):
                payment = self.paid_by_a_stranger(message=f"kid {copied}")
                self.assert_settles_the_invoice(payment)
                payment.action_undo()

    def test_the_customers_telephone_number(self):
        self.payer.phone = "+47 912 34 567"
        payment = self.paid_by_a_stranger(message="tlf 912 34 567")
        self.assertIn("phone_in_text", self.codes(payment))
        self.assert_settles_the_invoice(payment)

    def test_for_whom_it_is(self):
        self.assertEqual(self.due.partner_id.name, "Solveig Sørlivåg")
        for name, message in (
            ("Per Ukjent for Solveig Soerlivaag", ""),
            ("Per Ukjent", "gjelder Solveig Sørlivåg"),
            ("Per Ukjent c/o Solveig Sørlivåg", ""),
        ):
            with self.subTest(name=name, message=message):
                payment = self.paid_by_a_stranger(name=name, message=message)
                self.assertIn(payment.state, ("reconciled", "proposed"))
                self.assertEqual(
                    payment.candidate_ids[:1].move_id or payment.invoice_ids, self.due
                )
                if payment.state == "reconciled":
                    payment.action_undo()
