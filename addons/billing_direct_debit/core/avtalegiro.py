"""AvtaleGiro claims and cancellations: the transmission a payee sends to Nets.

Source: Nets, *AvtaleGiro systemspesifikasjon* v3.3 §2.2 (claims) and §2.3
(cancellations); positions are 1-based as there. Records of 80 characters in
ISO-8859-1, ended by CRLF. :func:`write_transmission` writes one;
:mod:`.avtalegiro_reader` reads one, our own or another's.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from .latin1 import UNPRINTABLE, fit
from .nets import NETS, Totals

FORMAT = "avtalegiro"
CLAIMS, CANCELLATIONS = "claims", "cancellations"
#: Most lines of specification a claim may have, and the characters of each.
MAX_SPECIFICATION, SPECIFICATION_WIDTH = 42, 80
SHORT_NAME_WIDTH, EXTERNAL_REFERENCE_WIDTH = 10, 25

#: Type of an assignment, and of the transactions in it.
ASSIGNMENT_TYPES = {CLAIMS: "00", CANCELLATIONS: "36"}
CANCELLED, WITH_NOTICE, WITHOUT_NOTICE = "93", "21", "02"
_HALF = SPECIFICATION_WIDTH // 2
_MAX_NUMBER = 10**7 - 1
_MAX_AMOUNT = 10**17 - 1
_MAX_COUNT = 10**8 - 1
_ID = re.compile(r"\d{8}", re.ASCII)
_ACCOUNT = re.compile(r"\d{11}", re.ASCII)
_KID = re.compile(r"\d{1,24}[\d-]", re.ASCII)


class TransmissionError(ValueError):
    """A transmission cannot be written.

    :ivar str field: name of the field in the record tables
    :ivar int assignment: number of the assignment, 0 when the transmission is meant
    :ivar int claim: number of the claim in it, 0 when the assignment is meant
    """

    def __init__(self, message, *, field, assignment=0, claim=0):
        place = "".join(
            f"{name} {number}: "
            for name, number in (("assignment", assignment), ("claim", claim))
            if number
        )
        super().__init__(f"{place}{field}: {message}")
        self.field = field
        self.assignment = assignment
        self.claim = claim


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One claim, or the claim that a cancellation takes back.

    :param number: transaction number, above 0 and rising within the assignment; a
        cancellation has a number of its own
    :param due: due date; on a day that is no bank day the banks take the next one
    :param amount_ore: øre, above 0; of a cancellation, as in the claim
    :param kid: 2–25 digits, the last one may be ``-``
    :param short_name: the payer, at most 10 characters; it stands in the list of
        rejected claims
    :param external_reference: at most 25 characters that the payer's statement shows
        in place of the mandate's own text
    :param bank_notice: the bank tells the payer (type 21); otherwise the payee does
        (type 02). Says nothing in a cancellation.
    :param specification: at most 42 lines of at most 80 characters for the bank's
        notice, so only with ``bank_notice``; left out of a cancellation
    """

    number: int
    due: date
    amount_ore: int
    kid: str
    short_name: str = ""
    external_reference: str = ""
    bank_notice: bool = False
    specification: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Claims or cancellations for one account.

    :param kind: ``claims`` or ``cancellations``
    :param number: unique per agreement for twelve months and a day, whatever the kind
    :param account: the payee's, 11 digits, with agreements for AvtaleGiro and OCR giro
    :param lines: at least one; read once, so that it may be a generator
    """

    kind: str
    number: int
    account: str
    lines: Iterable[ClaimLine]


@dataclass(frozen=True, slots=True)
class Transmission:
    """What goes to Nets in one file.

    :param number: the sender's own, never used again
    :param sender: customer unit ID (kundeenhet-ID), 8 digits
    :param assignments: at least one; read once
    :param recipient: customer unit ID of Nets
    """

    number: int
    sender: str
    assignments: Iterable[Assignment]
    recipient: str = NETS


def write_transmission(
    transmission: Transmission, totals: Totals | None = None
) -> Iterator[bytes]:
    """Write a transmission as a stream.

    What was written before an error is to be thrown away.

    :param totals: filled with what the end record says, complete at the end
    :return: yields the bytes, whole records
    :raises TransmissionError: a field cannot hold what it is given
    """
    for name, value in (
        ("data transmitter", transmission.sender),
        ("data recipient", transmission.recipient),
    ):
        if not _ID.fullmatch(value):
            raise TransmissionError(f"expected 8 digits, found {value!r}", field=name)
    _check_number("transmission number", transmission.number)
    total = Totals() if totals is None else totals
    total.records = 2
    yield _line(
        f"NY000010{transmission.sender}{transmission.number:07d}"
        f"{transmission.recipient}{0:049d}"
    )
    seen = set()
    for assignment in transmission.assignments:
        if (key := (assignment.account, assignment.number)) in seen:
            raise TransmissionError(
                "expected a number that the account has not had yet",
                field="assignment number",
                assignment=assignment.number,
            )
        seen.add(key)
        total.add((yield from _assignment(assignment)))
    if not seen:
        raise TransmissionError("expected one at least, found none", field="assignment")
    _check_totals(total)
    yield _line(f"NY000089{_counts(total)}{total.first:%d%m%y}{0:033d}")


def _assignment(assignment):
    number = assignment.number
    if assignment.kind not in ASSIGNMENT_TYPES:
        raise TransmissionError(
            f"expected claims or cancellations, found {assignment.kind!r}",
            field="assignment type",
        )
    _check_number("assignment number", number)
    if not _ACCOUNT.fullmatch(assignment.account):
        raise TransmissionError(
            f"expected 11 digits, found {assignment.account!r}",
            field="assignment account",
            assignment=number,
        )
    type_ = ASSIGNMENT_TYPES[assignment.kind]
    total = Totals(records=2)
    yield _line(f"NY21{type_}20{0:09d}{number:07d}{assignment.account}{0:045d}")
    last = 0
    for claim in assignment.lines:
        _check_claim(claim, last, number)
        last = claim.number
        records = _records(claim, assignment.kind)
        total.transactions += 1
        total.records += len(records)
        total.amount += claim.amount_ore
        if total.first is None or claim.due < total.first:
            total.first = claim.due
        if total.last is None or claim.due > total.last:
            total.last = claim.due
        yield "".join(f"{record}\r\n" for record in records).encode("iso-8859-1")
    if not last:
        raise TransmissionError(
            "expected one at least, found none", field="claims", assignment=number
        )
    yield _line(
        f"NY21{type_}88{_counts(total)}{total.first:%d%m%y}{total.last:%d%m%y}{0:027d}"
    )
    return total


def _records(claim, kind):
    cancelled = kind == CANCELLATIONS
    type_ = WITH_NOTICE if claim.bank_notice else WITHOUT_NOTICE
    if cancelled:
        type_ = CANCELLED
    number = f"{claim.number:07d}"
    records = [
        f"NY21{type_}30{number}{claim.due:%d%m%y}{'':11}{claim.amount_ore:017d}"
        f"{claim.kid:>25}000000"
    ]
    # Of a cancellation it is not processed, and only there it may be left out.
    if not cancelled or claim.short_name or claim.external_reference:
        records.append(
            f"NY21{type_}31{number}{claim.short_name:<10}{'':25}"
            f"{claim.external_reference:<25}00000"
        )
    if not cancelled:
        for row, text in enumerate(claim.specification, start=1):
            for column, half in enumerate((text[:_HALF], text[_HALF:]), start=1):
                # An empty specification record must not be sent.
                if half.strip():
                    records.append(
                        f"NY212149{number}4{row:03d}{column}{half:<40}{0:020d}"
                    )
    return records


def is_kid(text):
    """Whether a reference can stand in a claim: 2–25 digits, the last may be ``-``.

    :param str text: not changed in any way
    :rtype: bool
    """
    return isinstance(text, str) and bool(_KID.fullmatch(text))


def _line(record):
    return f"{record}\r\n".encode("iso-8859-1")


def _counts(total):
    return f"{total.transactions:08d}{total.records:08d}{total.amount:017d}"


def _check_number(name, value):
    if type(value) is not int or not 0 < value <= _MAX_NUMBER:
        raise TransmissionError(
            f"expected a whole number from 1 to {_MAX_NUMBER}, found {value!r}",
            field=name,
        )


def _check_totals(total):
    for name, value, most in (
        ("number of records", total.records, _MAX_COUNT),
        ("total amount", total.amount, _MAX_AMOUNT),
    ):
        if value > most:
            raise TransmissionError(
                f"expected at most {most}, found {value}", field=name
            )


def _check_claim(claim, last, assignment):
    if problem := _problem(claim, last):
        name, message = problem
        raise TransmissionError(
            message, field=name, assignment=assignment, claim=claim.number
        )


def _problem(claim, last):
    """Name of the first field that is wrong and what is wrong with it, or None."""
    number, due, amount = claim.number, claim.due, claim.amount_ore
    if type(number) is not int or not last < number <= _MAX_NUMBER:
        return (
            "transaction number",
            f"expected a whole number from {last + 1} to {_MAX_NUMBER}, found "
            f"{number!r}",
        )
    if not isinstance(due, date) or not 2000 <= due.year <= 2099:
        return "due date", f"expected a day from 2000 to 2099, found {due}"
    if type(amount) is not int or not 0 < amount <= _MAX_AMOUNT:
        return (
            "amount",
            f"expected a whole number of øre from 1 to {_MAX_AMOUNT}, found {amount!r}",
        )
    if not is_kid(claim.kid):
        return (
            "KID",
            f"expected 2 to 25 digits, the last one may be '-', found {claim.kid!r}",
        )
    for name, text, width in (
        ("short name", claim.short_name, SHORT_NAME_WIDTH),
        ("external reference", claim.external_reference, EXTERNAL_REFERENCE_WIDTH),
    ):
        if text and (wrong := _wrong_text(text, width)):
            return name, wrong
    return _wrong_specification(claim) if claim.specification else None


def _wrong_specification(claim):
    if not claim.bank_notice:
        return "specification", "expected none without the bank's notice, found lines"
    if len(claim.specification) > MAX_SPECIFICATION:
        return (
            "specification",
            f"expected at most {MAX_SPECIFICATION} lines, found "
            f"{len(claim.specification)}",
        )
    for text in claim.specification:
        if text and (wrong := _wrong_text(text, SPECIFICATION_WIDTH)):
            return "specification", wrong
    return None


def _wrong_text(text, width):
    if len(text) > width:
        return f"expected at most {width} characters, found {text!r}"
    if UNPRINTABLE.search(text):
        return f"expected printable ISO-8859-1 text, found {text!r}"
    return ""


def specification(lines):
    """Lines of text laid out for a claim's specification.

    Long lines are broken at blanks. When there are more than fit, the last line that
    is shown says so by three dots.

    :param lines: texts, any length
    :return: tuple of lines that :class:`ClaimLine` takes
    """
    rows = []
    for line in lines:
        text = fit(line)
        if len(text) > SPECIFICATION_WIDTH:
            rows += textwrap.wrap(text, SPECIFICATION_WIDTH)
        else:
            rows.append(text)
        if len(rows) > MAX_SPECIFICATION:
            return (*rows[: MAX_SPECIFICATION - 1], "...")
    return tuple(rows)
