"""What comes back of e-mails, through Odoo's own mail gateway."""

from lxml import etree

from odoo.addons.billing_dynamic_distribution.core import state

from ...mail_server import automatic_answer, complaint, delivery_report
from .email_common import KARI, EmailCase


class TestStories(EmailCase):
    """E-mail goes on as SMS, counted where messages arrive."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email_sms_letter()

    def test_an_email_not_opened_in_three_days_goes_on_as_sms(self):
        move, _email = self.post_and_send()
        self.go_to(2.9)
        self.assertEqual((self.mailbox.counts(), self.counter.calls), ({KARI: 1}, []))
        self.go_to(3)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.channels(), ["sms"])
        self.go_to(5)
        self.assertEqual(self.counter.channels(), ["sms", "letter"])
        self.go_to(60)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.channels(), ["sms", "letter"])

    def test_a_bounced_email_goes_on_at_once(self):
        move, email = self.post_and_send()
        self.assertEqual(self.counter.calls, [])
        with self.at(0.05):
            self.receive(delivery_report(self.mailbox.received[0]))
            self.send()
        self.assertEqual(email.state, state.FAILED_HARD)
        self.assertEqual(self.counter.channels(), ["sms"])
        self.go_to(0.1)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.channels(), ["sms"])

    def test_a_customer_whose_address_bounced_gets_the_next_invoice_by_sms(self):
        self.post_and_send()
        with self.at(1):
            self.receive(delivery_report(self.mailbox.received[0]))
            self.send()
        self.assertEqual(self.counter.channels(), ["sms"])
        with self.at(2):
            self.post()
            self.send()
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.channels(), ["sms", "sms"])

    def test_an_opened_email_that_bounces_late_stays_opened(self):
        _move, email = self.post_and_send()
        email._apply(state.OPENED)
        self.receive(delivery_report(self.mailbox.received[0]))
        self.assertEqual(email.state, state.OPENED)
        self.go_to(10)
        self.assertEqual(self.counter.calls, [])


class TestReports(EmailCase):
    """Reports of mail servers and mailboxes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_plan(("email", 0, "not_paid"))

    def report(self, **values):
        move, attempt = self.post_and_send()
        [mail] = self.mailbox.received
        with self.at(0.05):
            self.receive(delivery_report(mail, **values))
        return attempt

    def test_settings_say_where_reports_go_or_that_they_reach_nobody(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        self.assertEqual(
            settings.create({}).billing_bounce_email, "bounce@fjordlys.example"
        )
        arch = etree.fromstring(settings.get_view(view_type="form")["arch"])
        [setting] = arch.xpath("//setting[@id='billing_bounces']")
        [warning] = setting.xpath(".//div[@role='alert']")
        self.assertEqual(warning.get("invisible"), "billing_bounce_email")
        [button] = warning.xpath(".//button")
        action = self.env["ir.actions.act_window"].browse(int(button.get("name")))
        self.assertEqual(action.res_model, "res.config.settings")
        self.company.alias_domain_id = False
        self.assertFalse(settings.create({}).billing_bounce_email)

    def test_the_message_came_back(self):
        attempt = self.report()
        self.assertEqual(attempt.state, state.FAILED_HARD)
        self.assertEqual(attempt.failure_code, "5.1.1")
        self.assertIn("User unknown", attempt.failure_reason)
        self.assertEqual(self.point().state, "blocked")
        self.assertIn("delivery.bounced", self.kinds(attempt.item_ids.move_id))

    def test_odoo_shows_it_as_bounced_too(self):
        for original in ("message", "envelope"):
            self.mailbox.forget()
            before = self.kari.message_bounce
            attempt = self.report(original=original)
            notification = attempt.mail_message_id.notification_ids
            self.assertEqual(notification.notification_status, "bounce")
            self.assertEqual(self.kari.message_bounce, before + 1)
            self.point()._unblock()

    def test_its_headers_came_back(self):
        self.assertEqual(self.report(original="headers").state, state.FAILED_HARD)

    def test_only_the_envelope_id_came_back(self):
        attempt = self.report(original="envelope", recipient="other@else.example")
        self.assertEqual(attempt.state, state.FAILED_HARD)

    def test_nothing_but_the_address_came_back(self):
        self.assertEqual(self.report(original="nothing").state, state.FAILED_HARD)

    def test_a_tagged_return_address_tells(self):
        self.company.billing_email_tagged_return = True
        attempt = self.report(original="nothing", recipient="other@else.example")
        self.assertEqual(attempt.state, state.FAILED_HARD)

    def test_nothing_is_guessed_about_others(self):
        attempt = self.report(original="nothing", recipient="other@else.example")
        self.assertEqual(attempt.state, state.SENT)

    def test_nothing_is_guessed_after_many_days(self):
        _move, attempt = self.post_and_send()
        with self.at(6):
            self.receive(delivery_report(self.mailbox.received[0], original="nothing"))
        self.assertEqual(attempt.state, state.SENT)

    def test_the_same_report_twice_says_it_once(self):
        attempt = self.report()
        kinds = self.kinds(attempt.item_ids.move_id)
        self.receive(delivery_report(self.mailbox.received[0]))
        self.assertEqual(self.kinds(attempt.item_ids.move_id), kinds)

    def test_a_full_mailbox_keeps_the_address(self):
        attempt = self.report(status="5.2.2", diagnostic="smtp; 552 5.2.2 mailbox full")
        self.assertEqual(attempt.state, state.FAILED_HARD)
        self.assertEqual(self.point().state, "unverified")
        self.assertEqual(self.point().soft_failure_count, 1)

    def test_a_spam_filter_says_nothing_about_the_address(self):
        attempt = self.report(status="5.7.1", diagnostic="smtp; 550 5.7.1 spam")
        self.assertEqual(attempt.state, state.FAILED_HARD)
        self.assertEqual(self.point().state, "unverified")
        self.assertEqual(self.point().soft_failure_count, 0)

    def test_given_up_after_days_goes_on(self):
        attempt = self.report(status="4.4.7", diagnostic="x; 421 timed out")
        self.assertEqual(attempt.state, state.FAILED_HARD)
        self.assertEqual(self.point().state, "unverified")

    def test_a_delay_is_no_failure(self):
        before = self.kari.message_bounce
        attempt = self.report(action="delayed", status="4.4.1")
        self.assertEqual(attempt.state, state.SENT)
        self.assertEqual(
            attempt.mail_message_id.notification_ids.notification_status, "sent"
        )
        self.assertEqual(self.kari.message_bounce, before)

    def test_a_report_of_delivery(self):
        attempt = self.report(action="delivered", status="2.0.0")
        self.assertEqual(attempt.state, state.DELIVERED)
        self.assertEqual(self.point().state, "working")

    def test_out_of_office_is_no_bounce(self):
        move, attempt = self.post_and_send()
        messages = move.message_ids
        before = self.kari.message_bounce
        self.receive(automatic_answer(self.mailbox.received[0]))
        # It tells, on the contrary, that the mailbox has it.
        self.assertEqual(attempt.state, state.DELIVERED)
        self.assertEqual(self.point().state, "working")
        self.assertEqual(self.kari.message_bounce, before)
        self.assertEqual(move.message_ids, messages)

    def test_out_of_office_to_the_conversation_stays_there(self):
        move, attempt = self.post_and_send()
        [mail] = self.mailbox.received
        reply_to = mail.message["Reply-To"].addresses[0].addr_spec
        self.receive(automatic_answer(mail, to=reply_to))
        self.assertEqual(attempt.state, state.DELIVERED)
        self.assertIn("I am away", move.message_ids[0].body)

    def test_a_complaint_ends_it(self):
        _move, attempt = self.post_and_send()
        self.receive(complaint(self.mailbox.received[0]))
        self.assertEqual(attempt.state, state.DELIVERED)
        self.assertEqual(self.point().state, "blocked")
        self.assertIn("unwanted", self.point().failure_reason)

    def test_reports_about_other_mails_are_odoos(self):
        """Somebody else's message passes through as if we were not there."""
        message = self.kari.message_post(
            body="Hello",
            partner_ids=self.kari.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        [mail] = self.mailbox.received
        before = self.kari.message_bounce
        self.receive(delivery_report(mail))
        self.assertEqual(self.kari.message_bounce, before + 1)
        self.assertEqual(message.notification_ids.notification_status, "bounce")
        self.assertEqual(self.point().state, "unverified")
