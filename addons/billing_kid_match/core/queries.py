"""The references a payment states, wherever the bank put them."""

import re
from collections.abc import Iterable

from odoo.addons.billing_base.core.reference import bucket, compact, normalise

from .look import Query
from .texts import plain

#: Shortest bare number in a message that is taken for a reference.
MIN_BARE_DIGITS = 4
#: Shortest number among words that is taken for a reference; years, amounts and
#: house numbers are shorter.
MIN_EMBEDDED_DIGITS = 7
#: Numbers in one message that are looked at.
MAX_EMBEDDED = 3

_BARE = re.compile(r"[0-9]+-?\Z")
_ONE_WORD = re.compile(r"\S*[0-9]{3,}\S*\Z")
_EMBEDDED = re.compile(
    rf"(?<![0-9])[0-9](?:[ .\-\u00a0]?[0-9]){{{MIN_EMBEDDED_DIGITS - 1},}}-?"
)


def stated_references(
    reference: str | None, others: Iterable[str] = (), text: str | None = None
) -> tuple[Query, ...]:
    """Collect the references of a payment, the most telling first.

    The message is read only when the bank passed on no structured reference.

    :param reference: first structured reference
    :param others: all structured references
    :param text: message of the payer
    """
    if reference and not others and _BARE.match(reference) and bucket(reference):
        return (Query(reference, reference),)  # nearly all payments
    queries: dict[str, Query] = {}
    for raw in (reference, *others):
        if raw:
            _add(queries, raw, in_text=False)
    if not queries and text:
        _read_text(queries, text)
    return tuple(queries.values())


def _read_text(queries: dict[str, Query], text: str):
    text = plain(text.strip())
    bare = normalise(text)
    if _BARE.match(bare):
        if len(bare) >= MIN_BARE_DIGITS:
            _add(queries, text, in_text=True)
        return
    if _ONE_WORD.match(text):
        _add(queries, text, in_text=True)
        return
    found = sorted(_EMBEDDED.findall(text), key=len, reverse=True)
    for raw in found[:MAX_EMBEDDED]:
        _add(queries, raw, in_text=True)


def _add(queries: dict[str, Query], raw: str, *, in_text: bool):
    key = normalise(raw)
    if not key.isdecimal():
        # letters that a copy put in the place of digits
        copied = normalise(plain(raw))
        key = copied if copied.isdecimal() else key
    if not bucket(key):
        return
    whole = compact(raw)
    queries.setdefault(key, Query(key, raw, in_text, whole if whole != key else ""))
