"""SMS in tests: a real Kannel, and what can go wrong around it.

Kannel's own fake centre delivers everything. What an operator refuses or never
delivers is played by :class:`Operator`, a line that breaks by :class:`BrokenLine`. What
Kannel reports is kept by :class:`ReportBox`, for the test to pass on when, how often
and in which order it likes.
"""

import shutil
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tools.kvitt_dev import kannel


class Server:
    """An HTTP server of the test on a port of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802 - http.server's name
                owner.handle(self)

            def log_message(self, *args):
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._http.server_port}"

    def stop(self):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def handle(self, request):
        raise NotImplementedError

    @staticmethod
    def answer(request, status, body):
        content = body.encode()
        request.send_response(status)
        request.send_header("Content-Type", "text/plain")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


class Operator(Server):
    """The operator behind the numbers of ``kannel.OPERATOR_PREFIX``.

    :ivar taken: parameters of each message it got
    """

    def __init__(self):
        self.taken = []
        self._plans = {}
        super().__init__()

    def plan(self, number, *statuses, refuse=""):
        """Say how messages to a number fare.

        :param statuses: delivery statuses it reports, in Kannel's numbers
        :param refuse: words with which it does not take them at all
        """
        self._plans[number.lstrip("+")] = (statuses, refuse)

    def handle(self, request):
        parameters = {
            name: values
            for name, values in parse_qs(urlsplit(request.path).query).items()
        }
        with self.lock:
            self.taken.append({name: values[0] for name, values in parameters.items()})
        number = parameters["to"][0].strip().lstrip("+")
        statuses, refuse = self._plans.get(number, (("1",), ""))
        if refuse:
            self.answer(request, 403, refuse)
            return
        self.answer(request, 202, "0: Accepted for delivery")
        if statuses and "dlr-url" in parameters:
            thread = threading.Thread(
                target=self._report, args=(request.path, statuses), daemon=True
            )
            thread.start()

    def _report(self, path, statuses):
        # Kannel remembers the message only after it has read our answer.
        time.sleep(0.3)
        [url] = parse_qs(urlsplit(path).query)["dlr-url"]
        for status in statuses:
            # Kannel asks for its own number, and finds the rest by it.
            mine = url.replace("%d", status).replace("%A", "").replace("%F", "")
            urllib.request.urlopen(mine, timeout=5).close()


class ReportBox(Server):
    """Takes delivery reports in and keeps them.

    :ivar reports: path with query of each, as they came
    """

    def __init__(self):
        self.reports = []
        super().__init__()

    def handle(self, request):
        with self.lock:
            self.reports.append(request.path)
        self.answer(request, 200, "OK")

    def of(self, key):
        """Return status and path of the reports on one message, as they came."""
        with self.lock:
            found = [path for path in self.reports if f"/{key}?" in path]
        return [(parse_qs(urlsplit(path).query)["status"][0], path) for path in found]

    def wait_for(self, key, *statuses, seconds=20):
        """Wait until all of the statuses were reported; return their paths in order.

        :raises TimeoutError: when they were not
        """
        deadline = time.monotonic() + seconds
        while True:
            found = dict(self.of(key))
            if set(statuses) <= found.keys():
                return [found[status] for status in statuses]
            if time.monotonic() > deadline:
                raise TimeoutError(f"reported were {sorted(found)}, not {statuses}")
            time.sleep(0.05)


class BrokenLine(Server):
    """Passes a message on to the gateway, and hangs up instead of answering."""

    def __init__(self, gateway_url):
        self._gateway_url = gateway_url
        self.passed = 0
        super().__init__()

    def handle(self, request):
        query = urlsplit(request.path).query
        urllib.request.urlopen(f"{self._gateway_url}?{query}", timeout=10).close()
        with self.lock:
            self.passed += 1
        request.close_connection = True


class Refusal(Server):
    """A gateway that takes nothing, and says why."""

    def __init__(self, words):
        self._words = words
        super().__init__()

    def handle(self, request):
        self.answer(request, 400, self._words)


class SmsRig:
    """Kannel with its centre, an operator and a report box.

    :raises RuntimeError: Kannel is not there; ``make test`` fetches it
    """

    def __init__(self):
        programs = kannel.find()
        if programs is None:
            raise RuntimeError("Kannel is not there: `make test` fetches it")
        self.operator = Operator()
        self.box = ReportBox()
        self.folder = Path(tempfile.mkdtemp(prefix="kvitt-kannel-"))
        self.kannel = kannel.Rig(self.folder, programs, operator_url=self.operator.url)

    def start(self):
        try:
            self.kannel.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        self.kannel.stop()
        self.operator.stop()
        self.box.stop()
        shutil.rmtree(self.folder)
