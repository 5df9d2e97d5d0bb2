"""What the answer of a mail server means: for the message, and for the address.

The two differ. A full mailbox or a spam filter refuses this message for good, so that
the invoice must go another way at once; the address itself is right, and the next
message may well arrive. Only what says that the address does not exist, is closed, or
belongs to somebody else, may retire it.

Reply codes: RFC 5321 §4.2. Enhanced status codes ``class.subject.detail``: RFC 3463
with the additions of RFC 7372 and RFC 7505 (registry of RFC 5248).
"""

import re
from dataclasses import dataclass

SOFT = "soft"
HARD = "hard"

# How far a conversation with a server had come. Before RCPT nobody's address has been
# named: what the server dislikes then is us.
CONNECT = "connect"
SENDER = "sender"
RECIPIENT = "recipient"
CONTENT = "content"

#: Longest text of a server that is kept.
REASON_LENGTH = 200

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")

# What the digits of a permanent error say about the address. Not listed: decided by the
# subject, _ABOUT_SUBJECT.
_ABOUT_CODE = {
    (1, 7): None,  # bad syntax of the sender's address
    (1, 8): None,  # the sender's system does not exist
    (2, 2): SOFT,  # mailbox full
    (2, 3): None,  # message longer than this mailbox takes
    (2, 4): SOFT,  # mailing list cannot be expanded
    (3, 4): None,  # message longer than this system takes
    (4, 5): SOFT,  # congestion
    (4, 6): SOFT,  # loop
    (4, 7): SOFT,  # took too long
    (7, 13): HARD,  # account disabled
    (7, 17): HARD,  # mailbox has another owner now
    (7, 18): HARD,  # domain has another owner now
}
_ABOUT_SUBJECT = {
    0: HARD,  # undefined: as the class says
    1: HARD,  # address
    2: HARD,  # mailbox
    3: SOFT,  # the receiving system
    4: HARD,  # routing: no such host or domain
    5: None,  # protocol
    6: None,  # content
    7: None,  # policy: spam filters, authentication, reputation
}
# Servers say «no such user» under all codes there are; the words are clearer.
_NOBODY = re.compile(
    r"user (?:is )?(?:unknown|not found|doesn'?t exist)"
    r"|unknown (?:user|recipient|local)"
    r"|no such (?:user|recipient|mailbox|address|person|account)"
    r"|(?:mailbox|recipient|address|account|user)\b.{0,40}?"
    r"(?:does not exist|doesn'?t exist|not exist|unavailable: unknown|not found"
    r"|is disabled|has been disabled|is inactive|no longer)"
    r"|recipient address rejected: (?:access denied|undeliverable|user)"
    r"|invalid (?:recipient|mailbox)"
    r"|ukjent (?:mottaker|bruker)|okänd (?:mottagare|användare)",
    re.IGNORECASE | re.DOTALL,
)
_FULL = re.compile(
    r"mailbox (?:is )?full|over ?quota|quota (?:exceeded|full)|exceeded.{0,20}quota"
    r"|(?:insufficient|out of) (?:disk )?(?:space|storage)|exceeded storage"
    r"|postkassen? er full|brevlådan är full",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"\bspam\b|\bspf\b|\bdkim\b|\bdmarc\b|blacklist|blocklist|block list|spamhaus"
    r"|reputation|policy|greylist|graylist|too large|message size|virus",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a refusal means.

    ``kind``
        for the message: ``soft`` may be tried again, ``hard`` goes another way at once
    ``address``
        for the address: ``soft`` or ``hard`` as in ``billing.contact.point``, or None
        when the refusal is about us and says nothing of it
    ``code``
        enhanced status code if there is one, else the reply code, else ``""``
    ``reason``
        what the server said, on one line
    """

    kind: str
    address: str | None
    code: str
    reason: str


def enhanced_code(text: str) -> str:
    """Return the first enhanced status code in ``text``, or ``""``."""
    found = _ENHANCED.search(text)
    return ".".join(str(int(part)) for part in found.groups()) if found else ""


def reply_code(text: str) -> int:
    """Return the first reply code of a failure in ``text``, or 0."""
    found = _BASIC.search(_ENHANCED.sub(" ", text))
    return int(found.group(1)) if found else 0


def one_line(text: str) -> str:
    """Return ``text`` on one line and no longer than :data:`REASON_LENGTH`."""
    line = " ".join(
        "".join(letter if letter.isprintable() else " " for letter in text).split()
    )
    return line if len(line) <= REASON_LENGTH else line[: REASON_LENGTH - 1] + "…"


def classify_reply(code: int, text: str, stage: str = RECIPIENT) -> Verdict:
    """Return what a reply in an SMTP conversation means.

    4xx is soft and 5xx hard; anything else that is no success is taken as soft.

    :param code: three digits
    :param text: what followed them
    :param stage: of :data:`CONNECT`, :data:`SENDER`, :data:`RECIPIENT`,
        :data:`CONTENT`
    """
    status = enhanced_code(text)
    verdict = _classify(5 if 500 <= code <= 599 else 4, code, status, text)
    if stage == SENDER and (code == 552 or status in ("5.2.3", "5.3.4")):
        # Told the size beforehand, a server refuses what is too big at once. Nobody has
        # named a recipient yet, so it cannot be about one.
        return Verdict(verdict.kind, None, verdict.code, verdict.reason)
    if stage in (CONNECT, SENDER):
        # The server does not want us now. Other mails of the batch hear the same, and
        # tomorrow it may be put right: nothing is lost by trying again.
        return Verdict(SOFT, None, verdict.code, verdict.reason)
    about_recipient = status or _NOBODY.search(text) or _FULL.search(text)
    if stage == CONTENT and not about_recipient:
        # The recipient was accepted before: it is the message that is not wanted.
        return Verdict(verdict.kind, None, verdict.code, verdict.reason)
    return verdict


def classify_report(status: str, diagnostic: str) -> Verdict:
    """Return what the report of a failed delivery means.

    Whoever reports a failure has given up (RFC 3464 §2.3.3): the message will not
    arrive, even where the status says that the cause was a passing one.

    :param status: enhanced status code, or ``""``
    :param diagnostic: what the last server said, or the text of the report
    """
    status = enhanced_code(status) or enhanced_code(diagnostic)
    code = reply_code(diagnostic)
    family = int(status[0]) if status else code // 100
    verdict = _classify(family if family in (4, 5) else 4, code, status, diagnostic)
    return Verdict(HARD, verdict.address, verdict.code, verdict.reason)


def _classify(family: int, code: int, status: str, text: str) -> Verdict:
    reason = one_line(text)
    shown = status or (str(code) if code else "")
    if family != 5:
        # A server that puts us off says nothing about the address yet, but one that
        # does so day after day is worth noticing.
        about = None if _OURS.search(text) else SOFT
        return Verdict(SOFT, about, shown, reason)
    return Verdict(HARD, _about_address(code, status, text), shown, reason)


def _about_address(code: int, status: str, text: str) -> str | None:
    """Return what a permanent error says about the address."""
    if _NOBODY.search(text):
        return HARD
    if _FULL.search(text):
        return SOFT
    if status:
        _family, subject, detail = (int(part) for part in status.split("."))
        if (subject, detail) in _ABOUT_CODE:
            return _ABOUT_CODE[subject, detail]
        if subject in (0, 1, 2, 4) and _OURS.search(text):
            return None
        return _ABOUT_SUBJECT.get(subject, HARD)
    if _OURS.search(text):
        return None
    # 552: exceeded storage allocation. 554: transaction failed, whatever that means.
    return {552: SOFT, 554: SOFT}.get(code, HARD)
