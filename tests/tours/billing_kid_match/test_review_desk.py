"""The review desk, worked with the keyboard alone."""

import pytest

from ..common import TourCase

DESK = "/odoo/action-billing_kid_match.billing_review_desk_action"


class DeskTourCase(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Everything waits for a person.
        cls.company.write(
            {
                "billing_match_repair": False,
                "billing_match_evidence": False,
                "billing_match_assign": False,
            }
        )
        cls.clerk = cls.new_user("tour_clerk", "billing_base.group_billing_user")

    @staticmethod
    def one_wrong_digit(reference):
        return reference[:4] + str((int(reference[4]) + 3) % 10) + reference[5:]


class TestReviewDesk(DeskTourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"].create(
            [
                {"name": name}
                for name in ("Søkt Kunde", "Dina Deler", "Kunde En", "Kunde To", "Tre")
            ]
        )
        cls.searched = cls.invoice(777, partners[0])
        cls.parts = cls.invoice(300, partners[1]) + cls.invoice(450, partners[1])
        cls.first, cls.second, cls.third = (
            cls.invoice(1100 + 10 * number, partner)
            for number, partner in enumerate(partners[2:])
        )
        cls.last = cls.invoice(1990, partners[4])

    def test_a_day_at_the_desk(self):
        wrong = self.one_wrong_digit
        waiting = [
            ("Anna Først", wrong(self.first.payment_reference), "", 1100),
            ("Berit Annen", wrong(self.second.payment_reference), "", 1110),
            ("Cecilie Ukjent", "", "takk for sist", 700),
            ("Dina Deler", "", "to regninger", 750),
            ("Eva Parker", "", "hva var dette", 13.37),
            ("Frida Masse", wrong(self.last.payment_reference), "", 1990),
        ]
        _file, payments = self.load(
            self.camt(
                *(
                    [
                        self.payment(
                            reference,
                            amount,
                            message=message,
                            name=name,
                            end=name,
                        )
                    ]
                    for name, reference, message, amount in waiting
                )
            )
        )
        by_name = {payment.payer_name: payment for payment in payments}
        self.start_tour(DESK, "billing_kid_match_review_desk", login="tour_clerk")
        self.env.invalidate_all()
        self.assertEqual(by_name["Anna Først"].invoice_ids, self.first)
        self.assertEqual(by_name["Berit Annen"].invoice_ids, self.second)
        self.assertEqual(by_name["Cecilie Ukjent"].invoice_ids, self.searched)
        self.assertEqual(by_name["Dina Deler"].invoice_ids, self.parts)
        self.assertEqual(by_name["Eva Parker"].resolution, "parked")
        self.assertEqual(by_name["Eva Parker"].park_note, "Ringer i morgen")
        self.assertEqual(by_name["Frida Masse"].invoice_ids, self.last)
        self.assertEqual(set(self.parts.mapped("payment_state")), {"paid"})
        undone = self.env["billing.event"].search_count(
            [("kind", "=", "payment.undone"), ("move_id", "=", self.first.id)]
        )
        self.assertEqual(undone, 1)


@pytest.mark.nightly
class TestLongList(DeskTourCase):
    def test_a_thousand_rows_in_one_page(self):
        _file, payments = self.load(
            self.camt(
                [
                    self.payment(
                        "", 10 + number, message="ukjent", name=f"Nr {number}",
                        end=str(number),
                    )
                    for number in range(1000)
                ]
            )
        )  # fmt: skip
        self.assertEqual(set(payments.mapped("state")), {"unmatched"})
        self.start_tour(DESK, "billing_kid_match_review_desk_long", login="tour_clerk")
