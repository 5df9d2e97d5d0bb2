"""The page itself: who gets it, what it is made of, what it says over the wire."""

import base64
import gzip
import hashlib
import json
import re
from unittest.mock import patch
from urllib.parse import urlsplit

from lxml import html

from odoo import http
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.billing_interactive_invoice.core.colour import style_sheet

from .page_common import PHONE, PageCase

ERRORS = "odoo.http"


class TestPage(PageCase):
    def test_the_page_is_ours_from_html_on(self):
        page = self.page(self.token)
        self.assertEqual(page.tag, "html")
        self.assertEqual(page.get("lang"), "en-US")
        codes = page.xpath("//section/@data-section")
        self.assertEqual(codes[0], "state")
        self.assertEqual(codes[-1], "documents")
        loaded = page.xpath("//script/@src | //link[@rel='stylesheet']/@href")
        self.assertTrue(loaded)
        for url in loaded:
            self.assertRegex(
                url,
                r"^/web/assets/[^/]+/billing_interactive_invoice\.page\.min\.js$",
            )

    def test_every_section_is_named_by_a_heading_of_its_own(self):
        page = self.page(self.token)
        for section in page.xpath("//section"):
            code = section.get("data-section")
            self.assertEqual(section.get("aria-labelledby"), f"{code}-title")
            self.assertEqual(
                len(section.xpath(f".//*[@id='{code}-title']")), 1, f"section {code}"
            )
        ids = page.xpath("//@id")
        self.assertEqual(sorted(ids), sorted(set(ids)), "an id is there once")

    def test_no_script_and_one_named_style_within_the_page(self):
        answer = self.open(self.token)
        page = html.document_fromstring(answer.text)
        [style] = page.iter("style")
        named = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
        self.assertIn(
            f"style-src 'self' 'sha256-{named}';",
            answer.headers["Content-Security-Policy"],
        )
        self.assertIn(".k-page", style.text)
        self.assertIn("--k-brand:", style.text)
        for element in page.iter():
            if not isinstance(element.tag, str):
                continue
            wrong = [
                name
                for name in element.attrib
                if name == "style" or name.startswith("on")
            ]
            self.assertEqual(wrong, [], html.tostring(element)[:200])
            if element.tag == "script" and not element.get("src"):
                self.assertEqual(element.get("type"), "application/json")
                json.loads(element.text)

    def test_the_headers_allow_nothing_from_elsewhere(self):
        headers = self.open(self.token).headers
        policy = dict(
            part.strip().split(" ", 1)
            for part in headers["Content-Security-Policy"].split(";")
        )
        self.assertEqual(policy["default-src"], "'none'")
        self.assertEqual(policy["script-src"], "'self'")
        self.assertRegex(policy["style-src"], r"^'self' 'sha256-[\w+/]{43}='$")
        self.assertEqual(policy["form-action"], "'self'")
        self.assertEqual(policy["base-uri"], "'none'")
        self.assertEqual(policy["frame-ancestors"], "'none'")
        host = urlsplit(self.base_url()).netloc
        self.assertEqual(
            policy["connect-src"].split(), ["'self'", f"ws://{host}", f"wss://{host}"]
        )
        self.assertNotIn("unsafe", headers["Content-Security-Policy"])
        self.assertEqual(headers["Cache-Control"], "private, no-store")
        self.assertEqual(headers["Referrer-Policy"], "same-origin")
        self.assertIn("noindex", headers["X-Robots-Tag"])

    def test_the_page_is_small(self):
        page = self.page(self.token)
        sizes = {}
        for url in page.xpath("//script/@src | //link[@rel='stylesheet']/@href"):
            answer = self.url_open(url)
            self.assertEqual(answer.status_code, 200, url)
            sizes[url] = len(gzip.compress(answer.content))
        self.assertLess(sum(sizes.values()), 40_000, sizes)

    def test_the_page_gives_away_no_token_that_lasts_longer(self):
        lasting = self.invoice._portal_ensure_token()
        self.env.flush_all()
        self.assertNotIn(lasting, self.open(self.token).text)
        self.assertNotIn(lasting, self.open(self.token, path="/live").text)

    def test_the_visit_is_noted_and_can_be_confirmed(self):
        page = self.page(self.token)
        visit = page.xpath("//main/@data-visit")
        self.assertEqual(len(visit), 1)
        self.assertEqual(page.xpath("//noscript//img/@src"), [f"{visit[0]}/seen.gif"])
        self.url_open(visit[0], data={"touched": "1"}, headers=PHONE)
        self.env.invalidate_all()
        last = self.visits.search([("link_id", "=", self.link.id)], limit=1)
        self.assertEqual(last.verdict, "person")

    def test_what_is_loaded_later_is_no_visit(self):
        before = self.visits.search_count([])
        self.open(self.token, path="/live")
        self.assertEqual(self.visits.search_count([]), before)

    def test_the_pdf_is_there_for_who_came_by_the_link(self):
        page = self.page(self.token)
        url = page.xpath("//section[@id='documents']//a[@download]/@href")[0]
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])

    def test_who_is_signed_in_sees_their_own(self):
        self.authenticate("page_kari", "page_kari")
        page = self.page()
        self.assertEqual(page.xpath("//main/@data-visitor"), ["portal"])
        self.assertNotIn("access_token", html.tostring(page).decode())

    def test_a_stranger_who_is_signed_in_does_not(self):
        self.authenticate("page_stranger", "page_stranger")
        answer = self.open()
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith("/my"))
        answer = self.open(path="/live")
        self.assertEqual(answer.status_code, 410)
        self.assertEqual(answer.json(), {"gone": "unknown"})

    def test_a_stranger_with_the_link_is_a_visitor_by_link(self):
        self.authenticate("page_stranger", "page_stranger")
        page = self.page(self.token)
        self.assertEqual(page.xpath("//main/@data-visitor"), ["link"])

    def test_staff_look_on(self):
        self.authenticate(self.user.login, self.user.login)
        page = self.page()
        self.assertEqual(page.xpath("//main/@data-visitor"), ["staff"])
        self.assertEqual(page.xpath("//main/@data-visit"), [], "it is no visit")

    def test_what_is_no_invoice_to_a_customer_keeps_odoos_page(self):
        bill = self.bill()
        self.authenticate("page_kari", "page_kari")
        page = self.page(move=bill)
        self.assertFalse(page.xpath("//section[@data-section]"))
        self.assertEqual(self.open(path="/live", move=bill).status_code, 410)

    def test_the_page_speaks_the_language_of_its_address(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.env.flush_all()
        answer = self.url_open(
            f"/sv/my/invoices/{self.invoice.id}",
            params={"access_token": self.token},
            headers=PHONE,
        )
        page = html.fromstring(answer.content)
        self.assertEqual(page.get("lang"), "sv-SE")
        current = page.xpath("//*[@class='k-lang']//*[@aria-current]")
        self.assertIn("Svenska", current[0].text_content())
        others = page.xpath("//*[@class='k-lang']//a/@href")
        self.assertIn(
            f"/en/my/invoices/{self.invoice.id}?access_token={self.token}", others
        )
        live = page.xpath("//main/@data-live")[0]
        self.assertIn("lang=sv_SE", live)
        self.assertEqual(
            self.url_open(live, headers=PHONE).json()["sections"].keys(),
            set(page.xpath("//section/@data-section")),
        )


class TestLive(PageCase):
    def live(self, have=None, token=None, **kwargs):
        return self.open(
            token or self.token, path="/live", have=json.dumps(have or {}), **kwargs
        )

    def digests(self):
        page = self.page(self.token)
        return {
            section.get("data-section"): section.get("data-digest")
            for section in page.xpath("//section[@data-section]")
        }

    def test_a_page_that_is_up_to_date_gets_nothing(self):
        self.assertEqual(self.live(self.digests()).json()["sections"], {})

    def test_a_page_that_has_nothing_gets_everything(self):
        answer = self.live().json()
        self.assertEqual(set(answer["sections"]), set(self.digests()))
        self.assertEqual(answer["order"], list(answer["sections"]))
        self.assertIn(self.invoice.name, answer["title"])
        for code in ("nonsense", "[1]", '"x"'):
            self.assertEqual(
                set(self.open(self.token, path="/live", have=code).json()["sections"]),
                set(answer["sections"]),
            )

    def test_what_has_changed_comes_alone(self):
        have = self.digests()
        self.pay(40.0)
        self.env.flush_all()
        sections = self.live(have).json()["sections"]
        self.assertIn("state", sections)
        self.assertNotIn("documents", sections)
        self.assertIn("60.00", sections["state"]["html"])
        self.assertEqual(self.live(self.digests()).json()["sections"], {})

    def test_a_revoked_link_says_so(self):
        self.link._revoke("test")
        self.env.flush_all()
        answer = self.live()
        self.assertEqual(answer.status_code, 410)
        self.assertEqual(answer.json(), {"gone": "revoked"})

    def test_a_wrong_token_counts_as_a_guess(self):
        guesses = []
        with patch.object(
            self.env.registry["billing.link.guess"],
            "_note",
            lambda records, address: guesses.append(address),
        ):
            answer = self.live(token="A" * 22)
        self.assertEqual(answer.status_code, 410)
        self.assertEqual(answer.json(), {"gone": "unknown"})
        self.assertEqual(len(guesses), 1)

    def test_answers_are_kept_by_nobody(self):
        self.assertEqual(self.live().headers["Cache-Control"], "private, no-store")


class TestAction(PageCase):
    """What every form on the page goes through; here, the one that asks for time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice.invoice_date_due = "2099-01-01"
        cls.env.flush_all()

    def act(self, run=None, script=True, token=None, fields=None, **values):
        """Send the form; returns the answer and for whom something was done."""
        calls = []

        def _billing_defer(move_sudo, visitor, day):
            calls.append(visitor.kind)
            return run(move_sudo) if run else "It is done."

        if fields is None:
            page = self.page(token)
            fields = {
                field.name: field.value
                for field in page.xpath("//form[contains(@action, '/defer')]")[0].iter(
                    "input"
                )
            }
        with patch.object(
            self.registry["account.move"], "_billing_defer", _billing_defer
        ):
            answer = self.url_open(
                f"/my/invoices/{self.invoice.id}/defer",
                data={**fields, **values},
                headers={**PHONE, **({"X-Requested-With": "kvitt"} if script else {})},
                allow_redirects=False,
            )
        self.fields = fields
        return answer, calls

    def test_it_is_done_and_said(self):
        answer, calls = self.act(token=self.token)
        self.assertEqual(calls, ["link"])
        payload = answer.json()
        self.assertEqual(payload["said"], "It is done.")
        self.assertIn("state", payload["sections"])
        self.assertEqual(answer.headers["Cache-Control"], "private, no-store")

    def test_a_double_click_does_it_once_and_says_the_same(self):
        first, calls = self.act(token=self.token)
        again, more = self.act(fields=self.fields)
        self.assertEqual((len(calls), len(more)), (1, 0))
        self.assertEqual(again.json()["said"], first.json()["said"])
        _other, more = self.act(token=self.token)
        self.assertEqual(len(more), 1, "the form of a new page is another one")

    def test_without_scripts_the_page_comes_again_and_says_it_once(self):
        answer, _calls = self.act(script=False, token=self.token)
        self.assertEqual(answer.status_code, 303)
        address = answer.headers["Location"]
        self.assertTrue(address.endswith("#help"))
        said = re.search(r"said=([\w-]+)", address)[1]
        page = self.page(self.token, said=said)
        self.assertEqual(
            page.xpath("//section[@id='help']/p[@class='k-said']")[0].text,
            "It is done.",
        )
        forged = said[:-1] + ("A" if said[-1] != "A" else "B")
        self.assertFalse(
            self.page(self.token, said=forged).xpath("//*[@class='k-said']")
        )
        other = self.links._issue([{"move_id": self.other.id, "key": "page"}])
        page = self.page(other._token(), move=self.other, said=said)
        self.assertFalse(page.xpath("//*[@class='k-said']"), "on another invoice")
        self.env.cr.execute(
            "UPDATE billing_page_submission SET create_date = create_date "
            "- interval '1 hour'"
        )
        self.assertFalse(self.page(self.token, said=said).xpath("//*[@class='k-said']"))

    def test_what_is_refused_leaves_nothing_and_can_be_sent_again(self):
        def refuse(move_sudo):
            move_sudo.ref = "half done"
            raise UserError("That day is too late.")

        answer, _calls = self.act(refuse, token=self.token)
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(answer.json(), {"error": "That day is too late."})
        self.env.invalidate_all()
        self.assertNotEqual(self.invoice.ref, "half done")
        _answer, calls = self.act(fields=self.fields)
        self.assertEqual(len(calls), 1, "the same form, put right")

    def test_without_scripts_the_reason_stands_at_the_form_with_what_was_typed(self):
        def refuse(move_sudo):
            raise UserError("That <day> is too late.")

        answer, _calls = self.act(
            refuse, script=False, token=self.token, day="2027-01-01"
        )
        self.assertEqual(answer.status_code, 422)
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        page = html.fromstring(answer.content)
        form = page.xpath("//form[contains(@action, '/defer')]")[0]
        self.assertEqual(
            form.xpath("./p[@role='alert']")[0].text, "That <day> is too late."
        )
        self.assertEqual(form.xpath(".//input[@name='day']/@value"), ["2027-01-01"])
        self.assertEqual(len(page.xpath("//*[@role='alert']")), 1)

    def test_who_may_not_is_sent_where_they_can_prove_who_they_are(self):
        right = "odoo.addons.billing_interactive_invoice.controllers.self_service"
        with patch(f"{right}.SELF_SERVICE", "contact"):
            answer, calls = self.act(token=self.token)
            self.assertEqual((answer.status_code, calls), (403, []))
            self.assertIn(f"/{self.invoice.id}/", answer.json()["location"])
            answer, calls = self.act(script=False, token=self.token)
            self.assertEqual((answer.status_code, calls), (303, []))
            self.assertIn(f"/{self.invoice.id}/", answer.headers["Location"])

    def test_staff_change_nothing(self):
        page = self.page(self.token)
        form = page.xpath("//form[contains(@action, '/defer')]")[0]
        fields = {field.name: field.value for field in form.iter("input")}
        self.authenticate(self.user.login, self.user.login)
        fields["csrf_token"] = http.Request.csrf_token(self)
        answer, calls = self.act(fields=fields)
        self.assertEqual((answer.status_code, calls), (403, []))
        self.assertIn("cannot change", answer.json()["error"])
        answer, calls = self.act(fields=fields, script=False)
        self.assertEqual((answer.status_code, calls), (303, []))

    @mute_logger(ERRORS)
    def test_a_form_that_the_page_did_not_make_does_nothing(self):
        answer, calls = self.act(
            fields={"access_token": self.token, "day": "2027-01-01"}
        )
        self.assertEqual((answer.status_code, calls), (400, []))

    def test_a_wrong_token_does_nothing(self):
        self.act(token=self.token)
        fields = {**self.fields, "access_token": "A" * 22}
        answer, calls = self.act(fields=fields)
        self.assertEqual((answer.status_code, calls), (410, []))
        answer, calls = self.act(fields=fields, script=False)
        self.assertEqual((answer.status_code, calls), (404, []))

    def test_a_form_without_a_value_of_its_own_still_works(self):
        self.act(token=self.token)
        for nonce in ("", "x", "<script>", "a" * 100):
            _answer, calls = self.act(fields={**self.fields, "nonce": nonce})
            self.assertEqual(len(calls), 1, nonce)

    def test_files_in_place_of_words_do_no_harm(self):
        self.act(token=self.token)
        for name in ("nonce", "lang", "have", "access_token"):
            answer = self.url_open(
                f"/my/invoices/{self.invoice.id}/defer",
                data={k: v for k, v in self.fields.items() if k != name},
                files={name: ("x.txt", b"x")},
                headers={**PHONE, "X-Requested-With": "kvitt"},
                allow_redirects=False,
            )
            self.assertIn(answer.status_code, (200, 410, 422), name)

    def test_forms_sent_are_forgotten_after_a_while(self):
        self.act(token=self.token)
        sent = self.env["billing.page.submission"].sudo()
        before = sent.search_count([])
        sent._gc_submissions()
        self.assertEqual(sent.search_count([]), before)
        self.env.cr.execute(
            "UPDATE billing_page_submission SET create_date = create_date "
            "- interval '31 days'"
        )
        sent._gc_submissions()
        self.assertFalse(sent.search_count([]))


class TestColour(PageCase):
    def test_the_page_wears_the_colour_of_its_company(self):
        self.company.billing_page_colour = "#FFCC00"
        self.env.flush_all()
        [style] = self.page(self.token).iter("style")
        self.assertTrue(style.text.endswith(style_sheet("#ffcc00")))

    def test_what_is_no_colour_is_refused_in_the_settings(self):
        with self.assertRaises(UserError):
            self.company.billing_page_colour = "red"
        with self.assertRaises(UserError):
            self.company.billing_page_privacy_url = "javascript:alert(1)"

    def test_the_colour_of_the_documents_is_the_next_best(self):
        self.company.billing_page_colour = False
        self.company.primary_color = "#abcdef"
        self.assertEqual(self.company._billing_page_colour(), "#abcdef")
        self.company.primary_color = False
        self.assertEqual(self.company._billing_page_colour(), "#17527a")
