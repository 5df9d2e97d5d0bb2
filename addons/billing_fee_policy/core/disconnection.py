"""What a notice of disconnection has to say, when, and what forbids the cut.

Prepared only: nothing here cuts anything. A :class:`Rule` is the law for one country,
service and kind of customer as data. The functions tell which days follow from it, what
the letter lacks, and what stands against going on; a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

ELECTRICITY, TELECOM = "electricity", "telecom"
SERVICES = (ELECTRICITY, TELECOM)
#: First a reminder that the supply may be cut (Sweden), then the notice itself.
STEPS = ("warning", "notice")
#: What a letter may have to say, in the order in which it says it.
CONTENT = (
    "claim",
    "cure",
    "danger",
    "contact",
    "costs",
    "social",
    "scope",
    "free_calls",
)
#: What forbids the cut, in the words of :meth:`obstacles`.
CHECKS = ("material", "danger", "objection", "social")


@dataclass(frozen=True, slots=True)
class Rule:
    """The law for one country, service and kind of customer.

    :param paragraph: as it is quoted
    :param days: from sending or service until the cut may come; 0 = nobody has said,
        and nothing is prepared
    :param from_service: the days count from the day the letter was served on the
        customer, not from the day it was sent
    :param warning_days: days that a warning gives before the notice may follow;
        0 = no warning is needed
    :param content: of :data:`CONTENT`, what the notice has to say
    :param warning_content: what the warning has to say
    :param checks: of :data:`CHECKS`, what somebody has to have looked at
    :param tells_authority: the social board of the municipality is told with the
        notice
    :param tries_person: the customer is to be told in person as well
    :param reviewed_through: last day for which somebody looked that all this holds
    """

    paragraph: str
    days: int
    content: frozenset[str]
    checks: frozenset[str]
    reviewed_through: date
    from_service: bool = False
    warning_days: int = 0
    warning_content: frozenset[str] = frozenset()
    tells_authority: bool = False
    tries_person: bool = False

    def __post_init__(self):
        unknown = (self.content | self.warning_content) - set(CONTENT)
        unknown |= self.checks - set(CHECKS)
        if unknown:
            raise ValueError(f"unknown: {sorted(unknown)}")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one notice on one day.

    :param step: one of :data:`STEPS`
    :param sent: day the letter was sent, None = not yet
    :param served: day it was served
    :param owed: whether something is still owed of what it is about
    :param objected: whether the customer objected and that is not settled
    :param waits: whether the claim waits for another reason: a promise, a debit
    :param delivered: whether the invoices reached the customer as far as is known
    :param warned_until: last day of the warning before, None = there was none
    :param checked: of :data:`CHECKS`, what somebody looked at and found clear
    :param authority_told: whether the social board was told
    :param person_tried: whether somebody tried to tell the customer in person
    """

    step: str
    sent: date | None = None
    served: date | None = None
    owed: bool = True
    objected: bool = False
    waits: bool = False
    delivered: bool = True
    warned_until: date | None = None
    checked: frozenset[str] = frozenset()
    authority_told: bool = False
    person_tried: bool = False


def needed(rule: Rule, step: str) -> tuple[str, ...]:
    """Return what a letter has to say, in order.

    :raises ValueError: ``step`` is none
    """
    if step not in STEPS:
        raise ValueError(f"{step!r} is not one of {STEPS}")
    content = rule.content if step == "notice" else rule.warning_content
    return tuple(code for code in CONTENT if code in content)


def missing(
    rule: Rule, step: str, texts: Mapping[str, str], values: Mapping[str, str]
) -> list[str]:
    """Return what a letter lacks.

    :param texts: what it says, by code of :data:`CONTENT`
    :param values: what has to stand in it, by code: the amount in the claim, the last
        day in the cure
    :return: codes of :data:`CONTENT`
    """
    return [
        code
        for code in needed(rule, step)
        if not (texts.get(code) or "").strip()
        or values.get(code, "") not in texts.get(code, "")
    ]


def deadline(rule: Rule, facts: Facts) -> date | None:
    """Return the last day on which paying keeps the supply.

    None as long as it is not known: the letter was not sent, or not served.
    """
    if facts.step == "warning":
        return facts.sent and facts.sent + timedelta(days=rule.warning_days)
    start = facts.served if rule.from_service else facts.sent
    return start and start + timedelta(days=rule.days)


def against_sending(rule: Rule, facts: Facts, day: date) -> list[str]:
    """Return what stands against sending the letter on ``day``.

    :return: codes: ``unknown`` (nobody has said how long), ``stale`` (nobody looked
        whether the law still holds), ``unwarned``, ``warned`` (the warning's time is
        not over), ``paid``, ``objection``, ``waits``, ``undelivered``, and
        ``check_…`` for what nobody has looked at
    """
    found = []
    if not rule.days:
        found.append("unknown")
    if day > rule.reviewed_through:
        found.append("stale")
    if facts.step == "notice" and rule.warning_days:
        if facts.warned_until is None:
            found.append("unwarned")
        elif day <= facts.warned_until:
            found.append("warned")
    found += _against_claim(facts)
    return found + [
        f"check_{code}" for code in CHECKS if code in rule.checks - facts.checked
    ]


def against_cut(rule: Rule, facts: Facts, day: date) -> list[str]:
    """Return what stands against the cut on ``day``; empty leaves it to a person.

    :return: codes of :func:`against_sending`, and ``unsent``, ``unserved``,
        ``deadline`` (its last day is not over), ``authority``, ``person``
    """
    if facts.step == "warning":
        return ["unsent"]
    found = against_sending(rule, facts, day)
    last_day = deadline(rule, facts)
    if facts.sent is None:
        found.append("unsent")
    elif last_day is None:
        found.append("unserved")
    elif day <= last_day:
        found.append("deadline")
    if rule.tells_authority and not facts.authority_told:
        found.append("authority")
    if rule.tries_person and not facts.person_tried:
        found.append("person")
    return found


def _against_claim(facts):
    found = {
        "paid": not facts.owed,
        "objection": facts.objected,
        "waits": facts.waits,
        "undelivered": not facts.delivered,
    }
    return [code for code, holds in found.items() if holds]
