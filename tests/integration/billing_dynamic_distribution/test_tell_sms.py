"""Telling a customer something by SMS."""

from datetime import datetime
from unittest.mock import patch

from odoo.addons.sms.tools.sms_api import SmsApi

from .sms_common import NUMBER, SmsCase

#: Sunday night, and Monday at the hour the company begins to write at, in UTC.
NIGHT = datetime(2026, 11, 22, 22)
MORNING = datetime(2026, 11, 23, 7)


class TestTellBySms(SmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_quiet_hours = True
        cls.company.billing_sms_provider = "http"
        cls.company.billing_sms_http_url = "http://127.0.0.1:1/"
        cls.invoice = cls._create_invoice_one_line(
            price_unit=100, partner_id=cls.customer, post=True
        )
        cls.template = cls.env["mail.template"].create(
            {
                "name": "Hello",
                "model_id": cls.env["ir.model"]._get_id("account.move"),
                "lang": "{{ object.partner_id.lang }}",
                "subject": "About {{ object.name }}",
                "body_html": "<p>Hi</p>",
                "billing_sms_text": "About {{ object.name }}: "
                "https://x.example/?access_token=secret",
            }
        )
        cls.template.with_context(
            lang="nb_NO"
        ).billing_sms_text = "Om {{ object.name }}"
        cls.queue = cls.env["sms.sms"]
        cls.queue.search([("state", "=", "outgoing")]).action_set_canceled()

    def tell(self, at=MORNING, **context):
        with patch.object(
            self.registry["res.company"], "_billing_now", lambda company: at
        ):
            customer = self.customer.with_company(self.company)
            return customer.with_context(**context)._billing_tell(
                self.template, self.invoice
            )

    def waiting(self):
        return self.queue.search([("state", "=", "outgoing")])

    def test_it_waits_in_the_queue_for_the_number_in_the_customers_language(self):
        point = self.tell()
        self.assertEqual((point.channel, point.address), ("sms", NUMBER))
        message = self.waiting()
        self.assertEqual(message.number, NUMBER)
        self.assertEqual(message.body, f"Om {self.invoice.name}")
        self.assertFalse(message.billing_not_before)
        self.assertEqual(message._get_sms_company(), self.company)
        self.assertEqual(message.mail_message_id.res_id, self.invoice.id)

    def test_customers_find_it_in_no_conversation_and_nobody_the_token(self):
        self.customer.lang = "en_US"
        self.tell()
        message = self.waiting()
        self.assertIn("access_token=secret", message.body)
        kept = message.mail_message_id
        self.assertNotIn("secret", kept.body)
        self.assertEqual(kept.subtype_id, self.env.ref("mail.mt_note"))

    def test_quiet_hours_are_kept_but_for_what_the_customer_waits_for(self):
        self.tell(at=NIGHT)
        message = self.waiting()
        self.assertEqual(message.billing_not_before, MORNING)
        cron = self.env.ref("sms.ir_cron_sms_scheduler_action")
        self.assertIn(
            MORNING,
            self.env["ir.cron.trigger"]
            .search([("cron_id", "=", cron.id)])
            .mapped("call_at"),
        )
        message.action_set_canceled()
        self.tell(at=NIGHT, billing_at_once=True)
        self.assertFalse(self.waiting().billing_not_before)

    def test_the_queue_lets_it_wait(self):
        self.company.billing_sms_provider = "odoo"
        asked = []

        def contact(_api, _endpoint, params, timeout=15):
            numbers = [n for m in params["messages"] for n in m["numbers"]]
            asked.extend(numbers)
            return [{"uuid": n["uuid"], "state": "success"} for n in numbers]

        self.startPatcher(patch.object(SmsApi, "_contact_iap", contact))
        with patch.object(
            self.registry["billing.channel.sms"], "_is_available", lambda *args: True
        ):
            self.tell()
        message = self.waiting()
        cron = self.env.ref("sms.ir_cron_sms_scheduler_action")
        message.billing_not_before = datetime(2999, 1, 1)
        cron.method_direct_trigger()
        self.assertEqual((message.state, asked), ("outgoing", []))
        message.billing_not_before = datetime(2026, 1, 1)
        cron.method_direct_trigger()
        self.assertEqual([number["number"] for number in asked], [NUMBER])

    def test_what_has_no_words_for_an_sms_goes_another_way(self):
        self.template.billing_sms_text = False
        self.assertFalse(self.tell())
        self.assertFalse(self.waiting())

    def test_a_number_that_wants_nothing_gets_nothing(self):
        self.env["phone.blacklist"]._add([NUMBER])
        self.assertFalse(self.tell())
        self.assertFalse(self.waiting())

    def test_a_company_that_cannot_send_sms_tells_nobody_by_it(self):
        self.company.billing_sms_http_url = False
        self.assertFalse(self.tell())
        self.assertFalse(self.waiting())
