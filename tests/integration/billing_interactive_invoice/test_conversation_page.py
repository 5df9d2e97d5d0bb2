"""The conversation as browsers get it, and what no route gives away."""

import json

from lxml import html

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..billing_base.test_link_page import PHONE, LinkPageCase
from .conversation_common import PDF, ConversationCase

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class TestConversationPage(ConversationCase, LinkPageCase):
    def page(self, **params):
        answer = self.open(**params)
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.content)

    def section(self):
        return self.page().get_element_by_id("conversation")

    def words(self):
        return " ".join(self.section().text_content().split())

    def say(self, text="When do I have to pay?", headers=None, files=None, **data):
        page = self.page()
        form = page.xpath("//section[@id='conversation']//form")[0]
        fields = dict(form.fields)
        fields.pop("files", None)
        return self.url_open(
            form.action,
            data={**fields, "text": text, **data},
            files=files,
            headers={**PHONE, **(headers or {})},
            allow_redirects=False,
        )

    def test_what_is_written_stands_on_the_page(self):
        answer = self.say()
        self.assertEqual(answer.status_code, 303)
        self.assertIn("#conversation", answer.headers["Location"])
        self.assertIn("When do I have to pay?", self.words())
        self.env.invalidate_all()
        self.assertEqual(self.conversation.state, "open")
        self.assertEqual(
            self.invoice._billing_said_messages().author_id, self.invoice.partner_id
        )

    def test_the_same_form_twice_says_it_once(self):
        nonce = "twice-twice-twice"
        self.say(nonce=nonce)
        self.say(nonce=nonce)
        self.env.invalidate_all()
        self.assertEqual(len(self.invoice._billing_said_messages()), 1)

    def test_a_script_gets_the_section_that_changed(self):
        answer = self.say(headers={"X-Requested-With": "kvitt"}).json()
        self.assertIn("When do I", answer["sections"]["conversation"]["html"])

    def test_what_is_refused_is_told_beside_what_was_typed(self):
        answer = self.say("x" * 5001)
        self.assertEqual(answer.status_code, 422)
        page = html.fromstring(answer.content)
        self.assertTrue(page.xpath("//section[@id='conversation']//*[@role='alert']"))
        self.assertEqual(len(page.get_element_by_id("conversation-text").value), 5001)

    @mute_logger("odoo.http")
    def test_nobody_writes_without_the_forms_token(self):
        answer = self.say(csrf_token="forged")
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.conversation)

    def test_nobody_writes_on_the_invoice_of_another(self):
        page = self.page()
        csrf = page.xpath("//input[@name='csrf_token']/@value")[0]
        answer = self.url_open(
            f"/my/invoices/{self.other.id}/say",
            data={"csrf_token": csrf, "access_token": self.token, "text": "Hi"},
            headers=PHONE,
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.conversations.search([]))

    @mute_logger("odoo.http")
    def test_staff_looks_on(self):
        page = self.page()
        csrf_less = {"access_token": self.token, "text": "As the customer"}
        self.authenticate("billing_user", "billing_user")
        page = self.page()
        self.assertFalse(page.xpath("//section[@id='conversation']//form"))
        csrf = page.xpath("//input[@name='csrf_token']/@value")
        self.url_open(
            f"/my/invoices/{self.invoice.id}/say",
            data={**csrf_less, "csrf_token": csrf[0] if csrf else ""},
            headers=PHONE,
            allow_redirects=False,
        )
        self.assertFalse(self.conversation)

    def test_markup_is_text(self):
        self.say(EVIL)
        self.answer(EVIL)
        source = html.tostring(self.section()).decode()
        self.assertNotIn("<script", source)
        self.assertNotIn("<img", source)
        self.assertEqual(self.words().count("<script>alert(1)</script>"), 2)

    def test_names_of_staff_and_customers_are_text_too(self):
        self.company.billing_page_staff_name = "full"
        self.user.name = EVIL
        self.ask()
        self.answer()
        self.assertNotIn("<img", html.tostring(self.section()).decode())

    def test_opening_hours_and_waiting_time_are_told(self):
        words = self.words()
        self.assertIn("We are here now, until", words)
        self.assertIn("Monday–Friday", words)
        self.assertNotIn("answer takes", words)
        self.at(2026, 11, 21, 9)
        self.assertIn("We are back on Monday", self.words())

    def test_without_hours_and_answers_nothing_is_claimed(self):
        self.company.billing_opening_hours_ids.unlink()
        words = self.words()
        self.assertNotIn("We are", words)
        self.assertNotIn("Opening hours", words)

    def test_what_we_have_read_is_marked(self):
        self.ask()
        self.assertFalse(self.section().find_class("k-chat-read"))
        self.conversation.with_user(self.user).action_mark_read()
        self.assertTrue(self.section().find_class("k-chat-read"))

    # === FILES === #

    def test_a_file_goes_along_and_comes_back_as_a_download(self):
        answer = self.say(
            "My receipt", files=[("files", ("receipt.pdf", PDF, "text/html"))]
        )
        self.assertEqual(answer.status_code, 303)
        link = self.section().xpath(".//ul//a/@href")[0]
        fetched = self.url_open(link, headers=PHONE, allow_redirects=False)
        self.assertEqual(fetched.status_code, 200)
        self.assertEqual(fetched.content, PDF)
        self.assertIn("attachment", fetched.headers["Content-Disposition"])
        self.assertEqual(fetched.headers["X-Content-Type-Options"], "nosniff")

    def test_a_disguised_file_is_refused(self):
        answer = self.say(
            "Look", files=[("files", ("receipt.pdf", b"MZ\x90", "application/pdf"))]
        )
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self.invoice._billing_said_messages())

    def test_files_of_notes_are_not_to_be_had(self):
        note = self.note(attachments=[("secret.txt", b"secret")])
        answer = self.url_open(
            f"/my/invoices/{self.invoice.id}/file/{note.attachment_ids.id}"
            f"?access_token={self.token}",
            headers=PHONE,
            allow_redirects=False,
        )
        self.assertIn(answer.status_code, (403, 404, 410))
        self.assertNotIn(b"secret", answer.content)

    # === INTERNAL NOTES === #

    def assertNoSecret(self, answer):
        self.assertNotIn("top secret", answer.text)

    def test_no_route_of_the_page_gives_a_note_away(self):
        self.ask()
        self.note("A top secret note")
        self.answer("A top secret remark", is_internal=True)
        self.assertNoSecret(self.open())
        self.assertNoSecret(
            self.url_open(
                f"/my/invoices/{self.invoice.id}/live?access_token={self.token}",
                headers=PHONE,
            )
        )
        self.assertNoSecret(self.say("Hi", headers={"X-Requested-With": "kvitt"}))

    def rpc_text(self, url, **params):
        return self.url_open(
            url,
            data=json.dumps({"params": params}),
            headers={"Content-Type": "application/json"},
        )

    def test_no_route_of_odoos_gives_a_note_away(self):
        self.ask()
        self.note("A top secret note")
        self.answer("A top secret remark", is_internal=True)
        self.answer("To be read")
        thread = {"thread_model": "account.move", "thread_id": self.invoice.id}
        for token in (self.token, self.invoice._portal_ensure_token()):
            for url, values in (
                ("/portal/chatter_init", {"token": token}),
                ("/mail/chatter_fetch", {"token": token}),
                ("/mail/thread/messages", {"token": token}),
            ):
                with self.subTest(url):
                    self.assertNoSecret(self.rpc_text(url, **thread, **values))
            fetched = self.rpc_text("/mail/chatter_fetch", **thread, token=token)
            self.assertIn("To be read", fetched.text)

    def test_nor_to_the_customer_who_is_signed_in(self):
        new_test_user(
            self.env, "kari_portal", "base.group_portal", partner_id=self.kari.id
        )
        self.ask()
        self.note("A top secret note")
        self.answer("To be read")
        self.authenticate("kari_portal", "kari_portal")
        page = self.url_open(f"/my/invoices/{self.invoice.id}", headers=PHONE)
        self.assertNoSecret(page)
        self.assertIn("To be read", page.text)
        thread = {"thread_model": "account.move", "thread_id": self.invoice.id}
        self.assertNoSecret(self.rpc_text("/mail/chatter_fetch", **thread))
        self.assertNoSecret(self.rpc_text("/mail/thread/messages", **thread))

    def test_odoos_routes_call_staff_as_the_company_chose(self):
        self.ask()
        self.answer("To be read")
        fetched = self.rpc_text(
            "/mail/chatter_fetch",
            thread_model="account.move",
            thread_id=self.invoice.id,
            token=self.token,
        )
        self.assertNotIn("Lie", fetched.text)
        self.assertIn("Anne", fetched.text)
