"""Takes e-mails and SMS and counts them; a process of its own, without Odoo.

Prints the ports of its SMTP and HTTP servers as JSON. ``GET /counts`` tells what came.
"""

import json
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

counts = Counter(mail=0, sms=0)
guard = threading.Lock()


class Mailbox:
    """Accepts every message."""

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd
        with guard:
            counts["mail"] += len(envelope.rcpt_tos)
        return "250 taken"


class Gateway(BaseHTTPRequestHandler):
    """Takes SMS, and tells the counts."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        """Say nothing on standard error."""

    def do_GET(self):
        if self.path == "/counts":
            with guard:
                return self.answer(json.dumps(counts))
        with guard:
            counts["sms"] += 1
        return self.answer("0: Accepted for delivery", 202)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with guard:
            counts["sms"] += 1
        self.answer("0: Accepted for delivery", 202)

    def answer(self, text, status=200):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


if __name__ == "__main__":
    mail = Controller(Mailbox(), hostname="127.0.0.1", port=free_port())
    mail.start()
    web = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    print(json.dumps([mail.port, web.server_port]), flush=True)
    web.serve_forever()
