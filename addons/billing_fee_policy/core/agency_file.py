"""The files in which claims are handed over to a collection agency.

The format is described in ``docs/collection.md``: ``batch.json`` says everything,
``cases.csv`` says the same flat, the documents lie beside them, and ``SHA256SUMS`` has
the checksum of each. :func:`write` makes the files of a batch and :func:`read` reads
them, as an agency would: what one writes the other gives back.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

FORMAT, VERSION = "kvitt-collection", 1
BATCH_FILE, TABLE_FILE, SUMS_FILE = "batch.json", "cases.csv", "SHA256SUMS"
#: What an agency is told about a case it has: give it back, or this is owed now.
WITHDRAW, AMOUNT = "withdraw", "amount"
MESSAGE_KINDS = (WITHDRAW, AMOUNT)
#: Why: ``changed`` is of an amount, ``mistake`` any other reason of the creditor's.
MESSAGE_REASONS = (
    "paid",
    "credited",
    "disputed",
    "held",
    "cancelled",
    "mistake",
    "changed",
)
TABLE_COLUMNS = (
    "kind",
    "id",
    "reason",
    "invoice",
    "currency",
    "principal",
    "fees",
    "interest",
    "compensation",
    "total",
    "issued",
    "due",
    "reference",
    "account",
    "installations",
    "objection",
    "customer_number",
    "name",
    "is_business",
    "organisation_number",
    "address",
    "country",
    "email",
    "phone",
    "language",
)
_KEY = re.compile(r"[0-9a-f]{32}")
_FILE_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")


class FormatError(ValueError):
    """A batch cannot be read; ``problems`` are lines «file: field: message»."""

    def __init__(self, problems):
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF that goes along, byte for byte as it is stored."""

    name: str
    data: bytes = field(repr=False)

    def __post_init__(self):
        if not _FILE_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a file")


@dataclass(frozen=True, slots=True)
class Party:
    """Creditor or debtor.

    :param number: of the customer with the creditor; of the creditor with the agency
    :param organisation_number: of a business, as registered
    :param address: lines, without the name
    :param country: ISO 3166-1 alpha-2 code
    :param language: ISO 639-1 code
    """

    name: str
    number: str = ""
    is_business: bool = False
    organisation_number: str = ""
    address: tuple[str, ...] = ()
    country: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Addition:
    """A fee, interest or compensation that was charged, apart from the principal.

    :param kind: ``fee``, ``interest`` or ``compensation``
    :param amount: still open of it, in the currency of the case
    :param day: it was charged
    :param ground: in words, with the paragraph
    :param document: number of the document it was charged with
    """

    kind: str
    amount: Decimal
    day: date | None = None
    ground: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Interest:
    """What interest runs on, and since when.

    :param base: amount it runs on
    :param since: first day that is not among the additions yet
    :param percent: a year, on the day of the file; it follows the law afterwards
    """

    base: Decimal
    since: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was sent about the claim.

    :param kind: ``soft``, ``reminder``, ``notice`` or ``demand``
    :param channel: ``email``, ``sms``, ``letter`` and so on
    :param deadline: last day to pay that it gave
    :param fee: what it cost the customer
    :param document: its PDF
    """

    kind: str
    sent: date
    channel: str = ""
    deadline: date | None = None
    fee: Decimal = Decimal(0)
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """Something the customer objected to that has been settled."""

    since: date
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One claim.

    :param key: 32 hexadecimal digits, the same in every file and answer
    :param invoice: its number
    :param issued: day of the invoice
    :param due: due date
    :param original: amount of the invoice
    :param principal: what is open of it
    :param reference: KID or OCR number to pay with
    :param account: to pay to
    :param concerns: what was sold, in a line
    :param installations: numbers of meters, subscriptions and the like
    :param objections: settled ones; a claim with an open one is not handed over
    :param document: the invoice
    """

    key: str
    debtor: Party
    invoice: str
    issued: date
    due: date
    currency: str
    original: Decimal
    principal: Decimal
    reference: str = ""
    account: str = ""
    concerns: str = ""
    installations: tuple[str, ...] = ()
    additions: tuple[Addition, ...] = ()
    interest: Interest | None = None
    letters: tuple[Letter, ...] = ()
    objections: tuple[Objection, ...] = ()
    document: Document | None = None

    def __post_init__(self):
        _check_key(self.key)
        if self.principal <= 0:
            raise ValueError(f"{self.invoice}: nothing is owed")

    @property
    def total(self) -> Decimal:
        """Return principal and additions together."""
        return self.principal + sum(part.amount for part in self.additions)

    def added(self, kind: str) -> Decimal:
        """Return what was added of one kind."""
        return sum(
            (part.amount for part in self.additions if part.kind == kind), Decimal(0)
        )

    @property
    def documents(self) -> tuple[Document, ...]:
        """Return its PDFs: the invoice, then the letters."""
        found = (self.document, *(letter.document for letter in self.letters))
        return tuple(document for document in found if document)


@dataclass(frozen=True, slots=True)
class Message:
    """News about a case that the agency has.

    :param key: of the case
    :param kind: one of :data:`MESSAGE_KINDS`
    :param reason: one of :data:`MESSAGE_REASONS`
    :param day: it happened
    :param principal: what is open of the invoice now
    :param added: what is open of fees, interest and compensation now
    :param reference: the agency's number of the case
    """

    key: str
    kind: str
    reason: str
    day: date
    invoice: str
    currency: str
    principal: Decimal
    added: Decimal = Decimal(0)
    reference: str = ""
    note: str = ""

    def __post_init__(self):
        _check_key(self.key)
        if self.kind not in MESSAGE_KINDS:
            raise ValueError(f"{self.kind!r} is not one of {MESSAGE_KINDS}")
        if self.reason not in MESSAGE_REASONS:
            raise ValueError(f"{self.reason!r} is not one of {MESSAGE_REASONS}")


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that goes to an agency at one time.

    :param name: of the batch and its directory
    :param made_at: when, in UTC and naive
    """

    name: str
    made_at: datetime
    creditor: Party
    cases: tuple[Case, ...] = ()
    messages: tuple[Message, ...] = ()

    def __post_init__(self):
        names = [document.name for case in self.cases for document in case.documents]
        if len(set(names)) < len(names):
            raise ValueError("two documents have one name")


# === WRITING === #


def write(batch: Batch) -> list[tuple[str, bytes]]:
    """Return the files of a batch, names and contents."""
    text = json.dumps(_plain(batch), ensure_ascii=False, indent=2) + "\n"
    files = [(BATCH_FILE, text.encode()), (TABLE_FILE, _table(batch))]
    files += [
        (document.name, document.data)
        for case in batch.cases
        for document in case.documents
    ]
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files)
    )
    return [*files, (SUMS_FILE, sums.encode())]


def _plain(batch):
    return {
        "format": FORMAT,
        "version": VERSION,
        "batch": batch.name,
        "made_at": f"{batch.made_at.isoformat(timespec='seconds')}Z",
        "creditor": _plain_party(batch.creditor),
        "cases": [_plain_case(case) for case in batch.cases],
        "messages": [
            {
                "id": message.key,
                "kind": message.kind,
                "reason": message.reason,
                "day": message.day.isoformat(),
                "invoice": message.invoice,
                "currency": message.currency,
                "principal": _text(message.principal),
                "added": _text(message.added),
                "reference": message.reference,
                "note": message.note,
            }
            for message in batch.messages
        ],
    }


def _plain_party(party):
    return {
        "name": party.name,
        "number": party.number,
        "is_business": party.is_business,
        "organisation_number": party.organisation_number,
        "address": list(party.address),
        "country": party.country,
        "email": party.email,
        "phone": party.phone,
        "language": party.language,
    }


def _plain_case(case):
    interest = case.interest
    return {
        "id": case.key,
        "debtor": _plain_party(case.debtor),
        "invoice": case.invoice,
        "issued": case.issued.isoformat(),
        "due": case.due.isoformat(),
        "currency": case.currency,
        "original": _text(case.original),
        "principal": _text(case.principal),
        "additions": [
            {
                "kind": part.kind,
                "amount": _text(part.amount),
                "day": _text(part.day),
                "ground": part.ground,
                "document": part.document,
            }
            for part in case.additions
        ],
        "total": _text(case.total),
        "interest": interest
        and {
            "base": _text(interest.base),
            "since": interest.since.isoformat(),
            "percent": _text(interest.percent),
        },
        "reference": case.reference,
        "account": case.account,
        "concerns": case.concerns,
        "installations": list(case.installations),
        "letters": [
            {
                "kind": letter.kind,
                "sent": letter.sent.isoformat(),
                "channel": letter.channel,
                "deadline": _text(letter.deadline),
                "fee": _text(letter.fee),
                "file": letter.document.name if letter.document else "",
            }
            for letter in case.letters
        ],
        # A claim that is disputed today is not handed over at all.
        "objection": "settled" if case.objections else "none",
        "objections": [
            {
                "since": objection.since.isoformat(),
                "until": _text(objection.until),
                "text": objection.text,
            }
            for objection in case.objections
        ],
        "file": case.document.name if case.document else "",
    }


def _table(batch):
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(
        buffer, TABLE_COLUMNS, restval="", delimiter=";", lineterminator="\r\n"
    )
    writer.writeheader()
    for case in batch.cases:
        writer.writerow(_row(case))
    for message in batch.messages:
        writer.writerow(
            {
                "kind": message.kind,
                "id": message.key,
                "reason": message.reason,
                "invoice": message.invoice,
                "currency": message.currency,
                "principal": _text(message.principal),
                "total": _text(message.principal + message.added),
            }
        )
    return buffer.getvalue().encode("utf-8-sig")


def _row(case):
    debtor = _plain_party(case.debtor)
    debtor["customer_number"] = debtor.pop("number")
    plain = _plain_case(case)
    row = {name: plain[name] for name in TABLE_COLUMNS if name in plain}
    row |= {name: debtor[name] for name in TABLE_COLUMNS if name in debtor}
    return {
        **row,
        "kind": "case",
        "fees": _text(case.added("fee")),
        "interest": _text(case.added("interest")),
        "compensation": _text(case.added("compensation")),
        "is_business": "1" if case.debtor.is_business else "0",
        # Neither numbers nor lines of addresses hold a bar.
        "installations": " | ".join(case.installations),
        "address": " | ".join(line.replace("|", "/") for line in case.debtor.address),
    }


def _text(value):
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else value.isoformat()


def _check_key(key):
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a case")


# === READING === #


def read(files: Mapping[str, bytes]) -> Batch:
    """Return the batch that lies in a directory, checked.

    :param files: content by name
    :raises FormatError: a file is missing, changed or one too many, or it is of
        another format or version
    """
    _check_sums(files)
    try:
        content = json.loads(files[BATCH_FILE])
    except ValueError as error:
        raise FormatError([f"{BATCH_FILE}: file: is no JSON ({error})"]) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FormatError([f"{BATCH_FILE}: format: is not «{FORMAT}»"])
    if content.get("version") != VERSION:
        raise FormatError([f"{BATCH_FILE}: version: is not {VERSION}"])
    try:
        return Batch(
            name=content["batch"],
            made_at=datetime.fromisoformat(content["made_at"].removesuffix("Z")),
            creditor=_read_party(content["creditor"]),
            cases=tuple(_read_case(case, files) for case in content["cases"]),
            messages=tuple(map(_read_message, content["messages"])),
        )
    except KeyError as error:
        raise FormatError([f"{BATCH_FILE}: {error.args[0]}: is missing"]) from error
    except (ValueError, ArithmeticError, TypeError, AttributeError) as error:
        raise FormatError([f"{BATCH_FILE}: content: {error}"]) from error


def _check_sums(files):
    if SUMS_FILE not in files:
        raise FormatError([f"{SUMS_FILE}: file: is missing"])
    problems, seen = [], set()
    for line in files[SUMS_FILE].decode("utf-8", "replace").splitlines():
        match = _SUM.fullmatch(line)
        if not match:
            problems.append(f"{SUMS_FILE}: file: «{line}» is no checksum")
            continue
        digest, name = match.groups()
        seen.add(name)
        if name not in files:
            problems.append(f"{name}: file: is missing")
        elif hashlib.sha256(files[name]).hexdigest() != digest:
            problems.append(f"{name}: sha256: is another one")
    extra = files.keys() - seen - {SUMS_FILE}
    problems += [f"{name}: file: has no checksum" for name in sorted(extra)]
    if BATCH_FILE not in files:
        problems.append(f"{BATCH_FILE}: file: is missing")
    if problems:
        raise FormatError(problems)


def _read_party(content):
    return Party(**{**content, "address": tuple(content["address"])})


def _read_case(content, files):
    interest = content["interest"]
    return Case(
        key=content["id"],
        debtor=_read_party(content["debtor"]),
        issued=date.fromisoformat(content["issued"]),
        due=date.fromisoformat(content["due"]),
        original=Decimal(content["original"]),
        principal=Decimal(content["principal"]),
        installations=tuple(content["installations"]),
        additions=tuple(
            Addition(
                kind=part["kind"],
                amount=Decimal(part["amount"]),
                day=_day(part["day"]),
                ground=part["ground"],
                document=part["document"],
            )
            for part in content["additions"]
        ),
        interest=interest
        and Interest(
            base=Decimal(interest["base"]),
            since=date.fromisoformat(interest["since"]),
            percent=Decimal(interest["percent"]),
        ),
        letters=tuple(
            Letter(
                kind=letter["kind"],
                sent=date.fromisoformat(letter["sent"]),
                channel=letter["channel"],
                deadline=_day(letter["deadline"]),
                fee=Decimal(letter["fee"]),
                document=_document(letter["file"], files),
            )
            for letter in content["letters"]
        ),
        objections=tuple(
            Objection(
                since=date.fromisoformat(objection["since"]),
                until=_day(objection["until"]),
                text=objection["text"],
            )
            for objection in content["objections"]
        ),
        document=_document(content["file"], files),
        **{
            name: content[name]
            for name in ("invoice", "currency", "reference", "account", "concerns")
        },
    )


def _read_message(content):
    plain = {
        **content,
        "key": content["id"],
        "day": date.fromisoformat(content["day"]),
        "principal": Decimal(content["principal"]),
        "added": Decimal(content["added"]),
    }
    del plain["id"]
    return Message(**plain)


def _day(text):
    return date.fromisoformat(text) if text else None


def _document(name, files):
    return Document(name, files[name]) if name else None
