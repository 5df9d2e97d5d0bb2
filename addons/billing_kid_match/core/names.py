"""How two names of people or companies agree.

Banks cut names, write them in capitals, turn the order round and lose the Nordic
letters; people have middle names that only one side knows. Names are compared as sets
of words without accents.
"""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import OSA

from .weights import (
    NAME_EXACT,
    NAME_INITIALS,
    NAME_OTHER,
    NAME_PART,
    NAME_SURNAME,
    NAME_TYPO,
)

#: Words that say who else is meant or what kind of company it is, not who it is.
_FILLERS = frozenset(
    "as asa ab hb kb ba sa da ans enk ltd gmbh inc og och and co v for dbo boet"
    " herr hr fru fr mr mrs".split()
)
# Letters that have a usual spelling in ASCII. Both spellings of one letter must become
# the same: «Sørli», «Soerli» and «Sorli» are one name.
_LETTERS = str.maketrans(
    {"æ": "ae", "ø": "o", "å": "a", "ä": "a", "ö": "o", "ü": "u", "ß": "ss",
     "đ": "d", "ð": "d", "þ": "th", "ł": "l", "œ": "o", "’": "", "'": "", "`": ""}
)  # fmt: skip
_DIGRAPHS = re.compile("aa|ae|oe|ue|ph|th|ck|w|z|x")
_SAME = {"aa": "a", "ae": "a", "oe": "o", "ue": "u", "ph": "f", "th": "t", "ck": "k",
         "w": "v", "z": "s", "x": "ks"}  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+")
_COMPANY = re.compile(
    r"\b(?:asa?|ab|hb|kb|ba|sa|da|ans|ltd|gmbh|inc|brf|borettslag\w*|sameiet?)\b",
    re.IGNORECASE,
)
# The same in what PostgreSQL can do with an immutable expression.
_INDEX_FROM = "ABCDEFGHIJKLMNOPQRSTUVWXYZÆæØøÅåÄäÖöÜüÉéÈèÊêËëÁáÀàÂâÍíÌìÓóÒòÔôÚúÙùÇçÑñ"
_INDEX_TO = "abcdefghijklmnopqrstuvwxyzaaooaaaaoouueeeeeeeeaaaaaaiiiioooooouuuuccnn"
_INDEX_LETTERS = str.maketrans(_INDEX_FROM, _INDEX_TO)
_INDEX_SOUNDS = (("aa", "a"), ("ae", "a"), ("oe", "o"), ("w", "v"))
#: SQL of the words of ``{column}``, as an array of text.
WORDS_SQL = (
    "string_to_array(btrim(replace(replace(replace(replace(regexp_replace("
    f"translate({{column}}::text, '{_INDEX_FROM}', '{_INDEX_TO}'),"
    " '[^a-z0-9]+', ' ', 'g'),"
    " 'aa', 'a'), 'ae', 'a'), 'oe', 'o'), 'w', 'v')), ' ')"
)
# «Kari Hansen for Ola Hansen», «c/o Ola Hansen», «gjelder Ola Hansen»
_ON_BEHALF = re.compile(
    r"(?:\bfor|\bc/o|\bgjelder|\bvedr\.?|\bvedrørende|\bpå vegne av|\bavser|\bavs\."
    r"|\båt|\bp\.?v\.?a\.?)\s*:?\s+([^\d,;:()]{4,60})",
    re.IGNORECASE,
)
#: Words longer than this may have one typo and still be the same.
_MIN_TYPO_LENGTH = 5


@lru_cache(maxsize=200_000)
def words(name: str) -> tuple[str, ...]:
    """Words of a name in their order, folded to plain ASCII, fillers left out.

    Spellings of one sound (``å``/``aa``, ``æ``/``ae``, ``ø``/``oe``, ``w``/``v``)
    become the same.
    """
    text = unicodedata.normalize("NFKC", name).lower().translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if not unicodedata.combining(char))
    found = [
        _DIGRAPHS.sub(lambda match: _SAME[match[0]], word)
        for word in _WORD.findall(text)
    ]
    telling = [word for word in found if word not in _FILLERS]
    return tuple(telling or found)


def name_key(name: str) -> str:
    """A name as it is remembered and looked up: its words, sorted.

    Empty for what holds no letter.
    """
    found = words(name)
    if not any(char.isalpha() for word in found for char in word):
        return ""
    return " ".join(sorted(found))


def index_words(name: str) -> list[str]:
    """The words of a name as the database indexes them: :data:`WORDS_SQL` in Python.

    A plainer folding than :func:`words`, made of what PostgreSQL can index.
    """
    text = name.translate(_INDEX_LETTERS)
    text = re.sub("[^a-z0-9]+", " ", text)
    for sound, same in _INDEX_SOUNDS:
        text = text.replace(sound, same)
    return text.split()


def index_probes(name: str) -> list[tuple[str, ...]]:
    """Sets of words under which a name's bearers are looked up.

    All words together, and pairs: the customer may have middle names the payer leaves
    out, and the other way round. Without initials and fillers, which say too little.
    """
    found = [
        word
        for word in dict.fromkeys(index_words(name))
        if len(word) > 1 and word not in _FILLERS
    ][:5]
    if not found:
        return []
    if len(found) < 3:
        return [tuple(found)]
    pairs = {
        (found[0], found[-1]),
        (found[0], found[1]),
        (found[-2], found[-1]),
        (found[1], found[-1]),
    }
    return sorted(pairs)


def kin_probes(name: str) -> list[str]:
    """Words of a name that may be a surname: the last and, in lists, the first."""
    found = [
        word for word in index_words(name) if len(word) > 3 and word not in _FILLERS
    ]
    return list(dict.fromkeys((found[-1], found[0]))) if len(found) > 1 else []


def on_behalf_of(text: str) -> list[str]:
    """Names that a text says the payment is for.

    >>> on_behalf_of("Kari Hansen for Ola Hansen")
    ['Ola Hansen']
    """
    return [match.strip() for match in _ON_BEHALF.findall(text or "")]


def compare(paid: str, known: str) -> str:
    """How the payer's name agrees with a customer's.

    :return: one of the constants ``NAME_…`` of :mod:`.weights`
    """
    how = _compare(words(paid), words(known))
    if how == NAME_SURNAME and (_COMPANY.search(paid) or _COMPANY.search(known)):
        return NAME_OTHER  # a firm has no family
    return how


@lru_cache(maxsize=100_000)
def _compare(paid: tuple[str, ...], known: tuple[str, ...]) -> str:
    if not paid or not known:
        return NAME_OTHER
    ours, theirs = set(known), set(paid)
    if ours == theirs:
        return NAME_EXACT
    common = ours & theirs
    if len(common) >= 2:
        # Two words in common, such as first name and surname
        return NAME_PART
    mine, other = ours - common, theirs - common
    if common and mine and other and _by_initials(mine, other):
        return NAME_INITIALS
    if len(ours) == len(theirs) and _by_typos(mine, other, bool(common)):
        return NAME_TYPO
    if _glued(paid, known):
        return NAME_TYPO
    if known[-1] in common or paid[-1] in common:
        return NAME_SURNAME
    return NAME_OTHER


def _by_initials(ours: set[str], theirs: set[str]) -> bool:
    """Whether the words that differ are initials of each other."""
    short, long = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    rest = set(long)
    some = False
    for word in short:
        match = next(
            (
                other
                for other in rest
                if word[0] == other[0] and 1 in (len(word), len(other))
            ),
            None,
        )
        if match is None:
            return False
        rest.discard(match)
        some = True
    return some


def _by_typos(ours: set[str], theirs: set[str], has_common: bool) -> bool:
    """Whether the words that differ are each one slip apart."""
    rest = set(theirs)
    slips = 0
    for word in ours:
        match = next((other for other in rest if _one_slip(word, other)), None)
        if match is None:
            return False
        rest.discard(match)
        slips += 1
    return slips == 1 if has_common else slips <= 2


def _one_slip(one: str, other: str) -> bool:
    longest = max(len(one), len(other))
    if longest < _MIN_TYPO_LENGTH:
        return False
    if min(len(one), len(other)) >= 4 and (
        one.startswith(other) or other.startswith(one)
    ):
        return True  # the bank cut it
    return OSA.distance(one, other, score_cutoff=1) <= 1


def _glued(paid: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether only the spaces differ, or the bank cut the end."""
    one, other = "".join(paid), "".join(known)
    if one == other:
        return True
    return min(len(one), len(other)) >= 12 and (
        one.startswith(other) or other.startswith(one)
    )
