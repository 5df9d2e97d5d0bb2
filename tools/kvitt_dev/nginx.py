"""nginx with the configuration that the documentation ships, for tests and benchmarks.

Taken from the machine if it is installed there, else from its Debian release into the
cache. It listens on a free port of 127.0.0.1 and needs no root.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import apt
from .paths import CACHE, ROOT, lock
from .postgres import free_port
from .ui import SetupError, say, step

#: What runs it; the modules that Debian's «nginx» brings along are not needed.
PACKAGES = ("nginx",)
PREFIX = CACHE / "nginx"
DEBS = CACHE / "nginx-debs"
SHIPPED = ROOT / "docs" / "deployment" / "nginx.conf"
START_SECONDS = 20

MAIN = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
worker_rlimit_nofile {files};
events {{ worker_connections {connections}; }}
http {{
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


def _environment(root: Path) -> dict[str, str]:
    if root == Path("/"):
        return dict(os.environ)
    folders = [
        *sorted(root.glob("usr/lib/*-linux-gnu*")),
        *sorted(root.glob("lib/*-linux-gnu*")),
    ]
    own = os.environ.get("LD_LIBRARY_PATH")
    path = os.pathsep.join([*map(str, folders), *filter(None, [own])])
    return {**os.environ, "LD_LIBRARY_PATH": path}


def find() -> Path | None:
    """Return the folder nginx is installed below, None when it does not start."""
    for root in (PREFIX, Path("/")):
        program = root / "usr/sbin/nginx"
        if program.is_file():
            command = [str(program), "-v"]
            result = subprocess.run(
                command, env=_environment(root), capture_output=True, timeout=30
            )
            if result.returncode == 0:
                return root
    return None


def ensure() -> Path:
    """Return the folder nginx is installed below, fetching it if needed.

    :raises SetupError: when it cannot be had, or does not start
    """
    found = find()
    if found:
        return found
    advice = f"install it as root: apt-get install {' '.join(PACKAGES)}"
    with lock("nginx"), step("nginx, as invoices' pages are served"):
        try:
            _fetch()
        except SetupError as error:
            raise SetupError(f"nginx cannot be fetched: {error}\n{advice}") from error
    found = find()
    if not found:
        raise SetupError(f"nginx does not start from the cache; {advice}")
    return found


def _fetch() -> None:
    archive = apt.Archive("", know_installed=True)
    archive.update()
    wanted = set(archive.missing(*PACKAGES)) | set(PACKAGES)
    say(f"    {len(wanted)} packages of this machine's Debian release")
    shutil.rmtree(DEBS, ignore_errors=True)
    DEBS.mkdir(parents=True)
    apt.unpack(archive.download(sorted(wanted), DEBS), PREFIX)
    shutil.rmtree(DEBS)


def site(http_port: int, live_port: int, port: int, folder: Path) -> str:
    """Return the shipped configuration for servers on this machine, without TLS.

    :param http_port: of Odoo's workers
    :param live_port: of the process with the websockets
    :param port: where nginx listens
    :param folder: for its log
    """
    text = SHIPPED.read_text(encoding="utf-8")
    # The server that only sends people to the one with TLS.
    text = re.sub(r"server \{\n    listen 80;.*?\n\}\n", "", text, flags=re.S)
    text = re.sub(r" *ssl_certificate\w* .*\n", "", text)
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        ("server 127.0.0.1:8069;", f"server 127.0.0.1:{http_port};"),
        ("server 127.0.0.1:8072;", f"server 127.0.0.1:{live_port};"),
        ("/var/log/nginx/", f"{folder}/"),
    ):
        if old not in text:
            raise ValueError(f"{SHIPPED} has no {old!r} any more")
        text = text.replace(old, new)
    return text


class Proxy:
    """nginx in front of one Odoo. Use it as a context manager.

    :param http_port: of Odoo's workers
    :param live_port: of the process with the websockets
    :param folder: for its files; made if need be
    :param connections: how many open pages there may be
    :ivar port: where it listens, on 127.0.0.1
    :raises SetupError: it cannot be had, or refuses its configuration
    """

    def __init__(self, http_port, live_port, folder, connections=4096):
        self._root = ensure()
        self._folder = Path(folder).absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._config = self._folder / "nginx.conf"
        self._config.write_text(
            MAIN.format(
                folder=self._folder,
                # Two for each page: to its browser, and to Odoo.
                connections=2 * connections + 64,
                files=2 * connections + 256,
                site=site(http_port, live_port, self.port, self._folder),
            )
        )
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(
            [
                str(self._root / "usr/sbin/nginx"),
                *("-p", str(self._folder), "-c", str(self._config)),
                *("-e", str(self._folder / "error.log")),
            ],
            env=_environment(self._root),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        self.__exit__()
        log = self._folder / "error.log"
        said = log.read_text() if log.is_file() else ""
        raise SetupError(f"nginx did not start: {said.strip()}")

    def __exit__(self, *_exc):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
