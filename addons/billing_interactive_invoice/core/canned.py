"""Places in canned answers, filled with what is true of the invoice at hand.

The one kind of place is ``{name}``. Whatever else stands in an answer is text, and so
is what comes into it: nothing is evaluated.
"""

import re
from collections.abc import Mapping

#: What an answer may tell of the invoice and its customer.
PLACES = ("customer", "first_name", "invoice", "amount", "due", "reference", "staff")

_PLACE = re.compile(r"\{\s*(\w+)\s*\}")


def unknown(text: str) -> list[str]:
    """Return the places in ``text`` that nothing is known for, in order, each once."""
    names = (match.casefold() for match in _PLACE.findall(text or ""))
    return list(dict.fromkeys(name for name in names if name not in PLACES))


def render(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with its places filled.

    A place without a value stays as it is, so that whoever sends the answer sees it.

    :param text: the answer, in the customer's language
    :param values: text by name, of :data:`PLACES`
    """
    return _PLACE.sub(
        lambda match: values.get(match[1].casefold()) or match[0], text or ""
    )
