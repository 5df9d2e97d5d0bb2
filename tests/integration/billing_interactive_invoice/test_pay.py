"""Paying: numbers, codes, and Odoo's providers by link and signed in."""

import json
import re
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from unittest.mock import patch
from xml.etree import ElementTree

from lxml import html

from odoo import Command, fields
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_interactive_invoice.controllers.page import InvoicePage
from odoo.addons.billing_interactive_invoice.core import qr, visitor_rights
from odoo.addons.billing_interactive_invoice.core.page import Page

from ...common import KvittHttpCase
from ..billing_base.common import LinkCase
from ..billing_base.test_link_page import PHONE

PORTAL = visitor_rights.Visitor(visitor_rights.PORTAL)
LINK = visitor_rights.Visitor(visitor_rights.LINK)


class PayCase(LinkCase):
    """Kari owes 100 kroner twice; the company has an account and a provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.env["res.partner.bank"].create(
            {
                "acc_number": "15035149098",
                "partner_id": cls.company.partner_id.id,
                "acc_holder_name": "Fjordlys Kundekonto",
            }
        )
        (cls.invoice | cls.other).partner_bank_id = cls.bank
        cls.journal_bank = cls.company_data["default_journal_bank"]
        cls.provider = (
            cls.env["payment.provider"]
            .sudo()
            .search([("code", "=", "demo")], limit=1)
            .copy({"company_id": cls.company.id, "name": "Card"})
        )
        cls.provider.write(
            {
                "state": "test",
                "is_published": True,
                "journal_id": cls.journal_bank.id,
                "allow_tokenization": True,
            }
        )
        cls.method = cls.provider.payment_method_ids[:1]
        cls.method.active = True

    def section(self, code, move=None, visitor=PORTAL):
        """Return the values of a section, None when there is none."""
        sections = (move or self.invoice).sudo()._billing_page_sections(visitor)
        found = [section.values for section in sections if section.code == code]
        return found[0] if found else None

    def row(self, code, move=None):
        return next(r for r in self.section("pay", move)["rows"] if r["code"] == code)

    def new_transaction(self, state="draft", moves=None, amount=None, **values):
        moves = moves or self.invoice
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "amount": amount or sum(moves.mapped("amount_residual")),
                    "currency_id": moves.currency_id.id,
                    "partner_id": self.kari.id,
                    "state": state,
                    "operation": "online_direct",
                    "reference": f"T-{self.id()}-{state}",
                    "invoice_ids": [Command.set(moves.ids)],
                    **values,
                }
            )
        )


class TestNumbers(PayCase):
    def test_what_is_typed_into_a_bank_can_be_copied(self):
        reference = self.row("reference")
        self.assertEqual(reference["copy"], self.invoice.payment_reference)
        self.assertEqual(
            reference["text"].replace(" ", ""), self.invoice.payment_reference
        )
        account = self.row("account")
        self.assertEqual(account["text"], "1503 51 49098")
        self.assertEqual(account["copy"], "15035149098")
        self.assertEqual(account["label"], "Account number")
        self.assertEqual(self.row("amount")["copy"], "100.00")
        self.assertEqual(self.section("pay")["payee"], "Fjordlys Kundekonto")

    def test_a_large_amount_is_copied_without_signs_between_thousands(self):
        move = self._new_invoices(
            partner=self.kari,
            invoice_line_ids=[
                Command.create(
                    {"name": "Power", "price_unit": 12345.5, "tax_ids": False}
                )
            ],
        )
        self.assertEqual(self.row("amount", move)["copy"], "12345.50")
        self.assertIn("12,345.50", self.row("amount", move)["text"])

    def test_swedish_accounts_are_called_by_their_names(self):
        self.company.country_id = self.env.ref("base.se")
        for number, label in (("5050-1055", "Bankgiro"), ("12 34 56-7", "Plusgiro")):
            self.bank.acc_number = number
            self.assertEqual(self.row("account")["label"], label)

    def test_without_an_account_the_other_numbers_are_still_there(self):
        self.invoice.partner_bank_id = False
        codes = [row["code"] for row in self.section("pay")["rows"]]
        self.assertEqual(codes, ["reference", "amount"])

    def test_what_is_left_is_to_be_paid(self):
        self._register_payment(self.invoice, amount=60.0)
        self.assertEqual(self.row("amount")["copy"], "40.00")

    def test_who_has_paid_is_not_told_how_to(self):
        self._register_payment(self.invoice)
        self.assertIsNone(self.section("pay"))

    def test_nobody_pays_a_credit_note_or_what_is_void(self):
        note = self._new_invoices(partner=self.kari, move_type="out_refund")
        self.assertIsNone(self.section("pay", note))
        self.other.button_draft()
        self.other.button_cancel()
        self.assertIsNone(self.section("pay", self.other))

    def test_parts_of_a_plan_are_paid_one_by_one(self):
        today = self.company._billing_today()
        move = self._new_invoices(
            partner=self.kari,
            invoice_date=today,
            invoice_date_due=today + timedelta(days=14),
            invoice_line_ids=[
                Command.create({"name": "Power", "price_unit": 900.0, "tax_ids": False})
            ],
        ).sudo()
        move._billing_split(
            visitor_rights.Visitor("portal", partner_id=self.kari.id), 3
        )
        self.assertEqual(move._billing_pay_choices(), [("part", 300.0), ("all", 900.0)])
        values = self.section("pay", move)
        self.assertEqual([part["state"] for part in values["parts"]], ["open"] * 3)
        self.assertEqual(self.row("amount", move)["copy"], "300.00")
        self._register_payment(move, amount=350.0)
        self.env.invalidate_all()
        values = self.section("pay", move)
        self.assertEqual(
            [part["state"] for part in values["parts"]], ["paid", "open", "open"]
        )
        self.assertEqual(values["parts"][1]["rest"], move.currency_id.format(250.0))
        self.assertEqual(self.row("amount", move)["copy"], "250.00")


class TestCodes(PayCase):
    page = Page(7, prefix="/nb", access_token="abc")

    def test_a_phone_opens_the_page_by_its_code(self):
        self.assertEqual(self.section("pay")["code"], "page")
        self.assertEqual(
            self.invoice._billing_code_svg("page", self.page),
            qr.svg(f"{self.invoice.get_base_url()}/nb/my/invoices/7?access_token=abc"),
        )

    def test_banks_read_the_code_that_the_company_chose(self):
        self.company.country_id = self.env.ref("base.se")
        self.bank.acc_number = "5050-1055"
        self.company.billing_payment_qr = "usingqr"
        self.company.company_registry = "556677-8899"
        values = json.loads(self.invoice._billing_payment_code_text(100.0))
        self.assertEqual(values["iref"], self.invoice.payment_reference)
        self.assertEqual((values["pt"], values["acc"]), ("BG", "5050-1055"))
        self.assertEqual((values["due"], values["nme"]), (100.0, "Fjordlys Kundekonto"))
        self.assertEqual(values["cid"], "556677-8899")
        before = self.section("pay")
        self.assertEqual(before["code"], "payment")
        self._register_payment(self.invoice, amount=60.0)
        self.assertNotEqual(self.section("pay")["code_version"], before["code_version"])

    def test_odoos_own_code_comes_first(self):
        self.company.qr_code = True
        self.company.billing_payment_qr = "usingqr"
        banks = type(self.env["res.partner.bank"])
        with (
            patch.object(banks, "_get_available_qr_methods", lambda s: [("x", "X", 1)]),
            patch.object(
                banks,
                "_get_qr_code_generation_params",
                lambda s, qr_method, amount, **more: {
                    "barcode_type": "QR",
                    "value": f"{qr_method} {amount}",
                },
            ),
        ):
            text = self.invoice._billing_payment_code_text(100.0)
        self.assertEqual(text, "x 100.0")

    def test_there_are_no_codes_for_what_is_paid(self):
        self._register_payment(self.invoice)
        self.assertEqual(self.invoice._billing_code_svg("page", self.page), "")

    def test_other_words_are_no_codes(self):
        self.assertEqual(self.invoice._billing_code_svg("../x", self.page), "")
        self.assertEqual(self.invoice._billing_code_svg("payment", self.page), "")


class TestOnline(PayCase):
    def test_the_button_needs_a_provider_that_customers_see(self):
        self.assertTrue(self.section("pay")["is_online"])
        self.provider.is_published = False
        self.assertFalse(self.section("pay")["is_online"])
        self.provider.write({"is_published": True, "state": "disabled"})
        self.assertFalse(self.section("pay")["is_online"])

    def test_a_payment_that_is_checked_is_not_asked_for_again(self):
        self.new_transaction("pending")
        self.assertFalse(self.section("pay")["is_online"])
        self.assertEqual(
            self.section("pay")["under_way"], self.invoice.currency_id.format(100.0)
        )

    def test_open_pages_follow_a_payment(self):
        tx = self.new_transaction("draft")
        moves = type(self.env["account.move"])
        told = []
        with patch.object(moves, "_billing_page_changed", lambda m: told.append(m)):
            tx._set_pending()
            self.assertEqual(told, [self.invoice])
            tx._set_error("No cover")
        self.assertEqual(told, [self.invoice] * 2)

    def test_what_is_confirmed_later_is_booked_at_once(self):
        tx = self.new_transaction("pending")
        job = self.env.ref("payment.cron_post_process_payment_tx")
        triggers = self.env["ir.cron.trigger"].sudo()
        triggers.search([("cron_id", "=", job.id)]).unlink()
        tx._set_done()
        self.assertEqual(self.invoice.payment_state, "not_paid")
        self.assertEqual(self.invoice._billing_payments_under_way(), tx)
        self.assertFalse(self.section("pay")["is_online"])
        trigger = triggers.search([("cron_id", "=", job.id)])
        self.assertLessEqual(trigger.call_at, fields.Datetime.now())
        tx._post_process()
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertFalse(self.invoice._billing_payments_under_way())

    def test_a_browser_that_waits_books_what_it_paid(self):
        job = self.env.ref("payment.cron_post_process_payment_tx")
        triggers = self.env["ir.cron.trigger"].sudo()
        triggers.search([("cron_id", "=", job.id)]).unlink()
        self.new_transaction("draft")._set_done()
        trigger = triggers.search([("cron_id", "=", job.id)])
        self.assertGreater(trigger.call_at, fields.Datetime.now())

    def test_a_payment_that_failed_is_told_until_another_one_is_made(self):
        self.assertFalse(self.section("pay")["failed_day"])
        self.new_transaction("error", reference="T-1")
        self.new_transaction("draft", reference="T-2")
        self.assertIn("<time", self.section("pay")["failed_day"])
        self.assertTrue(self.section("pay")["is_online"])
        self.new_transaction("pending", reference="T-3")
        self.assertFalse(self.section("pay")["failed_day"])


class TestOthers(PayCase):
    def test_a_link_shows_none_and_does_not_tell_whether_there_are_any(self):
        self.assertEqual(self.section("other_invoices", visitor=LINK), {"hidden": True})
        self._register_payment(self.other)
        self.assertEqual(self.section("other_invoices", visitor=LINK), {"hidden": True})

    def test_who_is_certain_sees_all_that_is_open_and_its_sum(self):
        ola = self._new_partner("Ola")
        self._new_invoices(partner=ola)
        self._new_invoices(partner=self.kari, post=False)
        values = self.section("other_invoices")
        self.assertEqual([other["id"] for other in values["others"]], [self.other.id])
        self.assertEqual(values["sums"], [self.invoice.currency_id.format(200.0)])
        self.assertEqual((values["count"], values["has_this"]), (2, True))
        self.assertTrue(values["together"])

    def test_a_contacts_invoices_are_the_customers(self):
        contact = self._new_partner("Kari at work", parent_id=self.kari.id)
        move = self._new_invoices(partner=contact)
        ids = [o["id"] for o in self.section("other_invoices")["others"]]
        self.assertEqual(ids, [self.other.id, move.id])

    def test_without_others_there_is_no_section(self):
        self._register_payment(self.other)
        self.assertIsNone(self.section("other_invoices"))

    def test_what_is_being_paid_keeps_all_from_being_paid_at_once(self):
        self.new_transaction("pending", self.other)
        self.assertFalse(self.section("other_invoices")["together"])

    def test_staff_see_those_that_they_may_read(self):
        clerk = new_test_user(
            self.env,
            "clerk",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        for user, expected in ((clerk, 0), (self.user, 1)):
            staff = visitor_rights.Visitor(visitor_rights.STAFF, user_id=user.id)
            values = self.section("other_invoices", visitor=staff) or {"others": []}
            self.assertEqual(len(values["others"]), expected)
            self.assertFalse(values.get("together"))

    def test_twenty_invoices_cost_as_many_queries_as_four(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            move = self.invoice.sudo()
            before = self.env.cr.sql_log_count
            self.assertTrue(move._billing_others_values(PORTAL))
            return self.env.cr.sql_log_count - before

        self._new_invoices(2, partner=self.kari)
        count()
        few = count()
        self._new_invoices(16, partner=self.kari)
        self.assertLessEqual(count(), few)


class TestSteps(PayCase, KvittHttpCase):
    """Over HTTP, as browsers do it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = cls.links._issue(
            [{"move_id": cls.invoice.id, "key": "attempt-1"}]
        )._token()
        cls.kari.email = "kari@kunde.example"
        cls.portal = new_test_user(
            cls.env,
            "kari_portal",
            groups="base.group_portal",
            partner_id=cls.kari.id,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def path(self, *parts, move=None):
        return "/".join([f"/my/invoices/{(move or self.invoice).id}", *parts])

    def sign_in(self, login):
        self.authenticate(login, login)
        self.token = None

    def get(self, *parts, token=None, move=None, **params):
        if token or self.token:
            params["access_token"] = token or self.token
        return self.url_open(
            self.path(*parts, move=move),
            params=params,
            headers=PHONE,
            allow_redirects=False,
        )

    @mute_logger("odoo.http")
    def rpc(self, url, **params):
        answer = self.url_open(
            url,
            data=json.dumps({"params": params}),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()

    def form_of(self, answer):
        self.assertEqual(answer.status_code, 200)
        (form,) = html.fromstring(answer.content).xpath("//form[@id='o_payment_form']")
        return form

    def pay(self, form, state="done", **changed):
        """Do what Odoo's payment form does in a browser; return the transaction."""
        answer = self.rpc(
            form.get("data-transaction-route"),
            **{
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "token_id": None,
                "amount": float(form.get("data-amount")),
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": form.get("data-landing-route"),
                "is_validation": False,
                "access_token": form.get("data-access-token"),
                **changed,
            },
        )
        if "error" in answer:
            return answer["error"]["data"]["message"]
        reference = answer["result"]["reference"]
        self.rpc(
            "/payment/demo/simulate_payment",
            reference=reference,
            payment_details="1234",
            simulated_state=state,
        )
        self.env.invalidate_all()
        return (
            self.env["payment.transaction"]
            .sudo()
            .search([("reference", "=", reference)])
        )

    @contextmanager
    def elevated(self):
        """Let the browser have proved to be the customer's."""
        until = fields.Datetime.now() + timedelta(minutes=30)
        with ExitStack() as stack:
            for cls in (InvoicePage, *_below(InvoicePage)):
                if "_billing_elevated_until" in vars(cls):
                    stack.enter_context(
                        patch.object(
                            cls, "_billing_elevated_until", lambda self, move: until
                        )
                    )
            yield

    def test_who_came_by_a_link_pays_and_comes_back(self):
        form = self.form_of(self.get("pay"))
        self.assertEqual(form.get("data-access-token"), self.token)
        tx = self.pay(form)
        self.assertEqual((tx.state, tx.amount), ("done", 100.0))
        self.assertEqual(
            tx.landing_route,
            f"/my/invoices/{self.invoice.id}?access_token={self.token}",
        )
        status = self.rpc("/payment/status/poll")["result"]
        self.assertEqual(status["landing_route"], tx.landing_route)
        self.env.invalidate_all()
        self.assertEqual(self.invoice.payment_state, "paid")
        back = self.url_open(tx.landing_route, headers=PHONE)
        self.assertEqual(back.status_code, 200)
        self.assertFalse(html.fromstring(back.content).xpath("//*[@id='pay']"))
        self.assertNotIn(self.invoice.access_token or "no token", back.text)

    def test_who_is_signed_in_pays_without_any_token(self):
        self.sign_in("kari_portal")
        answer = self.get("pay")
        form = self.form_of(answer)
        self.assertEqual(form.get("data-access-token"), "")
        tx = self.pay(form)
        self.assertEqual((tx.state, tx.partner_id), ("done", self.kari))
        self.assertEqual(tx.landing_route, f"/my/invoices/{self.invoice.id}")
        self.assertFalse(self.invoice.access_token, "nothing everlasting was made")

    def test_the_page_says_that_a_payment_is_being_checked(self):
        self.pay(self.form_of(self.get("pay")), state="pending")
        status = self.url_open("/payment/status", allow_redirects=False)
        self.assertEqual(status.status_code, 303)
        self.assertIn(f"/my/invoices/{self.invoice.id}?", status.headers["Location"])
        page = html.fromstring(self.get().content)
        self.assertFalse(page.xpath("//a[contains(@class, 'k-pay-button')]"))
        text = " ".join(page.text_content().split())
        self.assertIn("checking", text)
        again = self.get("pay")
        self.assertEqual(again.status_code, 303)

    def test_nobody_pays_twice_more_or_for_nothing(self):
        form = self.form_of(self.get("pay"))
        for amount in (100.01, 0, -5, "NaN", "inf", None):
            self.assertIn("is left to pay", self.pay(form, amount=amount))
        self.pay(form, state="pending")
        self.assertIn("nothing to pay", self.pay(form))
        self.assertEqual(len(self.invoice.transaction_ids), 1)

    def test_a_link_charges_no_saved_card_and_saves_none(self):
        saved = (
            self.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "payment_details": "8765",
                    "partner_id": self.kari.id,
                    "provider_ref": "kari's card",
                    "demo_simulated_state": "done",
                }
            )
        )
        answer = self.get("pay")
        self.assertNotIn("8765", answer.text)
        form = self.form_of(answer)
        refusal = self.pay(form, flow="token", token_id=saved.id)
        self.assertIn("Sign in to pay with a card", refusal)
        tx = self.pay(form, tokenization_requested=True)
        self.assertFalse(tx.tokenize)
        self.sign_in("kari_portal")
        self.assertIn("8765", self.get("pay", move=self.other).text)

    def test_where_a_payment_ends_is_ours_to_say(self):
        tx = self.pay(
            self.form_of(self.get("pay")), landing_route="https://evil.example/"
        )
        self.assertTrue(tx.landing_route.startswith("/my/invoices/"))

    def test_wrong_links_pay_nothing(self):
        self.assertEqual(self.get("pay", token="x" * 22).status_code, 404)
        self.assertEqual(self.get("pay", move=self.other).status_code, 404)
        form = self.form_of(self.get("pay"))
        message = self.pay(form, access_token="x" * 22)
        self.assertIn("does not open the invoice", message)
        self.assertFalse(self.invoice.transaction_ids)

    def test_staff_look_and_do_not_pay(self):
        self.sign_in("billing_user")
        answer = self.get("pay")
        self.assertEqual(answer.status_code, 303)
        page = html.fromstring(self.get().content)
        (button,) = page.xpath("//*[contains(@class, 'k-pay-button')]")
        self.assertEqual((button.tag, button.get("aria-disabled")), ("span", "true"))
        refusal = self.rpc(
            f"/invoice/transaction/{self.invoice.id}",
            access_token="",
            provider_id=self.provider.id,
            amount=100.0,
        )
        self.assertIn("cannot pay here", refusal["error"]["data"]["message"])

    def test_codes_are_pictures_that_run_nothing(self):
        answer = self.get("pay", "code.svg", kind="page")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "image/svg+xml")
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        root = ElementTree.fromstring(answer.text)
        self.assertEqual({child.tag.split("}")[1] for child in root}, {"path"})
        self.assertEqual(self.get("pay", "code.svg", kind="payment").status_code, 404)
        wrong = self.get("pay", "code.svg", kind="page", token="x" * 22)
        self.assertEqual(wrong.status_code, 404)

    def test_all_at_once_needs_to_know_who_it_is(self):
        answer = self.get("pay", "all")
        self.assertEqual(answer.status_code, 303)
        self.assertRegex(answer.headers["Location"], r"/code|/web/login")
        refusal = self.rpc(
            self.path("pay", "all", "transaction"),
            access_token=self.token,
            provider_id=self.provider.id,
            payment_method_id=self.method.id,
            token_id=None,
            amount=200.0,
            flow="direct",
            tokenization_requested=False,
            landing_route="/",
        )
        self.assertIn("sign in", refusal["error"]["data"]["message"])

    def test_all_open_invoices_are_paid_at_once(self):
        self.sign_in("kari_portal")
        form = self.form_of(self.get("pay", "all"))
        self.assertEqual(float(form.get("data-amount")), 200.0)
        self.assertIn("paid meanwhile", self.pay(form, amount=150.0))
        tx = self.pay(form)
        self.assertEqual(tx.invoice_ids, self.invoice | self.other)
        self.rpc("/payment/status/poll")
        self.env.invalidate_all()
        self.assertEqual(
            (self.invoice | self.other).mapped("payment_state"), ["paid", "paid"]
        )

    def test_a_code_opens_the_others_for_a_day(self):
        path = ("other", str(self.other.id))
        answer = self.get(*path)
        self.assertRegex(answer.headers["Location"], r"/code|/web/login")
        with self.elevated():
            answer = self.get(*path)
            again = self.get(*path)
        self.assertEqual(answer.headers["Location"], again.headers["Location"])
        match = re.search(
            rf"/my/invoices/{self.other.id}\?access_token=([\w-]{{22}})$",
            answer.headers["Location"],
        )
        link = self.links.sudo()._find(match[1])
        self.assertEqual(link.move_id, self.other)
        left = link.expires_at - fields.Datetime.now()
        self.assertLessEqual(left, timedelta(days=1))
        self.assertGreater(left, timedelta(hours=23))

    def test_nobody_elses_invoice_is_among_the_others(self):
        olas = self._new_invoices(partner=self._new_partner("Ola"))
        with self.elevated():
            answer = self.get("other", str(olas.id))
        self.assertIn(f"/my/invoices/{self.invoice.id}", answer.headers["Location"])
        self.assertFalse(self.links.sudo().search([("move_id", "=", olas.id)]))


def _below(cls):
    """Yield all classes that inherit from ``cls``."""
    for child in cls.__subclasses__():
        yield child
        yield from _below(child)
