"""The pages of two customers, as browsers meet them."""

import re
from unittest.mock import patch

from lxml import html

from odoo.addons.billing_interactive_invoice.models import billing_page_code

from ...common import KvittHttpCase
from ..billing_base.common import LinkCase

PHONE = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
}
CODE = 123456


class TrustCase(LinkCase, KvittHttpCase):
    """Kari has two invoices, Ola has one; a link to each went out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.phone = "+47 55 00 00 00"
        cls.kari.phone = "+47 990 12 347"
        cls.ola = cls._new_partner("Ola Kunde", email="ola@annen.example", lang="en_US")
        cls.olas = cls._new_invoices(partner=cls.ola)
        cls.token, cls.other_token, cls.olas_token = (
            cls.links._issue([{"move_id": move.id, "key": "attempt-1"}])._token()
            for move in (cls.invoice, cls.other, cls.olas)
        )
        cls.codes = cls.env["billing.page.code"]

    def setUp(self):
        super().setUp()
        self.csrf_tokens = {}
        # Codes would be random, and messages gone as soon as they are sent.
        self.startPatcher(
            patch.object(billing_page_code.secrets, "randbelow", lambda below: CODE)
        )
        self.startPatcher(
            patch.object(
                self.registry["mail.mail"], "send_after_commit", lambda mails: None
            )
        )

    def path(self, *parts, move=None):
        return "/".join([f"/my/invoices/{(move or self.invoice).id}", *parts])

    def get(self, *parts, move=None, token=None, **params):
        return self.url_open(
            self.path(*parts, move=move),
            params={"access_token": token or self.token, **params},
            headers=PHONE,
            allow_redirects=False,
        )

    def new_browser(self):
        self.authenticate(None, None)

    def csrf(self):
        """Return a token of the session, from a form that anybody gets."""
        session = self.opener.cookies.get("session_id")
        if session not in self.csrf_tokens:
            answer = self.url_open("/invoice/check", headers=PHONE)
            field = html.fromstring(answer.content).find(".//input[@name='csrf_token']")
            session = self.opener.cookies.get("session_id")
            self.csrf_tokens[session] = field.get("value")
        return self.csrf_tokens[session]

    def post(self, *parts, move=None, token=None, headers=None, files=None, **values):
        values.setdefault("csrf_token", self.csrf())
        data = {"access_token": token or self.token, **values}
        return self.url_open(
            self.path(*parts, move=move),
            data=data,
            files=files,
            headers=PHONE | (headers or {}),
            allow_redirects=False,
        )

    def section(self, answer, code):
        """Return the text of a section of a page."""
        element = html.fromstring(answer.content).find(f".//section[@id='{code}']")
        return " ".join(element.text_content().split())

    def mails(self, address):
        return self.env["mail.mail"].search(
            [("email_to", "=", address)], order="id desc"
        )

    def point(self, address, partner=None):
        return (
            self.env["billing.contact.point"]
            .with_context(active_test=False)
            .search([("address", "=", address)])
        )

    def ask_for_code(self, point=None, **values):
        point = point or self.point("kari@kunde.example")
        return self.post("code_send", point=point.id, then="contact", **values)

    def prove(self, **values):
        """Prove in the present browser to be the customer of the invoice."""
        self.assertEqual(self.ask_for_code(**values).status_code, 303)
        answer = self.post("code_check", code=f"{CODE:06d}", then="contact", **values)
        self.assertEqual(answer.status_code, 303)
        return answer

    def error(self, answer):
        """Return what a page says is wrong."""
        alert = html.fromstring(answer.content).find(".//*[@role='alert']")
        return " ".join(alert.text_content().split())

    def code_in(self, text):
        return re.search(r"\d{3} \d{3}", text).group()
