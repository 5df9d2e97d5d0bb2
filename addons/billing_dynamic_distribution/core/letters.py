"""What a print house is given and what it answers; whether an address shows.

Lengths are in millimetres, positions count from the upper left corner of the sheet.
The formats are described in ``docs/letters.md``.
"""

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from odoo.addons.billing_base.core import answer_file

#: Version of the manifest; a new one when a column changes its meaning.
MANIFEST_VERSION = 1
MANIFEST_FORMATS = ("json", "csv")
MANIFEST_COLUMNS = (
    "id",
    "part",
    "parts",
    "file",
    "sha256",
    "size",
    "pages",
    "invoice",
    "country",
    "address",
    "sender",
)

#: What print houses call what became of a letter, in small letters.
PRINTED = "printed"
RETURNED = "returned"
REFUSED = "refused"
STATUSES = {
    "printed": PRINTED,
    "posted": PRINTED,
    "delivered": PRINTED,
    "trykket": PRINTED,
    "sendt": PRINTED,
    "tryckt": PRINTED,
    "skickad": PRINTED,
    "returned": RETURNED,
    "returned to sender": RETURNED,
    "retur": RETURNED,
    "returnert": RETURNED,
    "returnerad": RETURNED,
    "refused": REFUSED,
    "rejected": REFUSED,
    "failed": REFUSED,
    "avvist": REFUSED,
    "avvisad": REFUSED,
}
#: Columns of an answer: the ones that must be there, then the others.
ANSWER_NEEDED = ("id", "status")
ANSWER_OPTIONAL = ("at", "reason", "cost")

#: What Odoo's pages leave white at their sides, before scaling.
BODY_PADDING = 11
#: Type of an address, in points: the posts ask for 10 to 12.
ADDRESS_SIZE = 10.5
_KEY = re.compile(r"[0-9a-f]{32}")
_ENVELOPE_NAME = re.compile(r"[^0-9A-Za-z_-]+")
#: Of the size of the type: how far it reaches above and below its line, and how wide
#: a sign is on average.
_ASCENT, _DESCENT, _SIGN_WIDTH = 0.75, 0.22, 0.5


@dataclass(frozen=True, slots=True)
class Document:
    """One PDF in an envelope, byte for byte as it is stored.

    :param pages: how many it has
    :param invoice: number of the invoice; empty for a cover letter
    """

    pdf: bytes
    pages: int
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """One envelope of a batch.

    :param key: key of the attempt; the id by which the print house answers
    :param documents: what is in it, in order; the window shows the first page
    :param address: lines as they stand in the window
    :param country: code of the country it goes to
    :param sender: lines of the address it comes back to
    """

    key: str
    documents: tuple[Document, ...]
    address: tuple[str, ...]
    country: str
    sender: tuple[str, ...] = ()

    def __post_init__(self):
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"{self.key!r} is no key of an attempt")

    @property
    def files(self) -> list[tuple[str, Document]]:
        """Return the documents with the names of their files."""
        return [
            (f"{self.key}.pdf" if number == 1 else f"{self.key}-{number}.pdf", document)
            for number, document in enumerate(self.documents, 1)
        ]

    @property
    def pages(self) -> int:
        """Return how many pages there are in all."""
        return sum(document.pages for document in self.documents)

    def entry(self) -> dict:
        """Return its entry in the manifest."""
        return {
            "id": self.key,
            "pages": self.pages,
            "country": self.country,
            "address": list(self.address),
            "sender": list(self.sender),
            "files": [
                {
                    "file": name,
                    "sha256": hashlib.sha256(document.pdf).hexdigest(),
                    "size": len(document.pdf),
                    "pages": document.pages,
                    "invoice": document.invoice,
                }
                for name, document in self.files
            ],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What the print house says of one letter.

    :param line: where it stands in the file, from 1
    :param status: :data:`PRINTED`, :data:`RETURNED` or :data:`REFUSED`
    :param at: when (UTC, naive), None = not said
    :param cost: what it cost, None = not said
    """

    line: int
    key: str
    status: str
    at: datetime | None = None
    reason: str = ""
    cost: float | None = None


# === BATCHES === #


def batch_name(keys: Iterable[str], at: datetime) -> str:
    """Return the name of a batch: when it was made, and of what.

    The same letters never make two batches of one name but at the same second, so that
    a name tells its content apart.
    """
    digest = hashlib.sha256("".join(sorted(keys)).encode()).hexdigest()[:10]
    return f"{at:%Y%m%dT%H%M%SZ}-{digest}"


def folder_name(text: str) -> str:
    """Return ``text`` as the name of a directory on any system."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _ENVELOPE_NAME.sub("-", plain).strip("-") or "letters"


def manifest(letters: Iterable[Letter], batch: str, kind: str) -> bytes:
    """Return the list of the letters of a batch.

    :param kind: one of :data:`MANIFEST_FORMATS`
    :raises ValueError: ``kind`` is none
    """
    entries = [letter.entry() for letter in letters]
    if kind == "json":
        content = {"version": MANIFEST_VERSION, "batch": batch, "letters": entries}
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        return text.encode()
    if kind == "csv":
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
        writer.writerow(MANIFEST_COLUMNS)
        for entry in entries:
            for part, file in enumerate(entry["files"], 1):
                row = {**entry, **file, "part": part, "parts": len(entry["files"])}
                writer.writerow(
                    # Lines of an address in one cell, as addresses hold no bar.
                    " | ".join(value) if isinstance(value, list) else value
                    for value in (row[name] for name in MANIFEST_COLUMNS)
                )
        return buffer.getvalue().encode("utf-8-sig")
    raise ValueError(f"{kind!r} is no form of a manifest")


def address_lines(
    name: str,
    body: Iterable[str],
    company: str = "",
    country: str = "",
    is_domestic: bool = True,
) -> tuple[str, ...]:
    """Return an address as it stands on a letter.

    :param body: lines below the names, in the order of the country it goes to, which
        may end with the country
    :param company: of a contact
    :param country: name of the country: the last line of a letter abroad, and none of
        a letter at home
    """
    lines = [company, name, *body]
    cleaned = [" ".join((line or "").replace("|", "/").split()) for line in lines]
    cleaned = [line for line in cleaned if line and line != country]
    if country and not is_domestic:
        cleaned.append(country.upper())
    return tuple(cleaned)


def address_problem(street: str, postal_code: str, city: str, country: str) -> str:
    """Return what a letter cannot do without and the address lacks, empty: nothing.

    :return: ``street``, ``postal_code``, ``city`` or ``country``
    """
    needed = {
        "city": city,
        "postal_code": postal_code,
        "country": country,
        "street": street,
    }
    return next((name for name, value in needed.items() if not value), "")


@dataclass(frozen=True, slots=True)
class Prices:
    """What a letter costs, in one currency.

    :param domestic: the first sheet within the country, postage and envelope included
    :param abroad: the same to any other country
    :param further_sheet: each sheet after the first
    :param duplex: two pages share a sheet
    """

    domestic: float = 0.0
    abroad: float = 0.0
    further_sheet: float = 0.0
    duplex: bool = True

    def sheets(self, pages: int) -> int:
        """Return on how many sheets so many pages are printed."""
        return max(-(-pages // 2) if self.duplex else pages, 1)

    def cost(self, pages: int, is_domestic: bool) -> float:
        """Return what a letter of so many pages costs."""
        first = self.domestic if is_domestic else self.abroad
        return first + self.further_sheet * (self.sheets(pages) - 1)


# === ANSWERS === #


def read_answers(data: bytes) -> list[Answer]:
    """Return what a print house answered.

    :param data: CSV (comma, semicolon or tab, with a header) or JSON (a list of
        objects, or one with a list ``letters``)
    :raises AnswerError: it cannot be read whole; then none of it counts
    """
    return answer_file.read(data, ANSWER_NEEDED, "letters", _answer)


def _answer(line, row):
    values = {name: row.get(name, "") for name in ANSWER_NEEDED + ANSWER_OPTIONAL}
    key = values["id"].lower().removesuffix(".pdf")
    if not _KEY.fullmatch(key):
        raise ValueError(f"id: «{values['id']}» is no id of a letter")
    status = STATUSES.get(values["status"].lower())
    if not status:
        raise ValueError(f"status: «{values['status']}» is not known")
    cost = answer_file.amount(values["cost"], "cost")
    return Answer(
        line=line,
        key=key,
        status=status,
        at=answer_file.moment(values["at"]),
        reason=" ".join(values["reason"].split()),
        cost=None if cost is None else float(cost),
    )


# === THE WINDOW === #


@dataclass(frozen=True, slots=True)
class Window:
    """Where the envelope's window is on the folded letter's first page."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self):
        """Return how far right it reaches."""
        return self.left + self.width

    @property
    def bottom(self):
        """Return how far down it reaches."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Words:
    """Words in a row on a page.

    :param x: where they begin
    :param y: where their line stands
    :param size: of the type
    """

    text: str
    x: float
    y: float
    size: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom, as near as can be told without the font."""
        return (
            self.x,
            self.y - _ASCENT * self.size,
            self.x + _SIGN_WIDTH * self.size * len(self.text.strip()),
            self.y + _DESCENT * self.size,
        )


@dataclass(frozen=True, slots=True)
class WindowCheck:
    """What shows in the window.

    :param missing: lines of the address that are not on the page
    :param hidden: lines of the address that are, but not whole in the window
    :param foreign: other words that show, whole or in part
    """

    missing: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the address shows, all of it and alone."""
        return not (self.missing or self.hidden or self.foreign)


def look_through(
    words: Iterable[Words],
    address: Iterable[str],
    window: Window,
    allowed: Iterable[str] = (),
) -> WindowCheck:
    """Return what of an address shows in a window.

    :param words: all words of the first page
    :param address: lines of the address
    :param allowed: lines that may show besides
    """
    rows = _rows(words)
    missing, hidden = [], []
    good = {_plain(line) for line in allowed}
    used = set()
    for line in address:
        wanted = _plain(line)
        places = [index for index, (text, _box) in enumerate(rows) if wanted in text]
        if not places:
            missing.append(line)
            continue
        inside = [index for index in places if _is_inside(rows[index][1], window)]
        if inside:
            used.add(inside[0])
        else:
            hidden.append(line)
    half_hidden = [_plain(line) for line in hidden]
    foreign = tuple(
        text
        for index, (text, box) in enumerate(rows)
        if index not in used
        and text not in good
        and _touches(box, window)
        # A line that shows in part is told once.
        and not any(line in text for line in half_hidden)
    )
    return WindowCheck(tuple(missing), tuple(hidden), foreign)


def _rows(words):
    """Return runs of words that stand close together on one line, with their boxes."""
    rows = []
    for word in sorted(words, key=lambda word: (round(word.y, 1), word.x)):
        if not word.text.strip():
            continue
        left, top, right, bottom = word.box
        if rows:
            texts, box, baseline = rows[-1]
            near = left - box[2] < 2 * word.size
            if near and abs(baseline - word.y) < word.size / 3:
                texts.append(word.text)
                rows[-1] = (
                    texts,
                    (
                        min(box[0], left),
                        min(box[1], top),
                        max(box[2], right),
                        max(box[3], bottom),
                    ),
                    baseline,
                )
                continue
        rows.append(([word.text], word.box, word.y))
    return [(_plain("".join(texts)), box) for texts, box, _baseline in rows]


def _plain(text):
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_inside(box, window):
    left, top, right, bottom = box
    return (
        left >= window.left
        and top >= window.top
        and right <= window.right
        and bottom <= window.bottom
    )


def _touches(box, window):
    left, top, right, bottom = box
    return (
        left < window.right
        and right > window.left
        and top < window.bottom
        and bottom > window.top
    )


def window_style(
    window: Window, margin: float, page: float, top: float, left: float, scale: float
) -> str:
    """Return rules that put the address of an Odoo document into a window.

    The sender's details give way to the other side of the page.

    :param margin: from the window's edges to the address, since letters slip
    :param page: width of the page
    :param top: margin of the page above its body, where a body begins
    :param left: margin of the page beside its body
    :param scale: what lengths on the page are printed at
    """
    x = (window.left + margin - left) / scale
    y = max(window.top + margin - top, 0) / scale
    width = (window.width - 2 * margin) / scale
    below = max(window.bottom - top, 0) / scale
    is_left = window.left + window.width / 2 < page / 2
    beside = (page - max(window.right, page / 2) - left) / scale - BODY_PADDING
    sender = (
        f".header{{position:relative;min-height:{top / scale:.2f}mm}}"
        '.header [name="company_address"]{position:absolute;right:0;'
        f"top:{BODY_PADDING}mm;width:{beside:.2f}mm;max-width:none;margin:0;"
        "padding:0;text-align:right}"
    )
    return (sender if is_left else "") + (
        f".article>.address{{position:static;padding-top:0;min-height:{below:.2f}mm}}"
        '.article>.address>div[name="address"]{position:absolute;'
        f"left:{x:.2f}mm;top:{y:.2f}mm;width:{width:.2f}mm;max-width:none;"
        f"margin:0;padding:0;font-size:{ADDRESS_SIZE / scale:.1f}pt;line-height:1.25}}"
        # Tax number and the like: below the address, never in the window.
        '.article>.address>div[name="address"]>:not(address){display:none}'
        ".article>.address address{margin:0!important}"
        ".article>.address .col-6{margin-left:auto}"
    )
