"""Which messages of the company a customer gets to see on the page, and their order.

Service comes before tips, tips before offers, and all of it after what the customer
came for. An offer is marketing: it needs the customer's consent, and never stands
beside a demand (markedsføringsloven § 15, marknadsföringslagen 19 §).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

NOTICE = "notice"
TIP = "tip"
OFFER = "offer"
#: Families of messages in the order they are shown.
FAMILIES = (NOTICE, TIP, OFFER)

#: As many messages as one page carries, wherever they stand on it.
MOST = 2

#: Reasons why a message is not shown, in the order staff are told of them.
REASONS = ("closed", "cap", "consent", "demand", "crowded")

#: What a button may lead to. ``javascript:`` and the like are no addresses.
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})


def family(kind: str) -> str:
    """Return the family of a kind of message: «notice_outage» is a notice."""
    return kind.partition("_")[0]


@dataclass(frozen=True, slots=True)
class Message:
    """What decides whether and where a message is shown.

    :param id: of the record
    :param kind: its family and what it is about, such as ``notice_outage``
    :param urgent: whether it stands above the payment, for a notice
    :param sequence: lower comes first within its family
    :param cap_days: on how many days one reader sees it; 0 is as many as there are
    """

    id: int
    kind: str
    urgent: bool = False
    sequence: int = 10
    cap_days: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """What decides about the one who reads.

    :param may_offer: whether the customer agreed to offers
    :param demanded: whether the page asks for money that is late, or that waits for an
        answer; nobody is offered anything then
    :param seen_days: on how many days before today each message was shown, by id
    :param closed: ids of the messages the reader closed
    """

    may_offer: bool = False
    demanded: bool = False
    seen_days: Mapping[int, int] = None
    closed: frozenset[int] = frozenset()


def withheld(message: Message, reader: Reader) -> str | None:
    """Return why ``message`` is not shown to ``reader``, of :data:`REASONS`, or None.

    That others come first (``crowded``) is for :func:`choose` to say.
    """
    if message.id in reader.closed:
        return "closed"
    if message.cap_days and (reader.seen_days or {}).get(message.id, 0) >= (
        message.cap_days
    ):
        return "cap"
    if family(message.kind) == OFFER:
        if not reader.may_offer:
            return "consent"
        if reader.demanded:
            return "demand"
    return None


def choose(
    messages: Iterable[Message], reader: Reader
) -> tuple[list[Message], list[Message]]:
    """Return the messages that ``reader`` sees: the urgent ones, and those below.

    Both lists together are :data:`MOST` at most.

    :param messages: those in whose audience the reader is, in any order
    """
    shown = sorted(
        (message for message in messages if withheld(message, reader) is None),
        key=_place,
    )[:MOST]
    urgent = [message for message in shown if _is_urgent(message)]
    return urgent, [message for message in shown if not _is_urgent(message)]


def _is_urgent(message):
    return message.urgent and family(message.kind) == NOTICE


def _place(message):
    # Of two alike the newer one is more likely to be news.
    return (
        not _is_urgent(message),
        FAMILIES.index(family(message.kind)),
        message.sequence,
        -message.id,
    )


def is_address(url: str) -> bool:
    """Whether ``url`` may stand behind a link on the page.

    A web address, an e-mail address or a telephone number with its scheme, or a path on
    our own server.
    """
    url = url or ""
    if any(char.isspace() or not char.isprintable() or char == "\\" for char in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.scheme:
        return url.startswith("/") and not url.startswith("//")
    if parts.scheme not in _SCHEMES:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname)
    return bool(parts.path)


def paragraphs(text: str) -> list[list[str]]:
    """Return ``text`` as paragraphs of lines: an empty line ends a paragraph."""
    result = [[]]
    for line in (text or "").splitlines():
        line = line.strip()
        if line:
            result[-1].append(line)
        elif result[-1]:
            result.append([])
    return [lines for lines in result if lines]
