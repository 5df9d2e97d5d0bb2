from ..common import TourCase


class TestReview(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Nothing is booked unseen, so that both payments wait for a person.
        cls.company.billing_match_repair = False
        cls.clerk = cls.new_user("tour_clerk", "billing_base.group_billing_user")
        cls.by_mouse = cls.invoice(1000)
        cls.by_key = cls.invoice(2000)

    @staticmethod
    def one_wrong_digit(reference):
        return reference[:4] + str((int(reference[4]) + 3) % 10) + reference[5:]

    def test_upload_accept_and_undo(self):
        self.serve(
            "/billing_kid_match/tour/bank.xml",
            self.camt(
                [
                    self.payment(
                        self.one_wrong_digit(move.payment_reference),
                        move.amount_total,
                        name=name,
                        end=name,
                    )
                    for name, move in (
                        ("Åse Mus", self.by_mouse),
                        ("Åse Tast", self.by_key),
                    )
                ]
            ),
        )
        self.start_tour(
            "/odoo/action-billing_bank_file.billing_bank_file_action",
            "billing_kid_match_review",
            login="tour_clerk",
        )
        payments = self.files.search([("name", "=", "bank.xml")]).payment_ids
        mouse, key = payments.sorted("position")

        self.assertEqual(mouse.state, "reconciled")
        self.assertEqual(mouse.invoice_ids, self.by_mouse)
        self.assertEqual(self.by_mouse.payment_state, "paid")
        self.assertTrue(mouse.statement_line_id.is_reconciled)

        self.assertEqual(key.state, "proposed")
        self.assertFalse(key.invoice_ids)
        self.assertEqual(key.candidate_ids[:1].move_id, self.by_key)
        self.assertEqual(self.by_key.payment_state, "not_paid")
        self.assertFalse(key.statement_line_id.is_reconciled)
        self.assertEqual(key.undone_by_id, self.clerk)

        events = self.env["billing.event"].search(
            [("move_id", "=", self.by_key.id), ("kind", "=like", "payment.%")],
            order="id",
        )
        self.assertEqual(
            events.mapped("kind"), ["payment.reconciled", "payment.undone"] * 2
        )
        self.assertEqual(set(events.mapped("actor")), {"staff"})
