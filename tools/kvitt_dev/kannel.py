"""Kannel, an SMS gateway, with its fake SMS centre: for tests and the demo.

Taken from the machine if it is installed there, else from its Debian release into the
cache. A :class:`Rig` is a gateway of its own on free ports of 127.0.0.1; nothing
leaves the machine, and no root is needed.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import apt
from .paths import CACHE, lock
from .postgres import free_port
from .ui import SetupError, say, step

PACKAGES = ("kannel", "kannel-extras")
PREFIX = CACHE / "kannel"
DEBS = CACHE / "kannel-debs"
#: kannel-extras keeps the fake centre out of the PATH.
FAKE_CENTRE = "usr/lib/kannel/test/fakesmsc"
#: Numbers that begin like this go to the operator a test plays itself.
OPERATOR_PREFIX = "+4790"
START_SECONDS = 30

CONFIGURATION = """\
group = core
admin-port = {admin_port}
admin-password = {password}
admin-deny-ip = "*.*.*.*"
admin-allow-ip = "127.0.0.1"
smsbox-port = {smsbox_port}
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal
sms-resend-freq = 1
log-level = 1

group = smsc
smsc = fake
smsc-id = FAKE
port = {centre_port}
connect-allow-ip = "127.0.0.1"
denied-prefix = "{operator_prefix}"
{operator}
group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms_port}
sendsms-chars = "0123456789+"
http-request-retry = 5
http-queue-delay = 1
log-level = 0

group = sendsms-user
username = kvitt
password = {password}
user-deny-ip = "*.*.*.*"
user-allow-ip = "127.0.0.1"
concatenation = true
max-messages = 20

group = sms-service
keyword = default
catch-all = true
max-messages = 0
text = "-"
"""
OPERATOR = """
group = smsc
smsc = http
smsc-id = OPERATOR
system-type = kannel
port = {operator_port}
connect-allow-ip = "127.0.0.1"
send-url = "{operator_url}"
smsc-username = x
smsc-password = x
dlr-url = "http://127.0.0.1:{operator_port}/?username=x&password=x"
allowed-prefix = "{operator_prefix}"
"""


# === THE PROGRAMS === #


@dataclass(frozen=True)
class Programs:
    """Where Kannel's programs are, and the libraries they need besides."""

    root: Path

    @property
    def bearerbox(self) -> Path:
        return self.root / "usr/sbin/bearerbox"

    @property
    def smsbox(self) -> Path:
        return self.root / "usr/sbin/smsbox"

    @property
    def fake_centre(self) -> Path:
        return self.root / FAKE_CENTRE

    def complete(self) -> bool:
        """Whether all of them are there and start."""
        programs = (self.bearerbox, self.smsbox, self.fake_centre)
        return all(program.is_file() for program in programs) and all(
            self._starts(program) for program in programs[:2]
        )

    def environment(self) -> dict[str, str]:
        """Return the environment in which they find their libraries."""
        if self.root == Path("/"):
            return dict(os.environ)
        folders = [
            *sorted(self.root.glob("usr/lib/*-linux-gnu*")),
            *sorted(self.root.glob("lib/*-linux-gnu*")),
        ]
        own = os.environ.get("LD_LIBRARY_PATH")
        path = os.pathsep.join([*map(str, folders), *filter(None, [own])])
        return {**os.environ, "LD_LIBRARY_PATH": path}

    def _starts(self, program: Path) -> bool:
        # Without its libraries a program ends with 127, whatever it was asked.
        try:
            result = subprocess.run(
                [str(program), "--version"],
                env=self.environment(),
                capture_output=True,
                timeout=30,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return result.returncode != 127


def find() -> Programs | None:
    """Return the programs of the cache or the machine, None when there are none."""
    for root in (PREFIX, Path("/")):
        programs = Programs(root)
        if programs.complete():
            return programs
    return None


def ensure() -> Programs:
    """Return the programs, fetching Debian's packages into the cache if needed.

    :raises SetupError: when they cannot be had, or do not start
    """
    found = find()
    if found:
        return found
    with lock("kannel"), step("Kannel for the SMS tests"):
        try:
            _fetch()
        except SetupError as error:
            raise SetupError(
                f"the SMS tests need Kannel, and it cannot be fetched: {error}\n"
                f"Install it as root: apt-get install {' '.join(PACKAGES)}"
            ) from error
    found = find()
    if not found:
        raise SetupError(
            "Kannel does not start from the cache on this machine; "
            f"install it as root: apt-get install {' '.join(PACKAGES)}"
        )
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


# === A GATEWAY OF ONE'S OWN === #


@dataclass(frozen=True, slots=True)
class Received:
    """One part that the fake centre got.

    :param header: the header that joins the parts of a long message, empty without
    :param data: octets of a part with a header or in UCS-2, else of the text
    """

    sender: str
    receiver: str
    kind: str
    header: bytes
    data: bytes


def _part(sender: bytes, receiver: bytes, kind: bytes, rest: bytes) -> Received:
    """Return what a line printed by the fake centre says."""

    def decoded(value: bytes) -> bytes:
        return urllib.parse.unquote_to_bytes(value.replace(b"+", b" "))

    header = b""
    if kind == b"udh":
        header, _data, rest = rest.partition(b" data ")
        header = decoded(header)
    if kind != b"text":
        rest = decoded(rest)
    return Received(sender.decode(), receiver.decode(), kind.decode(), header, rest)


@dataclass
class Rig:
    """bearerbox, smsbox and the fake SMS centre, on free ports.

    :param folder: for configuration and logs; the caller removes it
    :param operator_url: HTTP server that plays the operator of the numbers that begin
        with :data:`OPERATOR_PREFIX`; it gets Kannel's own sendsms parameters
    """

    folder: Path
    programs: Programs
    operator_url: str = ""
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    ports: dict[str, int] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen] = field(default_factory=dict)

    username = "kvitt"

    @property
    def url(self) -> str:
        """Where messages are handed over."""
        return f"http://127.0.0.1:{self.ports['sendsms']}/cgi-bin/sendsms"

    def start(self, *, centre: bool = True) -> None:
        """Start the gateway and wait until it takes messages.

        :param centre: with its SMS centre; without, messages are queued
        :raises SetupError: when it does not come up, with the end of its log
        """
        self._configure()
        config = str(self.folder / "kannel.conf")
        self._spawn("bearerbox", self.programs.bearerbox, config)
        self._wait("bearerbox to answer", lambda: "Kannel" in self.status())
        self._spawn("smsbox", self.programs.smsbox, config)
        self._wait("smsbox to connect", lambda: "smsbox:" in self.status())
        self._wait("sendsms to answer", self._takes_messages)
        if centre:
            self.connect_centre()

    def connect_centre(self) -> None:
        """Connect the fake SMS centre, which from then on prints what it gets."""
        # It wants one message to send, and stays connected after it.
        self._spawn(
            "centre", self.programs.fake_centre, "-v", "0", "-H", "127.0.0.1",
            "-r", str(self.ports["centre"]), "-i", "1", "-m", "1", "1 2 text hello",
        )  # fmt: skip
        self._wait(
            "the fake centre to connect",
            lambda: bool(re.search(r"FAKE\S*\s+\(online", self.status())),
        )

    def disconnect_centre(self) -> None:
        """Take the SMS centre away; what it got so far stays counted."""
        self._stop("centre")
        self._wait(
            "the fake centre to be gone",
            lambda: not re.search(r"FAKE\S*\s+\(online", self.status()),
        )

    def stop(self) -> None:
        """Stop all of it."""
        for name in ("centre", "smsbox", "bearerbox"):
            self._stop(name)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc_info):
        self.stop()

    def status(self) -> str:
        """Return what bearerbox says of itself, empty while it says nothing."""
        query = urllib.parse.urlencode({"password": self.password})
        url = f"http://127.0.0.1:{self.ports['admin']}/status.txt?{query}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def received(self) -> list[Received]:
        """Return the parts the fake centre got so far, in order."""
        said = (self.folder / "centre.log").read_bytes()
        pattern = re.compile(rb"(.+?) (\S+) (text|udh|ucs-2|data) (.*)", re.S)
        lines: list[list[bytes]] = []
        for printed in re.findall(rb"Got message \d+: <(.*)>$", said, re.M):
            match = pattern.fullmatch(printed)
            if match:
                lines.append(list(match.groups()))
            elif lines:
                # Its protocol has a message a line: a new line starts another.
                lines[-1][3] += b"\n" + printed
        return [_part(*line) for line in lines]

    def wait_for(self, count: int, seconds: float = 20) -> list[Received]:
        """Wait until the fake centre got so many parts, and return what it got.

        :raises TimeoutError: when they do not come
        """
        deadline = time.monotonic() + seconds
        while len(found := self.received()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} parts reached the centre")
            time.sleep(0.05)
        return found

    def log(self, name: str) -> str:
        """Return what one of the programs said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _configure(self) -> None:
        names = ("admin", "smsbox", "sendsms", "centre", "operator")
        while len(set(self.ports.values())) < len(names):
            self.ports = {name: free_port() for name in names}
        values = {f"{name}_port": port for name, port in self.ports.items()}
        values |= {
            "password": self.password,
            "operator_prefix": OPERATOR_PREFIX,
            "operator_url": self.operator_url,
        }
        operator = OPERATOR.format(**values) if self.operator_url else ""
        text = CONFIGURATION.format(operator=operator, **values)
        file = self.folder / "kannel.conf"
        with open(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as f:
            f.write(text)

    def _spawn(self, name: str, *command) -> None:
        with open(self.folder / f"{name}.log", "ab") as output:
            self._running[name] = subprocess.Popen(
                list(map(str, command)),
                cwd=self.folder,
                env=self.programs.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _stop(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT if name == "centre" else signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _takes_messages(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except urllib.error.HTTPError:
            # It refuses a message without anything in it: it is there.
            return True
        except OSError:
            return False
        return True

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not done():
            dead = [n for n, p in self._running.items() if p.poll() is not None]
            if dead or time.monotonic() > deadline:
                name = dead[0] if dead else list(self._running)[-1]
                tail = "\n  ".join(self.log(name).splitlines()[-12:])
                raise SetupError(f"waited in vain for {what}; {name} said:\n  {tail}")
            time.sleep(0.1)


def sms_gateway(args: list[str]) -> int:
    """Run a gateway until it is interrupted, and say how to reach it.

    :param args: none are taken
    """
    folder = CACHE / "state" / "kannel"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with Rig(folder, ensure()) as rig, contextlib.suppress(KeyboardInterrupt):
        say(f"    address   {rig.url}")
        say(f"    user      {rig.username}")
        say(f"    password  {rig.password}")
        say(f"    messages  {folder / 'centre.log'}")
        while True:
            time.sleep(3600)
    return 0
