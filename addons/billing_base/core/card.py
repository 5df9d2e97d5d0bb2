"""Cards that addons show on the customer's invoice page and to staff."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Card:
    """One card on the customer's page of one invoice.

    :param template: external id of the QWeb template that draws the card
    :param values: what the template gets besides ``move`` and ``card``
    :param sequence: lower comes first; 50 is the middle
    :param code: stable code, unique among the cards of one invoice
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    sequence: int = 50
    code: str = ""


def ordered(cards) -> list[Card]:
    """Return ``cards`` in the order they are shown, the same on every call."""
    return sorted(cards, key=lambda card: (card.sequence, card.code, card.template))
