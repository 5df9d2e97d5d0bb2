"""What somebody else does about a claim, so that the customer need not."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Debit:
    """A claim that will be drawn from the customer's account.

    :param day: on which it is drawn
    :param amount: in the currency of the invoice
    :param scheme: what customers call it, such as «AvtaleGiro»
    """

    day: date
    amount: float
    scheme: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A claim that has been handed over for collection.

    :param since: day of the handover
    :param agency: name of who collects it
    :param contact: how to reach them: a telephone number or an address
    :param reference: number of the case with them
    """

    since: date
    agency: str
    contact: str = ""
    reference: str = ""
