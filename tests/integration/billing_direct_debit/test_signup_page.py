"""Signing up from Odoo's own page of an invoice, over HTTP."""

from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from lxml import html

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ...common import KvittHttpCase
from ..billing_base.common import LinkCase
from .signup_common import CLEARING, NUMBER, SignupCase


class TestOwnPage(SignupCase, LinkCase, KvittHttpCase):
    """Whatever else is installed, the page is Odoo's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        move_class = cls.registry["account.move"]
        if hasattr(move_class, "_billing_has_page"):
            cls.startClassPatcher(
                patch.object(move_class, "_billing_has_page", lambda move: False)
            )
        cls.token = cls.links._issue(
            [{"move_id": cls.invoice.id, "key": "page"}]
        )._token()
        cls.swedish_token = cls.links._issue(
            [{"move_id": cls.swedish_invoice.id, "key": "page"}]
        )._token()
        cls.portal_user = new_test_user(
            cls.env, "signup_kari", "base.group_portal", lang="en_US"
        )
        cls.portal_user.partner_id.parent_id = cls.kari

    def get(self, path, move=None, **params):
        return self.url_open(
            f"/my/invoices/{(move or self.invoice).id}{path}",
            params=params,
            allow_redirects=False,
        )

    def follow(self, answer):
        self.assertEqual(answer.status_code, 303, answer.text[:500])
        return self.url_open(answer.headers["Location"], allow_redirects=False)

    def card(self, move=None, **params):
        tree = html.fromstring(self.get("", move, **params).content)
        found = tree.xpath("//section[@id='direct_debit']")
        return found[0] if found else None

    def send(self, form, **values):
        fields = {
            field.get("name"): field.get("value") or ""
            for field in form.xpath(".//input[@type='hidden']")
        }
        return self.url_open(
            form.get("action"), data={**fields, **values}, allow_redirects=False
        )

    def form(self, answer, action):
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        tree = html.fromstring(answer.content)
        [form] = tree.xpath(f"//form[contains(@action, '{action}')]")
        return form

    def start(self):
        """Go from the invoice to the page that hands over to the bank."""
        card = self.card(access_token=self.token)
        [form] = card.xpath(".//form[contains(@action, 'debit_start')]")
        return self.send(form, include_open="1")

    # === NORWAY === #

    def test_one_click_goes_to_the_bank_and_back(self):
        answer = self.follow(self.start())
        self.assertEqual(answer.status_code, 200)
        policy = answer.headers["Content-Security-Policy"]
        origin = self.base_url().rstrip("/")
        self.assertIn(f"form-action {origin};", policy)
        self.assertNotIn("*", policy)
        self.assertNotIn("unsafe", policy)
        self.assertIn("no-store", answer.headers["Cache-Control"])
        [form] = html.fromstring(answer.content).xpath("//form[@id='handover']")
        self.assertEqual(form.get("method"), "post")
        self.assertTrue(form.get("action").endswith("/billing/demo/agreement"))
        names = [field.get("name") for field in form.xpath(".//input")]
        self.assertEqual(
            names,
            [
                "companyAccountNo",
                "kid",
                "amountLimit",
                "notificationDisabled",
                "companyName",
                "returnUrl",
            ],
        )
        self.assertNotIn(self.token, html.tostring(form).decode())
        # The demo of the bank's page, without any token of ours.
        page = self.send(form)
        self.assertIn("This is not a bank", page.text)
        [agree, _cancel] = html.fromstring(page.content).xpath(
            "//a[contains(@class, 'k-button')]/@href"
        )
        self.assertEqual(parse_qs(urlsplit(agree).query)["status"], ["OK"])
        back = self.url_open(agree, allow_redirects=False)
        self.assertEqual(back.status_code, 303)
        self.assertIn(f"access_token={self.token}", back.headers["Location"])
        card = self.card(access_token=self.token)
        self.assertEqual(card.get("data-stage"), "waiting")
        signup = self.signups.search([("move_id", "=", self.invoice.id)])
        self.assertEqual((signup.state, signup.include_open), ("returned", True))
        self.assertEqual(signup.hint, "status=OK")
        self.assertFalse(self.mandates.search([("partner_id", "=", self.kari.id)]))

    def test_another_browser_gets_nothing_of_it(self):
        self.start()
        signup = self.signups.search([("move_id", "=", self.invoice.id)])
        self.env.flush_all()
        self.authenticate(None, None)
        for path in ("/debit_bank", "/debit_back"):
            with mute_logger("odoo.http"):
                answer = self.get(path, key=signup._key())
            self.assertEqual(answer.status_code, 404)
            for secret in (
                self.token,
                self.invoice.name,
                self.invoice.payment_reference,
                self.kari.name,
            ):
                self.assertNotIn(secret, answer.text)
        self.assertEqual(signup.state, "started")

    def test_the_address_of_one_invoice_is_not_of_another(self):
        self.start()
        signup = self.signups.search([("move_id", "=", self.invoice.id)])
        with mute_logger("odoo.http"):
            answer = self.get("/debit_bank", self.other, key=signup._key())
        self.assertEqual(answer.status_code, 404)

    def test_the_demo_answers_nobody_else(self):
        form = {
            "companyAccountNo": self.norwegian.account_number,
            "returnUrl": f"{self.base_url()}/my",
        }
        for change in (
            {"companyAccountNo": "12345678903"},
            {"returnUrl": "https://elsewhere.example/"},
            {"returnUrl": "javascript:alert(1)"},
            {"returnUrl": f"{self.base_url()}//elsewhere.example/my"},
            {"returnUrl": f"{self.base_url()}/\\elsewhere.example/my"},
        ):
            with mute_logger("odoo.http"):
                answer = self.url_open("/billing/demo/agreement", data=form | change)
            self.assertEqual(answer.status_code, 404)
        self.norwegian.signup_address = "https://bank.example/start"
        self.env.flush_all()
        with mute_logger("odoo.http"):
            answer = self.url_open("/billing/demo/agreement", data=form)
        self.assertEqual(answer.status_code, 404)

    # === SWEDEN === #

    def test_who_came_by_a_link_signs_in_first(self):
        card = self.card(self.swedish_invoice, access_token=self.swedish_token)
        self.assertEqual(card.get("data-stage"), "offer")
        answer = self.get(
            "/direct_debit", self.swedish_invoice, access_token=self.swedish_token
        )
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/web/login?redirect=", answer.headers["Location"])
        self.assertNotIn(self.swedish_token, answer.headers["Location"])

    def test_what_is_norways_begins_nothing_in_sweden(self):
        form = self.card(access_token=self.token).find(".//form")
        fields = {
            field.get("name"): field.get("value") or ""
            for field in form.xpath(".//input[@type='hidden']")
        }
        answer = self.url_open(
            f"/my/invoices/{self.swedish_invoice.id}/debit_start",
            data={**fields, "access_token": self.swedish_token},
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self.signups.search([("partner_id", "=", self.kari.id)]))
        # Nor for the customer, who would be by without account and consent.
        self.authenticate("signup_kari", "signup_kari")
        page = self.get("/direct_debit", self.swedish_invoice)
        form = self.form(page, "debit_sign")
        form.set("action", form.get("action").replace("debit_sign", "debit_start"))
        self.assertEqual(self.send(form).status_code, 422)
        form.set("action", form.get("action").replace("debit_start", "debit_sign"))
        self.assertIn("tick that you agree", self.send(form).text)
        self.assertFalse(self.signups.search([("partner_id", "=", self.kari.id)]))

    def test_coming_back_shows_the_page_to_the_customer_only(self):
        self.authenticate("signup_kari", "signup_kari")
        page = self.get("/direct_debit", self.swedish_invoice)
        self.send(
            self.form(page, "debit_sign"), clearing=CLEARING, account=NUMBER, agree="1"
        )
        signup = self.signups.search([("partner_id", "=", self.kari.id)])
        answer = self.get("/debit_signed", self.swedish_invoice, key=signup._key())
        self.assertIn("BankID is not finished", answer.text)
        self.portal_user.partner_id.parent_id = False
        self.env.flush_all()
        answer = self.get("/debit_signed", self.swedish_invoice, key=signup._key())
        self.assertEqual(answer.status_code, 303)
        self.assertNotIn(self.kari.name, answer.text)

    def test_the_company_above_is_not_the_customer(self):
        self.sign(self.begin_swedish())
        above = self._new_partner("Konsern AS", is_company=True)
        self.kari.write({"is_company": True, "parent_id": above.id})
        self.portal_user.partner_id.parent_id = above
        self.env.flush_all()
        self.authenticate("signup_kari", "signup_kari")
        card = self.card(self.swedish_invoice)
        self.assertFalse(card.xpath(".//form | .//a"))
        answer = self.get("/direct_debit", self.swedish_invoice)
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(
            answer.headers["Location"].endswith(str(self.swedish_invoice.id))
        )

    def test_signed_in_it_is_signed_on_the_page(self):
        self.authenticate("signup_kari", "signup_kari")
        page = self.get("/direct_debit", self.swedish_invoice)
        form = self.form(page, "debit_sign")
        typed = {"clearing": CLEARING, "account": NUMBER, "agree": "1"}
        for change, words in (
            ({"agree": ""}, "tick that you agree"),
            ({"account": "1234567"}, "do not fit together"),
        ):
            answer = self.send(form, **typed | change)
            self.assertEqual(answer.status_code, 422)
            self.assertIn(words, answer.text)
        self.assertIn('value="1234567"', answer.text)
        self.assertFalse(self.signups.search([("partner_id", "=", self.kari.id)]))

        first = self.send(form, **typed)
        again = self.send(form, **typed)
        self.assertEqual(first.headers["Location"], again.headers["Location"])
        bankid = self.form(self.follow(first), "demo/bankid")
        wrong = self.send(bankid, sign="1", identity="123", name="X")
        self.assertEqual(wrong.status_code, 422)
        done = self.follow(
            self.send(bankid, sign="1", identity="19121212-1212", name="Tolvan")
        )
        place = done.headers["Location"]
        self.assertTrue(place.endswith(f"{self.swedish_invoice.id}/direct_debit"))
        self.assertIn("is on its way", self.url_open(place).text)
        # Coming back once more by the same address signs nothing more.
        signup = self.signups.search([("partner_id", "=", self.kari.id)])
        self.get("/debit_signed", self.swedish_invoice, key=signup._key())
        self.assertEqual(len(signup.mandate_id.request_ids), 1)

        stop = self.form(self.get("/direct_debit", self.swedish_invoice), "debit_stop")
        for _nth in range(2):
            self.assertEqual(self.send(stop).status_code, 303)
        self.assertEqual(self.stage(self.swedish_invoice), "ended")

    def test_nobody_signs_for_somebody_else(self):
        self.authenticate("signup_kari", "signup_kari")
        page = self.get("/direct_debit", self.swedish_invoice)
        first = self.send(
            self.form(page, "debit_sign"), clearing=CLEARING, account=NUMBER, agree="1"
        )
        self.form(self.follow(first), "demo/bankid")
        signup = self.signups.search([("partner_id", "=", self.kari.id)])
        self.swedish._identification()._say(signup, "191212121212", "Tolvan")
        self.env.flush_all()
        self.authenticate(None, None)
        with mute_logger("odoo.http"):
            answer = self.get("/debit_signed", self.swedish_invoice, key=signup._key())
        self.assertEqual(answer.status_code, 404)
        self.assertFalse(signup.mandate_id)

    def test_not_going_on_says_so_and_lets_try_again(self):
        self.authenticate("signup_kari", "signup_kari")
        page = self.get("/direct_debit", self.swedish_invoice)
        first = self.send(
            self.form(page, "debit_sign"), clearing=CLEARING, account=NUMBER, agree="1"
        )
        bankid = self.form(self.follow(first), "demo/bankid")
        answer = self.follow(self.send(bankid))
        self.assertIn("Nothing has been signed", answer.text)
        self.form(answer, "debit_sign")

    def test_staff_look_on(self):
        self.authenticate("billing_user", "billing_user")
        card = self.card(self.swedish_invoice)
        if card is not None:
            self.assertFalse(card.xpath(".//form | .//a[contains(@class, 'btn')]"))
        answer = self.get("/direct_debit", self.swedish_invoice)
        self.assertEqual(answer.status_code, 303)
        self.assertNotIn("direct_debit", answer.headers["Location"])
