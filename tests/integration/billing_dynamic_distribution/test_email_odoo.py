"""Odoo's «Send & print», the customer's own wish, and the plans agree."""

from odoo.addons.billing_dynamic_distribution.core import state

from ...mail_server import delivery_report
from .email_common import KARI, EmailCase


class TestSendAndPrint(EmailCase):
    """What staff send by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.email_sms_letter()

    def send_and_print(self, move, *methods):
        self.env["account.move.send"]._generate_and_send_invoices(
            move, sending_methods=list(methods)
        )

    def test_an_email_of_odoo_is_not_sent_again_by_the_plan(self):
        with self.at(0):
            move, run = self.post()
            self.send_and_print(move, "email")
            self.assertEqual(self.mailbox.counts(), {KARI: 1})
            self.send()
        attempt = self.attempts_of(move)
        self.assertEqual((attempt.origin, attempt.state), ("odoo", state.SENT))
        self.assertEqual(attempt.contact_point_id, self.point())
        self.assertEqual(attempt.item_ids.run_id, run)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        # Not opened: the plan goes on where Odoo began.
        self.go_to(3)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.counter.channels(), ["sms"])

    def test_an_email_of_odoo_that_bounces_goes_on_at_once(self):
        with self.at(0):
            move, _run = self.post()
            self.send_and_print(move, "email")
            self.receive(delivery_report(self.mailbox.received[0]))
            self.send()
        self.assertEqual(self.attempts_of(move)[0].state, state.FAILED_HARD)
        self.assertEqual(self.counter.channels(), ["sms"])

    def test_an_email_odoo_could_not_send_is_none(self):
        self.mailbox.answer(KARI, "450 4.2.1 later", "")
        with self.at(0):
            move, _run = self.post()
            with self.assertLogs("odoo.addons.mail.models.mail_mail", "ERROR"):
                self.send_and_print(move, "email")
            self.assertFalse(self.attempts_of(move))
            self.send()
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.attempts_of(move).origin, "plan")

    def test_an_email_odoo_cannot_send_later_goes_out_by_the_plan(self):
        with self.at(0):
            move, _run = self.post()
            self.send_and_print(move, "email")
            attempt = self.attempts_of(move)
            # Outside of tests Odoo sends after the transaction, and then says so.
            attempt.mail_message_id._billing_email_failed(self.kari, "soft", "down")
        self.assertEqual(attempt.state, state.FAILED_SOFT)
        self.mailbox.forget()
        self.go_to(0.25)
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertEqual(self.attempts_of(move)[-1].origin, "plan")

    def test_colleagues_who_follow_the_invoice_are_no_customers(self):
        with self.at(0):
            move, _run = self.post()
            move.message_subscribe(self.env.user.partner_id.ids)
            self.send_and_print(move, "email")
        self.assertEqual(self.attempts_of(move).mapped("address"), [KARI])

    def test_sms_is_queued_and_goes_with_the_job(self):
        with self.at(0):
            move, run = self.post()
            self.send_and_print(move, "sms")
            attempt = self.attempts_of(move)
            self.assertEqual(
                (attempt.channel, attempt.origin, attempt.state),
                ("sms", "odoo", state.PLANNED),
            )
            self.assertEqual(self.counter.calls, [])
            self.send()
        self.assertEqual(self.counter.channels().count("sms"), 1)
        self.assertEqual(attempt.state, state.SENT)

    def test_a_customer_without_an_address_there_is_named(self):
        self.kari.phone = False
        with self.at(0):
            move, _run = self.post()
        send = self.env["account.move.send"]
        settings = send._get_default_sending_settings(move, sending_methods=["sms"])
        alerts = send._get_alerts(move, {move: settings})
        self.assertEqual(alerts["billing_sms"]["level"], "danger")
        self.assertIn(move.name, alerts["billing_sms"]["message"])
        self.send_and_print(move, "sms")
        self.assertFalse(self.attempts_of(move))

    def test_the_dialog_offers_the_channels_that_are_set_up(self):
        with self.at(0):
            move, _run = self.post()
        self.kari.invoice_sending_method = "sms"
        wizard = (
            self.env["account.move.send.wizard"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({})
        )
        boxes = wizard.sending_method_checkboxes
        self.assertTrue(boxes["sms"]["checked"])
        self.assertIn("letter", boxes)
        self.assertNotIn("efaktura", boxes)
        self.assertNotIn("mailbox", boxes)

    def test_credit_notes_go_by_odoo_alone(self):
        with self.at(0):
            move = self.create_invoice(move_type="out_refund")
            move.action_post()
            self.send_and_print(move, "email")
        self.assertEqual(self.mailbox.counts(), {KARI: 1})
        self.assertFalse(self.attempts_of(move))
        self.assertFalse(
            self.env["account.move.send"]._is_applicable_to_move("sms", move)
        )


class TestPreferredChannel(EmailCase):
    """The customer's own wish is what «preferred» means first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_plan(("preferred", 0, "not_paid"))

    def sent_by(self):
        self.post_and_send()
        return ["email"] * len(self.mailbox.received) + self.counter.channels()

    def test_sms(self):
        self.kari.invoice_sending_method = "sms"
        self.assertEqual(self.sent_by(), ["sms"])

    def test_email(self):
        self.kari.invoice_sending_method = "email"
        self.assertEqual(self.sent_by(), ["email"])

    def test_nothing_said(self):
        self.assertEqual(self.sent_by(), ["email"])

    def test_what_cannot_be_used_is_passed_over(self):
        self.kari.invoice_sending_method = "sms"
        self.kari.phone = False
        self.assertEqual(self.sent_by(), ["email"])


class TestTexts(EmailCase):
    """Staff change what customers read."""

    def test_places_of_the_texts_need_no_special_right(self):
        user = self.env["res.users"].create(
            {
                "name": "Billing",
                "login": "billing_texts",
                "group_ids": [
                    (4, self.env.ref("billing_base.group_billing_manager").id)
                ],
            }
        )
        self.assertFalse(user.has_group("mail.group_mail_template_editor"))
        templates = self.env["mail.template"].search(
            [("model", "=", "billing.distribution.attempt")]
        )
        self.assertTrue(templates)
        for template in templates:
            self.assertFalse(template._has_unsafe_expression(), template.name)

    def test_every_shipped_text_can_be_rendered(self):
        with self.at(0):
            move, _run = self.post()
            for content in self.env["billing.distribution.content"].search([]):
                attempt = move._billing_queue_attempts("email", content=content)
                prepared = self.channel._prepare(attempt)
                with self.subTest(content=content.name):
                    self.assertIn(move.name, prepared.subject)
                    self.assertIn("1,000.00", prepared.text)
                    self.assertIn(attempt.item_ids.page_url, prepared.parts.text)
