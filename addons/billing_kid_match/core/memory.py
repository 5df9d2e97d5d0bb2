"""Which payments teach whose account and name these are, and under which key."""

from collections.abc import Iterable

from odoo.addons.billing_base.core.reference import compact

from .names import name_key
from .queries import stated_references

#: Days from the due date that count for a customer's habit. One invoice forgotten for
#: a year says nothing about when the next one is paid.
EARLIEST, LATEST = -31, 60


def account_key(account: str | None) -> str:
    """An account as it is remembered and looked up: letters and digits, upper case."""
    return "".join(char for char in (account or "").upper() if char.isalnum())


def payer_key(payer: str | None, own_names: Iterable[str | None]) -> str:
    """The key of a payer's name that is worth remembering.

    :param own_names: what the customer himself is called; those need no memory
    :return: empty when the name is the customer's own or says nothing
    """
    key = name_key(payer or "")
    return "" if key in {name_key(name or "") for name in own_names} else key


def names_all(
    reference: str | None, others: Iterable[str], issued: Iterable[str | None]
) -> bool:
    """Whether a payment names its invoices by structured references, character by
    character.

    A number in a message, and one that differs in leading zeros only, is evidence; it
    takes part in a decision and cannot confirm itself.

    :param reference: first structured reference
    :param others: all structured references
    :param issued: references of the invoices that the payment settles
    """
    stated = {
        key for query in stated_references(reference, others) for key in query.keys
    }
    wanted = {compact(text) for text in issued}
    return bool(wanted) and "" not in wanted and wanted <= stated


def habit_delay(days: int) -> int:
    """Days from the due date as they count for a habit."""
    return min(max(days, EARLIEST), LATEST)
