"""Those who sit in front of the browsers: customers and staff."""

import re
import time
from urllib.parse import urlsplit

#: Width and height of the screens, in CSS pixels.
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
#: Milliseconds that anything may take before a test gives up.
PATIENCE = 30_000

_WATCH = """
addEventListener("securitypolicyviolation", (event) => {
    console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
});
"""

_WATCH_FOR = """(text) => {
    const plain = (words) => words.replace(/\\s/g, " ");
    window.seenAt = null;
    const look = () => {
        if (plain(document.body.innerText).includes(plain(text))) {
            window.seenAt = Date.now();
            observer.disconnect();
        }
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, {
        subtree: true, childList: true, characterData: true, attributes: true,
    });
    look();
    if (window.seenAt) {
        throw new Error(`«${text}» is there already`);
    }
}"""


class Person:
    """Somebody with a browser window of their own.

    All that the browser complains of is kept: a test fails on any of it that it did
    not expect.

    :param browser: Playwright's browser
    :param line: the :class:`.server.Line` they reach the server by
    :param screen: size of the window
    :param options: of Playwright's ``new_context``
    """

    def __init__(self, browser, line, screen=PHONE, **options):
        options.setdefault("reduced_motion", "reduce")
        self.line = line
        self.context = browser.new_context(
            viewport=screen, base_url=line.url, has_touch=screen is PHONE, **options
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(_WATCH)
        self._complaints = []
        self._expected = []
        self.sizes = {}
        self.page = self.context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._note(f"script: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("response", self._on_response)

    def expect(self, pattern):
        """Say that the browser will complain of this, as a regular expression."""
        self._expected.append(re.compile(pattern))

    def complaints(self):
        """Return what nobody expected the browser to complain of."""
        return [
            text
            for text in self._complaints
            if not any(pattern.search(text) for pattern in self._expected)
        ]

    def close(self):
        self.context.close()

    def _note(self, text):
        self._complaints.append(text)

    def _on_console(self, message):
        if message.type in ("error", "warning"):
            self._note(f"console: {message.text}")

    def _on_request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about"):
            if parts.netloc != f"127.0.0.1:{self.line.port}":
                self._note(f"asked another server: {request.url}")

    def _on_response(self, response):
        if response.status >= 400:
            # Addresses hold tokens; the path is enough.
            self._note(f"HTTP {response.status}: {urlsplit(response.url).path}")


class Customer(Person):
    """Somebody who got an invoice."""

    def visit(self, invoice, prefix=None):
        """Open the page of an invoice by its personal link.

        :param invoice: of :mod:`.books`
        :param prefix: of the path, in place of the one for the customer's language;
            ``""`` for English, the database's own
        :return: Playwright's response
        """
        address = urlsplit(invoice["link"])
        path = address.path
        if prefix is not None:
            path = prefix + path[path.index("/my/") :]
        return self.page.goto(f"{path}?{address.query}")

    def sign_in(self, login):
        """Sign in; the password of the tests' customers is their login."""
        self.page.goto("/web/login")
        self.page.fill("#login", login)
        self.page.fill("#password", login)
        self.page.press("#password", "Enter")
        self.page.wait_for_url(re.compile("/my"))

    def section(self, code):
        """Return the part of the page with this code."""
        return self.page.locator(f'[data-section="{code}"]')

    def wait_live(self, how="websocket"):
        """Wait until the page hears of changes by itself.

        :param how: ``websocket``, ``polling`` or ``offline``
        """
        self.page.wait_for_function(
            "(how) => document.documentElement.dataset.live === how", arg=how
        )

    def watch_for(self, text):
        """Note from now on when this text comes to be on the page."""
        self.page.evaluate(_WATCH_FOR, text)

    def seen_at(self):
        """Return when the text came that :meth:`watch_for` named.

        :return: seconds since the epoch
        """
        self.page.wait_for_function("() => window.seenAt")
        return self.page.evaluate("() => window.seenAt / 1000")


class Staff(Person):
    """Somebody of customer service, in Odoo."""

    def __init__(self, browser, line, login, screen=DESK, **options):
        super().__init__(browser, line, screen, **options)
        self.login = login
        self.saved_at = None
        self._saves = None
        self.page.on("response", self._on_saved)

    def _on_saved(self, response):
        if self._saves and self.saved_at is None and self._saves in response.url:
            self.saved_at = time.time()

    def do(self, act, saves):
        """Do what saves something; :attr:`saved_at` tells when Odoo had done so.

        :param act: the last click
        :param saves: part of the address that the browser sends it to
        :return: when it was clicked, seconds since the epoch
        """
        self.saved_at = None
        self._saves = saves
        clicked = time.time()
        act()
        return clicked

    def sign_in(self):
        """Sign in; the password of the demo's staff is their login."""
        self.page.goto("/web/login")
        self.page.fill("#login", self.login)
        self.page.fill("#password", self.login)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector(".o_main_navbar")

    def open(self, action, record):
        """Open a record by the window action it has its form in."""
        self.page.goto(f"/odoo/action-{action}/{record}")
        self.page.wait_for_selector(".o_form_view")
        self.page.wait_for_selector(".o_loading_indicator", state="detached")

    def call(self, model, method, args, **kwargs):
        """Call a method as this person's browser would, and return what it returns."""
        answer = self.context.request.post(
            f"{self.line.url}/web/dataset/call_kw/{model}/{method}",
            data={
                "jsonrpc": "2.0",
                "method": "call",
                "params": {
                    "model": model,
                    "method": method,
                    "args": args,
                    "kwargs": kwargs,
                },
            },
        ).json()
        assert "error" not in answer, answer["error"]["data"]["debug"]
        return answer["result"]
