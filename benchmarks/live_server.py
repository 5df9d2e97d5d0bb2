"""Odoo as it is deployed: workers, the process with the websockets, nginx in front.

See docs/deployment.md; nginx runs with the configuration shipped there.
"""

import os
import re
import resource
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from .scratch import BenchError

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from kvitt_dev import nginx  # noqa: E402
from kvitt_dev.postgres import free_port  # noqa: E402
from kvitt_dev.ui import SetupError  # noqa: E402

START_SECONDS = 120
#: What Odoo notes of a request: path, status, queries, seconds in SQL and elsewhere.
_REQUEST = re.compile(
    r'"GET (\S+) HTTP/1\.[01]" (\d+) - (\d+) (\d+\.\d+) (\d+\.\d+)', re.ASCII
)
#: Odoo starts its process for websockets by the name of the script it was started by.
_SCRIPT = """\
import sys

import odoo.cli

sys.exit(odoo.cli.main())
"""


class Deployment:
    """One database, served. Use it as a context manager.

    :param database: its name
    :param folder: for logs and configuration
    :param workers: HTTP workers
    :param pages: how many may be open at the same time
    :ivar port: where nginx listens
    """

    def __init__(self, database, folder, workers=2, pages=2000):
        self._folder = Path(folder) / f"served_{database}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.log = self._folder / "odoo.log"
        self._database = database
        self._workers = workers
        self._http_port, self._live_port = free_port(), free_port()
        try:
            self._proxy = nginx.Proxy(
                self._http_port, self._live_port, self._folder / "nginx", pages + 64
            )
        except SetupError as error:
            raise BenchError(str(error)) from error
        self.port = self._proxy.port

    def __enter__(self):
        allow_files()
        script = self._folder / "odoo_bin.py"
        script.write_text(_SCRIPT)
        self._process = subprocess.Popen(
            [
                sys.executable, str(script),
                "-d", self._database, f"--db-filter=^{self._database}$",
                "--http-interface=127.0.0.1", f"--http-port={self._http_port}",
                f"--gevent-port={self._live_port}", f"--workers={self._workers}",
                "--max-cron-threads=0", "--proxy-mode", "--db_maxconn_gevent=64",
                "--limit-time-real=300", f"--logfile={self.log}",
            ],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self._proxy.__enter__()
        try:
            self._wait("/web/health")
            self._wait("/websocket/health", self._live_port)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc):
        self._proxy.__exit__()
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self, path, port=None):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                url = f"http://127.0.0.1:{port or self.port}{path}"
                with urllib.request.urlopen(url, timeout=10):
                    return
            except OSError:
                time.sleep(0.2)
        raise BenchError(f"Odoo does not answer; its log is {self.log}")

    # === WHAT IT COSTS === #

    def live_process(self):
        """Return the id of the process that holds the websockets; None: there is none.

        :rtype: int | None
        """
        for pid in _children(self._process.pid):
            if b"gevent" in _read(pid, "cmdline", b"").split(b"\0"):
                return pid
        return None

    def usage(self):
        """Return what the processes have used so far.

        :return: by ``live``, ``http`` (all workers) and ``nginx``: CPU seconds, MiB
        :rtype: dict[str, tuple[float, float]]
        """
        live = self.live_process()
        http = [pid for pid in _children(self._process.pid) if pid != live]
        proxy = [self._proxy.pid, *_children(self._proxy.pid)]
        return {
            "live": _used([live] if live else []),
            "http": _used(http),
            "nginx": _used(proxy),
        }

    def requests(self, since=0):
        """Return the requests in Odoo's log: (path, status, queries, seconds).

        :param since: bytes of the log to pass over
        """
        with open(self.log, "rb") as stream:
            stream.seek(since)
            text = stream.read().decode("utf-8", "replace")
        return [
            (path, int(status), int(queries), float(sql) + float(other))
            for path, status, queries, sql, other in _REQUEST.findall(text)
        ]

    def complaints(self):
        """Return the lines of warnings and errors in Odoo's log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [
            line
            for line in text.splitlines()
            if re.search(r" \d+ (WARNING|ERROR|CRITICAL) ", line)
        ]


def allow_files(wanted=16_384):
    """Let this process and its children have so many open files, if it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _read(pid, name, default):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return default


def _children(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            # The name of the program stands in brackets and may hold anything.
            rest = _read(entry.name, "stat", b"").rpartition(b")")[2].split()
            if len(rest) > 1 and int(rest[1]) == pid:
                found.append(int(entry.name))
    return found


def _used(pids):
    ticks = os.sysconf("SC_CLK_TCK")
    seconds = memory = 0.0
    for pid in pids:
        rest = _read(pid, "stat", b"").rpartition(b")")[2].split()
        if len(rest) > 21:
            seconds += (int(rest[11]) + int(rest[12])) / ticks
            memory += int(rest[21]) * os.sysconf("SC_PAGE_SIZE") / 1024**2
    return seconds, memory
