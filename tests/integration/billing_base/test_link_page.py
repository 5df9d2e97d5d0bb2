"""The page behind a personal link, as browsers, scanners and guessers meet it."""

import json
import re
from collections import Counter
from datetime import datetime
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from lxml import html

from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_base.controllers.portal import LinkError, PortalAccount
from odoo.addons.http_routing.tests.common import MockRequest

from ...common import KvittHttpCase
from .common import LinkCase

PHONE = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) "
    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
}
ERRORS = "odoo.http"


class LinkPageCase(LinkCase, KvittHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.phone = "+47 55 00 00 00"
        cls.link = cls.links._issue([{"move_id": cls.invoice.id, "key": "attempt-1"}])
        cls.token = cls.link._token()
        cls.visits.search([]).sudo().unlink()

    def open(self, token=None, move=None, method="GET", headers=None, **params):
        """Open the page of an invoice as somebody who is not signed in."""
        return self.url_open(
            f"/my/invoices/{(move or self.invoice).id}",
            params={"access_token": token or self.token, **params},
            headers=PHONE if headers is None else headers,
            method=method,
            allow_redirects=False,
        )

    def last_visit(self):
        self.env.invalidate_all()
        return self.visits.search([], limit=1)

    def last_verdict(self):
        visit = self.last_visit()
        return visit.verdict, visit.reason

    def rpc(self, url, **params):
        answer = self.url_open(
            url,
            data=json.dumps({"params": params}),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()

    def links_in(self, page, anchors=True):
        """Return all addresses that a page loads and, with ``anchors``, leads to."""
        names = ("href", "src", "action", "data-url", "poster", "srcset")
        return [
            element.get(name)
            for element in html.fromstring(page).iter()
            for name in names
            if isinstance(element.tag, str)
            and element.get(name)
            and (anchors or element.tag != "a")
        ]


class TestPage(LinkPageCase):
    def test_the_link_opens_its_invoice_without_signing_in(self):
        answer = self.open()
        self.assertEqual(answer.status_code, 200)
        self.assertIn(self.invoice.name, answer.text)
        self.assertEqual(html.fromstring(answer.content).get("lang"), "en-US")

    def test_the_page_is_kept_by_nobody_and_its_address_told_to_nobody(self):
        answer = self.open()
        self.assertEqual(answer.headers["Referrer-Policy"], "same-origin")
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store")
        self.assertIn("noindex", answer.headers["X-Robots-Tag"])

    def test_the_page_gives_away_no_token_that_lasts_longer(self):
        lasting = self.invoice._portal_ensure_token()
        self.env.flush_all()
        page = self.open().text
        self.assertNotIn(lasting, page)
        self.assertIn(self.token, page, "what the page links to works with the link")
        frame = self.open(report_type="html")
        self.assertEqual(frame.status_code, 200)
        self.assertNotIn(lasting, frame.text)

    def test_nothing_is_loaded_from_elsewhere(self):
        host = urlsplit(self.base_url()).netloc
        loaded = self.links_in(self.open().content, anchors=False)
        self.assertGreater(len(loaded), 3)
        self.assertLessEqual({urlsplit(url).netloc for url in loaded}, {"", host})

    def test_the_download_works_by_the_link(self):
        answer = self.open(report_type="pdf", download="true")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])

    def test_lasting_tokens_of_odoo_itself_still_work(self):
        lasting = self.invoice._portal_ensure_token()
        self.env.flush_all()
        self.assertEqual(self.open(lasting).status_code, 200)
        self.assertEqual(self.open(lasting, move=self.other).status_code, 404)

    def test_without_any_token_odoo_asks_to_sign_in(self):
        answer = self.url_open(
            f"/my/invoices/{self.invoice.id}", headers=PHONE, allow_redirects=False
        )
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith("/my"))


class TestRefused(LinkPageCase):
    def test_a_link_opens_no_other_invoice_of_any_company(self):
        foreign_company = self.setup_other_company()["company"]
        foreign = self.init_invoice(
            "out_invoice",
            partner=self.kari,
            amounts=[100.0],
            company=foreign_company,
            post=True,
        )
        foreign_link = self.issue(foreign, key="elsewhere")
        self.env.flush_all()
        for token, move in (
            (self.token, self.other),
            (self.token, foreign),
            (foreign_link._token(), self.invoice),
        ):
            answer = self.open(token, move=move)
            self.assertEqual(answer.status_code, 404)
            self.assertNotIn(move.name, answer.text)
        self.assertEqual(self.open(foreign_link._token(), foreign).status_code, 200)

    def test_a_wrong_token_does_not_tell_whether_there_is_an_invoice(self):
        there = self.open("A" * 22)
        not_there = self.url_open(
            "/my/invoices/999999999",
            params={"access_token": "A" * 22},
            headers=PHONE,
            allow_redirects=False,
        )
        self.assertEqual(there.status_code, not_there.status_code)
        self.assertEqual(there.text, not_there.text)
        self.assertIn("This link is not whole", there.text)
        for company in self.env["res.company"].search([]):
            self.assertNotIn(company.name, there.text, "nor whose")

    def test_every_kind_of_nonsense_is_just_a_wrong_token(self):
        for token in ("x", "å" * 22, "0", self.token + "=", self.token.swapcase()):
            with self.subTest(token=token):
                self.assertEqual(self.open(token).status_code, 404)

    def test_each_trouble_has_its_page_that_shows_nothing_of_the_invoice(self):
        cases = (
            ("expired", 410, "This link has expired", {"expires_at": "2026-01-01"}),
            ("revoked", 410, "This link does not work any more", {}),
            ("draft", 409, "We are correcting this invoice", {}),
        )
        for code, status, title, values in cases:
            with self.subTest(code=code):
                link = self.issue(key=code, **values)
                if code == "revoked":
                    link._revoke("lost")
                if code == "draft":
                    self.invoice.button_draft()
                self.env.flush_all()
                answer = self.open(link._token())
                self.assertEqual(answer.status_code, status)
                page = html.fromstring(answer.content)
                self.assertEqual(page.findtext(".//h1").strip(), title)
                self.assertEqual(page.get("lang"), "en-US")
                self.assertNotIn(self.invoice.name, answer.text)
                self.assertNotIn(self.kari.name, answer.text)
                self.assertIn("+47 55 00 00 00", answer.text, "whom to ask")
                self.assertIn("/my/invoices", self.links_in(answer.content))
                self.assertFalse(page.findall(".//script"))
                policy = answer.headers["Content-Security-Policy"]
                self.assertIn("default-src 'none'", policy)
        self.assertFalse(self.last_visit(), "nobody has seen the invoice")

    def test_the_page_speaks_the_language_of_its_address(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.link.sudo().expires_at = datetime(2026, 1, 1)
        self.kari.lang = "nb_NO"
        self.env.flush_all()
        path = urlsplit(self.link._url()).path
        answer = self.url_open(path, params={"access_token": self.token}, headers=PHONE)
        self.assertEqual(answer.status_code, 410)
        self.assertEqual(html.fromstring(answer.content).get("lang"), "nb-NO")

    def test_a_new_link_is_sent_on_request(self):
        self.link.sudo().expires_at = datetime(2026, 1, 1)
        self.env.flush_all()
        form = html.fromstring(self.open().content).find(".//form")
        fields = {field.name: field.value for field in form.iter("input")}
        answer = self.url_open(form.get("action"), data=fields, headers=PHONE)
        self.assertIn("A new link is on its way", answer.text)
        self.assertNotIn("kari@kunde.example", answer.text, "tells nobody where to")
        mail = self.env["mail.mail"].search(
            [("model", "=", "account.move"), ("res_id", "=", self.invoice.id)]
        )
        self.assertEqual(mail.email_to, "kari@kunde.example")
        url = re.search(r'href="([^"]+access_token=[^"]+)"', mail.body_html).group(1)
        self.assertNotIn(self.token, url)
        opened = self.url_open(urlsplit(url).path + "?" + urlsplit(url).query)
        self.assertIn(self.invoice.name, opened.text)

    @mute_logger(ERRORS)
    def test_a_new_link_needs_the_form_and_an_expired_link(self):
        url = f"/my/invoices/{self.invoice.id}/new_link"
        answer = self.url_open(url, data={"access_token": self.token}, headers=PHONE)
        self.assertEqual(answer.status_code, 400, "forged")
        with patch.object(
            self.registry["billing.link"], "_renew", autospec=True
        ) as renew:
            self.link.sudo().expires_at = datetime(2026, 1, 1)
            self.env.flush_all()
            form = html.fromstring(self.open().content).find(".//form")
            fields = {field.name: field.value for field in form.iter("input")}
            wrong = {**fields, "access_token": "A" * 22}
            self.assertEqual(
                self.url_open(url, data=wrong, headers=PHONE).status_code, 404
            )
            self.link._revoke("stolen")
            self.env.flush_all()
            self.assertEqual(
                self.url_open(url, data=fields, headers=PHONE).status_code, 410
            )
        renew.assert_not_called()


class TestThrottle(LinkPageCase):
    def guess(self, times):
        return [self.open(f"{nth:022d}").status_code for nth in range(times)]

    @pytest.mark.nightly
    def test_ten_thousand_guesses_get_twenty_answers(self):
        """All doors ask the same method, so the guesses go to it without the wire."""
        public = self.env.ref("base.public_user")
        controller = PortalAccount()
        codes = Counter()
        looked_up = []
        find = self.registry["billing.link"]._find
        with (
            patch.object(
                self.registry["billing.link"],
                "_find",
                lambda links, token: looked_up.append(token) or find(links, token),
            ),
            MockRequest(self.env(user=public)) as request,
        ):
            request.httprequest.remote_addr = "192.0.2.1"
            self.http_request_allow_all = True
            for nth in range(10_000):
                # assertRaises would take back what is noted with each of them.
                try:
                    controller._document_check_access(
                        "account.move", self.invoice.id, f"{nth:022d}"
                    )
                except LinkError as error:
                    codes[error.code] += 1
        self.assertEqual(codes, {"unknown": 20, "throttled": 9_980})
        self.assertEqual(len(looked_up), 20, "nothing was looked up for the others")

    def test_the_first_wrong_links_are_explained_and_then_it_is_enough(self):
        statuses = self.guess(25)
        self.assertEqual(statuses, [404] * 20 + [429] * 5)

    def test_guessing_gets_nobody_further_by_another_door(self):
        self.guess(20)
        answer = self.open()
        self.assertEqual(answer.status_code, 429, "the right one is not told apart")
        self.assertIn("Please wait a little", answer.text)
        self.assertEqual(answer.headers["Retry-After"], "600")
        chatter = self.rpc(
            "/portal/chatter_init",
            thread_model="account.move",
            thread_id=self.invoice.id,
            token=self.token,
        )
        self.assertNotIn("mail.thread", chatter["result"])

    def test_guesses_at_the_conversation_count_too(self):
        for nth in range(20):
            self.rpc(
                "/portal/chatter_init",
                thread_model="account.move",
                thread_id=self.invoice.id,
                token=f"{nth:022d}",
            )
        self.assertEqual(self.open().status_code, 429)

    def test_who_is_signed_in_still_sees_their_own(self):
        new_test_user(
            self.env, "link_kari", "base.group_portal", partner_id=self.kari.id
        )
        self.guess(20)
        self.authenticate("link_kari", "link_kari")
        self.assertEqual(self.open().status_code, 200)

    def test_it_is_over_after_a_while(self):
        self.guess(20)
        self.env.cr.execute(
            "UPDATE billing_link_guess SET guessed_at = guessed_at "
            "- interval '10 minutes'"
        )
        self.assertEqual(self.open().status_code, 200)

    def test_links_that_work_never_count(self):
        for _nth in range(25):
            self.assertEqual(self.open().status_code, 200)
        self.assertFalse(self.env["billing.link.guess"].search([]))


class TestWhoCame(LinkPageCase):
    def report(self, **sign):
        """Report what a script on the page saw, to where the page says."""
        url = re.search(r"/my/invoices/visit/[\w-]+", self.open().text)[0]
        return self.url_open(url, data={"ms": "0", **sign}, headers=PHONE)

    def test_machines_are_told_apart(self):
        for headers, method, reason in (
            ({}, "HEAD", "head"),
            ({"Sec-Purpose": "prefetch"}, "GET", "prefetch"),
            ({"User-Agent": "WhatsApp/2.24.23.78 A"}, "GET", "preview"),
            ({"User-Agent": "curl/8.5.0", "Accept": "*/*"}, "GET", "script"),
            ({"User-Agent": "Barracuda Sentinel (EE)"}, "GET", "scanner"),
        ):
            with self.subTest(reason=reason):
                answer = self.open(method=method, headers={**PHONE, **headers})
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(self.last_verdict(), ("machine", reason))
        self.assertFalse(self.link.first_opened_at)
        self.assertEqual(self.link.machine_count, 5)

    def test_opening_it_is_not_enough_and_using_it_is(self):
        self.open()
        self.assertEqual(self.last_verdict(), ("unknown", "unclear"))
        self.assertEqual(self.report(touched="1").status_code, 204)
        self.assertEqual(self.last_verdict(), ("person", "touched"))
        self.assertEqual(self.last_visit().device, "phone")
        self.assertTrue(self.link.first_opened_at)

    def test_a_long_look_is_enough_and_a_short_one_is_not(self):
        self.report(ms="3999")
        self.assertEqual(self.last_verdict(), ("unknown", "unclear"))
        self.report(ms="4000")
        self.assertEqual(self.last_verdict(), ("person", "looked"))

    def test_a_browser_that_a_program_drives_says_so(self):
        self.report(automated="1")
        self.assertEqual(self.last_verdict(), ("machine", "automated"))

    def test_nonsense_reports_nothing(self):
        for sign in ({"ms": "-5"}, {"ms": "x"}, {"ms": "²"}, {"ms": "9" * 40}):
            self.assertEqual(self.report(**sign).status_code, 204)
            self.assertEqual(self.last_verdict(), ("unknown", "unclear"))
        answer = self.url_open("/my/invoices/visit/1-x", data={"touched": "1"})
        self.assertEqual(answer.status_code, 204, "says nothing of what it knows")

    def test_without_scripts_the_picture_speaks(self):
        page = html.fromstring(self.open().content)
        picture = page.find(".//noscript/img").get("src")
        answer = self.url_open(picture, headers={**PHONE, "Accept": "image/*"})
        self.assertEqual(answer.headers["Content-Type"], "image/gif")
        self.assertEqual(self.last_verdict(), ("person", "without_script"))

    def test_following_a_link_on_the_page_is_a_persons_doing(self):
        self.open()
        self.open(report_type="html", headers={**PHONE, "Sec-Fetch-Dest": "iframe"})
        self.assertEqual(self.last_verdict(), ("unknown", "unclear"), "loads by itself")
        self.open(
            report_type="pdf",
            headers={
                **PHONE,
                "Sec-Fetch-Site": "same-origin",
                "Sec-Fetch-User": "?1",
            },
        )
        self.assertEqual(self.last_verdict(), ("person", "acted"))

    def test_a_signed_in_customer_is_a_person_with_or_without_a_link(self):
        new_test_user(
            self.env, "link_kari", "base.group_portal", partner_id=self.kari.id
        )
        self.authenticate("link_kari", "link_kari")
        self.open()
        self.assertEqual(self.last_verdict(), ("person", "signed_in"))
        self.assertEqual(self.last_visit().link_id, self.link)
        self.url_open(f"/my/invoices/{self.invoice.id}", headers=PHONE)
        self.assertEqual(self.last_verdict(), ("person", "signed_in"))
        self.assertFalse(self.last_visit().link_id)
        self.assertTrue(self.events.search([("kind", "=", "page.seen")]))

    def test_staff_who_look_are_not_the_customer(self):
        self.authenticate("billing_user", "billing_user")
        page = self.open()
        self.assertEqual(self.last_verdict(), ("staff", "staff"))
        self.assertNotIn("/my/invoices/visit/", page.text)
        self.assertFalse(self.link.first_opened_at)

    def test_queries_of_a_visit_do_not_grow_with_visits(self):
        counts = []
        for _nth in range(3):
            before = self.cr.sql_log_count
            self.open()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


class TestConversation(LinkPageCase):
    def init(self, token):
        return self.rpc(
            "/portal/chatter_init",
            thread_model="account.move",
            thread_id=self.invoice.id,
            token=token,
        )

    def post(self, token, body="Is this right?"):
        return self.rpc(
            "/mail/message/post",
            thread_model="account.move",
            thread_id=self.invoice.id,
            post_data={"body": body, "subtype_xmlid": "mail.mt_comment"},
            token=token,
        )

    def test_who_has_the_link_writes_as_the_customer(self):
        store = self.init(self.token)["result"]
        self.assertTrue(store["mail.thread"][0]["portal_partner"])
        self.assertNotIn(self.invoice.sudo()._portal_ensure_token(), json.dumps(store))
        self.assertIn("message_id", self.post(self.token)["result"])
        message = self.invoice.message_ids[0]
        self.assertEqual(message.author_id, self.kari)
        fetched = self.rpc(
            "/mail/chatter_fetch",
            thread_model="account.move",
            thread_id=self.invoice.id,
            token=self.token,
        )
        self.assertEqual(fetched["result"]["messages"], [message.id])
        avatar = self.url_open(
            f"/mail/avatar/mail.message/{message.id}/author_avatar/50x50",
            params={"access_token": self.token},
        )
        self.assertEqual(avatar.status_code, 200)

    @mute_logger(ERRORS)
    def test_a_link_that_opens_nothing_lets_nobody_write(self):
        expired = self.issue(key="old", expires_at=datetime(2026, 1, 1))
        elsewhere = self.issue(self.other, key="elsewhere")
        self.env.flush_all()
        count = len(self.invoice.message_ids)
        for token in (expired._token(), elsewhere._token(), "A" * 22):
            self.assertNotIn("mail.thread", self.init(token)["result"])
            self.assertIn("error", self.post(token))
        self.invoice.invalidate_recordset()
        self.assertEqual(len(self.invoice.message_ids), count)
