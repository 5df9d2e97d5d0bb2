"""SMS through a real Kannel, counted where the SMS centre gets them."""

import time
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from odoo.addons.billing_dynamic_distribution.core import sms_text

from tests.sms_rig import BrokenLine, Refusal

from .channel_contract import ChannelContract
from .sms_common import KannelCase

OFF = "+4790000001"
UNKNOWN = "+4790000002"
LATE = "+4790000003"


class TestSmsKannel(ChannelContract, KannelCase):
    channel_code = "sms"

    def contract_invoice(self):
        return self.make_invoice()

    @contextmanager
    def provider(self, behaviour):
        server = {
            "refuse": lambda: Refusal("Invalid receiver number"),
            "silent": lambda: BrokenLine(self.rig.kannel.url),
        }.get(behaviour, lambda: None)()
        if server:
            self.company.billing_sms_http_url = server.url
        elif behaviour == "down":
            self.company.billing_sms_http_url = "http://127.0.0.1:1/"
        try:
            yield
        finally:
            self.company.billing_sms_http_url = self.rig.kannel.url
            if server:
                server.stop()

    def test_sent_and_delivered(self):
        attempt = self.make_attempt()
        prepared = self.send(attempt)
        self.assertEqual(attempt.state, "sent")
        accepted, delivered = self.rig.box.wait_for(attempt.key, "8", "1")
        text = prepared.parts.text
        self.assertIn(f"/my/invoices/{attempt.move_ids.id}?access_token=", text)
        got = [p for p in self.rig.kannel.received() if p.data == text.encode()]
        self.assertEqual(
            [(p.sender, p.receiver) for p in got], [("Fjordlys", attempt.address)]
        )
        self.pass_on(accepted, delivered)
        self.assertEqual(attempt.state, "delivered")
        self.assertEqual(attempt.contact_point_id.state, "working")
        self.assertTrue(attempt.provider_reference)

    def test_the_link_in_the_message_opens_the_invoice(self):
        attempt = self.make_attempt("+4799000001")
        self.send(attempt)
        [part] = self.received("+4799000001")
        path = part.data.decode().split(self.company.get_base_url())[1]
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200)
        self.assertIn(attempt.move_ids.name, answer.text)

    def test_parts_are_those_we_count(self):
        texts = [
            "a" * 160,
            "a" * 161,
            "æøåÆØÅäöÄÖé" * 14,
            "æ" * 306,
            "å" * 307,
            "€" * 80,
            "€" * 81,
            "{" * 77 + "x",
            # An escaped character would be cut in two by the end of the first part.
            "a" * 152 + "€" + "a" * 7,
            "–" * 70,
            "–" * 71,
            "–" * 134,
            "–" * 135,
            "Čállo " * 40,
        ]
        for number, text in enumerate(texts):
            measured = sms_text.measure(text)
            receiver = f"+47991000{number:02d}"
            attempt = self.make_attempt(receiver)
            prepared = self.channel._prepare(attempt)
            parts = replace(prepared.parts, text=text)
            outcome = self.channel._call(attempt, replace(prepared, parts=parts))
            self.assertEqual(outcome.event, "sent", text)
            # Every part is in when the centre's last report is.
            self.rig.box.wait_for(attempt.key, "1")
            parts = self.received(receiver, measured.segments)
            with self.subTest(text[:10], length=len(text)):
                self.assertEqual(len(parts), measured.segments)
                joined = b"".join(part.data for part in parts)
                ucs2 = measured.alphabet == "ucs2"
                self.assertEqual(joined.decode("utf-16-be" if ucs2 else "utf-8"), text)
                self.assertEqual(
                    [part.header[5] for part in parts if part.header],
                    list(range(1, len(parts) + 1)) if len(parts) > 1 else [],
                )

    def test_queued_while_there_is_no_centre(self):
        self.rig.kannel.disconnect_centre()
        attempt = self.make_attempt("+4799000002")
        self.send(attempt)
        self.assertEqual(attempt.state, "sent")
        self.assertEqual(self.rig.box.of(attempt.key), [])
        self.rig.kannel.connect_centre()
        self.pass_on(*self.rig.box.wait_for(attempt.key, "8", "1"))
        self.assertEqual(attempt.state, "delivered")
        self.assertEqual(len(self.received("+4799000002")), 1)

    def test_not_delivered(self):
        self.rig.operator.plan(OFF, "4", "2")
        attempt = self.make_attempt(OFF)
        self.send(attempt)
        self.pass_on(*self.rig.box.wait_for(attempt.key, "8", "4", "2"))
        self.assertEqual(attempt.state, "failed_soft")
        self.assertEqual(attempt.failure_kind, "soft")

    def test_refused_by_the_operator(self):
        self.rig.operator.plan(UNKNOWN, refuse="Unknown subscriber")
        attempt = self.make_attempt(UNKNOWN)
        self.send(attempt)
        # Kannel took it; the operator said no afterwards.
        self.assertEqual(attempt.state, "sent")
        self.pass_on(*self.rig.box.wait_for(attempt.key, "16"))
        self.assertEqual(attempt.state, "failed_hard")
        self.assertIn("Unknown subscriber", attempt.failure_reason)

    def test_delivered_late_and_reported_backwards(self):
        self.rig.operator.plan(LATE, "4", "1")
        attempt = self.make_attempt(LATE)
        self.send(attempt)
        accepted, kept, delivered = self.rig.box.wait_for(attempt.key, "8", "4", "1")
        self.pass_on(delivered, kept, accepted, delivered)
        self.assertEqual(attempt.state, "delivered")

    def test_an_answer_that_is_lost(self):
        line = BrokenLine(self.rig.kannel.url)
        self.addCleanup(line.stop)
        self.company.sudo().billing_sms_http_url = line.url
        attempt = self.make_attempt("+4799000003")
        self.send(attempt)
        self.assertEqual(attempt.state, "uncertain")
        self.assertEqual(self.channel._look_up(attempt).event, "uncertain")
        # The message is on its way all the same, once, and its report settles it.
        self.assertEqual(line.passed, 1)
        self.pass_on(*self.rig.box.wait_for(attempt.key, "8", "1"))
        self.assertEqual(attempt.state, "delivered")
        self.assertEqual(len(self.received("+4799000003")), 1)

    def test_reports_on_what_is_settled(self):
        attempt = self.make_attempt("+4799000004")
        self.send(attempt)
        paths = self.rig.box.wait_for(attempt.key, "8", "1")
        attempt._apply("delivered")
        attempt._apply("opened")
        opened_at = attempt.opened_at
        self.pass_on(*paths, *reversed(paths))
        self.assertEqual((attempt.state, attempt.opened_at), ("opened", opened_at))

    def test_a_wrong_password(self):
        self.company.sudo().billing_sms_http_password = "wrong"
        attempt = self.make_attempt("+4799000005")
        self.send(attempt)
        self.assertEqual(attempt.state, "failed_soft")
        self.assertEqual(attempt.failure_code, "gateway_403")
        self.assertEqual(attempt.contact_point_id.soft_failure_count, 0)

    def test_a_gateway_that_is_down(self):
        self.company.sudo().billing_sms_http_url = "http://127.0.0.1:1/"
        attempt = self.make_attempt("+4799000006")
        self.send(attempt)
        self.assertEqual(attempt.state, "failed_soft")
        self.assertEqual(attempt.failure_code, "gateway_unreachable")

    def test_a_batch(self):
        attempts = [self.make_attempt(f"+47993000{n:02d}") for n in range(20)]
        pairs = [(a, self.channel._prepare(a)) for a in attempts]
        outcomes = dict(self.channel._call_batch(iter(pairs)))
        self.assertEqual(set(outcomes), set(attempts))
        self.assertEqual({o.event for o in outcomes.values()}, {"sent"})
        for attempt, prepared in pairs:
            self.rig.box.wait_for(attempt.key, "1")
            [part] = self.received(attempt.address)
            self.assertEqual(part.data.decode(), prepared.parts.text)

    def test_a_worker_that_dies_in_the_middle_of_a_batch(self):
        self.company.sudo().billing_sms_http_connections = 1
        attempts = [self.make_attempt(f"+47994000{n:02d}") for n in range(5)]
        pairs = [(a, self.channel._prepare(a)) for a in attempts]
        calls = self.channel._call_batch(pairs)
        next(calls)
        next(calls)
        # Nobody wrote down what the two became, nor that three are left.
        calls.close()
        outcomes = [self.channel._look_up(attempt) for attempt in attempts]
        self.assertEqual([o.event for o in outcomes[:2]], ["sent"] * 2)
        self.assertEqual(
            [(o.event, o.code) for o in outcomes[2:]],
            [("failed_soft", "not_received")] * 3,
        )
        self.rig.box.wait_for(attempts[1].key, "1")
        receivers = {part.receiver for part in self.rig.kannel.received()}
        self.assertEqual(
            [attempt.address in receivers for attempt in attempts],
            [True] * 2 + [False] * 3,
        )

    def test_kannel_reports_to_odoo_itself(self):
        self.company.sudo().billing_sms_report_base_url = self.base_url()
        attempt = self.make_attempt("+4799000007")
        done = []
        receive = type(self.reports)._receive

        def watched(reports, key, status, *args):
            receive(reports, key, status, *args)
            done.append(status)

        with patch.object(type(self.reports), "_receive", watched):
            self.send(attempt)
            self.env.flush_all()
            with self.allow_requests(all_requests=True):
                deadline = time.monotonic() + 20
                while len(done) < 2 and time.monotonic() < deadline:
                    time.sleep(0.05)
        self.env.invalidate_all()
        self.assertEqual(sorted(done), ["1", "8"])
        self.assertEqual(attempt.state, "delivered")
