"""Open pages of invoices as browsers have them, thousands in one process.

Each is a websocket that says what the page's script says, and asks for what changed.
Nothing of Odoo is needed here.
"""

import asyncio
import base64
import json
import os
import random
import re
import struct
import time
from dataclasses import dataclass, field

AGENT = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)
#: Seconds between two signs of life, as in the page's script.
HEARTBEAT = 60
#: Seconds after which a page that got no answer tries again.
PATIENCE = 120

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class Lost(Exception):
    """The server closed a websocket, or would not open it."""


# === HTTP AND WEBSOCKETS === #


async def get(port, path, headers=()):
    """Ask for a path of the server on this machine.

    :return: status, headers by small name, content and the seconds it took
    """
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"User-Agent: {AGENT}",
            "Accept: text/html,*/*",
            "Accept-Language: en",
            "Connection: close",
            *(f"{name}: {value}" for name, value in headers),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await reader.read()
    finally:
        writer.close()
    head, _blank, body = answer.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    found = {}
    for line in rest:
        name, _colon, value = line.partition(":")
        found[name.lower()] = value.strip()
    if found.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return int(first.split()[1]), found, body, time.perf_counter() - began


def _joined(body):
    """Return content that came in pieces as a whole."""
    whole = bytearray()
    while body:
        size, _line, body = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            break
        whole += body[:length]
        body = body[length + 2 :]
    return bytes(whole)


def frame(kind, content):
    """Return a frame as a browser sends it: masked."""
    size = len(content)
    head = struct.pack("!B", 0x80 | kind)
    if size < 126:
        head += struct.pack("!B", 0x80 | size)
    else:
        head += struct.pack("!BH", 0x80 | 126, size)
    mask = os.urandom(4)
    repeated = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(content, "big") ^ int.from_bytes(repeated, "big")
    return head + mask + masked.to_bytes(size, "big")


async def read_frame(reader):
    """Return kind and content of the next frame."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        [size] = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        [size] = struct.unpack("!Q", await reader.readexactly(8))
    return first & 0x0F, await reader.readexactly(size)


async def shake_hands(reader, writer, port, version, cookie=""):
    """Ask for a websocket.

    :param cookie: of the session the page was loaded in
    :raises Lost: there is none
    """
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET /websocket?version={version} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        f"User-Agent: {AGENT}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *([f"Cookie: {cookie}"] if cookie else []),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise Lost(head[:200])


# === ONE PAGE === #


@dataclass
class Page:
    """One page that is open.

    :ivar move_id: id of its invoice
    :ivar ticket: lets it hear of changes
    :ivar live: address at which it asks for what changed
    :ivar opened: seconds from the first try to the first answer; None before it
    :ivar heard: when it heard of changes (seconds since 1970)
    :ivar shown: when it had the new sections
    :ivar connections: how often it had to connect
    """

    move_id: int
    ticket: str
    live: str
    port: int
    version: str
    cookie: str = ""
    opened: float | None = None
    connected: bool = False
    asks: bool = True
    heard: list = field(default_factory=list)
    shown: list = field(default_factory=list)
    connections: int = 0
    stamp: str = ""
    last: int = 0

    async def run(self, gate):
        """Stay open until cancelled; come back whenever the line is lost.

        :param gate: how many pages may be opening at the same time
        """
        failures = 0
        while True:
            try:
                async with gate:
                    began = time.perf_counter()
                    reader, writer = await asyncio.wait_for(self._connect(), PATIENCE)
                    self.opened = self.opened or time.perf_counter() - began
                failures = 0
                self.connected = True
                try:
                    await self._listen(reader, writer)
                finally:
                    writer.close()
            except (Lost, OSError, asyncio.IncompleteReadError, TimeoutError):
                failures += 1
            finally:
                self.connected = False
            # As the page's script does.
            wait = min(2 ** max(failures, 1), 60)
            await asyncio.sleep(wait * random.uniform(0.25, 1.25))

    async def _connect(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await shake_hands(reader, writer, self.port, self.version, self.cookie)
            self.connections += 1
            await self._subscribe(reader, writer)
        except BaseException:
            writer.close()
            raise
        return reader, writer

    async def _subscribe(self, reader, writer):
        report = {"ticket": self.ticket, "visible": True, "ack": True, "stamp": True}
        first = self.connections == 1
        self._send(
            writer,
            "subscribe",
            {
                "channels": [f"billing_page:{self.ticket}"],
                "last": self.last,
                "billing_page": {**report, "shown": first},
            },
        )
        while True:
            for payload in await self._messages(reader, writer, "billing_page_here"):
                if payload.get("gone"):
                    raise Lost("the ticket admits nobody")
                missed = self.stamp not in ("", payload["stamp"])
                self.stamp = self.stamp or payload["stamp"]
                if missed:
                    # Something happened while the line was lost.
                    self.heard.append(time.time())
                    await self._ask()
                return

    async def _listen(self, reader, writer):
        beat = asyncio.create_task(self._beat(writer))
        try:
            while True:
                changes = await self._messages(reader, writer, "billing_page_changed")
                if not changes:
                    continue
                self.heard.append(time.time())
                if self.asks:
                    within = max(payload["within"] for payload in changes)
                    await asyncio.sleep(random.uniform(0, within / 1000))
                    await self._ask()
        finally:
            beat.cancel()

    async def _ask(self):
        status, _headers, body, _seconds = await get(
            self.port,
            f"{self.live}&stamp={self.stamp}&have=%7B%7D",
            [("X-Requested-With", "kvitt")],
        )
        if status != 200:
            raise Lost(f"HTTP {status}")
        self.stamp = json.loads(body)["live"]["stamp"]
        self.shown.append(time.time())

    async def _beat(self, writer):
        # Pages are not opened all in the same second.
        await asyncio.sleep(random.uniform(0, HEARTBEAT))
        while True:
            data = {"ticket": self.ticket, "visible": True, "ack": True}
            self._send(writer, "billing_page", data)
            await asyncio.sleep(HEARTBEAT)

    def _send(self, writer, event, data):
        message = json.dumps({"event_name": event, "data": data})
        writer.write(frame(_TEXT, message.encode()))

    async def _messages(self, reader, writer, kind):
        """Wait for a frame; return the payloads of one kind in it."""
        opcode, content = await read_frame(reader)
        if opcode == _PING:
            writer.write(frame(_PONG, content))
        if opcode == _CLOSE:
            raise Lost("closed")
        if opcode != _TEXT:
            return []
        found = json.loads(content)
        self.last = max([self.last, *(item["id"] for item in found)])
        return [
            item["message"]["payload"]
            for item in found
            if item["message"]["type"] == kind
        ]


# === ALL OF THEM === #


class Pages:
    """All open pages of a run; use it as an asynchronous context manager.

    :param pages: to be opened
    :param at_once: how many may be opening at the same time
    """

    def __init__(self, pages, at_once=50):
        self.pages = pages
        self._gate = asyncio.Semaphore(at_once)
        self._tasks = []

    async def __aenter__(self):
        self._tasks = [asyncio.create_task(page.run(self._gate)) for page in self.pages]
        return self

    async def __aexit__(self, *_exc):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait(self, done, seconds):
        """Wait until ``done(page)`` holds for all of them, or the time is over.

        :return: for how many it holds, and the seconds that passed
        """
        began = time.perf_counter()
        while True:
            count = sum(1 for page in self.pages if done(page))
            passed = time.perf_counter() - began
            if count == len(self.pages) or passed > seconds:
                return count, passed
            await asyncio.sleep(0.05)


async def session(port, path):
    """Return the cookie of a session in which a page was loaded."""
    status, headers, _body, _seconds = await get(port, path)
    if status != 200:
        raise Lost(f"HTTP {status}")
    return headers["set-cookie"].partition(";")[0]


_ASSET = re.compile(rb'(?:href|src|data-src)="(/web/assets/[^"]+)"')
_FRAME = re.compile(rb'<iframe[^>]+src="([^"]+)"')


async def weigh(port, path):
    """Return what a first visit to a page loads, in bytes over the wire.

    :return: bytes of the pages (with what they frame), and of style sheets and scripts
    """
    status, _headers, body, _seconds = await get(port, path)
    if status != 200:
        raise Lost(f"HTTP {status}")
    pages, assets = len(body), set(_ASSET.findall(body))
    for address in _FRAME.findall(body):
        framed = address.decode().replace("&amp;", "&")
        _status, _headers, inner, _seconds = await get(port, framed)
        pages += len(inner)
        assets |= set(_ASSET.findall(inner))
    loaded = 0
    for asset in sorted(assets):
        status, _headers, body, _seconds = await get(
            port, asset.decode(), [("Accept-Encoding", "gzip")]
        )
        if status != 200:
            raise Lost(f"HTTP {status} for {asset.decode()}")
        loaded += len(body)
    return pages, loaded
