"""Why an invoice is not drawn from the customer's account."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason.

    :param code: stable code, e.g. ``no_mandate``, ``held``, ``reference``
    :param text: for staff, in the reader's language
    """

    code: str
    text: str
