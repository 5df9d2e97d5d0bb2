"""Odoo's own SMS queue with several companies, each with its provider."""

from unittest.mock import patch

from odoo.tools import mute_logger

from odoo.addons.sms.tools.sms_api import SmsApi

from .sms_common import KannelCase

QUEUE = "odoo.addons.billing_dynamic_distribution.models.sms_sms"


class TestSmsQueue(KannelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["sms.sms"].search([("state", "=", "outgoing")]).action_set_canceled()
        companies = cls.env["res.company"]
        cls.second = companies.create({"name": "Second"})
        cls.second.write(cls.gateway_vals(billing_sms_sender="Second"))
        cls.third = companies.create({"name": "Third"})

    def queue(self, company, number, body="Hei"):
        """Put a message about a customer of the company into the queue."""
        partner = self.env["res.partner"].create(
            {"name": number, "phone": number, "company_id": company.id}
        )
        message = partner._message_sms(body, put_in_queue=True)
        message.record_company_id = company
        return self.env["sms.sms"].search([("mail_message_id", "=", message.id)])

    def run_queue(self):
        self.env.ref("sms.ir_cron_sms_scheduler_action").method_direct_trigger()
        self.env.invalidate_all()

    def odoos_own_service(self):
        """Play Odoo's own service; return what it was asked to send."""
        asked = []

        def contact(_api, _endpoint, params, timeout=15):
            asked.extend(params["messages"])
            return [
                {"uuid": number["uuid"], "state": "success"}
                for message in params["messages"]
                for number in message["numbers"]
            ]

        # The one place where core's provider talks to the network.
        self.startPatcher(patch.object(SmsApi, "_contact_iap", contact))
        return asked

    def test_each_company_by_its_own_provider(self):
        asked = self.odoos_own_service()
        messages = (
            self.queue(self.company, "+4799100001")
            + self.queue(self.second, "+4799100002")
            + self.queue(self.third, "+4799100003")
            + self.queue(self.company, "+4799100004")
        )
        self.run_queue()
        self.assertEqual(messages.mapped("state"), ["pending"] * 4)
        senders = [
            self.received(number)[0].sender
            for number in ("+4799100001", "+4799100002", "+4799100004")
        ]
        self.assertEqual(senders, ["Fjordlys", "Second", "Fjordlys"])
        self.assertEqual(
            [n["number"] for m in asked for n in m["numbers"]], ["+4799100003"]
        )

    def test_by_hand_too(self):
        asked = self.odoos_own_service()
        messages = self.queue(self.company, "+4799100011") + self.queue(
            self.third, "+4799100012"
        )
        messages.send(unlink_sent=False)
        self.assertEqual(messages.mapped("state"), ["pending"] * 2)
        self.assertEqual(self.received("+4799100011")[0].sender, "Fjordlys")
        self.assertEqual(len(asked), 1)

    def test_delivered(self):
        message = self.queue(self.company, "+4799100021", "Blåbær – på tilbud")
        self.run_queue()
        notification = message.mail_message_id.notification_ids
        self.assertEqual(notification.notification_status, "pending")
        self.pass_on(*self.rig.box.wait_for(message.uuid, "8", "1"))
        self.assertEqual(notification.notification_status, "sent")
        [part] = self.received("+4799100021")
        self.assertEqual(part.data.decode(), "Blåbær - på tilbud")

    def test_a_company_that_cannot_send_stops_nobody(self):
        first = self.queue(self.company, "+4799100031")
        other = self.queue(self.second, "+4799100032")
        company_class = type(self.company)
        get_api = company_class._get_sms_api_class

        def broken_for_first(company):
            if company == self.company:
                raise ValueError("no such provider")
            return get_api(company)

        with (
            patch.object(company_class, "_get_sms_api_class", broken_for_first),
            mute_logger(QUEUE),
        ):
            self.run_queue()
        self.assertEqual((first.state, other.state), ("outgoing", "pending"))
        alerts = self.env["billing.event"].search(
            [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(len(alerts), 1)
        # Put right, it goes out: once.
        self.run_queue()
        self.run_queue()
        self.assertEqual(first.state, "pending")
        self.assertEqual(len(self.received("+4799100031")), 1)
        self.assertEqual(len(self.received("+4799100032")), 1)

    def test_batches_smaller_than_what_waits(self):
        self.env["ir.config_parameter"].set_param("sms.session.batch.size", 2)
        messages = self.env["sms.sms"]
        for number in range(7):
            company = (self.company, self.second)[number % 2]
            messages += self.queue(company, f"+4799100{number + 41:03d}")
        self.run_queue()
        self.assertEqual(messages.mapped("state"), ["pending"] * 7)

    def test_a_gateway_that_is_down(self):
        self.company.billing_sms_http_url = "http://127.0.0.1:1/"
        message = self.queue(self.company, "+4799100051")
        self.run_queue()
        self.assertEqual((message.state, message.failure_type), ("error", "sms_server"))
        self.company.write(self.gateway_vals())
        message.resend_failed()
        self.assertEqual(len(self.received("+4799100051")), 1)

    def test_a_message_without_a_number(self):
        message = self.env["sms.sms"].create({"body": "Hei", "number": False})
        message.mail_message_id = self.queue(
            self.company, "+4799100061"
        ).mail_message_id
        self.run_queue()
        self.assertEqual(
            (message.state, message.failure_type), ("error", "sms_number_missing")
        )
