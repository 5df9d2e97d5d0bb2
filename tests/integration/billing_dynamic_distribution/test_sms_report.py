"""Delivery reports: who may report, and what reports do, however they come."""

from unittest.mock import patch

from .sms_common import NUMBER, SmsCase

MODEL = "odoo.addons.billing_dynamic_distribution.models.billing_sms_report"


class TestSmsReport(SmsCase):
    def setUp(self):
        super().setUp()
        self.attempt = self.make_attempt()
        self.point = self.attempt.contact_point_id

    def states_after(self, *statuses):
        found = []
        for status in statuses:
            self.assertEqual(self.report(self.attempt, status).status_code, 200)
            found.append(self.attempt.state)
        return found

    def test_delivered(self):
        answer = self.report(self.attempt, "8", reply="ACK/", reference="centre-7")
        self.assertEqual(answer.text, "OK")
        self.assertEqual(self.attempt.state, "sent")
        self.assertEqual(self.attempt.provider_reference, "centre-7")
        self.report(self.attempt, "1")
        self.assertEqual(self.attempt.state, "delivered")
        self.assertEqual(self.point.state, "working")

    def test_a_form_is_posted(self):
        self.report(self.attempt, "1", data=True)
        self.assertEqual(self.attempt.state, "delivered")

    def test_duplicates_and_any_order(self):
        self.assertEqual(self.states_after("1", "8", "4", "1", "8"), ["delivered"] * 5)
        events = self.env["billing.event"].search(
            [
                ("move_id", "in", self.attempt.move_ids.ids),
                ("kind", "=", "delivery.delivered"),
            ]
        )
        self.assertEqual(len(events), 1)

    def test_a_report_faster_than_the_answer(self):
        self.assertEqual(self.states_after("1"), ["delivered"])
        self.attempt._apply("sent")
        self.assertEqual(self.attempt.state, "delivered")

    def test_an_uncertain_attempt_is_settled(self):
        self.attempt._apply("uncertain")
        self.assertIsNone(self.channel._look_up(self.attempt))
        self.assertEqual(self.states_after("8"), ["sent"])

    def test_a_failure_after_the_customer_opened_it(self):
        self.attempt._apply("sent")
        self.attempt._apply("opened")
        self.assertEqual(self.states_after("2", "16"), ["opened"] * 2)
        self.assertNotEqual(self.point.state, "blocked")

    def test_a_number_that_is_none_is_blocked(self):
        self.attempt._apply("sent")
        self.report(self.attempt, "2", reply="stat:UNDELIV Unknown subscriber")
        self.assertEqual(self.attempt.state, "failed_hard")
        self.assertEqual(self.attempt.failure_code, "number")
        self.assertEqual(self.point.state, "blocked")

    def test_a_phone_that_is_off(self):
        self.attempt._apply("sent")
        self.report(self.attempt, "2", reply="stat:EXPIRED")
        self.assertEqual(self.attempt.state, "failed_soft")
        self.assertEqual(self.attempt.failure_code, "expired")
        self.assertEqual(self.point.soft_failure_count, 1)

    def test_what_the_operator_refuses_is_not_the_numbers_fault(self):
        self.attempt._apply("sent")
        self.report(self.attempt, "16", reply="NACK/0x00000045/Submit failed")
        self.assertEqual(self.attempt.state, "failed_soft")
        self.assertEqual(self.point.soft_failure_count, 0)

    def test_a_wrong_secret(self):
        other = self.make_attempt()
        for secret in ("", "0" * 32, "é", self.reports._secret(other.key)):
            answer = self.report(self.attempt, "1", secret=secret)
            self.assertEqual(answer.status_code, 403, secret)
        self.assertEqual(self.attempt.state, "calling")

    def test_the_secret_is_compared_in_constant_time(self):
        with patch(f"{MODEL}.consteq", return_value=True) as consteq:
            self.report(self.attempt, "1", secret="whatever")
        consteq.assert_called_once_with(
            self.reports._secret(self.attempt.key), "whatever"
        )
        self.assertEqual(self.attempt.state, "delivered")

    def test_a_message_nobody_knows(self):
        key = "0" * 32
        with patch(f"{MODEL}._logger") as logger:
            answer = self.report(key, "1")
        self.assertEqual(answer.status_code, 200)
        # Quietly: a line for who looks for it, no alarm.
        self.assertEqual([call[0] for call in logger.method_calls], ["info"])
        self.assertFalse(self.reports.search([]))

    def test_a_status_nobody_knows(self):
        for status in ("", "32", "delivered"):
            self.assertEqual(self.report(self.attempt, status).status_code, 200)
        self.assertEqual(self.attempt.state, "calling")

    def test_only_sms_are_reported_on(self):
        letter = self.make_attempt(channel="letter")
        self.assertEqual(self.report(letter, "1").status_code, 200)
        self.assertEqual(letter.state, "calling")

    def busy(self):
        """Let somebody else work on all attempts."""
        attempts = self.env["billing.distribution.attempt"]
        return patch.object(
            type(attempts), "try_lock_for_update", lambda records, **_kw: records[:0]
        )

    def test_a_report_that_meets_somebody_at_work_is_kept_and_applied(self):
        self.attempt._apply("sent")
        with self.busy():
            for status in ("8", "1", "1"):
                answer = self.report(self.attempt, status, reference="r")
                self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.attempt.state, "sent")
        # The same report twice is one.
        self.assertEqual(self.reports.search([]).mapped("status"), ["8", "1"])
        cron = self.env.ref("billing_dynamic_distribution.ir_cron_sms_reports")
        with self.busy():
            cron.method_direct_trigger()
        self.assertEqual(len(self.reports.search([])), 2)
        cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.attempt.state, "delivered")
        self.assertFalse(self.reports.search([]))

    def report_as_odoo(self, attempt, status):
        self.make_jsonrpc_request(
            "/sms/status",
            {"message_statuses": [{"sms_status": status, "uuids": [attempt.key]}]},
        )
        self.env.invalidate_all()

    def test_odoos_own_service_reports_on_an_attempt(self):
        self.assertEqual(self.company.billing_sms_provider, "odoo")
        self.report_as_odoo(self.attempt, "delivered")
        self.assertEqual(self.attempt.state, "delivered")
        other = self.make_attempt()
        self.report_as_odoo(other, "invalid_destination")
        self.assertEqual(other.state, "failed_hard")

    def test_the_key_alone_reports_nothing_on_what_went_through_a_gateway(self):
        self.company.sudo().write(
            {
                "billing_sms_http_url": "http://127.0.0.1:1/",
                "billing_sms_provider": "http",
            }
        )
        self.report_as_odoo(self.attempt, "delivered")
        self.assertEqual(self.attempt.state, "calling")

    def test_a_message_of_odoo_itself(self):
        message = self.customer._message_sms("Hei", put_in_queue=True)
        sms = self.env["sms.sms"].search([("mail_message_id", "=", message.id)])
        notification = message.notification_ids
        self.report(sms.uuid, "8")
        self.assertEqual(notification.notification_status, "pending")
        self.report(sms.uuid, "1")
        self.assertEqual(notification.notification_status, "sent")
        self.assertTrue(sms.to_delete)

    def test_a_message_of_odoo_itself_to_a_number_that_is_none(self):
        message = self.customer._message_sms("Hei", put_in_queue=True)
        sms = self.env["sms.sms"].search([("mail_message_id", "=", message.id)])
        self.report(sms.uuid, "2", reply="unknown subscriber")
        notification = message.notification_ids
        self.assertEqual(notification.notification_status, "bounce")
        self.assertEqual(notification.failure_type, "sms_invalid_destination")

    def test_ten_reports_ask_the_database_as_often_each(self):
        def count(attempt):
            with self.assertQueryCount(40):
                self.reports._receive(attempt.key, "1")
                self.env.flush_all()

        for _number in range(3):
            count(self.make_attempt(NUMBER))
