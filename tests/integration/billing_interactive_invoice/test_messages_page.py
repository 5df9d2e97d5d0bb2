"""Messages as browsers get them: drawn, closed, counted, followed."""

import re

from lxml import html

from odoo import Command
from odoo.tools import mute_logger

from ..billing_base.test_link_page import PHONE, LinkPageCase
from .test_messages import MessageCase

PICTURE = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q"
    b"DwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
#: As a browser loads a picture.
IMAGE = {**PHONE, "Accept": "image/avif,image/*,*/*;q=0.8", "Sec-Fetch-Dest": "image"}
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class TestMessagesPage(MessageCase, LinkPageCase):
    def page(self, **params):
        answer = self.open(**params)
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.content)

    def banner(self, message, page=None):
        page = self.page() if page is None else page
        found = page.xpath(f"//article[@data-banner='{message.id}']")
        return found[0] if found else None

    def send(self, url, token=None, headers=None, **data):
        page = self.page()
        csrf = page.xpath("//input[@name='csrf_token']/@value")
        return self.url_open(
            url,
            data={
                "csrf_token": csrf[0] if csrf else "",
                "access_token": token or self.token,
                **data,
            },
            headers={**PHONE, **(headers or {})},
            allow_redirects=False,
        )

    def url(self, message, what, token=None):
        return (
            f"/my/invoices/{self.invoice.id}/message/{message.id}/{what}"
            f"?access_token={token or self.token}"
        )

    def counted(self, message):
        self.env.invalidate_all()
        return self.figures(message)[1:]

    # === DRAWN === #

    def test_a_message_says_all_that_staff_wrote(self):
        message = self.message(
            "notice_price",
            is_urgent=True,
            title="New price",
            body="From January.\nFor all.\n\nYou need not do anything.",
            reason="The grid costs more.",
            picture=PICTURE,
            picture_text="A pylon",
            button_label="Save power",
            button_target="url",
            button_url="https://example.com/save",
            link_label="Write to us",
            link_url="mailto:post@example.com",
            question_ids=[Command.create({"question": "How much?", "answer": "4 %."})],
        )
        page = self.page()
        banner = self.banner(message, page)
        text = " ".join(banner.text_content().split())
        for words in (
            "Price change New price",
            "From January. For all.",
            "You need not do anything.",
            "Why? The grid costs more.",
            "How much? 4 %.",
        ):
            self.assertIn(words, text.replace("January.For", "January. For"))
        self.assertEqual(len(banner.xpath("./p")), 4, "kind, two paragraphs, buttons")
        picture = banner.xpath(".//img[@class='k-message-picture']")[0]
        self.assertEqual(picture.get("alt"), "A pylon")
        answer = self.url_open(picture.get("src"), headers=PHONE)
        self.assertEqual(answer.headers["Content-Type"], "image/png")
        self.assertIn("private", answer.headers["Cache-Control"])
        order = [section.get("id") for section in page.xpath("//section")]
        self.assertEqual(order[:2], ["state", "notice"])

    def test_what_staff_wrote_stays_text(self):
        message = self.message(
            title=EVIL,
            body=EVIL,
            button_label=EVIL,
            button_target="pay",
            question_ids=[Command.create({"question": EVIL, "answer": EVIL})],
        )
        banner = self.banner(message)
        self.assertEqual(banner.xpath(".//script"), [])
        self.assertEqual(banner.xpath(".//img[@src='x']"), [])
        self.assertIn("<script>", banner.text_content())

    def test_the_section_is_the_same_for_the_same_facts(self):
        self.message("tip_other")

        def digest():
            return self.page().xpath("//section[@id='messages']/@data-digest")[0]

        self.assertEqual(digest(), digest())

    # === CLOSED === #

    def test_closing_works_without_scripts(self):
        message = self.message("tip_other")
        form = self.banner(message).xpath(".//form")[0]
        answer = self.send(
            form.get("action"), message_id=message.id, section="messages"
        )
        self.assertEqual(answer.status_code, 303)
        self.assertIsNone(self.banner(message))
        self.assertEqual(self.counted(message), (1, 0, 1))

    def test_closing_with_scripts_takes_the_section_away(self):
        message = self.message("tip_other")
        answer = self.send(
            f"/my/invoices/{self.invoice.id}/close_message",
            headers={"X-Requested-With": "kvitt"},
            message_id=message.id,
        ).json()
        self.assertNotIn("messages", answer["order"])

    def test_what_is_no_message_is_closed_by_nobody(self):
        message = self.message("tip_other")
        for message_id in ("", "x", "0", "-1", "9" * 30, "1 OR 1=1"):
            answer = self.send(
                f"/my/invoices/{self.invoice.id}/close_message", message_id=message_id
            )
            self.assertEqual(answer.status_code, 303, message_id)
        self.assertIsNotNone(self.banner(message))

    # === COUNTED === #

    def test_a_script_tells_that_it_was_shown(self):
        message = self.message("tip_other")
        url = self.banner(message).get("data-shown")
        beacon = {"Accept": "*/*", "Sec-Fetch-Dest": "empty"}
        scanner = {**beacon, "User-Agent": SCANNER}
        self.assertEqual(self.send(url, headers=scanner).status_code, 204)
        self.assertEqual(self.counted(message), (0, 0, 0), "nobody was there")
        for _time in range(2):
            answer = self.send(url, headers=beacon, lang="sv_SE")
            self.assertEqual(answer.status_code, 204)
        self.assertEqual(self.counted(message), (1, 0, 0))
        self.assertEqual(message.sudo().reading_ids.lang, "sv_SE")

    @mute_logger("odoo.http")
    def test_a_forged_form_counts_nothing(self):
        message = self.message("tip_other")
        url = self.banner(message).get("data-shown")
        answer = self.url_open(
            url, data={"access_token": self.token}, headers=PHONE, allow_redirects=False
        )
        self.assertEqual(answer.status_code, 400)
        self.send(url, token="A" * 22)
        self.assertEqual(self.counted(message), (0, 0, 0))

    def test_without_scripts_a_picture_tells_it(self):
        message = self.message("tip_other")
        (dot,) = self.banner(message).xpath(".//noscript/img/@src")
        self.assertEqual(
            self.url_open(dot, headers={"User-Agent": "curl/8"}).status_code, 200
        )
        self.assertEqual(self.counted(message), (0, 0, 0), "nobody was there")
        answer = self.url_open(dot, headers=IMAGE)
        self.assertEqual(answer.headers["Content-Type"], "image/gif")
        self.assertEqual(self.counted(message), (1, 0, 0))

    def test_following_a_button_counts_and_leads_there(self):
        message = self.message(
            "tip_other",
            button_label="Save",
            button_target="url",
            button_url="https://example.com/save?a=1",
            link_label="Own page",
            link_url="/my",
        )
        button, link = self.banner(message).xpath(".//p/a/@href")
        answer = self.url_open(button, headers=PHONE, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(answer.headers["Location"], "https://example.com/save?a=1")
        self.assertEqual(self.counted(message), (1, 1, 0))
        answer = self.url_open(link, headers=PHONE, allow_redirects=False)
        self.assertRegex(answer.headers["Location"], r"/my$")
        self.assertNotIn(self.token, answer.headers["Location"])

    def test_what_stays_on_the_page_is_gone_to_at_once(self):
        message = self.message(
            "tip_other",
            button_label="Pay",
            button_target="pay",
            link_label="Call",
            link_url="tel:+4755000000",
        )
        banner = self.banner(message)
        self.assertEqual(banner.xpath(".//p/a/@href"), ["#pay", "tel:+4755000000"])
        self.send(banner.xpath(".//p/a/@data-clicked")[0])
        self.assertEqual(self.counted(message), (1, 1, 0))

    # === NOT FOR EVERYBODY === #

    def test_a_draft_shows_nothing_to_who_guesses_its_number(self):
        draft = self.message(
            publish=False,
            picture=PICTURE,
            picture_text="Secret",
            button_label="Go",
            button_target="url",
            button_url="https://example.com/secret",
        )
        answer = self.url_open(self.url(draft, "picture"), headers=PHONE)
        self.assertEqual(answer.status_code, 404)
        answer = self.url_open(
            self.url(draft, "button"), headers=PHONE, allow_redirects=False
        )
        self.assertNotIn("secret", answer.headers["Location"])
        page = self.open(preview_message=draft.id).text
        self.assertNotIn(draft.title, page)

    def test_a_wrong_link_gets_no_picture_and_goes_nowhere(self):
        message = self.message(
            picture=PICTURE,
            picture_text="Pump",
            button_label="Go",
            button_target="url",
            button_url="https://example.com/there",
        )
        wrong = "A" * 22
        answer = self.url_open(self.url(message, "picture", wrong), headers=PHONE)
        self.assertEqual(answer.status_code, 404)
        answer = self.url_open(
            self.url(message, "button", wrong), headers=PHONE, allow_redirects=False
        )
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(self.counted(message), (0, 0, 0))

    def test_staff_see_a_draft_on_the_very_page_and_touch_nothing(self):
        draft = self.message(
            publish=False, title="Soon", picture=PICTURE, picture_text="Pump"
        )
        self.user.password = "billing_user_password"
        self.authenticate("billing_user", "billing_user_password")
        answer = self.url_open(
            f"/my/invoices/{self.invoice.id}?preview_message={draft.id}"
        )
        banner = self.banner(draft, html.fromstring(answer.content))
        self.assertIn("Soon", banner.text_content())
        self.assertEqual(banner.xpath(".//form"), [])
        self.assertIsNone(banner.get("data-shown"))
        src = banner.xpath(".//img/@src")[0]
        self.assertEqual(self.url_open(src).headers["Content-Type"], "image/png")
        live = html.fromstring(answer.content).xpath("//main/@data-live")[0]
        self.assertIn(f"preview_message={draft.id}", live)
        self.assertEqual(self.counted(draft), (0, 0, 0))

    # === NEVER WITHIN REMINDERS === #

    def test_no_text_that_is_sent_can_hold_a_message(self):
        """Messages stand on the page only: no template names them."""
        templates = self.env["mail.template"].with_context(active_test=False).search([])
        bodies = templates.mapped("body_html") + templates.mapped("subject")
        named = re.compile(r"billing\.message|_billing_page_banners")
        self.assertFalse([body for body in bodies if named.search(str(body or ""))])
        self.assertFalse(
            templates.filtered(lambda template: template.model == "billing.message")
        )
