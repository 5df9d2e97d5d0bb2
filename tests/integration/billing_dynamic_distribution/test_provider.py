"""eFaktura and digital mailboxes through an operator, which here sends nothing."""

import hashlib
import hmac
import json
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from odoo import tools
from odoo.exceptions import ValidationError

from odoo.addons.billing_dynamic_distribution.adapters.delivery_provider import (
    ReportError,
)
from odoo.addons.billing_dynamic_distribution.core import state

from ...common import KvittHttpCase
from .channel_contract import ChannelContract
from .common import DistributionCase


class ProviderCase(DistributionCase):
    channel_code = "efaktura"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        codes = ("efaktura", "mailbox")
        names = {code: f"billing.channel.{code}" for code in codes}
        patcher = patch.object(
            cls.registry["billing.channel"], "_registry", lambda self: names
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.company.billing_efaktura_provider = "fake"
        cls.company.billing_mailbox_provider = "fake"
        cls.channel = cls.env[f"billing.channel.{cls.channel_code}"]

    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.dict(
                tools.config.options, {"data_dir": str(self.folder)}, clear=False
            )
        )

    def create_posted(self, address="NO-12345"):
        partner = self.create_customer(
            "Kari Nordmann", **{f"billing_{self.channel_code}_address": address}
        )
        move = self.create_invoice(partner)
        move.action_post()
        return move

    def queue(self, address="NO-12345"):
        return self.create_posted(address)._billing_queue_attempts(self.channel_code)

    def report(self, rows, secret=None):
        body = json.dumps(rows).encode()
        secret = secret or self.channel._secret(self.company)
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return body, {"X-Signature": signature}


class ProviderContract(ChannelContract):
    """The contract, for a channel whose operator is ``FakeProvider``."""

    def contract_invoice(self):
        self.made = getattr(self, "made", 0) + 1
        return self.create_posted(f"NO-{self.made}")

    @contextmanager
    def provider(self, behaviour):
        word = {"accept": "", "refuse": "refuse", "down": "down", "silent": "silent"}
        fake = type(self.channel._provider(self.company))
        real = fake.send

        def send(provider, dispatch):
            return real(
                provider,
                replace(dispatch, address=dispatch.address + word[behaviour]),
            )

        with patch.object(fake, "send", send):
            yield


class TestEfakturaContract(ProviderContract, ProviderCase):
    channel_code = "efaktura"


class TestMailboxContract(ProviderContract, ProviderCase):
    channel_code = "mailbox"


class TestProvider(ProviderCase):
    def test_without_an_operator_the_channel_is_not_offered(self):
        self.assertTrue(self.channel._is_available(self.company))
        self.company.billing_efaktura_provider = False
        self.assertFalse(self.channel._is_available(self.company))

    def test_the_same_key_is_kept_once_and_found_again(self):
        attempt = self.queue()
        prepared = self.channel._prepare(attempt)
        attempt._apply(state.CALLED)
        self.channel._call(attempt, prepared)
        self.channel._call(attempt, prepared)
        self.assertEqual(len(list(self.folder.rglob(f"*{attempt.key}*"))), 1)
        self.assertEqual(self.channel._look_up(attempt).event, state.SENT)

    def test_customers_are_looked_up(self):
        known = self.create_customer("Has One", billing_efaktura_address="NO-1")
        found = self.create_customer("Is There", "there@example.com")
        absent = self.create_customer("Is Not")
        partners = known | found | absent
        self.assertEqual(self.channel._find_receivers(self.company, partners), found)
        self.assertEqual(
            partners.mapped("billing_efaktura_address"),
            ["NO-1", "there@example.com", False],
        )
        self.assertTrue(self.channel._contact_points(found))
        self.assertFalse(self.channel._find_receivers(self.company, partners))

    def test_settings_are_names_and_values(self):
        self.company.billing_efaktura_settings = "user = kari\n\nurl=https://x/?a=b"
        self.assertEqual(
            self.company._billing_provider_settings("efaktura"),
            {"user": "kari", "url": "https://x/?a=b"},
        )
        with self.assertRaises(ValidationError):
            self.company.billing_efaktura_settings = "no sign"

    def sent(self):
        attempt = self.queue()
        prepared = self.channel._prepare(attempt)
        attempt._apply(state.CALLED)
        attempt._apply_outcomes([(attempt, self.channel._call(attempt, prepared))])
        self.assertEqual(attempt.state, "sent")
        return attempt

    def test_reports_come_twice_and_in_any_order(self):
        attempt = self.sent()
        rows = [
            {"id": attempt.key, "status": "opened", "at": "2026-11-24T10:00:00Z"},
            {"id": attempt.key, "status": "delivered", "at": "2026-11-24T09:00:00Z"},
            {"id": "of somebody else", "status": "delivered"},
        ]
        for _time in range(2):
            body, headers = self.report(rows)
            self.channel._receive_reports(self.company, body, headers)
            self.assertEqual(attempt.state, "opened")
        self.assertEqual(self.kinds(attempt.move_ids).count("delivery.opened"), 1)

    def test_a_message_that_came_back_is_the_address_s_fault(self):
        attempt = self.sent()
        rows = [{"id": attempt.key, "status": "returned", "reason": "Reservert"}]
        self.channel._receive_reports(self.company, *self.report(rows))
        self.assertEqual(attempt.state, "failed_hard")
        self.assertEqual(attempt.contact_point_id.state, "blocked")

    def test_who_does_not_know_the_secret_reports_nothing(self):
        attempt = self.sent()
        rows = [{"id": attempt.key, "status": "delivered"}]
        strangers = (
            self.report(rows, secret="guessed"),
            # Signed, but for another company or channel.
            self.report(rows, secret=self.channel._secret(self.env.company.browse(1))),
            (self.report(rows)[0], {}),
            (self.report(rows)[0], {"X-Signature": "æ"}),
        )
        for body, headers in strangers:
            with self.assertRaises(ReportError) as caught:
                self.channel._receive_reports(self.company, body, headers)
            self.assertEqual(caught.exception.status, 403)
        self.assertEqual(attempt.state, "sent")

    def test_what_cannot_be_read_counts_not_at_all(self):
        attempt = self.sent()
        for rows in (
            {"id": attempt.key},
            [{"id": attempt.key, "status": "eaten"}],
            [{"id": attempt.key, "status": "delivered"}, "x"],
            [{"id": attempt.key, "status": "delivered", "at": "never"}],
        ):
            with self.assertRaises(ReportError) as caught:
                self.channel._receive_reports(self.company, *self.report(rows))
            self.assertEqual(caught.exception.status, 400)
        self.assertEqual(attempt.state, "sent")


class TestProviderWebhook(KvittHttpCase):
    def test_the_door(self):
        company = self.env.company
        company.billing_mailbox_provider = "fake"
        channel = self.env["billing.channel.mailbox"]
        url = f"/billing/provider/report/mailbox/{company.id}"
        body = b"[]"
        good = hmac.new(
            channel._secret(company).encode(), body, hashlib.sha256
        ).hexdigest()
        for address, signature, status in (
            (url, good, 200),
            (url, "0" * 64, 403),
            (url.replace("mailbox", "sms"), good, 403),
            ("/billing/provider/report/mailbox/999999999", good, 403),
        ):
            answer = self.url_open(
                address, data=body, headers={"X-Signature": signature}
            )
            self.assertEqual(answer.status_code, status, address)
