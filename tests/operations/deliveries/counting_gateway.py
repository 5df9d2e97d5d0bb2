"""A gateway that counts: run as a program of its own, it knows nothing of Kvitt.

``counting_gateway.py PORT_FILE SEED FAULTS`` listens on a free port and writes it down.
``POST /messages`` with a key and a text takes a message; whatever comes is counted, the
same key twice is two messages. ``GET /messages/KEY`` says whether it came. At random,
``FAULTS`` out of a hundred messages meet with trouble:

* it takes the message and never answers;
* it closes the line before it has taken anything;
* it says that it is busy, and takes nothing.
"""

import json
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TROUBLES = ("silent", "dropped", "busy")
received = []
guard = threading.Lock()
dice = random.Random(int(sys.argv[2]))
faults = int(sys.argv[3])


class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        """Say nothing on standard error."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) < int(self.headers["Content-Length"]):
            # Whoever wrote this died over it.
            self.close_connection = True
            return
        message = json.loads(body)
        with guard:
            trouble = dice.choice(TROUBLES) if dice.randrange(100) < faults else ""
            if trouble not in ("dropped", "busy"):
                received.append((message["key"], message["text"]))
        if trouble == "dropped":
            self.close_connection = True
        elif trouble == "busy":
            self.answer(503, {"error": "busy"})
        elif trouble == "silent":
            time.sleep(5)
            self.close_connection = True
        else:
            self.answer(200, {"id": f"gw-{message['key']}"})

    def do_GET(self):
        if self.path == "/received":
            with guard:
                self.answer(200, list(received))
            return
        key = self.path.rpartition("/")[2]
        with guard:
            known = any(taken == key for taken, _text in received)
        self.answer(200 if known else 404, {"known": known})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:
            # Whoever asked does not live any more.
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request, _client_address):
        """Callers die in the middle of a word; anything else is a mistake of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(_request, _client_address)


server = Server(("127.0.0.1", 0), Gateway)
Path(sys.argv[1]).write_text(str(server.server_port))
server.serve_forever()
