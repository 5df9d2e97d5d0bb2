"""The numbers that a payment's texts mention, wherever and however they are written.

«KID: 0012 3456», «faktura 2026 105», «kundenr 10023», «tlf 912 34 567», copies out of
a PDF with O for 0. What kind of number each is, the word before it tells; without a
word it may be any.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

REFERENCE = "reference"
INVOICE = "invoice"
CUSTOMER = "customer"
METER = "meter"
PHONE = "phone"
ANY = ""

#: Numbers of one payment that are looked at.
MAX_MENTIONS = 24
#: Shortest number without a word before it that is taken for anything.
MIN_BARE_DIGITS = 4

_CONFUSED = str.maketrans("OoQDlI|i!SsBZz", "00001111155822")
_MIXED = re.compile(r"[0-9OoQDlI|i!SsBZz]{4,}")
_DATE = re.compile(
    r"(?<![0-9])(?:[0-3]?[0-9]([./-])[01]?[0-9]\1(?:20)?[0-9]{2}"
    r"|20[0-9]{2}([./-])[01][0-9]\2[0-3][0-9])(?![0-9])"
)
_AMOUNT = re.compile(
    r"(?:(?<![a-z])(?:kr|nok|sek|kroner|kronor)\.?\s*[0-9][0-9 .]*(?:,[0-9]{1,2}|,-)?"
    r"|(?<![0-9])[0-9]{1,3}(?:[ .][0-9]{3})*,(?:[0-9]{2}(?![0-9])|-)"
    r"|(?<![0-9])[0-9]+,[0-9]{2}(?![0-9])"
    r"|(?<![0-9])[0-9]+\s*(?:kr|nok|sek|kroner|kronor)(?![a-z]))",
    re.IGNORECASE,
)
_CHUNK = re.compile(r"[0-9]+(?:[ .\-/][0-9]+)*-?")
_YEAR = re.compile(r"20[0-9]{2}\Z")
_LABELS = (
    (PHONE, re.compile(r"(?:\b(?:tlf|tel|telefon\w*|mob|mobil\w*|phone)\b|\+)\W*\Z")),
    (REFERENCE, re.compile(
        r"\b(?:kid|ocr|ref|referanse|referens|reference|betalingsref\w*|payref)"
        r"[ .\-]?(?:nummer|number|nr|no)?\W*\Z")),
    (INVOICE, re.compile(
        r"\b(?:faktura|fakturaen|fakt|fak|fa|inv|invoice|regning|regningen|rakning"
        r"|nota|bill)[ .\-]?(?:nummer|number|nr|no|id)?\W*\Z")),
    (CUSTOMER, re.compile(
        r"\b(?:kunde|kund|customer|abonnent|abonnement|medlem|avtale)"
        r"[ .\-]?(?:nummer|number|nr|no|id)?\W*\Z")),
    (METER, re.compile(
        r"\b(?:maler|malepunkt|matare|anlegg|anlaggning|installasjon|installation"
        r"|meter)s?[ .\-]?(?:id|nummer|number|nr|no)?\W*\Z")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mention:
    """One number that a text holds.

    :param digits: as written, separators gone, zeros kept
    :param role: what the word before it says it is, :data:`ANY` without one
    :param year: the year written before an invoice number, or 0
    :param raw: as the payer wrote it
    """

    digits: str
    role: str = ANY
    year: int = 0
    raw: str = ""

    @property
    def bare(self) -> str:
        """Without leading zeros."""
        return self.digits.lstrip("0")


def mentions(texts: Iterable[str]) -> tuple[Mention, ...]:
    """Collect the numbers that texts mention, each writing once, in their order.

    :param texts: message lines, references that are none, end-to-end ids
    """
    found: dict[tuple, Mention] = {}
    for text in texts:
        if not text:
            continue
        for mention in _read(text):
            found.setdefault((mention.digits, mention.role, mention.year), mention)
            if len(found) >= MAX_MENTIONS:
                return tuple(found.values())
    return tuple(found.values())


def plain(text: str) -> str:
    """Text with letters that stand for digits replaced and Nordic letters folded.

    Only in words that are digits for the most part: «OO12345l» becomes «00123451»,
    «Oslo» stays.
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join(
        char
        for char in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(char)
    )
    return _MIXED.sub(_digits_for_letters, text)


def _digits_for_letters(match: re.Match) -> str:
    word = match[0]
    digits = sum(char.isdigit() for char in word)
    # a long word of nothing but look-alikes needs fewer real digits
    least = len(word) / 3 if len(word) >= 8 else len(word) * 0.6
    if digits == len(word) or digits < least:
        return word
    return word.translate(_CONFUSED)


def _read(text: str) -> Iterable[Mention]:
    text = plain(text)
    text = _DATE.sub(" ; ", text)
    text = _AMOUNT.sub(" ; ", text)
    lower = text.lower().replace("ø", "o").replace("æ", "ae")
    end = 0
    role = ANY
    for match in _CHUNK.finditer(text):
        between = lower[end : match.start()]
        if re.search(r"[a-z+;]", between) or not end:
            # «faktura 105 og 106»: a joining word keeps what went before
            label = _label(between)
            joined = re.fullmatch(r"\W*(?:og|och|and|samt|,|&)\W*", between)
            role = label or (role if joined else ANY)
        end = match.end()
        yield from _take_apart(match[0], role)


def _label(between: str) -> str:
    for role, pattern in _LABELS:
        if pattern.search(between):
            return role
    return ANY


def _take_apart(chunk: str, role: str) -> Iterable[Mention]:
    """What digits with separators between them may mean."""
    raw = chunk.strip(" .-/")
    groups = re.findall(r"[0-9]+", chunk)
    whole = "".join(groups)
    tail = "-" if chunk.endswith("-") and role in (REFERENCE, ANY) else ""
    for at, group in enumerate(groups[:-1]):
        if _YEAR.match(group) and len(groups[at + 1]) <= 9:
            yield Mention(groups[at + 1], INVOICE, int(group), raw)
    if (len(whole) >= MIN_BARE_DIGITS or role) and not _is_year(whole, role):
        yield Mention(whole + tail, role, 0, raw)
    if len(groups) > 1:
        years = [_is_year(group, role) for group in groups]
        for at, group in enumerate(groups):
            if years[at] or (at and years[at - 1]):
                continue  # said already, with its year
            if len(group) >= MIN_BARE_DIGITS or (role == INVOICE and len(group) > 1):
                yield Mention(group, role, 0, raw)
    elif len(whole) > 6 and _YEAR.match(whole[:4]) and role in (INVOICE, ANY):
        # «INV202600105»
        yield Mention(whole[4:], INVOICE, int(whole[:4]), raw)


def _is_year(group: str, role: str) -> bool:
    return role in (ANY, INVOICE) and bool(_YEAR.match(group))
