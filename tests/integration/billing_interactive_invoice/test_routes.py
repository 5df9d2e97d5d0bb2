"""Every address of the addon, as an attacker tries it.

An address that is new fails here until somebody has said what it is.
"""

import json
import re
from datetime import datetime

from odoo.http import _generate_routing_rules
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .trust_common import PHONE, TrustCase

ADDON = "odoo.addons.billing_interactive_invoice."
#: Opens one invoice, by its id and a token or the session: all of the attacks below.
INVOICE = "invoice"
#: The same, but answers nothing, or a dot, to whomever asks.
QUIET = "quiet"
#: Is for everybody and shows nothing of any invoice.
PUBLIC = "public"
#: Places in addresses besides the invoice.
MESSAGE = {"message_id": 1}

PAGE = "/my/invoices/<int:invoice_id>"
ONE = f"{PAGE}/message/<int:message_id>"
#: By the address: what it is, and what stands for its places besides the invoice.
ROUTES = {
    PAGE: (INVOICE, {}),
    f"{PAGE}/live": (INVOICE, {}),
    # Proving who it is, and contact points.
    f"{PAGE}/code": (INVOICE, {}),
    f"{PAGE}/code_send": (INVOICE, {}),
    f"{PAGE}/code_check": (INVOICE, {}),
    f"{PAGE}/contact_email": (INVOICE, {}),
    f"{PAGE}/contact_sms": (INVOICE, {}),
    f"{PAGE}/contact_verify": (INVOICE, {}),
    f"{PAGE}/contact_prefer": (INVOICE, {}),
    f"{PAGE}/contact_consent": (INVOICE, {}),
    # Paying, and other invoices.
    f"{PAGE}/pay": (INVOICE, {}),
    f"{PAGE}/pay/all": (INVOICE, {}),
    f"{PAGE}/pay/all/transaction": (INVOICE, {}),
    f"{PAGE}/pay/code.svg": (INVOICE, {}),
    f"{PAGE}/other/<int:other_id>": (INVOICE, {"other_id": 1}),
    "/invoice/transaction/<int:invoice_id>": (INVOICE, {}),
    # The conversation, and what customers arrange.
    f"{PAGE}/say": (INVOICE, {}),
    f"{PAGE}/file/<int:file_id>": (INVOICE, {"file_id": 1}),
    f"{PAGE}/defer": (INVOICE, {}),
    f"{PAGE}/split": (INVOICE, {}),
    f"{PAGE}/promise": (INVOICE, {}),
    f"{PAGE}/paid": (INVOICE, {}),
    f"{PAGE}/dispute": (INVOICE, {}),
    f"{PAGE}/withdraw": (INVOICE, {}),
    # Messages of the company.
    f"{PAGE}/close_message": (INVOICE, {}),
    f"{ONE}/<any(shown,clicked):what>": (
        QUIET,
        MESSAGE | {"what": "shown"},
    ),
    f"{ONE}/seen.gif": (QUIET, MESSAGE),
    f"{ONE}/<any(button,link):which>": (
        INVOICE,
        MESSAGE | {"which": "button"},
    ),
    f"{ONE}/picture": (
        INVOICE,
        MESSAGE,
    ),
    # Odoo's own page of the payment that the browser's session began.
    "/payment/status": (PUBLIC, {}),
    "/invoice/check": (PUBLIC, {}),
    "/invoice/check/answer": (PUBLIC, {}),
}
#: Addresses to which a page posts without a form, and why nothing can be forged by it.
WITHOUT_CSRF = {
    # Odoo's payment form sends JSON, which no other site can without being asked.
    f"{PAGE}/pay/all/transaction",
    "/invoice/transaction/<int:invoice_id>",
}
#: Addresses of Odoo's own that are read, however they are asked for.
READ = {PAGE, "/payment/status"}
#: Drawn in Odoo's own frame, with the scripts of payment providers.
ODOOS_OWN = {
    f"{PAGE}/pay",
    f"{PAGE}/pay/all",
}
#: How an address answers that does not open the invoice: it does not, or leads away.
REFUSED = (303, 400, 403, 404, 409, 410, 429)
_PLACE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


class TestRoutes(TrustCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Many wrong tokens come from here, which is tested elsewhere.
        cls.classPatch(
            cls.registry["billing.link.guess"], "_is_throttled", lambda *args: False
        )
        cls.elsewhere = cls.env["account.move"].browse()
        company = cls._create_company(name="Elsewhere")
        cls.elsewhere = cls.init_invoice(
            "out_invoice",
            partner=cls.ola,
            amounts=[100.0],
            company=company,
            post=True,
        )
        cls.secrets = (
            cls.kari.name,
            "kunde.example",
            cls.invoice.name,
            cls.invoice.payment_reference,
        )

    @classmethod
    def routes(cls):
        """Return methods, kind and CSRF of each route that is ours, by its address."""
        found = {}
        modules = sorted(cls.env.registry._init_modules)
        for rule, endpoint in _generate_routing_rules(modules, nodb_only=False):
            if endpoint.__module__.startswith(ADDON):
                routing = endpoint.routing
                found[rule] = (
                    sorted(routing.get("methods") or ("GET", "POST")),
                    routing["type"],
                    routing.get("csrf", True),
                )
        return found

    def wrong_tokens(self):
        """Return tokens that do not open the invoice, by what they are."""
        expired = self.issue(key="old", expires_at=datetime(2026, 1, 1))
        revoked = self.issue(key="lost")
        revoked._revoke("lost")
        elsewhere = self.issue(self.elsewhere, key="elsewhere")
        tokens = {
            "none": "",
            "forged": "A" * 22,
            "cut": self.token[:-1],
            "longer": self.token + "A",
            "nonsense": "å' OR 1=1 --",
            "expired": expired._token(),
            "revoked": revoked._token(),
            "of another invoice": self.other_token,
            "of another customer": self.olas_token,
            "of another company": elsewhere._token(),
            "everlasting, of another": self.olas._portal_ensure_token(),
        }
        self.env.flush_all()
        return tokens

    def url(self, rule, values):
        places = {"invoice_id": self.invoice.id, **values}
        return _PLACE.sub(lambda match: str(places[match[2]]), rule)

    def ask(self, method, url, token, kind="http", **values):
        values = {"access_token": token, **values} if token else values
        if kind == "jsonrpc":
            return self.url_open(
                url,
                data=json.dumps({"params": {"amount": 1.0, **values}}),
                headers=PHONE | {"Content-Type": "application/json"},
            )
        if method == "POST":
            return self.url_open(
                url,
                data={"csrf_token": self.csrf_token, **values},
                headers=PHONE,
                allow_redirects=False,
            )
        return self.url_open(
            url, params=values, headers=PHONE, allow_redirects=False, method=method
        )

    def state(self):
        """Return what an attack would have changed."""
        self.env.invalidate_all()
        counts = [
            self.env[model].sudo().search_count([])
            for model in self.env.registry
            if (model.startswith("billing.") or model == "mail.message")
            and self.env[model]._auto
            and not self.env[model]._abstract
            and model not in ("billing.link.guess", "billing.page.limit")
        ]
        invoice = self.invoice.sudo()
        return counts, invoice.invoice_date_due, invoice.partner_id.email

    def of_invoices(self):
        """Return rule, method, type and address of all that is about an invoice."""
        return [
            (rule, method, kind, self.url(rule, ROUTES[rule][1]))
            for rule, (methods, kind, _csrf) in sorted(self.routes().items())
            for method in (methods if kind == "http" else ["POST"])
            if rule in ROUTES and ROUTES[rule][0] != PUBLIC
        ]

    def assertRefused(self, rule, kind, answer):
        """Fail when an answer opens the invoice, or tells anything of it."""
        if kind == "jsonrpc":
            self.assertIn("error", answer.json())
        elif ROUTES[rule][0] == QUIET:
            self.assertIn(answer.status_code, (200, 204))
            self.assertLess(len(answer.content), 50)
        else:
            self.assertIn(answer.status_code, REFUSED)
        self.assertNotIn(f"/{self.invoice.id}", answer.headers.get("Location", ""))
        for secret in self.secrets:
            self.assertNotIn(secret, answer.text)

    def test_each_address_is_known_here(self):
        self.assertEqual(sorted(self.routes()), sorted(ROUTES))

    def test_what_is_posted_without_a_token_of_the_session_is_named(self):
        without = {
            rule
            for rule, (methods, kind, csrf) in self.routes().items()
            if "POST" in methods and not (csrf and kind == "http")
        }
        self.assertEqual(without, WITHOUT_CSRF)

    def test_what_is_read_and_what_is_posted_are_two_things(self):
        for rule, (methods, kind, _csrf) in self.routes().items():
            if rule not in READ and kind == "http":
                self.assertIn(methods, (["GET"], ["POST"]), rule)

    @mute_logger("odoo.http")
    def test_no_wrong_token_opens_anything(self):
        self.csrf_token = self.csrf()
        tokens = self.wrong_tokens()
        before = self.state()
        for rule, method, kind, url in self.of_invoices():
            for what, token in tokens.items():
                with self.subTest(rule=rule, method=method, token=what):
                    answer = self.ask(method, url, token, kind)
                    self.assertRefused(rule, kind, answer)
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.http")
    def test_another_customer_who_is_signed_in_gets_nothing(self):
        new_test_user(
            self.env, "route_ola", "base.group_portal", partner_id=self.ola.id
        )
        self.authenticate("route_ola", "route_ola")
        self.csrf_token = self.csrf()
        before = self.state()
        for rule, method, kind, url in self.of_invoices():
            for token in ("", self.olas_token):
                with self.subTest(rule=rule, method=method, token=bool(token)):
                    answer = self.ask(method, url, token, kind)
                    self.assertRefused(rule, kind, answer)
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.http")
    def test_nothing_is_posted_from_elsewhere(self):
        before = self.state()
        for rule, (methods, _kind, _csrf) in sorted(self.routes().items()):
            if "POST" not in methods or rule in WITHOUT_CSRF | READ:
                continue
            for forged in ("", "x" * 40):
                with self.subTest(rule=rule):
                    answer = self.url_open(
                        self.url(rule, ROUTES[rule][1]),
                        data={"access_token": self.token, "csrf_token": forged},
                        headers=PHONE,
                        allow_redirects=False,
                    )
                    self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.http")
    def test_staff_look_and_touch_nothing(self):
        self.authenticate("billing_user", "billing_user")
        self.csrf_token = self.csrf()
        before = self.state()
        for rule, method, kind, url in self.of_invoices():
            if method == "POST" and rule != PAGE:
                with self.subTest(rule=rule):
                    answer = self.ask(method, url, self.token, kind)
                    if kind == "jsonrpc":
                        self.assertIn("error", answer.json())
                    else:
                        self.assertIn(answer.status_code, (*REFUSED, 204))
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.http")
    def test_drafts_and_bills_have_no_page(self):
        self.csrf_token = self.csrf()
        bill = self.init_invoice(
            "in_invoice", partner=self.kari, amounts=[70.0], post=True
        )
        token = bill._portal_ensure_token()
        self.other.button_draft()
        self.env.flush_all()
        for rule, method, kind, url in self.of_invoices():
            if rule == PAGE or kind == "jsonrpc":
                continue
            for move, opens in ((bill, token), (self.other, self.other_token)):
                with self.subTest(rule=rule, move=move.move_type):
                    address = url.replace(f"/{self.invoice.id}", f"/{move.id}")
                    answer = self.ask(method, address, opens, kind)
                    self.assertRefused(rule, kind, answer)

    def test_pages_are_strict_and_kept_by_nobody(self):
        for rule, method, kind, url in self.of_invoices():
            if method != "GET" or ROUTES[rule][0] == QUIET or rule in ODOOS_OWN:
                continue
            answer = self.ask(method, url, self.token, kind)
            if answer.status_code != 200:
                continue
            with self.subTest(rule=rule):
                self.assertIn("no-store", answer.headers["Cache-Control"])
                self.assertEqual(answer.headers["Referrer-Policy"], "same-origin")
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                policy = answer.headers["Content-Security-Policy"]
                self.assertNotIn("unsafe", policy)
                self.assertNotIn("*", policy)
                self.assertIn("default-src 'none'", policy)

    def test_no_page_gives_away_a_token_that_lasts(self):
        lasting = self.invoice._portal_ensure_token()
        self.env.flush_all()
        for rule, method, kind, url in self.of_invoices():
            if method == "GET":
                with self.subTest(rule=rule):
                    answer = self.ask(method, url, self.token, kind)
                    self.assertNotIn(lasting, answer.text)
                    self.assertNotIn(lasting, answer.headers.get("Location", ""))


class TestNames(TrustCase):
    def test_names_and_texts_are_text(self):
        evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
        self.kari.name = evil
        self.invoice.invoice_line_ids.name = evil
        self.company.name = evil
        self.env.flush_all()
        self.prove()
        drawn = [self.get(*parts).text for parts in ((), ("code",), ("pay",))]
        live = self.get("live")
        self.assertEqual(
            live.headers["Content-Type"], "application/json; charset=utf-8"
        )
        drawn += [section["html"] for section in live.json()["sections"].values()]
        self.assertGreater(len(drawn), 6)
        for text in drawn:
            self.assertNotIn("<script>alert", text)
            self.assertNotIn("<img src=x", text)

    def test_what_the_address_says_is_text(self):
        evil = '"><script>alert(1)</script>'
        for name in ("said", "then", "lang", "have", "error"):
            for parts in ((), ("code",), ("live",)):
                answer = self.get(*parts, **{name: evil})
                self.assertNotIn("<script>alert", answer.text)
