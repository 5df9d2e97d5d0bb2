"""The parts of the customer's page of one invoice."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page, drawn and brought up to date by itself.

    :param code: stable, unique on the page; also the anchor (``#pay``)
    :param template: external id of the QWeb template that draws what is inside; it
        begins with a heading that has the id ``<code>-title``
    :param values: what the template gets besides ``move``, ``visitor``, ``page``,
        ``form``, ``section`` and ``draw`` (draws another template with the same)
    :param sequence: lower comes first
    """

    code: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    sequence: int = 50


def ordered(sections: Iterable[Section]) -> list[Section]:
    """Return ``sections`` in the order they are shown, the same on every call.

    :raises ValueError: two of them have the same code
    """
    result = sorted(sections, key=lambda section: (section.sequence, section.code))
    codes = [section.code for section in result]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise ValueError(f"sections with the same code: {', '.join(twice)}")
    return result


def digest(html: str) -> str:
    """Return by what two drawings of a section are told apart.

    No secret hangs on it: a page says what it has, and gets what differs.
    """
    return hashlib.sha256(html.encode()).hexdigest()[:16]
