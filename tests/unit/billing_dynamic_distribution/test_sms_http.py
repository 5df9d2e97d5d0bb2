"""Calls to a gateway that behaves, and to ones that do not: real sockets."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from odoo.addons.billing_dynamic_distribution.adapters.sms_http import (
    HttpGateway,
    Message,
    Settings,
)
from odoo.addons.billing_dynamic_distribution.core import sms_gateway

SECRET = "hunter2&="


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802 - http.server's name
        self._take(parse_qs(urlsplit(self.path).query))

    def do_POST(self):  # noqa: N802 - http.server's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._take(parse_qs(body.decode("ascii")))

    def _take(self, parameters):
        self.server.taken.append({k: v[0] for k, v in parameters.items()})
        answer = self.server.answer
        if answer == "silence":
            self.server.release.wait(10)
        if answer in ("silence", "hang up"):
            self.close_connection = True
            return
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.taken = []
    server.answer = (202, b"0: Accepted for delivery")
    server.release = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/cgi-bin/sendsms"
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


def gateway(url, **changes):
    values = {
        "url": url,
        "method": "get",
        "parameters": sms_gateway.KANNEL_PARAMETERS,
        "accepted": sms_gateway.KANNEL_ACCEPTED,
        "username": "kvitt",
        "password": SECRET,
        "sender": "Fjordlys",
        "timeout": 0.3,
        "connections": 1,
    }
    return HttpGateway(Settings(**{**values, **changes}))


def message(number=0, text="Å betale: 100 kr"):
    return Message(f"{number:032x}", f"+47990000{number:02d}", text, "http://x/r?s=1")


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_sent_arrives(server, method):
    with gateway(server.url, method=method) as opened:
        assert opened.send(message()).event == "sent"
        assert opened.send(message(1, "– dash")).event == "sent"
    first, second = server.taken
    assert first == {
        "username": "kvitt",
        "password": SECRET,
        "from": "Fjordlys",
        "to": "+4799000000",
        "text": "Å betale: 100 kr",
        "charset": "UTF-8",
        "coding": "0",
        "dlr-mask": "31",
        "dlr-url": "http://x/r?s=1&status=%d&reply=%A&reference=%F",
    }
    assert second["coding"] == "2"


@pytest.mark.parametrize(
    ("answer", "event", "code"),
    [
        ((503, b"Temporal failure, try again later."), "failed_soft", "gateway_503"),
        ((400, b"Invalid receiver"), "failed_hard", "number"),
        ((302, b""), "failed_soft", "gateway_302"),
        ((200, b"Thank you"), "uncertain", "gateway_answer"),
        ("hang up", "uncertain", "gateway_broken"),
        ("silence", "uncertain", "gateway_timeout"),
    ],
)
def test_answers_and_silences(server, answer, event, code):
    server.answer = answer
    with gateway(server.url) as opened:
        answered = opened.send(message())
    assert (answered.event, answered.code) == (event, code)
    # Handed over once, whatever came of it: nothing is tried again down here.
    assert len(server.taken) == 1


def test_nobody_listens():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    with gateway(url) as opened:
        answered = opened.send(message())
    assert (answered.event, answered.code) == ("failed_soft", "gateway_unreachable")


def test_a_name_nobody_knows():
    with gateway("http://gateway.invalid/") as opened:
        answered = opened.send(message())
    assert (answered.event, answered.code) == ("failed_soft", "gateway_unreachable")


def test_a_certificate_nobody_trusts_gets_nothing(server, tmp_path):
    # Plain HTTP behind an https address: the handshake fails, and may have failed late.
    with gateway(server.url.replace("http:", "https:")) as opened:
        answered = opened.send(message())
    assert answered.event in ("uncertain", "failed_soft")
    assert server.taken == []


def test_the_password_is_in_no_reason(server):
    server.answer = (403, f"no {SECRET} here".encode())
    with gateway(server.url) as opened:
        assert opened.send(message()).reason == "no *** here"
    assert SECRET not in repr(opened._settings)


def test_many_are_handed_over_at_once(server):
    waiting = threading.Semaphore(0)
    together = threading.Barrier(4, action=waiting.release)
    taken = server.taken

    class Meeting(list):
        def append(self, value):
            # Passes only when four calls are under way at the same time.
            together.wait(5)
            taken.append(value)

    server.taken = Meeting()
    messages = [message(n) for n in range(8)]
    with gateway(server.url, connections=4, timeout=5) as opened:
        pairs = list(opened.each(messages, opened.send))
    assert [m for m, _answer in pairs] == messages
    assert {answer.event for _m, answer in pairs} == {"sent"}
    assert sorted(t["to"] for t in taken) == [m.to for m in messages]
    assert waiting.acquire(blocking=False)


def test_one_bad_answer_does_not_spoil_the_next(server):
    with gateway(server.url) as opened:
        server.answer = "hang up"
        first = opened.send(message())
        server.answer = (202, b"3: Queued for later delivery")
        second = opened.send(message(1))
    assert [first.event, second.event] == ["uncertain", "sent"]
