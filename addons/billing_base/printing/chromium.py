"""Chromium as a print engine, spoken to through a pipe.

One browser serves a worker: it starts with the first document, stays for a while after
the last and ends when the worker does, because its pipe closes then. It gets pages that
hold everything, opens no connection and runs no script of theirs.
"""

import atexit
import base64
import functools
import json
import logging
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from odoo.tools.misc import find_in_path

_logger = logging.getLogger(__name__)

#: Names of the browser in distributions, the leanest first.
BINARIES = (
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
#: Seconds one step of a print may take.
TIMEOUT = 60
#: Seconds an idle browser waits for another document.
IDLE = 60
#: Documents after which a fresh browser takes over.
DOCUMENTS = 500

# Odoo limits the address space and the processor time of its workers, and children
# inherit that. A browser reserves far more addresses than it uses, and outlives
# requests. The pipe has to be at descriptors 3 and 4.
_LAUNCHER = """
import fcntl, os, resource, sys
for limit in (resource.RLIMIT_AS, resource.RLIMIT_CPU):
    hard = resource.getrlimit(limit)[1]
    resource.setrlimit(limit, (hard, hard))
pipes = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
for pipe in pipes:
    os.close(pipe)
os.execv(sys.argv[3], sys.argv[3:])
"""

_FLAGS = [
    "--headless",
    "--remote-debugging-pipe",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    # Nothing is fetched from anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
]

# Waits for what is inside the page: faces that the text asks for, and pictures.
_READY = """
(async () => {
    document.body.getBoundingClientRect();
    await document.fonts.ready;
    await Promise.all(Array.from(document.images, (i) => i.decode().catch(() => 0)));
    return document.fonts.status;
})()
"""


class ChromiumError(Exception):
    """The browser did not start, did not answer or refused."""


@functools.lru_cache(1)
def binary():
    """Return the path of an installed Chromium, or None.

    :rtype: str | None
    """
    for name in BINARIES:
        try:
            return find_in_path(name)
        except OSError:
            continue
    return None


class Chromium:
    """A running browser with one page that documents are put into, one by one."""

    def __init__(self, path, sandbox=True):
        self.pid = os.getpid()
        self.printed = 0
        self._last_id = 0
        self._buffer = b""
        self._folder = tempfile.mkdtemp(prefix="billing-print-")
        child_in, self._to = os.pipe()
        self._from, child_out = os.pipe()
        flags = [*_FLAGS, f"--user-data-dir={self._folder}"]
        if not sandbox:
            flags.append("--no-sandbox")
        try:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", "-c", _LAUNCHER),
                    *(str(child_in), str(child_out), path, *flags),
                ],
                pass_fds=(child_in, child_out),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(child_in)
            os.close(child_out)
        try:
            target = self._call("Target.createTarget", url="about:blank")
            self._session = self._call(
                "Target.attachToTarget", targetId=target["targetId"], flatten=True
            )["sessionId"]
            self._page("Page.enable")
            self._page("Emulation.setScriptExecutionDisabled", value=True)
            tree = self._page("Page.getFrameTree")
            self._frame = tree["frameTree"]["frame"]["id"]
        except ChromiumError:
            self.close()
            raise

    def print(self, html, paper):
        """Return the PDF of a page.

        :param str html: a page that holds everything it needs
        :param dict paper: arguments of the browser's ``Page.printToPDF``
        :rtype: bytes
        :raises ChromiumError: the browser is gone, refused or took too long
        """
        self._page("Page.setDocumentContent", frameId=self._frame, html=html)
        ready = self._page("Runtime.evaluate", expression=_READY, awaitPromise=True)
        if ready.get("exceptionDetails"):
            raise ChromiumError(f"the page did not get ready: {ready}")
        printed = self._page("Page.printToPDF", printBackground=True, **paper)
        self.printed += 1
        return base64.b64decode(printed["data"])

    def close(self):
        """End the browser and remove what it left; for the process that started it."""
        for pipe in (self._to, self._from):
            os.close(pipe)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _page(self, method, **params):
        return self._call(method, session=self._session, **params)

    def _call(self, method, session=None, **params):
        """Send one command and return its result; what else is told is passed over."""
        self._last_id += 1
        command = {"id": self._last_id, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        deadline = time.monotonic() + TIMEOUT
        try:
            self._write(json.dumps(command).encode() + b"\0", deadline)
            while True:
                answer = json.loads(self._read(deadline))
                if answer.get("id") == self._last_id:
                    break
        except OSError as error:
            raise ChromiumError(f"{method}: {error}") from error
        if "error" in answer:
            raise ChromiumError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def _write(self, data, deadline):
        """Write in pieces: the browser may want to say something in between."""
        os.set_blocking(self._to, False)
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select(
                [self._from], [self._to], [], max(deadline - time.monotonic(), 0)
            )
            if readable:
                self._receive()
            if writable:
                view = view[os.write(self._to, view[:65536]) :]
            if not readable and not writable:
                raise TimeoutError("the browser takes no more")

    def _read(self, deadline):
        while b"\0" not in self._buffer:
            readable, _, _ = select.select(
                [self._from], [], [], max(deadline - time.monotonic(), 0)
            )
            if not readable:
                raise TimeoutError("no answer in time")
            self._receive()
        message, _, self._buffer = self._buffer.partition(b"\0")
        return message

    def _receive(self):
        data = os.read(self._from, 1 << 20)
        if not data:
            raise BrokenPipeError("the browser is gone")
        self._buffer += data


class _Shared:
    """The browser of this worker."""

    def __init__(self):
        self._lock = threading.Lock()
        self._browser = None
        self._timer = None
        # Containers often forbid what the sandbox is made of; found out once.
        self._sandbox = os.geteuid() != 0

    def print(self, pages):
        """Print several pages that belong together.

        :param pages: a function that gets one to print a page and returns its result
        """
        with self._lock:
            self._stop_timer()
            fresh = self._ensure()
            try:
                try:
                    return pages(self._browser.print)
                except ChromiumError:
                    # One that sat idle may have been ended by the system. Printing
                    # changes nothing outside, so that it may be done again.
                    self._drop()
                    if fresh:
                        raise
                    self._ensure()
                    return pages(self._browser.print)
            except ChromiumError:
                self._drop()
                raise
            finally:
                self._start_timer()

    def close(self):
        """End the browser, if there is one."""
        with self._lock:
            self._stop_timer()
            self._drop()

    def _ensure(self):
        """See that there is a browser; return whether it is a new one."""
        if self._browser and self._browser.pid != os.getpid():
            # It belongs to the process that this one was forked from.
            self._browser = None
        if self._browser and self._browser.printed >= DOCUMENTS:
            self._drop()
        if self._browser:
            return False
        path = binary()
        if not path:
            raise ChromiumError("no Chromium is installed")
        try:
            self._browser = Chromium(path, sandbox=self._sandbox)
        except ChromiumError:
            if not self._sandbox:
                raise
            _logger.info("Chromium does not start in its sandbox here; without it")
            self._browser = Chromium(path, sandbox=False)
            self._sandbox = False
        return True

    def _drop(self):
        browser, self._browser = self._browser, None
        if browser and browser.pid == os.getpid():
            browser.close()

    def _start_timer(self):
        if self._browser:
            self._timer = threading.Timer(IDLE, self.close)
            self._timer.daemon = True
            self._timer.start()

    def _stop_timer(self):
        if self._timer:
            self._timer.cancel()
            self._timer = None


_shared = _Shared()


def close():
    """Let the browser go, if one is kept for the next document."""
    _shared.close()


atexit.register(close)


def printed(pages):
    """Return what ``pages`` makes with the worker's browser.

    :param pages: a function that gets ``print(html, paper)``, see
        :meth:`Chromium.print`
    :raises ChromiumError: the browser did not start, did not answer or refused
    """
    return _shared.print(pages)
