"""Tells which payment of a bank file is money that another importer brought as well.

The same payment comes through two doors: as a statement line that another importer
made, and in a file that Kvitt read. Day and amount agree then, and what either door
tells of the payer and of the reference does not contradict the other.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from odoo.addons.billing_base.core.reference import normalise

_WORD = re.compile(r"\w+")
_PLAIN_WORD = re.compile(r"[0-9A-Za-z]+")
# Shorter ones, such as «1», are no identity.
MIN_ID = 6
MIN_TEXT = 4
# Banks write one account as IBAN, with clearing number, or bare; the end agrees.
ACCOUNT_END = 7


@dataclass(frozen=True, slots=True)
class Told:
    """What one door tells of a payment.

    :param key: the caller's own name for it
    :param journal: the account
    :param day: booking date
    :param amount: money in is above zero, in whatever unit both doors use
    :param ids: the bank's own identities of the payment
    :param reference: the payer's reference, without separators
    :param account: account of the other party
    :param name: name of the other party
    :param text: the message
    :param noted: whatever else is written there, in any order
    """

    key: Hashable
    journal: int
    day: date
    amount: float
    ids: tuple[str, ...] = ()
    reference: str = ""
    account: str = ""
    name: str = ""
    text: str = ""
    noted: str = ""


class _Side:
    """One telling, in the form it is compared in."""

    __slots__ = ("account", "ids", "key", "name", "reference", "text", "words")

    def __init__(self, told: Told):
        self.key = told.key
        self.ids = [
            value for item in told.ids if len(value := normalise(item)) >= MIN_ID
        ]
        self.reference = normalise(told.reference)
        self.account = told.account[-ACCOUNT_END:].upper()
        self.name = " ".join(sorted(_WORD.findall(told.name.casefold())))
        self.text = " ".join(_WORD.findall(told.text.casefold()))
        written = f"{told.text} {told.noted}"
        self.words = {normalise(word) for word in written.split()}
        self.words.update(word.upper() for word in _PLAIN_WORD.findall(written))
        self.words.discard("")

    @property
    def is_silent(self):
        return not (self.reference or self.account or self.name or self.text)


def pair(payments: Iterable[Told], lines: Iterable[Told]) -> dict[Hashable, Hashable]:
    """Find the statement line that is the same money as a payment of a file.

    What tells most comes first: the bank's own identity of the payment, then its
    reference, the other account, the message, the name; last, two that tell nothing at
    all. Of payments that agree in everything the first is the first line, so that the
    second payment of two is money of its own where there is one line.

    :return: dict of key of a payment to key of a line, no line twice
    """
    buckets = defaultdict(lambda: ([], []))
    for side, tellings in enumerate((payments, lines)):
        for told in tellings:
            buckets[told.journal, told.day, told.amount][side].append(_Side(told))
    found = {}
    for ours, others in buckets.values():
        if ours and others:
            found.update(_pair_bucket(ours, others))
    return found


def _pair_bucket(payments: list[_Side], lines: list[_Side]):
    found = {}
    taken = set()
    for witness, agrees in _WITNESSES:
        by_value = defaultdict(list)
        for line in lines:
            if line.key not in taken:
                for value in witness(line, False):
                    by_value[value].append(line)
        for payment in payments:
            if payment.key in found or not by_value:
                continue
            twin = next(
                (
                    line
                    for value in witness(payment, True)
                    for line in by_value.get(value, ())
                    if line.key not in taken and agrees(payment, line)
                ),
                None,
            )
            if twin:
                found[payment.key] = twin.key
                taken.add(twin.key)
    return found


def _ids(side: _Side, is_payment: bool) -> Iterable[str]:
    return side.ids if is_payment else side.words


def _reference(side: _Side, is_payment: bool) -> Iterator[str]:
    if side.reference:
        yield side.reference
    if not is_payment:
        yield from side.words


def _account(side: _Side, _is_payment: bool) -> Iterator[str]:
    if side.account:
        yield side.account


def _text(side: _Side, _is_payment: bool) -> Iterator[str]:
    if len(side.text) >= MIN_TEXT:
        yield side.text


def _name(side: _Side, _is_payment: bool) -> Iterator[str]:
    if side.name:
        yield side.name


def _silence(side: _Side, _is_payment: bool) -> Iterator[str]:
    if side.is_silent:
        yield ""


def _always(_payment: _Side, _line: _Side) -> bool:
    return True


def _may_be(payment: _Side, line: _Side) -> bool:
    """Whether neither reference nor account say that these are two payments."""
    if payment.account and line.account and payment.account != line.account:
        return False
    return not (
        payment.reference
        and line.reference
        and payment.reference != line.reference
        # The other importer may have put the bank's number where the reference belongs.
        and payment.reference not in line.words
        and line.reference not in payment.ids
    )


def _may_be_whom(payment: _Side, line: _Side) -> bool:
    return _may_be(payment, line) and (
        not payment.name or not line.name or payment.name == line.name
    )


_Witness = Callable[[_Side, bool], Iterable[str]]
_WITNESSES: tuple[tuple[_Witness, Callable[[_Side, _Side], bool]], ...] = (
    (_ids, _always),
    (_reference, _may_be),
    (_account, _may_be),
    (_text, _may_be_whom),
    (_name, _may_be),
    (_silence, _always),
)
