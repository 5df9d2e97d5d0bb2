"""What a provider of electronic identification says of one attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The person has not finished yet.
PENDING = "pending"
#: It is certain who it is.
DONE = "done"
#: The person did not want to go on.
CANCELLED = "cancelled"
#: It did not work, or took too long.
FAILED = "failed"
STATES = frozenset({PENDING, DONE, CANCELLED, FAILED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an identification stands.

    :param state: of :data:`STATES`
    :param identity: personal number, 12 digits; only when it is :data:`DONE`
    :param name: of the person, as the provider tells it
    :param evidence: what proves it later, of what JSON can hold: the provider's own
        reference, signature and time; nothing that opens anything
    """

    state: str
    identity: str = ""
    name: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self):
        if self.state not in STATES:
            raise ValueError(f"{self.state!r} is no state of an identification")
        known = len(self.identity) == 12 and self.identity.isdecimal()
        if self.state == DONE and not known:
            raise ValueError("who is identified has a personal number of 12 digits")
        if self.state != DONE and self.identity:
            raise ValueError("nobody is identified before it is done")
