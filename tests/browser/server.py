"""Odoo serving the tests' customers and staff, and the line they reach it by."""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from tools.kvitt_dev import odoo_log, postgres
from tools.kvitt_dev.databases import filestore

from ..operations.processes import ODOO, ROOT, cloned

#: Seconds that Odoo may need to load the database.
LOADING = 180
#: Addons of the tests' own, and where they are.
ADDONS = Path(__file__).with_name("addons")
TEST_ADDON = "kvitt_test_claims"


@contextlib.contextmanager
def database(worker):
    """Make a copy of the database with all addons, its files included.

    :param worker: pytest-xdist's word for this process
    """
    template = os.environ.get("KVITT_TEMPLATE_DATABASE", "")
    with cloned("KVITT_TEMPLATE_DATABASE", f"browser{worker}") as name:
        try:
            if filestore(template).is_dir():
                # Odoo never changes a file of these.
                shutil.copytree(
                    filestore(template), filestore(name), copy_function=os.link
                )
            yield name
        finally:
            shutil.rmtree(filestore(name), ignore_errors=True)


class Server:
    """Odoo in a process of its own. Use it as a context manager.

    :param database: the one that it serves
    :param log: file that gets what it says
    :ivar port: where it listens, on 127.0.0.1
    """

    def __init__(self, database, log):
        self._database = database
        self.log = log
        self.port = postgres.free_port()
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen(
            [
                ODOO,
                "server",
                *("-d", self._database, f"--db-filter=^{self._database}$"),
                *("--http-interface=127.0.0.1", f"--http-port={self.port}"),
                *("--max-cron-threads=0", f"--logfile={self.log}"),
                *("-i", TEST_ADDON),
            ],
            cwd=ROOT,
            env={**os.environ, "KVITT_EXTRA_ADDONS": str(ADDONS)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_exc):
        self._stop()

    def _wait(self):
        # Never through a proxy: this is the machine itself.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + LOADING
        while True:
            assert self._process.poll() is None, f"the server ended, see {self.log}"
            with contextlib.suppress(OSError):
                direct.open(f"http://127.0.0.1:{self.port}/web/health", timeout=30)
                return
            assert time.monotonic() < deadline, f"no answer, see {self.log}"
            time.sleep(0.2)

    def _stop(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def complaints(self):
        """Return the warnings and errors of its log."""
        return odoo_log.complaints(self.log)


class Line:
    """What lies between one browser and the server, and can break.

    :param port: where the server listens
    :ivar port: where the line begins, on 127.0.0.1
    :ivar carried: bytes that came from the server
    """

    def __init__(self, port):
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.carried = 0
        self._whole = True
        self._lock = threading.Lock()
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def cut(self):
        """Break all connections, and take no new ones."""
        with self._lock:
            self._whole = False
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self):
        """Be a line again."""
        with self._lock:
            self._whole = True

    def close(self):
        """Break it for good."""
        self.cut()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        with client, contextlib.suppress(OSError):
            with self._lock:
                if not self._whole:
                    return
                self._open.add(client)
            try:
                with socket.create_connection(("127.0.0.1", self._server), 30) as far:
                    far.settimeout(None)
                    self._pump(client, far)
            finally:
                with self._lock:
                    self._open.discard(client)

    def _pump(self, client, far):
        other = {client: far, far: client}
        while True:
            for source in select.select(list(other), [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                if source is far:
                    self.carried += len(data)
                other[source].sendall(data)
