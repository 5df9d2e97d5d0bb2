"""What an agency answers about the claims it was given, and what that changes."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from odoo.addons.billing_base.core import answer_file

ACCEPTED, REJECTED, PAID = "accepted", "rejected", "paid"
RECALLED, CLOSED = "recalled", "closed"
#: What agencies call what became of a claim, in small letters.
STATUSES = {
    "accepted": ACCEPTED,
    "registered": ACCEPTED,
    "mottatt": ACCEPTED,
    "mottagen": ACCEPTED,
    "rejected": REJECTED,
    "refused": REJECTED,
    "avvist": REJECTED,
    "avvisad": REJECTED,
    "paid": PAID,
    "betalt": PAID,
    "betald": PAID,
    "recalled": RECALLED,
    "withdrawn": RECALLED,
    "trukket": RECALLED,
    "återkallad": RECALLED,
    "closed": CLOSED,
    "avsluttet": CLOSED,
    "avslutad": CLOSED,
}
#: Columns of an answer: the ones that must be there, then the others.
NEEDED = ("id", "status")
OPTIONAL = ("at", "reason", "reference", "amount")

#: States in which the agency has the claim or is to get it.
WITH_AGENCY = frozenset({"offered", "accepted"})
#: States after which nothing more is expected.
OVER = frozenset({"rejected", "paid", "recalled", "closed"})
#: What news makes of a state. Files come late and more than once: news that is older
#: than what is known already changes nothing. What is not here contradicts the state.
_MOVES = {
    "offered": {
        ACCEPTED: "accepted",
        REJECTED: "rejected",
        PAID: "paid",
        RECALLED: "recalled",
        CLOSED: "closed",
    },
    "accepted": {
        ACCEPTED: "accepted",
        REJECTED: "rejected",
        PAID: "paid",
        RECALLED: "recalled",
        CLOSED: "closed",
    },
    # We asked for it back; our message and theirs may have crossed.
    "recalling": {
        ACCEPTED: "recalling",
        REJECTED: "rejected",
        PAID: "paid",
        RECALLED: "recalled",
        CLOSED: "closed",
    },
    "paid": {ACCEPTED: "paid", PAID: "paid", CLOSED: "closed"},
    "closed": {ACCEPTED: "closed", PAID: "closed", CLOSED: "closed"},
    "recalled": {ACCEPTED: "recalled", RECALLED: "recalled", CLOSED: "recalled"},
    "rejected": {REJECTED: "rejected", CLOSED: "rejected"},
}
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agency says of one case.

    :param line: where it stands in the file, from 1
    :param status: of :data:`STATUSES`
    :param at: when (UTC, naive), None = not said
    :param reason: in words; needed of what is rejected
    :param reference: the agency's number of the case
    :param amount: what the debtor has paid to the agency in all so far
    """

    line: int
    key: str
    status: str
    at: datetime | None = None
    reason: str = ""
    reference: str = ""
    amount: Decimal | None = None

    @property
    def mark(self) -> str:
        """Return what tells it from other news of its case, however often it comes."""
        parts = (self.status, self.at, self.reference, self.amount, self.reason)
        return "|".join("" if part is None else str(part) for part in parts)


def read(data: bytes) -> list[Answer]:
    """Return what an agency answered.

    :param data: CSV (comma, semicolon or tab, with a header) or JSON (a list of
        objects, or one with a list ``cases``)
    :raises AnswerError: it cannot be read whole; then none of it counts
    """
    return answer_file.read(data, NEEDED, "cases", _answer)


def _answer(line, row):
    values = {name: row.get(name, "") for name in NEEDED + OPTIONAL}
    key = values["id"].lower()
    if not _KEY.fullmatch(key):
        raise ValueError(f"id: «{values['id']}» is no id of a case")
    status = STATUSES.get(values["status"].lower())
    if not status:
        raise ValueError(f"status: «{values['status']}» is not known")
    reason = " ".join(values["reason"].split())
    if status == REJECTED and not reason:
        raise ValueError("reason: is missing, what is rejected has one")
    return Answer(
        line=line,
        key=key,
        status=status,
        at=answer_file.moment(values["at"]),
        reason=reason,
        reference=" ".join(values["reference"].split()),
        amount=answer_file.amount(values["amount"], "amount"),
    )


def next_state(state: str, status: str, settles: bool = True) -> str | None:
    """Return the state after news of the agency, None when they contradict each other.

    :param state: of a case that went out
    :param status: of the answer
    :param settles: of ``paid``: whether it is all that is owed; a part of it leaves
        the case where it is
    """
    if status == PAID and not settles:
        return state if PAID in _MOVES[state] else None
    return _MOVES[state].get(status)
