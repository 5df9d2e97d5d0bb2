"""What a visit to the page of an invoice says of the messages about it."""

from datetime import datetime

from .common import DistributionCase


class OpenedCase(DistributionCase):
    """An invoice that went out by e-mail, and three days later by SMS."""

    def setUp(self):
        super().setUp()
        self.create_plan(("email", 0, "not_paid"), ("sms", 3, "not_opened"))
        with self.at(0):
            self.move, self.run_ = self.post()
            self.send()
        self.go_to(3)
        self.email, self.sms = self.attempts_of(self.move)

    def visit(self, verdict, reason, link=None):
        visits_sudo = self.env["billing.link.visit"].sudo()
        visits_sudo.create(
            {
                "move_id": self.move.id,
                "link_id": link and link.id,
                "company_id": self.company.id,
                "visited_at": "2026-11-26 12:00:00",
                "verdict": verdict,
                "reason": reason,
            }
        )._tell()


class TestLinks(OpenedCase):
    def test_each_message_has_a_link_of_its_own_that_tells_which_channel_worked(self):
        links = (self.email | self.sms).item_ids.link_id
        self.assertEqual(len(links), 2)
        self.assertNotEqual(*(link._url() for link in links))
        self.visit("person", "looked", self.email.item_ids.link_id)
        self.assertEqual((self.email.state, self.sms.state), ("opened", "sent"))
        self.assertEqual(self.email.opened_at, datetime(2026, 11, 26, 12))

    def test_a_machine_has_seen_nothing_and_is_shown_as_such(self):
        for _time in range(2):
            self.visit("machine", "scanner", self.email.item_ids.link_id)
        self.assertEqual(self.email.state, "sent")
        event = self.env["billing.event"].search(
            [("move_id", "=", self.move.id), ("kind", "=", "delivery.machine")]
        )
        self.assertEqual((event.channel, event.actor), ("email", "gateway"))
        self.assertEqual(event.payload["attempt_id"], self.email.id)

    def test_what_is_not_clear_counts_as_unseen(self):
        self.visit("unknown", "unclear", self.email.item_ids.link_id)
        self.assertEqual(self.email.state, "sent")


class TestSeenSignedIn(OpenedCase):
    def test_who_sees_the_page_signed_in_opened_the_latest_message(self):
        self.visit("person", "signed_in")
        self.assertEqual((self.email.state, self.sms.state), ("sent", "opened"))
        self.assertEqual(self.kinds(self.move).count("delivery.opened"), 1)
        self.visit("person", "signed_in")
        self.assertEqual(self.kinds(self.move).count("delivery.opened"), 1)

    def test_also_when_somebody_else_gave_out_a_newer_link(self):
        self.env["billing.link"]._issue([{"move_id": self.move.id, "key": "elsewhere"}])
        self.visit("person", "signed_in")
        self.assertEqual(self.sms.state, "opened")

    def test_a_message_that_never_arrived_was_not_what_brought_them(self):
        self.sms._apply("failed_hard", reason="No such number")
        self.visit("person", "signed_in")
        self.assertEqual((self.email.state, self.sms.state), ("opened", "failed_hard"))
