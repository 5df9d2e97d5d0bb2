"""The language of SMS gateways that are spoken to over HTTP.

Which parameters a gateway wants is a template of the company's, one ``name=value`` a
line; the one that ships is Kannel's ``sendsms``. What a gateway answers and reports is
read here, and whether a failure is the number's or only today's.

Source: Kannel 1.4.5 User's Guide, «Using the SMS services» (parameters of sendsms,
delivery reports, escape codes) and SMPP 3.4 section 5.1.3 (command status).
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from . import sms_text

#: Kannel's sendsms. ``%d`` and the like are filled in by Kannel when it reports.
KANNEL_PARAMETERS = """\
username={username}
password={password}
from={sender}
to={to}
text={text}
charset=UTF-8
coding={coding}
dlr-mask=31
dlr-url={report_url}&status=%d&reply=%A&reference=%F
"""
#: Kannel: «0: Accepted for delivery», «3: Queued for later delivery».
KANNEL_ACCEPTED = r"^\s*[03]:\s"

PLACEHOLDERS = frozenset(
    ("username", "password", "sender", "to", "text", "coding", "key", "report_url")
)
#: Kannel's coding of the two alphabets.
CODING = {sms_text.GSM7: "0", sms_text.UCS2: "2"}

#: Codes of failures that are more than a gateway's own.
NUMBER = "number"
EXPIRED = "expired"
UNDELIVERED = "undelivered"
REJECTED = "rejected"
#: Status of a delivery report → what happened to the attempt.
STATUS_EVENTS = {
    "1": "delivered",
    "2": "failed",
    "4": "sent",  # the centre keeps it for later
    "8": "sent",  # the centre has it
    "16": "failed",
}

# The number itself will not work tomorrow either.
_HARD = re.compile(
    r"""
      unknown[ _-]?(subscriber|destination|number|msisdn|recipient)
    | (invalid|illegal|bad|wrong|malformed|non-?existent)[ _-]?
      (dest\w*|recipient|receiver|msisdn|number|subscriber|phone\w*|to\b|address)
    | no[ _-]such[ _-](subscriber|number|destination)
    | (number|subscriber|destination|recipient)[ _-]
      (unknown|invalid|does[ ]not[ ]exist|not[ ]found|deactivated|ported[ ]out)
    | unallocated | landline | not[ _-]a[ _-]mobile
    | 0x0*0b\b                       # ESME_RINVDSTADR
    """,
    re.IGNORECASE | re.VERBOSE,
)
# The customer asked the operator not to get these.
_REFUSED_BY_CUSTOMER = re.compile(
    r"opt(ed)?[ _-]?out|unsubscribed|blacklist|black[ ]list|\bSTOP\b", re.IGNORECASE
)
_WITHOUT_NORDIC = str.maketrans({"æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O"})
_EXPIRED = re.compile(r"expired|validity|absent|switched[ ]off", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call.

    :param event: ``sent``, ``failed_soft``, ``failed_hard`` or ``uncertain``
    :param code: short code of the failure, for counting; empty when sent
    :param reason: the gateway's own words, for staff
    :param reference: the gateway's number of the message, when it tells one
    """

    event: str
    code: str = ""
    reason: str = ""
    reference: str = ""

    @property
    def address_fault(self) -> bool:
        """Whether a failure says something of the number, and not of the gateway."""
        return self.code == NUMBER


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report says.

    :param event: ``sent``, ``delivered``, ``failed_soft`` or ``failed_hard``
    """

    event: str
    code: str = ""
    reason: str = ""
    reference: str = ""

    @property
    def address_fault(self) -> bool:
        """Whether a failure says something of the number: not a mere refusal."""
        return self.code != REJECTED


# === SETTINGS === #


def sender_problem(sender: str) -> str:
    """Return what is wrong with the name or number messages come from; «» if nothing.

    :return: ``long``, ``signs`` or ``digits``; a name has 11 characters at the most
        and a letter among them (3GPP TS 23.040 section 9.1.2.5), a number 3 to 15
        digits, a plus in front or not
    """
    if re.fullmatch(r"\+?[0-9]+", sender):
        return "" if re.fullmatch(r"\+?[0-9]{3,15}", sender) else "digits"
    if len(sender) > 11:
        return "long"
    if not re.fullmatch(
        r"(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9])?", sender
    ):
        return "signs"
    return ""


def sender_of_name(name: str) -> str:
    """Return the sender that a company's name makes, «» if it makes none.

    Nordic letters become what Norwegians and Swedes write without them.
    """
    plain = unicodedata.normalize("NFKD", name.translate(_WITHOUT_NORDIC))
    words = re.findall(r"[A-Za-z0-9]+", plain.encode("ascii", "ignore").decode())
    sender = ""
    for word in words:
        longer = f"{sender} {word}".strip()
        if len(longer) > 11:
            break
        sender = longer
    sender = sender or "".join(words)[:11]
    return "" if not sender or sender_problem(sender) else sender


def parameters(template: str) -> list[tuple[str, str]]:
    """Return the names and value templates of a template text, in order.

    :raises ValueError: a line that is no ``name=value``, or a placeholder nobody
        fills in; the message is the offending line or placeholder
    """
    found = []
    for line in template.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            raise ValueError(line)
        for placeholder in re.findall(r"\{(\w*)\}", value):
            if placeholder not in PLACEHOLDERS:
                raise ValueError("{%s}" % placeholder)
        found.append((name.strip(), value.strip()))
    return found


def fill(template: str, values: dict[str, str]) -> list[tuple[str, str]]:
    """Return the parameters of one message; those that stay empty are left out.

    :param values: value of each of :data:`PLACEHOLDERS`
    """

    def value_of(match):
        return values[match.group(1)]

    filled = (
        (name, re.sub(r"\{(\w+)\}", value_of, value))
        for name, value in parameters(template)
    )
    return [(name, value) for name, value in filled if value]


def request_of(
    method: str, url: str, filled: list[tuple[str, str]]
) -> tuple[str, bytes | None]:
    """Return the address and the body of the call.

    :param method: ``get`` puts the parameters into the address, ``post`` into a form
    """
    encoded = urlencode(filled)
    if method == "post":
        return url, encoded.encode("ascii")
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, encoded)))
    return urlunsplit(parts._replace(query=query)), None


def without_secrets(text: str, secrets: list[str]) -> str:
    """Return a text to log or show: no passwords, whatever the gateway echoes."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text


# === ANSWERS AND REPORTS === #


def read_answer(status: int, body: str, accepted: str) -> Answer:
    """Tell from an HTTP answer what became of the message.

    Whatever leaves it open whether the gateway took the message is ``uncertain``:
    such a message is never sent again by itself.

    :param status: HTTP status
    :param body: text of the answer
    :param accepted: regular expression of an answer that means «accepted»; its group
        ``reference``, if any, is the gateway's number of the message
    """
    words = _words(body)
    if 200 <= status < 300:
        found = re.search(accepted, body)
        if found:
            reference = found.groupdict().get("reference") or ""
            return Answer("sent", reference=reference)
        return Answer("uncertain", "gateway_answer", words)
    if status in (500, 502, 504) or status < 200:
        # Broken after it may have taken the message, or a proxy that gave up waiting.
        return Answer("uncertain", f"gateway_{status}", words)
    # Refused: the gateway has nothing of it.
    if failure_kind(body) == "hard" and status not in (401, 403):
        return Answer("failed_hard", NUMBER, words)
    return Answer("failed_soft", f"gateway_{status}", words)


def read_report(status: str, reply: str = "", reference: str = "") -> Report | None:
    """Return what a delivery report says, None for a status nobody has to act on.

    :param status: Kannel's number: 1 delivered, 2 failed, 4 kept for later, 8 the
        centre has it, 16 refused by the centre
    :param reply: the centre's own words
    :param reference: the centre's number of the message
    """
    event = STATUS_EVENTS.get(status.strip())
    if event is None:
        return None
    if event != "failed":
        return Report(event, reference=reference)
    words = _words(reply) or f"status {status}"
    if failure_kind(reply) == "hard":
        return Report("failed_hard", NUMBER, words, reference)
    code = EXPIRED if _EXPIRED.search(reply) else UNDELIVERED
    if status.strip() == "16" and code != EXPIRED:
        code = REJECTED
    return Report("failed_soft", code, words, reference)


def failure_kind(words: str) -> str:
    """Return ``hard`` when words say the number is wrong or its owner refused.

    Anything else may work tomorrow, and must not count against the number: a
    gateway that refuses our password refuses all customers alike.
    """
    return (
        "hard" if _HARD.search(words) or _REFUSED_BY_CUSTOMER.search(words) else "soft"
    )


def _words(text: str) -> str:
    """Return the first 200 characters of an answer on one line."""
    return " ".join(text.split())[:200]
