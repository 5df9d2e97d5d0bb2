"""What a visit to the page of an invoice says of the messages about it."""

from .common import DistributionCase


class TestSeenSignedIn(DistributionCase):
    def setUp(self):
        super().setUp()
        self.create_plan(("email", 0, "not_paid"), ("sms", 3, "not_opened"))
        with self.at(0):
            self.move, self.run_ = self.post()
            self.send()
        self.go_to(3)
        self.email, self.sms = self.attempts_of(self.move)

    def see(self):
        visit = (
            self.env["billing.link.visit"]
            .sudo()
            .create(
                {
                    "move_id": self.move.id,
                    "company_id": self.company.id,
                    "visited_at": "2026-11-26 12:00:00",
                    "verdict": "person",
                    "reason": "signed_in",
                }
            )
        )
        visit._tell()

    def test_who_sees_the_page_signed_in_opened_the_latest_message(self):
        self.see()
        self.assertEqual((self.email.state, self.sms.state), ("sent", "opened"))
        self.assertEqual(self.kinds(self.move).count("delivery.opened"), 1)
        self.see()
        self.assertEqual(self.kinds(self.move).count("delivery.opened"), 1)

    def test_also_when_somebody_else_gave_out_a_newer_link(self):
        self.env["billing.link"]._issue([{"move_id": self.move.id, "key": "elsewhere"}])
        self.see()
        self.assertEqual(self.sms.state, "opened")

    def test_a_message_that_never_arrived_was_not_what_brought_them(self):
        self.sms._apply("failed_hard", reason="No such number")
        self.see()
        self.assertEqual((self.email.state, self.sms.state), ("opened", "failed_hard"))
