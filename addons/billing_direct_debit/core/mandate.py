"""The life of a mandate, as data: what may happen to it, and who may say so.

Plain Python. A bank, a customer or staff says something about a mandate (a
:class:`Fact`); :func:`decide` answers what that changes. Whoever holds the mandates
does what it answered.

Sources: Nets «AvtaleGiro systemspesifikasjon» v3.3 (records NY219470); Bankgirot's
«Autogiro teknisk manual» §8 (TK73, information and comment codes).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from . import autogiro_codes

#: Code → whether the customer has a mandate in it, or will have.
STATES = {
    "draft": True,
    "sent": True,
    "active": True,
    "ended": False,
    "rejected": False,
}
LIVE = tuple(state for state, is_live in STATES.items() if is_live)

#: Who can end one.
ENDED_BY = ("payer", "bank", "payee")

#: What is said → state before → state after. What is not here does not fit.
TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    # It is on its way to the bank, or the customer is there.
    "sent": {"draft": "sent", "sent": "sent"},
    # The bank has it.
    "registered": {"draft": "active", "sent": "active", "active": "active"},
    # It stays, other than it was.
    "changed": {"draft": "draft", "sent": "sent", "active": "active"},
    "ended": {"draft": "ended", "sent": "ended", "active": "ended"},
    # The bank will not have it.
    "rejected": {"draft": "rejected", "sent": "rejected"},
    # The bank gives up on a new one, or on one it had.
    "dropped": {"draft": "rejected", "sent": "rejected", "active": "ended"},
    # The bank has one, or asks the customer's bank about one.
    "exists": {"active": "active"},
    # The bank knows it by another number now, as it was asked to.
    "renumbered": {"active": "active", "sent": "sent"},
    # The bank does not do what it was asked to: it stays as it was.
    "kept": {"draft": "draft", "sent": "sent", "active": "active"},
    # The customer asked for it in the internet bank; the payee has to answer.
    "asked": {},
}

_ACCOUNT = frozenset({"bank_account", "payer_identity", "payer_bankgiro"})
_END = frozenset({"ended_by", "end_code"})

#: Who says it → what may be said → values that may come with it.
MAY: Mapping[str, Mapping[str, frozenset]] = {
    # NY219470 in the OCR giro file.
    "avtalegiro": {
        "registered": frozenset({"kid", "written_notice"}),
        "ended": _END,
    },
    # TK73, AG-MEDAVI.
    "advice": {
        "registered": _ACCOUNT,
        "renumbered": frozenset({"payer_number"}),
        "kept": frozenset({"end_code"}),
        "ended": _END,
        "dropped": _END,
        "rejected": frozenset({"end_code"}),
        "exists": frozenset(),
    },
    # TK52 to TK56, AG-EMEDGIV.
    "e_mandate": {"asked": _ACCOUNT | {"signer"}},
    # TK03, 11 and 21 of MAKULERING/ÄNDRING: the mandate went with the orders.
    "cancellation": {"ended": _END},
    # The register of the bank, all of it.
    "register": {"registered": _ACCOUNT | {"kid", "written_notice"}, "ended": _END},
    "payer": {"sent": frozenset(), "ended": _END},
    "payee": {
        "sent": frozenset(),
        "changed": _ACCOUNT | {"written_notice"},
        "ended": _END,
    },
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What somebody says about a mandate.

    :ivar source: key of :data:`MAY`
    :ivar what: key of :data:`TRANSITIONS`
    :ivar values: fields that it tells, as :data:`MAY` allows
    :ivar day: on which it happened; None when that is not said
    :ivar is_news: something happened; False when it may be no more than a list of what
        is there
    :raises ValueError: somebody says what is not theirs to say
    """

    source: str
    what: str
    values: Mapping[str, Any] = field(default_factory=dict)
    day: date | None = None
    is_news: bool = False

    def __post_init__(self):
        allowed = MAY.get(self.source, {}).get(self.what)
        if allowed is None:
            raise ValueError(f"{self.source} does not say «{self.what}» of a mandate")
        if foreign := self.values.keys() - allowed:
            raise ValueError(
                f"{self.source}: «{self.what}» does not change {sorted(foreign)}"
            )


@dataclass(frozen=True, slots=True)
class Known:
    """A mandate as far as it matters here.

    :ivar state: key of :data:`STATES`
    :ivar values: what is known of it, by field
    :ivar at_bank: whether the bank has it, as far as the bank told
    :ivar told_on: day of the bank's latest word, None when there was none
    :ivar is_wanted: it is over, and the customer has gone to the bank again since
    """

    state: str
    values: Mapping[str, Any] = field(default_factory=dict)
    at_bank: bool = False
    told_on: date | None = None
    is_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a fact changes.

    :ivar verb: ``apply`` (change the mandate), ``create`` (a new one), ``repeat``
        (known already) or ``refuse`` (a person has to look)
    :ivar state: the mandate's afterwards; of a new one its first
    :ivar values: fields that change
    :ivar reason: why it was refused: a key of :data:`REASONS`
    """

    verb: str
    state: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


#: Why somebody has to look, for those who write and word it.
REASONS = (
    "unknown",  # no mandate with this number, and no customer
    "stopped_here",  # ended with us, and the bank still has it
    "already",  # the customer has a mandate already
    "exists",  # the bank has one already, or is asking about it
    "active",  # the bank refuses what it had accepted
    "over",  # ended already
    "kept",  # the bank does not do what it was asked to
    "outdated",  # older than what the bank said before
    "payer_stop",  # the customer stopped or freed debits, at the bank
    "code",  # the bank's code is not known
    "off",  # the company has not agreed on this way to sign up
)


def decide(known: Known | None, fact: Fact) -> Decision:
    """Return what a fact changes.

    :param known: the live mandate it is about, else the latest one that is over;
        None when there never was one
    """
    if known is None:
        return _of_unknown(fact)
    if STATES[known.state]:
        return _of_live(known, fact)
    return _of_over(known, fact)


def _of_unknown(fact):
    if fact.what == "registered":
        return Decision("create", "active", dict(fact.values))
    if fact.what == "asked":
        return Decision("create", "draft", dict(fact.values))
    return Decision("refuse", reason="unknown")


def _of_live(known, fact):
    if fact.what == "asked":
        return _asked_again(known, fact)
    after = TRANSITIONS[fact.what].get(known.state)
    if after is None:
        return Decision("refuse", reason=_misfit(known, fact))
    if fact.day and known.told_on and fact.day < known.told_on:
        return Decision("refuse", reason="outdated")
    values = {
        name: value
        for name, value in fact.values.items()
        # A record that leaves a field blank does not know it.
        if value is not None and known.values.get(name) != value
    }
    if fact.what == "kept":
        return Decision("refuse", reason="kept")
    if after == known.state and not values:
        return Decision("repeat", known.state)
    return Decision("apply", after, values)


def _asked_again(known, fact):
    """The bank reminds of a request, or the customer made a second one."""
    account = fact.values.get("bank_account")
    if account and account == known.values.get("bank_account"):
        return Decision("repeat", known.state)
    return Decision("refuse", reason="already")


def _of_over(known, fact):
    if fact.what == "asked":
        return Decision("create", "draft", dict(fact.values))
    if fact.what == "registered":
        if known.at_bank and not (known.is_wanted and fact.is_news):
            # A change of theirs, or a new agreement? Only the customer knows.
            return Decision("refuse", reason="stopped_here")
        return Decision("create", "active", dict(fact.values))
    if fact.what in ("ended", "dropped", "rejected"):
        # What was stopped here is now over at the bank, too.
        verb = "apply" if known.at_bank else "repeat"
        return Decision(verb, known.state)
    return Decision("refuse", reason="kept" if fact.what == "kept" else "over")


def _misfit(known, fact):
    if fact.what == "exists":
        return "exists"
    return "active" if known.state == "active" else "over"


# === WHAT THE BANKS SAY === #

#: Registration of NY219470 → what is said.
_REGISTRATION = {0: "registered", 1: "registered", 2: "ended"}

#: Information codes of TK73 that are about a mandate the bank has not got yet.
_ABOUT_NEW = {"04", "42", "43"}
_ABOUT_END = "03"
_ABOUT_NUMBER = "05"


def registration(code: int, kid: str, written_notice: bool) -> Fact:
    """Return what a record NY219470 says.

    :param code: its registration: 0 is there, 1 new or changed, 2 deleted
    :param kid: as registered
    :param written_notice: whether the payer wants to be told before each debit
    :raises ValueError: no such registration
    """
    if code not in _REGISTRATION:
        raise ValueError(f"no registration {code}")
    what = _REGISTRATION[code]
    if what == "ended":
        return Fact("avtalegiro", what, {"ended_by": "payer"})
    values = {"kid": kid, "written_notice": written_notice}
    return Fact("avtalegiro", what, values, is_news=code == 1)


def advice(
    information: str,
    comment: str,
    day: date | None = None,
    values: Mapping[str, Any] | None = None,
) -> Fact | str:
    """Return what a record TK73 says, or why nobody can tell.

    :param information: two digits: what the record is about
    :param comment: two digits: what became of it
    :param day: of the record
    :param values: account and identity, where the record has them
    :return: a fact, or a key of :data:`REASONS`
    """
    told = autogiro_codes.advice(information, comment)
    code = f"{information}/{comment}"
    if told.effect == "active":
        return Fact("advice", "registered", dict(values or {}), day)
    if told.effect in ("renumbered_to", "renumbered_from"):
        return Fact("advice", "renumbered", day=day)
    if told.effect == "ended" or (
        told.effect == "missing" and information == _ABOUT_END
    ):
        by = told.by if told.by in ENDED_BY else "bank"
        what = "dropped" if information in _ABOUT_NEW else "ended"
        return Fact("advice", what, {"ended_by": by, "end_code": code}, day)
    if told.effect in ("refused", "missing"):
        if information in (_ABOUT_END, _ABOUT_NUMBER):
            # The mandate stays as it was.
            return Fact("advice", "kept", {"end_code": code}, day)
        return Fact("advice", "rejected", {"end_code": code}, day)
    if told.effect == "exists":
        return Fact("advice", "exists", day=day)
    return "payer_stop" if told.effect in ("stopped", "resumed") else "code"
