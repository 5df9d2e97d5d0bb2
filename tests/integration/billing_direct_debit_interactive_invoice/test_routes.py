"""Every address about direct debit, as an attacker tries it.

An address that is new fails here until somebody has said what it is.
"""

from odoo.http import _generate_routing_rules
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..billing_direct_debit.signup_common import SignupCase
from ..billing_interactive_invoice.trust_common import PHONE, TrustCase

ADDON = "odoo.addons.billing_direct_debit"
PAGE = "/my/invoices/<int:invoice_id>"
#: Opens one invoice, by its id and a token or the session.
INVOICE = "invoice"
#: Goes on with what was begun in the same browser, by a signed key.
BEGUN = "begun"
#: Stands in for a bank where no money moves, or is for everybody.
PUBLIC = "public"
ROUTES = {
    f"{PAGE}/direct_debit": INVOICE,
    f"{PAGE}/debit_start": INVOICE,
    f"{PAGE}/debit_sign": INVOICE,
    f"{PAGE}/debit_stop": INVOICE,
    f"{PAGE}/debit_bank": BEGUN,
    f"{PAGE}/debit_back": BEGUN,
    f"{PAGE}/debit_signed": BEGUN,
    "/billing/demo/agreement": PUBLIC,
    "/billing/demo/bankid": PUBLIC,
    # Saying no to offers: see test_decline_offers.
    "/billing/offers/<int:offer_id>/<string:token>": PUBLIC,
}
#: Posted to without a token of the session, and why nothing can be forged by it.
WITHOUT_CSRF = {
    # It stands in for a page of another site, and changes nothing.
    "/billing/demo/agreement",
    # A programme of e-mail says no for the customer, by a signed address.
    "/billing/offers/<int:offer_id>/<string:token>",
}


class TestRoutes(SignupCase, TrustCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.classPatch(
            cls.registry["billing.link.guess"], "_is_throttled", lambda *args: False
        )
        cls.signup = cls.signups._begin(cls.invoice, "nonce-of-before", "new")[0]
        cls.env.flush_all()
        cls.secrets = (
            cls.kari.name,
            cls.invoice.name,
            cls.invoice.payment_reference,
            cls.norwegian.account_number,
        )

    @classmethod
    def routes(cls):
        """Return methods and CSRF of each route of the addons, by its address."""
        found = {}
        modules = sorted(cls.env.registry._init_modules)
        for rule, endpoint in _generate_routing_rules(modules, nodb_only=False):
            if endpoint.__module__.startswith(ADDON):
                routing = endpoint.routing
                methods, csrf = found.get(rule, ([], True))
                found[rule] = (
                    sorted({*methods, *(routing.get("methods") or ("GET", "POST"))}),
                    csrf and routing.get("csrf", True),
                )
        return found

    def ask(self, method, rule, token="", **values):
        url = rule.replace("<int:invoice_id>", str(self.invoice.id))
        values |= {"access_token": token} if token else {}
        if method == "POST":
            return self.url_open(
                url,
                data={"csrf_token": self.csrf_token, **values},
                headers=PHONE,
                allow_redirects=False,
            )
        return self.url_open(url, params=values, headers=PHONE, allow_redirects=False)

    def of_invoices(self, *kinds):
        return [
            (rule, method)
            for rule, (methods, _csrf) in sorted(self.routes().items())
            for method in methods
            if ROUTES[rule] in kinds
        ]

    def state(self):
        self.env.invalidate_all()
        return (
            self.signups.search([]).mapped(lambda one: (one.id, one.state, one.hint)),
            self.mandates.search([]).mapped(lambda one: (one.id, one.state)),
            self.env["billing.mandate.request"].sudo().search_count([]),
        )

    def assertRefused(self, answer):
        self.assertIn(answer.status_code, (303, 400, 403, 404, 409, 410, 429))
        place = answer.headers.get("Location", "")
        self.assertNotIn(f"/{self.invoice.id}", place)
        for secret in self.secrets:
            self.assertNotIn(secret, answer.text)

    def test_each_address_is_known_here(self):
        self.assertEqual(sorted(self.routes()), sorted(ROUTES))

    def test_what_is_posted_without_a_token_of_the_session_is_named(self):
        without = {
            rule
            for rule, (methods, csrf) in self.routes().items()
            if "POST" in methods and not csrf
        }
        self.assertEqual(without, WITHOUT_CSRF)

    def test_what_is_read_and_what_is_posted_are_two_things(self):
        for rule, (methods, _csrf) in self.routes().items():
            if ROUTES[rule] != PUBLIC:
                self.assertIn(methods, (["GET"], ["POST"]), rule)

    @mute_logger("odoo.http")
    def test_no_wrong_token_opens_anything(self):
        self.csrf_token = self.csrf()
        before = self.state()
        revoked = self.issue(key="lost")
        revoked._revoke("lost")
        self.env.flush_all()
        for token in (
            "",
            "A" * 22,
            self.token[:-1],
            "å' OR 1=1 --",
            revoked._token(),
            self.other_token,
            self.olas_token,
            self.olas._portal_ensure_token(),
        ):
            for rule, method in self.of_invoices(INVOICE):
                with self.subTest(rule=rule, token=token):
                    self.assertRefused(
                        self.ask(method, rule, token, nonce="nonce-of-a-form")
                    )
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.http")
    def test_what_others_began_is_nobody_elses(self):
        self.csrf_token = self.csrf()
        before = self.state()
        key = self.signup._key()
        for wrong in ("", "1", key, key[:-1], key.replace("-", "-A"), "0-" + "A" * 22):
            for rule, method in self.of_invoices(BEGUN):
                with self.subTest(rule=rule, key=wrong):
                    self.assertRefused(self.ask(method, rule, self.token, key=wrong))
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.http")
    def test_another_customer_who_is_signed_in_gets_nothing(self):
        new_test_user(
            self.env, "debit_ola", "base.group_portal", partner_id=self.ola.id
        )
        self.authenticate("debit_ola", "debit_ola")
        self.csrf_token = self.csrf()
        before = self.state()
        for rule, method in self.of_invoices(INVOICE, BEGUN):
            for token in ("", self.olas_token):
                with self.subTest(rule=rule, token=bool(token)):
                    answer = self.ask(
                        method,
                        rule,
                        token,
                        key=self.signup._key(),
                        nonce="nonce-of-a-form",
                    )
                    self.assertRefused(answer)
        self.assertEqual(self.state(), before)

    @mute_logger("odoo.http")
    def test_nothing_is_posted_from_elsewhere(self):
        before = self.state()
        for rule, (methods, _csrf) in sorted(self.routes().items()):
            if "POST" not in methods or rule in WITHOUT_CSRF:
                continue
            url = rule.replace("<int:invoice_id>", str(self.invoice.id))
            for forged in ("", "x" * 40):
                with self.subTest(rule=rule):
                    answer = self.url_open(
                        url,
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
        for rule, method in self.of_invoices(INVOICE, BEGUN):
            with self.subTest(rule=rule):
                answer = self.ask(
                    method,
                    rule,
                    self.token,
                    key=self.signup._key(),
                    nonce="nonce-of-a-form",
                    agree="1",
                )
                self.assertIn(answer.status_code, (303, 404))
        self.assertEqual(self.state(), before)

    def test_bills_and_drafts_have_no_direct_debit(self):
        self.csrf_token = self.csrf()
        bill = self.init_invoice(
            "in_invoice", partner=self.kari, amounts=[70.0], post=True
        )
        token = bill._portal_ensure_token()
        self.env.flush_all()
        before = self.state()
        for rule, method in self.of_invoices(INVOICE):
            url = rule.replace("<int:invoice_id>", str(bill.id))
            with self.subTest(rule=rule), mute_logger("odoo.http"):
                answer = self.ask(method, url, token, nonce="nonce-of-a-form")
                self.assertIn(answer.status_code, (303, 404, 422))
        self.assertEqual(self.state(), before)
