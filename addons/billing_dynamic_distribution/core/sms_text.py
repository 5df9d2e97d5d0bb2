"""How long an SMS is: alphabets, segments, and what can be written shorter.

Source: 3GPP TS 23.038 (formerly GSM 03.38) section 6.2.1 for the alphabets, 3GPP TS
23.040 section 9.2.3.24.1 for the header that joins the parts of a long message.
"""

import re
import unicodedata
from dataclasses import dataclass

GSM7 = "gsm7"
UCS2 = "ucs2"

#: The default alphabet; its 0x1B is the escape to the extension and no character.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: The extension table: an escape and the character, two septets each.
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")

#: Units (septets, UTF-16 code units) of a message of one part, and of each part of a
#: longer one, which gives six octets to the header that joins the parts.
ALONE = {GSM7: 160, UCS2: 70}
JOINED = {GSM7: 153, UCS2: 67}

# Spaces that language packs put into amounts and dates. Nobody sees the difference
# on a phone, and one of them would make the message two to three times as long.
_SPACES = re.compile("[\t\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
# Marks that cannot be seen at all.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")

#: Typographic characters and what a typewriter had for them. Letters are not here:
#: a name is written as its owner writes it.
TYPEWRITER = {
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys("‘’‚‛‹›′´`", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("•·◦▪●", "-"),
    "…": "...",
    "×": "x",
    "→": "->",
    "←": "<-",
    "⇒": "=>",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "©": "(c)",
    "®": "(R)",
    "™": "(TM)",
    "№": "No.",
}
_TYPEWRITER = str.maketrans(TYPEWRITER)


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a message.

    :param alphabet: ``gsm7`` or ``ucs2``
    :param units: septets or UTF-16 code units used
    :param segments: parts it is sent and paid in; 0 for an empty text
    :param left: units that the last part has left
    :param foreign: characters outside the GSM alphabet, each once, as they come
    """

    alphabet: str
    units: int
    segments: int
    left: int
    foreign: tuple[str, ...]


def tidy(text: str, *, typewriter: bool = False) -> str:
    """Return a text as it is sent: composed letters, plain spaces, no blank ends.

    :param typewriter: dashes, quotation marks and the like become those of the GSM
        alphabet, so that they alone do not double the price
    """
    # Composed first: «å» typed on a Mac may be two characters, neither of them GSM's.
    text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text))
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    if typewriter:
        text = text.translate(_TYPEWRITER)
    return text.strip()


def alphabet(text: str) -> str:
    """Return the alphabet a text needs: ``gsm7`` or, for one foreign sign, ``ucs2``."""
    foreign = set(text) - GSM_BASIC - GSM_EXTENSION
    return UCS2 if foreign else GSM7


def measure(text: str) -> Measure:
    """Return how large a message is.

    An escaped character or a surrogate pair is never cut by the end of a part, as
    the phones and gateways that join and cut expect; so a part may stay a unit short.
    """
    foreign = tuple(
        char
        for char in dict.fromkeys(text)
        if char not in GSM_BASIC and char not in GSM_EXTENSION
    )
    code = UCS2 if foreign else GSM7
    units = sum(_width(char, code) for char in text)
    if units <= ALONE[code]:
        return Measure(code, units, int(units > 0), ALONE[code] - units, foreign)
    segments, used = 1, 0
    for char in text:
        width = _width(char, code)
        if used + width > JOINED[code]:
            segments, used = segments + 1, 0
        used += width
    return Measure(code, units, segments, JOINED[code] - used, foreign)


def fit(text: str, segments: int) -> str:
    """Return the longest beginning of a text that fits in so many segments.

    :param segments: parts, 1 or more
    :raises ValueError: fewer than one part
    """
    if segments < 1:
        raise ValueError("a message has at least one segment")
    # More text never takes fewer segments, so the border can be found by halving.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]).segments <= segments:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def shorten(text: str, keep: str, segments: int) -> str:
    """Return a text cut, at a word and with dots, so that it fits with ``keep`` whole.

    What has to be kept (the link) may stand anywhere in the text: what is before it
    is cut first, then what comes after it. When the link alone is too long, it is
    sent alone, in as many parts as it takes.

    :param keep: part of the text that must stay as it is
    :param segments: parts it should fit in, 1 or more
    """
    if measure(text).segments <= segments:
        return text
    before, _found, after = text.partition(keep)
    tails = [keep + after, keep] if after.strip() else [keep]
    for tail in tails:
        head = _longest_head(before, tail, segments)
        if head is not None:
            return head + tail
    return keep


def _longest_head(before: str, tail: str, segments: int) -> str | None:
    """Return the most of ``before`` that fits in front of ``tail``, None if no word."""
    words = list(re.finditer(r"\S+\s*", before))
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(_cut(before, words, middle) + tail).segments <= segments:
            low = middle
        else:
            high = middle - 1
    return _cut(before, words, low) if low else None


def _cut(before: str, words: list, count: int) -> str:
    """Return the first ``count`` words, with dots when that is not all of them."""
    if count == len(words):
        return before
    # The space in front of the link stays what it was: a space or a new line.
    gap = re.search(r"\s*$", before).group()
    return before[: words[count - 1].end()].rstrip() + "..." + (gap or " ")


def _width(char: str, code: str) -> int:
    if code == GSM7:
        return 2 if char in GSM_EXTENSION else 1
    return 2 if ord(char) > 0xFFFF else 1
