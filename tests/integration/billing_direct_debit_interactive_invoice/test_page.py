"""Direct debit on the live page of an invoice."""

from urllib.parse import urlencode

from lxml import html

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..billing_direct_debit.signup_common import CLEARING, NUMBER, SignupCase
from ..billing_interactive_invoice.trust_common import CODE, TrustCase


class TestPage(SignupCase, TrustCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.swedish_token = cls.links._issue(
            [{"move_id": cls.swedish_invoice.id, "key": "attempt-1"}]
        )._token()

    def setUp(self):
        super().setUp()
        self.move, self.open_by = self.swedish_invoice, self.swedish_token

    def page(self, *parts, **params):
        return self.get(*parts, move=self.move, token=self.open_by, **params)

    def form(self, answer, action):
        self.assertEqual(answer.status_code, 200, answer.text[:300])
        tree = html.fromstring(answer.content)
        [form] = tree.xpath(f"//form[contains(@action, '{action}')]")
        return form

    def send(self, form, **values):
        fields = {
            field.get("name"): field.get("value") or ""
            for field in form.xpath(".//input[@type='hidden']")
        }
        return self.url_open(
            form.get("action"), data={**fields, **values}, allow_redirects=False
        )

    def follow(self, answer):
        self.assertEqual(answer.status_code, 303)
        return self.url_open(answer.headers["Location"], allow_redirects=False)

    def prove_here(self):
        """By the code, from the card and back to where one wanted to go."""
        to_code = self.page("direct_debit")
        self.assertEqual(to_code.status_code, 303)
        self.assertIn("then=direct_debit", to_code.headers["Location"])
        self.post(
            "code_send",
            move=self.move,
            token=self.open_by,
            point=self.point("kari@kunde.example").id,
            then="direct_debit",
        )
        answer = self.post(
            "code_check",
            move=self.move,
            token=self.open_by,
            code=f"{CODE:06d}",
            then="direct_debit",
        )
        query = urlencode({"access_token": self.open_by})
        self.assertTrue(
            answer.headers["Location"].endswith(
                f"/my/invoices/{self.move.id}/direct_debit?{query}"
            ),
            answer.headers["Location"],
        )
        return self.follow(answer)

    def test_by_link_and_code_to_a_mandate_and_out_of_it(self):
        card = self.page().text
        self.assertIn("start Autogiro", card)
        page = self.prove_here()
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        first = self.send(
            self.form(page, "debit_sign"), clearing=CLEARING, account=NUMBER, agree="1"
        )
        bankid = self.form(self.follow(first), "demo/bankid")
        answer = self.follow(self.send(bankid, sign="1", identity="19121212-1212"))
        self.assertIn(f"access_token={self.open_by}", answer.headers["Location"])
        self.assertIn("is on its way", self.follow(answer).text)
        self.bankgirot_says(self.signups.search([], limit=1).mandate_id)
        self.env.flush_all()
        page = self.page("direct_debit")
        self.assertIn("Autogiro is on", page.text)
        self.assertIn("•••• 0027", page.text)
        self.assertNotIn(NUMBER, page.text)
        stopped = self.send(self.form(page, "debit_stop"))
        self.assertIn("Autogiro is off", self.follow(stopped).text)

    def test_a_link_alone_shows_no_account_and_stops_nothing(self):
        signup = self.begin_swedish()
        self.sign(signup)
        self.bankgirot_says(signup.mandate_id)
        self.env.flush_all()
        page = self.page().text
        self.assertIn("Autogiro is on", page)
        self.assertNotIn("•••• 0027", page)
        answer = self.post("debit_stop", move=self.move, token=self.open_by)
        self.assertIn("/code?", answer.headers["Location"])
        self.assertEqual(signup.mandate_id.state, "active")

    def test_in_norway_the_link_is_enough_to_begin(self):
        answer = self.post("debit_start", nonce="nonce-of-a-form")
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/debit_bank?key=", answer.headers["Location"])
        self.assertNotIn(self.token, answer.headers["Location"])
        self.assertEqual(self.follow(answer).status_code, 200)
        # Anything else is for who is known.
        answer = self.post("debit_stop")
        self.assertIn("/code?", answer.headers["Location"])

    def test_what_was_stopped_begins_anew_by_the_customer_alone(self):
        self.bank_says(self.invoice)
        self.invoice._billing_debit_stop()
        self.env.flush_all()
        answer = self.post("debit_start", nonce="nonce-of-a-form")
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/code?", answer.headers["Location"])
        self.assertFalse(self.signups.search([("move_id", "=", self.invoice.id)]))

    def test_the_company_above_is_not_the_customer(self):
        signup = self.begin_swedish()
        self.sign(signup)
        self.bankgirot_says(signup.mandate_id)
        above = self._new_partner("Konsern AS", is_company=True)
        self.kari.write({"is_company": True, "parent_id": above.id})
        new_test_user(self.env, "debit_above", "base.group_portal", partner_id=above.id)
        self.env.flush_all()
        self.authenticate("debit_above", "debit_above")
        self.open_by = "none"
        page = self.page()
        self.assertEqual(page.status_code, 200)
        self.assertIn("Autogiro is on", page.text)
        self.assertNotIn("See, change or stop", page.text)
        answer = self.page("direct_debit")
        self.assertEqual(answer.status_code, 303)
        self.assertNotIn("direct_debit", answer.headers["Location"])
        answer = self.post("debit_stop", move=self.move, token=self.open_by)
        self.assertEqual(answer.status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(signup.mandate_id.state, "active")

    def test_an_open_page_sees_what_the_bank_says(self):
        before = self.invoice._billing_page_stamp()
        self.begin(self.invoice)
        begun = self.invoice._billing_page_stamp()
        self.assertNotEqual(before, begun)
        self.env["billing.page.presence"].sudo().create(
            {
                "move_id": self.invoice.id,
                "company_id": self.company.id,
                "reader": "link:1",
                "seen_at": "2026-11-22 10:00:00",
            }
        )
        waiting = self.cr.postcommit.data.setdefault("billing.page.changed", set())
        waiting.clear()
        self.bank_says(self.invoice)
        self.assertIn(self.invoice.id, waiting)
        self.assertNotEqual(begun, self.invoice._billing_page_stamp())

    def test_what_was_a_lot_at_once_is_not_taken(self):
        self.patch(
            self.registry["billing.page.limit"], "_take", lambda *args, **kwargs: False
        )
        answer = self.post("debit_start", nonce="nonce-of-a-form")
        self.assertEqual(answer.status_code, 429)
        self.assertIn("a lot at once", answer.text)
        self.assertFalse(self.signups.search([("move_id", "=", self.invoice.id)]))

    def test_what_is_typed_is_text(self):
        evil = "<script>alert(1)</script>"
        self.prove_here()
        answer = self.post(
            "debit_sign",
            move=self.move,
            token=self.open_by,
            nonce="nonce-of-a-form",
            clearing=evil,
            account=evil,
            agree="1",
        )
        self.assertEqual(answer.status_code, 422)
        self.assertNotIn("<script>alert", answer.text)
        signup = self.begin(self.invoice)
        form = {
            "companyAccountNo": self.norwegian.account_number,
            "companyName": evil,
            "kid": evil,
            "returnUrl": f"{self.base_url()}/my?{urlencode({'x': evil})}",
        }
        with mute_logger("odoo.http"):
            page = self.url_open("/billing/demo/agreement", data=form)
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("<script>alert", page.text)
        self.assertTrue(signup)
