"""A real browser opens a personal link."""

import contextlib
from unittest.mock import patch

import pytest

from odoo.tests.common import ChromeBrowser

from ...common import KvittHttpCase
from ...integration.billing_base import common

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36"
)
DESKTOP = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36"
)
#: A person's browser does not say that a program drives it.
BY_HAND = "Object.defineProperty(navigator, 'webdriver', {get: () => false});"
#: The test is over when the page has reported, whatever it reported.
REPORTED = """
    const beacon = navigator.sendBeacon.bind(navigator);
    navigator.sendBeacon = (...parts) => {
        const sent = beacon(...parts);
        // A browser that is closed while Odoo's page loads its chatter logs an error.
        const chatter = () => document.getElementById("chatterRoot");
        const end = () =>
            !chatter() || chatter().shadowRoot?.hasChildNodes()
                ? console.log("test successful")
                : setTimeout(end, 100);
        setTimeout(end, 500);
        return sent;
    };
"""


@pytest.mark.nightly
class TestVisit(common.LinkCase, KvittHttpCase):
    browser_size = "390x844"
    touch_enabled = True

    @contextlib.contextmanager
    def browser(self, agent, scripts=(), runs_scripts=True):
        """Have the next browser say that it is ``agent``, and run ``scripts`` first."""
        navigate_to = ChromeBrowser.navigate_to

        def prepare(browser, *args, **kwargs):
            send = browser._websocket_request
            send("Network.setUserAgentOverride", params={"userAgent": agent})
            for script in scripts:
                send("Page.addScriptToEvaluateOnNewDocument", params={"source": script})
            if not runs_scripts:
                send("Emulation.setScriptExecutionDisabled", params={"value": True})
            return navigate_to(browser, *args, **kwargs)

        with patch.object(ChromeBrowser, "navigate_to", prepare):
            yield

    def visit_of(self, key, code="", **options):
        link = self.issue(key=key)
        self.env.flush_all()
        with self.browser(**options):
            self.browser_js(
                f"/my/invoices/{self.invoice.id}?access_token={link._token()}",
                code,
                cookies={"frontend_lang": "en_US"},
            )
        self.env.invalidate_all()
        return link.visit_ids

    def test_a_person_who_looks_at_the_page_has_seen_it(self):
        visit = self.visit_of("looks", agent=PHONE, scripts=(BY_HAND, REPORTED))
        self.assertRecordValues(
            visit, [{"verdict": "person", "reason": "looked", "device": "phone"}]
        )
        self.assertTrue(visit.link_id.first_opened_at)

    def test_a_browser_that_a_program_drives_is_a_machine(self):
        visit = self.visit_of("driven", agent=DESKTOP, scripts=(REPORTED,))
        self.assertRecordValues(
            visit, [{"verdict": "machine", "reason": "automated", "device": "computer"}]
        )
        self.assertFalse(visit.link_id.first_opened_at)

    def test_a_browser_without_scripts_shows_the_page_and_says_so(self):
        visit = self.visit_of(
            "without",
            # The page is whole, its picture included, when this runs.
            code="console.log('test successful')",
            agent=PHONE,
            runs_scripts=False,
        )
        self.assertRecordValues(
            visit, [{"verdict": "person", "reason": "without_script"}]
        )
