"""One-time codes: who came by a link proves to be the customer."""

from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from lxml import html

from odoo import fields
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_interactive_invoice.core import one_time_code
from odoo.addons.billing_interactive_invoice.core.page_limit import LIMITS, Limit

from .trust_common import CODE, TrustCase

RIGHT = f"{CODE:06d}"
WRONG = "654321"


class TestCode(TrustCase):
    def try_code(self, code=RIGHT, **values):
        return self.post("code_check", code=code, then="contact", **values)

    def is_known(self, **values):
        page = self.get(**values)
        self.assertEqual(page.status_code, 200)
        return "See and change" not in self.section(page, "contact")

    def test_a_link_alone_shows_no_address_anywhere(self):
        page = self.get()
        self.assertEqual(page.status_code, 200)
        for address in ("kunde.example", "99012347", "990 12 347"):
            self.assertNotIn(address, page.text)
        link = html.fromstring(page.content).find(".//section[@id='contact']//a")
        self.assertIn(self.path("code"), link.get("href"))

    def test_the_page_tells_nobody_where_the_code_goes(self):
        page = self.get("code", then="contact")
        self.assertEqual(page.status_code, 200)
        self.assertIn("k•••@k•••.example", page.text)
        self.assertNotIn("kari@", page.text)
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        self.assertFalse(html.fromstring(page.content).xpath("//*[@style]"))

    def test_signing_in_instead_takes_no_token_along(self):
        page = html.fromstring(self.get("code", then="contact").content)
        urls = [a.get("href") for a in page.iter("a") if "/web/login" in a.get("href")]
        targets = [parse_qs(urlsplit(url).query)["redirect"][0] for url in urls]
        self.assertTrue(targets[-1].endswith(f"/{self.invoice.id}#contact"))
        for url in urls:
            self.assertNotIn(self.token, url)

    def test_the_code_lets_in(self):
        self.assertFalse(self.is_known())
        answer = self.ask_for_code()
        self.assertIn("/code?", answer.headers["Location"])
        mail = self.mails("kari@kunde.example")
        self.assertEqual(self.code_in(mail.body_html), "123 456")
        page = self.get("code", then="contact")
        self.assertIn("one-time-code", page.text)
        self.assertNotIn("123456", page.text)
        answer = self.try_code("123 456")
        self.assertTrue(answer.headers["Location"].endswith("#contact"))
        self.assertTrue(self.is_known())
        self.assertIn("kari@kunde.example", self.section(self.get(), "contact"))
        event = self.events.search([("kind", "=", "contact.proved")])
        self.assertEqual(event.move_id, self.invoice)

    def test_the_code_is_in_no_conversation_and_in_no_table(self):
        before = self.invoice.message_ids
        self.ask_for_code()
        self.invoice.invalidate_recordset()
        self.assertEqual(self.invoice.message_ids, before)
        mail = self.mails("kari@kunde.example")
        self.assertEqual(mail.model, "billing.page.code")
        self.assertTrue(mail.auto_delete)
        self.assertFalse(mail.recipient_ids)
        code = self.codes.search([])
        self.assertNotIn(RIGHT, str(code.sudo().read()))

    def test_it_goes_to_the_customers_own_contact_points_only(self):
        answer = self.ask_for_code(point=self.point("ola@annen.example"))
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self.mails("ola@annen.example"))
        for nonsense in ("", "x", "-1", "9" * 30, "²"):
            answer = self.post("code_send", point=nonsense)
            self.assertIn(answer.status_code, (422, 429))
        self.assertFalse(self.codes.search([]))

    def test_five_tries_and_no_more(self):
        self.ask_for_code()
        for left in ("4", "3", "2", "1"):
            answer = self.try_code(WRONG)
            self.assertEqual(answer.status_code, 422)
            self.assertIn(f"{left} more times", self.error(answer))
        self.assertIn("one try too many", self.error(self.try_code(WRONG)))
        self.assertIn("one try too many", self.error(self.try_code()))
        self.assertFalse(self.is_known())

    def test_what_cannot_be_a_code_costs_no_try(self):
        self.ask_for_code()
        for typed in ("", "12", "abcdef"):
            self.assertIn("six digits", self.error(self.try_code(typed)))
        self.assertEqual(self.codes.search([]).tries, 0)

    def test_a_new_code_makes_the_old_one_worthless_and_the_tries_do_not_add_up(self):
        self.ask_for_code()
        old = self.codes.search([])
        self.ask_for_code()
        self.assertFalse(old.exists())
        self.assertEqual(len(self.codes.search([])), 1)

    def test_the_code_works_in_the_browser_that_asked_for_it_alone(self):
        self.ask_for_code()
        self.new_browser()
        self.assertEqual(self.try_code().status_code, 422)
        self.assertFalse(self.is_known())

    def test_an_old_code_is_worth_nothing(self):
        self.ask_for_code()
        self.codes.search([]).sudo().expires_at = fields.Datetime.now()
        self.env.flush_all()
        self.assertIn("does not work any more", self.error(self.try_code()))
        self.assertFalse(self.is_known())

    def test_a_used_code_is_worth_nothing_but_for_a_double_click(self):
        self.ask_for_code()
        binding = self.codes.search([]).binding
        for _click in range(2):
            tried = self.codes._try(self.invoice, "identity", binding, RIGHT)
            self.assertEqual(tried.verdict, one_time_code.RIGHT)
        code = self.codes.search([]).sudo()
        code.used_at -= timedelta(minutes=2)
        self.env.flush_all()
        tried = self.codes._try(self.invoice, "identity", binding, RIGHT)
        self.assertEqual(tried.verdict, one_time_code.USED)

    def test_three_codes_in_ten_minutes(self):
        statuses = [self.ask_for_code().status_code for _nth in range(5)]
        self.assertEqual(statuses, [303] * 3 + [429] * 2)
        self.assertEqual(len(self.mails("kari@kunde.example")), 3)

    def test_many_tries_are_not_judged(self):
        limits = {**LIMITS, "code_try": (Limit("subject", 2, 10),)}
        self.ask_for_code()
        with patch.dict(LIMITS, limits):
            statuses = [self.try_code(WRONG).status_code for _nth in range(3)]
            self.assertEqual(statuses, [422, 422, 429])
            self.assertEqual(self.try_code().status_code, 429)
        self.assertEqual(self.codes.search([]).tries, 2)

    def test_it_is_for_this_customer_in_this_browser(self):
        self.prove()
        self.assertTrue(self.is_known(move=self.other, token=self.other_token))
        self.assertFalse(self.is_known(move=self.olas, token=self.olas_token))
        self.new_browser()
        self.assertFalse(self.is_known())

    def test_it_is_over_after_half_an_hour(self):
        self.prove()
        now = fields.Datetime.now()
        with patch.object(
            fields.Datetime, "now", lambda: now + one_time_code.ELEVATION
        ):
            self.assertFalse(self.is_known())
        self.assertTrue(self.is_known())

    def test_a_planted_session_gains_nothing(self):
        self.get()
        planted = self.opener.cookies["session_id"]
        self.prove()
        self.assertNotEqual(self.opener.cookies["session_id"], planted)
        self.opener.cookies["session_id"] = planted
        self.assertFalse(self.is_known())

    def test_a_link_that_is_revoked_ends_it(self):
        self.prove()
        self.links._find(self.token)._revoke("stolen")
        self.env.flush_all()
        self.assertEqual(self.get().status_code, 410)

    def test_who_is_signed_in_has_nothing_to_prove(self):
        new_test_user(
            self.env, "code_kari", "base.group_portal", partner_id=self.kari.id
        )
        self.authenticate("code_kari", "code_kari")
        answer = self.get("code", then="contact")
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith("#contact"))
        self.assertTrue(self.is_known())

    def test_staff_cannot_pretend_to_be_the_customer(self):
        self.authenticate("billing_user", "billing_user")
        self.assertEqual(self.ask_for_code().status_code, 303)
        self.assertFalse(self.codes.search([]))
        self.assertFalse(self.mails("kari@kunde.example"))
        self.assertNotIn("kari@", self.section(self.get(), "contact"))

    def test_somebody_elses_account_helps_nobody(self):
        new_test_user(self.env, "code_ola", "base.group_portal", partner_id=self.ola.id)
        self.authenticate("code_ola", "code_ola")
        self.assertFalse(self.is_known())

    def test_who_has_no_address_is_told_what_to_do(self):
        self.env["billing.contact.point"].search(
            [("partner_id", "=", self.kari.id)]
        ).active = False
        self.env.flush_all()
        page = self.get("code")
        self.assertIn("no address that we could send a code to", page.text)
        self.assertFalse(html.fromstring(page.content).findall(".//form"))

    def test_blocked_addresses_get_no_code_and_unwanted_ones_do(self):
        self.point("kari@kunde.example")._record_failure("hard", "no such user")
        self.env.flush_all()
        self.assertEqual(self.ask_for_code().status_code, 422)
        self.point("kari@kunde.example")._unblock()
        self.point("kari@kunde.example").consent_billing = False
        self.env.flush_all()
        self.assertEqual(self.ask_for_code().status_code, 303)

    @mute_logger("odoo.http")
    def test_the_forms_are_ours(self):
        for action in ("code_send", "code_check"):
            for forged in ("", "x" * 40):
                answer = self.post(action, csrf_token=forged)
                self.assertEqual(answer.status_code, 400)

    def test_afterwards_nobody_is_sent_elsewhere(self):
        for then in ("https://evil.example", "//evil.example", "x' onload='", "#a"):
            self.ask_for_code()
            page = self.get("code", then=then)
            self.assertNotIn("evil", page.text)
            self.assertNotIn("onload", page.text)
        answer = self.post("code_check", code=RIGHT, then="//evil.example")
        self.assertNotIn("evil", answer.headers["Location"])

    def test_old_codes_are_deleted(self):
        self.ask_for_code()
        code = self.codes.search([]).sudo()
        self.codes._gc_codes()
        self.assertTrue(code.exists())
        code.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.codes._gc_codes()
        self.assertFalse(code.exists())

    def test_words_for_an_sms_are_short(self):
        template = self.env.ref("billing_interactive_invoice.mail_template_code")
        code = self.codes.sudo().create(
            {
                "move_id": self.invoice.id,
                "company_id": self.company.id,
                "purpose": "identity",
                "binding": "x",
                "channel": "sms",
                "salt": "x",
                "digest": "x",
                "expires_at": fields.Datetime.now(),
            }
        )
        text = template.with_context(billing_page_code="123 456")._render_field(
            "billing_sms_text", code.ids
        )[code.id]
        self.assertTrue(text.startswith("123 456 "))
        self.assertLessEqual(len(text), 160)
