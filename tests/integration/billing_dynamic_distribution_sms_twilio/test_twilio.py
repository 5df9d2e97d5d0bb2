"""SMS through Twilio: only the HTTP call itself is played."""

import json
from urllib.parse import parse_qs

import requests

from odoo.tools import mute_logger

from odoo.addons.sms_twilio.tools.sms_twilio import (
    generate_twilio_sms_callback_signature,
)

from ..billing_dynamic_distribution.sms_common import NUMBER, SmsCase

SID = "AC12345678987654321234567898765432"
TOKEN = "grimgorironhide"
CORE_LOGGER = "odoo.addons.sms_twilio.tools.sms_api"


class TestTwilio(SmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "sms_provider": "twilio",
                "sms_twilio_account_sid": SID,
                "sms_twilio_auth_token": TOKEN,
                "sms_twilio_number_ids": [
                    (0, 0, {"country_id": cls.env.ref("base.no").id, "number": "+4759"})
                ],
            }
        )

    def setUp(self):
        super().setUp()
        type(self).asked = []
        type(self).answer = (201, {"sid": "SM17", "status": "queued"})

    @classmethod
    def _request_handler(cls, session, request, **kwargs):
        """Play Twilio; Odoo's tests send every request through here."""
        if not request.url.startswith("https://api.twilio.com/"):
            return super()._request_handler(session, request, **kwargs)
        body = request.body
        body = body.decode() if isinstance(body, bytes) else body
        cls.asked.append((request.url, {k: v[0] for k, v in parse_qs(body).items()}))
        if isinstance(cls.answer, Exception):
            raise cls.answer
        status, content = cls.answer
        response = requests.Response()
        response.status_code = status
        response._content = (
            content if isinstance(content, bytes) else json.dumps(content).encode()
        )
        return response

    def outcome(self, answer):
        type(self).answer = answer
        attempt = self.make_attempt()
        with mute_logger(CORE_LOGGER):
            outcome = self.channel._call(attempt, self.channel._prepare(attempt))
        attempt._apply_outcomes([(attempt, outcome)])
        return attempt, outcome

    def report_as_twilio(self, attempt, signature=None, **values):
        values = {"SmsStatus": "delivered", "MessageSid": "SM17", **values}
        if signature is None:
            signature = generate_twilio_sms_callback_signature(
                self.company, attempt.key, values
            )
        answer = self.url_open(
            f"/sms_twilio/status/{attempt.key}",
            data=values,
            headers={"X-Twilio-Signature": signature},
        )
        self.env.invalidate_all()
        return answer

    def test_sent_and_delivered(self):
        self.assertTrue(self.channel._is_available(self.company))
        attempt, outcome = self.outcome((201, {"sid": "SM17", "status": "queued"}))
        self.assertEqual((attempt.state, attempt.provider_reference), ("sent", "SM17"))
        [(url, values)] = self.asked
        self.assertIn(SID, url)
        self.assertEqual(values["To"], NUMBER)
        self.assertIn(attempt.item_ids.page_url, values["Body"])
        self.assertTrue(
            values["StatusCallback"].endswith(f"/sms_twilio/status/{attempt.key}")
        )
        self.assertEqual(self.report_as_twilio(attempt).status_code, 200)
        self.assertEqual(attempt.state, "delivered")
        self.report_as_twilio(attempt, SmsStatus="sent")
        self.assertEqual(attempt.state, "delivered")

    def test_a_wrong_signature(self):
        attempt, _outcome = self.outcome((201, {"sid": "SM17"}))
        self.assertEqual(self.report_as_twilio(attempt, signature="x").status_code, 403)
        self.company.sms_twilio_auth_token = False
        self.assertEqual(self.report_as_twilio(attempt, signature="").status_code, 403)
        self.assertEqual(attempt.state, "sent")

    def test_failures_that_are_the_numbers(self):
        for code, state in (
            ("30003", "failed_soft"),
            ("30005", "failed_hard"),
            ("30006", "failed_hard"),
            ("21610", "failed_hard"),
            ("30007", "failed_soft"),
            ("30008", "failed_soft"),
        ):
            attempt, _outcome = self.outcome((201, {"sid": "SM17"}))
            self.report_as_twilio(
                attempt, SmsStatus="undelivered", ErrorCode=code, ErrorMessage="No"
            )
            self.assertEqual(attempt.state, state, code)

    def test_what_twilio_refuses(self):
        _attempt, outcome = self.outcome((400, {"code": 21211, "message": "Bad"}))
        self.assertEqual((outcome.event, outcome.code), ("failed_hard", "number"))
        _attempt, outcome = self.outcome((401, {"code": 20003, "message": "Key"}))
        self.assertEqual(outcome.event, "failed_soft")
        self.assertFalse(outcome.address_fault)

    def test_what_nobody_knows(self):
        for answer in (
            requests.exceptions.ReadTimeout("late"),
            requests.exceptions.ConnectionError("reset"),
            (500, {"code": 20500, "message": "Internal"}),
            (502, b"<html>Bad Gateway</html>"),
        ):
            attempt, outcome = self.outcome(answer)
            self.assertEqual(outcome.event, "uncertain", answer)
            self.assertEqual(attempt.state, "uncertain")
            self.assertEqual(len(self.asked), 1)
            self.asked.clear()

    def test_a_report_settles_what_nobody_knew(self):
        attempt, _outcome = self.outcome(requests.exceptions.ReadTimeout("late"))
        self.report_as_twilio(attempt)
        self.assertEqual(attempt.state, "delivered")

    def test_twilio_was_not_reached(self):
        _attempt, outcome = self.outcome(requests.exceptions.ConnectTimeout("no"))
        self.assertEqual(outcome.event, "failed_soft")
        self.assertFalse(outcome.address_fault)

    def test_the_http_gateway_goes_before(self):
        self.company.write(
            {
                "billing_sms_provider": "http",
                "billing_sms_http_url": "http://127.0.0.1:1/",
            }
        )
        _attempt, outcome = self.outcome((201, {"sid": "SM17"}))
        self.assertEqual(outcome.code, "gateway_unreachable")
        sms = self.env["sms.sms"].create({"number": NUMBER, "body": "Hei"})
        sms.record_company_id = self.company
        sms.send()
        self.assertEqual(sms.state, "error")
        self.assertEqual(self.asked, [])

    def test_without_an_account(self):
        self.company.sms_twilio_number_ids.unlink()
        self.assertFalse(self.channel._is_available(self.company))

    def test_odoos_own_messages_still_go_through_twilio(self):
        sms = self.env["sms.sms"].create({"number": NUMBER, "body": "Hei"})
        sms.record_company_id = self.company
        tracker = self.env["sms.tracker"].create({"sms_uuid": sms.uuid})
        self.env.ref("sms.ir_cron_sms_scheduler_action").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((sms.state, tracker.sms_twilio_sid), ("pending", "SM17"))
