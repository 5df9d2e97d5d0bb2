"""What the page weighs, where it comes from, and what it may do."""

import base64
import gzip
import hashlib
import json
import re

from . import people

#: Bytes that the page may take over the wire, compressed as a proxy does it, and of
#: these scripts and styles.
PAGE = 150_000
CODE = 40_000
#: A slow telephone on a slow line: milliseconds, bytes a second, times slower.
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOW_PROCESSOR = 4
PAINTED = """() => new Promise((done) => {
    const entry = performance.getEntriesByName("first-contentful-paint")[0];
    const [page] = performance.getEntriesByType("navigation");
    done({
        painted: Math.round(entry ? entry.startTime : -1),
        interactive: Math.round(page.domContentLoadedEventEnd),
        server: Math.round(page.responseStart - page.requestStart),
    });
})"""
POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "connect-src": {"'self'"},
    "font-src": {"'self'"},
    "form-action": {"'self'"},
    "base-uri": {"'none'"},
    "frame-ancestors": {"'none'"},
}


def read_policy(text):
    parts = (part.split() for part in text.split(";") if part.strip())
    return {name: set(sources) for name, *sources in parts}


def loaded(customer, invoice):
    """Open the page; return kind and body of all that came for it."""
    came = []
    customer.page.on("response", lambda answer: came.append(answer))
    customer.visit(invoice)
    customer.page.wait_for_load_state("networkidle")
    return [
        (answer.request.resource_type, answer.body())
        for answer in came
        if answer.status == 200
    ]


class TestWeight:
    def test_it_is_light(self, meet, world, measured):
        customer = meet()
        parts = {}
        for kind, body in loaded(customer, world.logins["kari.test"]):
            size = len(body) if kind == "image" else len(gzip.compress(body, 6))
            parts[kind] = parts.get(kind, 0) + size
        measured("bytes, compressed", json.dumps(parts))
        # Its styles come within the page.
        assert {"document", "script"} <= parts.keys() and "stylesheet" not in parts
        assert sum(parts.values()) <= PAGE
        assert parts["script"] <= CODE

    def test_it_may_do_little(self, meet, world):
        customer = meet()
        answer = customer.visit(world.states["nb_NO"]["open"])
        policy = read_policy(answer.headers["content-security-policy"])
        # Not every browser counts websockets of the same host as «self».
        host = customer.line.url.removeprefix("http:")
        policy["connect-src"] -= {f"ws:{host}", f"wss:{host}"}
        html = answer.text()
        [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        named = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy["style-src"].remove(f"'sha256-{named}'")
        assert policy == POLICY
        assert " style=" not in html
        assert " onclick=" not in html and "javascript:" not in html

    def test_it_is_there_at_once_on_a_slow_line(self, meet, world, measured):
        # A figure, not an assertion: machines differ.
        customer = meet(people.Customer, people.PHONE)
        session = customer.context.new_cdp_session(customer.page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_PROCESSOR})
        for visit in ("first", "second"):
            customer.visit(world.logins["kari.test"])
            customer.page.wait_for_load_state("networkidle")
            figures = customer.page.evaluate(PAINTED)
            assert figures["painted"] > 0
            measured(f"{visit} visit, ms", json.dumps(figures))
