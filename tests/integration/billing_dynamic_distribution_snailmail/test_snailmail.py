"""Odoo's letter service gets the invoice's own PDF."""

import base64
import io
from contextlib import contextmanager
from unittest.mock import patch

import requests
from reportlab.pdfgen.canvas import Canvas

from odoo.exceptions import AccessError
from odoo.tools.pdf import PdfFileReader

from odoo.addons.billing_dynamic_distribution.core import state

from ..billing_dynamic_distribution.channel_contract import ChannelContract
from ..billing_dynamic_distribution.common import DistributionCase

CALL = "odoo.addons.snailmail.models.snailmail_letter.iap_tools.iap_jsonrpc"


def blank_page():
    with io.BytesIO() as buffer:
        canvas = Canvas(buffer)
        canvas.showPage()
        canvas.save()
        return buffer.getvalue()


class SnailmailCase(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, force_report_rendering=True))
        names = {"letter": "billing.channel.letter"}
        blank = blank_page()
        for owner, name, value in (
            ("billing.channel", "_registry", lambda self: names),
            ("ir.actions.report", "_run_wkhtmltopdf", lambda self, *_a, **_k: blank),
        ):
            patcher = patch.object(cls.registry[owner], name, value)
            patcher.start()
            cls.addClassCleanup(patcher.stop)
        cls.company.write(
            {
                "billing_letter_provider": "snailmail",
                "billing_letter_check_window": False,
            }
        )
        cls.channel = cls.env["billing.channel.letter"]

    def create_posted(self):
        move = self.env["account.move"].browse(self.create_invoice().id)
        move.action_post()
        return move

    @contextmanager
    def service(self, error=None, raises=None):
        calls = []

        def call(url, params, timeout):
            calls.append(params)
            if raises:
                try:
                    raise raises
                except requests.RequestException:
                    raise AccessError("no answer")  # noqa: B904
            documents = [
                {"letter_id": document["letter_id"], "sent": True, "send_id": "s1"}
                if not error
                else {"letter_id": document["letter_id"], "error": error}
                for document in params["documents"]
            ]
            return {"request_code": 200, "request": {"documents": documents}}

        with patch(CALL, call):
            yield calls


class TestSnailmailContract(ChannelContract, SnailmailCase):
    channel_code = "letter"

    def contract_invoice(self):
        return self.create_posted()

    @contextmanager
    def provider(self, behaviour):
        values = {
            "accept": {},
            "refuse": {"error": "MISSING_REQUIRED_FIELDS"},
            "down": {"raises": requests.ConnectionError()},
            "silent": {"raises": requests.ReadTimeout()},
        }[behaviour]
        with self.service(**values):
            yield


class TestSnailmail(SnailmailCase):
    def call(self, attempt, **values):
        prepared = self.channel._prepare(attempt)
        attempt._apply(state.CALLED)
        with self.service(**values) as calls:
            [(_attempt, outcome)] = self.channel._call_batch([(attempt, prepared)])
        return calls, outcome

    def test_the_stored_pdf_is_what_is_sent(self):
        attempt = self.create_posted()._billing_queue_attempts("letter")
        calls, outcome = self.call(attempt)
        self.assertEqual(outcome.event, state.SENT)
        [document] = calls[0]["documents"]
        self.assertEqual(
            base64.b64decode(document["pdf_bin"]), attempt.pdf_attachment_ids.raw
        )
        self.assertEqual(self.channel._look_up(attempt).event, state.SENT)

    def test_several_invoices_and_their_cover_letter_are_one_file(self):
        moves = self.create_posted() | self.create_posted()
        attempt = moves._billing_queue_attempts("letter")
        calls, outcome = self.call(attempt)
        self.assertEqual(outcome.event, state.SENT)
        [document] = calls[0]["documents"]
        pdf = PdfFileReader(io.BytesIO(base64.b64decode(document["pdf_bin"])))
        self.assertEqual(pdf.getNumPages(), 3)

    def test_what_is_not_sent_is_left_to_the_plan(self):
        attempt = self.create_posted()._billing_queue_attempts("letter")
        _calls, outcome = self.call(attempt, error="CREDIT_ERROR")
        self.assertEqual(outcome.event, state.FAILED_SOFT)
        self.assertFalse(outcome.address_fault)
        letter = self.env["snailmail.letter"].search(
            [("billing_attempt_key", "=", attempt.key)]
        )
        self.assertEqual(letter.state, "canceled")

    def test_a_letter_that_staff_send_by_odoo_is_noted_once(self):
        move = self.create_posted()
        letter = self.env["snailmail.letter"].create(
            {
                "partner_id": move.partner_id.id,
                "model": "account.move",
                "res_id": move.id,
                "company_id": self.company.id,
            }
        )
        for _time in range(2):
            letter.state = "sent"
            [attempt] = self.attempts_of(move)
            self.assertEqual((attempt.origin, attempt.channel), ("odoo", "letter"))
            self.assertEqual(attempt.state, "sent")

    def test_who_wants_odoos_letters_wants_letters(self):
        self.kari.with_company(self.company).invoice_sending_method = "snailmail"
        self.assertEqual(self.kari._billing_chosen_channel(self.company), "letter")

    def test_a_letter_that_odoo_sends_later_moves_its_message(self):
        attempt = self.create_posted()._billing_queue_attempts("letter")
        self.call(attempt, raises=requests.ReadTimeout())
        letter = self.env["snailmail.letter"].search(
            [("billing_attempt_key", "=", attempt.key)]
        )
        letter.state = "sent"
        self.assertEqual(attempt.state, "sent")
