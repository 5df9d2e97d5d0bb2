"""What a channel is given and what it answers."""

from dataclasses import dataclass, field

from . import state

#: Code of an outcome: the provider, or our own diary, knows that it never got it.
NOT_RECEIVED = "not_received"


#: Codes of a :class:`ChannelError` that say that the text is broken.
TEXT_CODES = frozenset({"text", "template", "prepare"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be handed over.

    :param subject: for staff, and the subject where the channel has one
    :param text: the words of it, for staff
    :param parts: whatever the channel hands over, in its own form
    :param segments: units the provider charges (parts of an SMS, sheets of a letter)
    :param expected_cost: in the currency of the company
    """

    subject: str
    text: str
    parts: object = field(default=(), compare=False)
    segments: int = 1
    expected_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call, as far as the channel knows.

    :param event: one of ``core.state.OUTCOMES``
    :param reference: the provider's own id of the message
    :param cost: what it cost, in the currency of the company; None = as expected
    :param code: the provider's code of a failure
    :param reason: the failure in words, for staff
    :param address_fault: a failure says something of the address. Without it the
        provider or we are to blame (a gateway that is down, a refused password): the
        contact point keeps its good name, and the same channel is tried for a day
        before the next one has to step in.
    :raises ValueError: ``event`` is no outcome
    """

    event: str
    reference: str | None = None
    cost: float | None = None
    code: str | None = None
    reason: str | None = None
    address_fault: bool = True

    def __post_init__(self):
        if self.event not in state.OUTCOMES:
            raise ValueError(f"{self.event!r} is no outcome of a call")


class ChannelError(Exception):
    """A message cannot be prepared, so that nothing was handed over.

    :param kind: ``soft`` (may work later) or ``hard``
    :param code: stable code of the reason
    :param reason: the reason in words, for staff
    :param address_fault: see :class:`Outcome`
    """

    def __init__(self, kind, code, reason, address_fault=False):
        if kind not in ("soft", "hard"):
            raise ValueError(f"a failure is 'soft' or 'hard', not {kind!r}")
        super().__init__(reason)
        self.kind = kind
        self.code = code
        self.reason = reason
        self.address_fault = address_fault

    @property
    def outcome(self):
        """The failure as the outcome of a call that was not made."""
        event = state.FAILED_SOFT if self.kind == "soft" else state.FAILED_HARD
        return Outcome(
            event,
            code=self.code,
            reason=self.reason,
            address_fault=self.address_fault,
        )
