"""What a message that came in tells about an e-mail of ours.

Reads delivery status notifications (RFC 3464), complaints (ARF, RFC 5965), automatic
answers (RFC 3834) and the free text that some servers send instead of a report. Takes
parsed messages, knows nothing of Odoo, and never fails on what strangers wrote.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string, policy
from email.header import decode_header, make_header
from email.message import Message

from . import mail_key, smtp

FAILED = "failed"
DELAYED = "delayed"
DELIVERED = "delivered"
COMPLAINT = "complaint"
AUTO_REPLY = "auto_reply"

#: Action field of a report (RFC 3464 §2.3.3) → kind. «relayed» and «expanded» prove
#: nothing about the last stretch.
_ACTIONS = {
    "failed": FAILED,
    "delayed": DELAYED,
    "delivered": DELIVERED,
}
#: Letters of a report that are searched for what it does not say in its fields.
_TEXT_LIMIT = 20_000
#: Parts of a message that are looked at: what is longer is no report.
_PARTS_LIMIT = 50

_ADDRESS = re.compile(
    r"[^\s<>;,:\"'()\[\]]+@[^\s<>;,:\"'()\[\]]+\.[^\s<>;,:\"'()\[\]]+"
)
_DAEMON = re.compile(r"(?:^|<)(?:mailer-daemon|mail-daemon|postmaster)@", re.IGNORECASE)
_UNDELIVERED = re.compile(
    r"undeliver|delivery (?:status notification|has failed|failure|failed|incomplete)"
    r"|returned (?:mail|to sender)|failure notice|could ?n[o']t be delivered"
    r"|mail delivery (?:failed|system)|ikke leveres|ikke levert|kunde inte levereras",
    re.IGNORECASE,
)
_NO_FAILURE_YET = re.compile(r"\bdelay|\bwarning\b|forsink|fördröj", re.IGNORECASE)
#: qmail and its descendants: ``<kari@kunde.example>:`` on a line of its own.
_RECIPIENT_LINE = re.compile(r"^[ \t]*<([^<>\s]+@[^<>\s]+)>:?[ \t]*\r?$", re.MULTILINE)
_AWAY = re.compile(
    r"^(?:automatic reply|auto(?:matic|mated)?[ -]?(?:reply|response)|autoreply"
    r"|out of (?:the )?office|ooo\b|autosvar|automatisk(?:t)? svar|fraværs|frånvaro"
    r"|automatische antwort|abwesen)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What one message tells about one recipient.

    ``kind``
        one of the constants of this module
    ``recipient``
        address the e-mail was for, lower case, or ``""``
    ``status``
        enhanced status code, or ``""``
    ``diagnostic``
        what the last server said, on one line
    ``keys``
        keys of attempts of ours, the surest first
    ``message_ids``
        Message-Ids the report is about, with their brackets
    """

    kind: str
    recipient: str = ""
    status: str = ""
    diagnostic: str = ""
    keys: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()


def read(message: Message) -> tuple[Report, ...]:
    """Return what ``message`` tells; nothing if it is an ordinary e-mail.

    :param message: an incoming e-mail, parsed
    :return: one report for each recipient that the message names
    """
    parts = _parts(message)
    feedback = _first(parts, "message/feedback-report")
    if feedback is not None:
        return (_complaint(message, parts, feedback),)
    status = _first(parts, "message/delivery-status")
    if status is None:
        status = _first(parts, "message/global-delivery-status")
    if status is not None:
        return tuple(_delivery_reports(message, parts, status))
    if _is_auto_reply(message):
        keys, message_ids = _references(message, parts)
        return (Report(AUTO_REPLY, keys=keys, message_ids=message_ids),)
    if _is_free_text_bounce(message):
        return _free_text(message, parts)
    return ()


def _parts(message: Message) -> list[Message]:
    """Return the parts of the message, those inside an enclosed message too."""
    parts = []
    for part in message.walk():
        parts.append(part)
        if len(parts) == _PARTS_LIMIT:
            break
    return parts


def _first(parts: list[Message], content_type: str) -> Message | None:
    return next(
        (part for part in parts if part.get_content_type() == content_type), None
    )


def _header(message: Message, name: str) -> str:
    """Return a header as text, whatever bytes it consists of."""
    try:
        value = message.get(name)
        return str(make_header(decode_header(str(value)))) if value is not None else ""
    except (
        ValueError,
        LookupError,
        UnicodeError,
        AttributeError,
        TypeError,
        IndexError,
    ):
        return ""


def _text(part: Message) -> str:
    """Return the text of a part, as far as it can be read."""
    payload = part.get_payload(decode=True)
    if payload is None:
        payload = part.get_payload()
        return payload[:_TEXT_LIMIT] if isinstance(payload, str) else ""
    return payload[:_TEXT_LIMIT].decode("utf-8", "replace")


def _address(text: str) -> str:
    """Return the address in a field such as ``rfc822; <Kari@kunde.example>``."""
    found = _ADDRESS.search(text.rpartition(";")[2])
    return found.group().lower() if found else ""


def _original(parts: list[Message]) -> Message | None:
    """Return the returned e-mail, or its headers."""
    for part in parts:
        content_type = part.get_content_type()
        if content_type in ("message/rfc822", "message/global"):
            payload = part.get_payload()
            if isinstance(payload, list) and payload:
                return payload[0]
            return message_from_string(_text(part), policy=policy.compat32)
        if content_type in ("text/rfc822-headers", "message/global-headers"):
            return message_from_string(_text(part), policy=policy.compat32)
    return None


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields of a status part: of the message, then recipients."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    return [
        message_from_string(block, policy=policy.compat32)
        for block in re.split(r"\r?\n[ \t]*\r?\n", _text(part).strip())
        if block
    ]


def _references(
    message: Message, parts: list[Message], envelope_id: str = ""
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys and the Message-Ids that the message is about."""
    keys: list[str] = []
    message_ids: list[str] = []
    original = _original(parts)
    if original is not None:
        keys.append(mail_key.bare_key(_header(original, mail_key.HEADER)))
        own_id = _header(original, "Message-Id")
        keys.extend(mail_key.keys_in(own_id))
        message_ids.extend(re.findall(r"<[^<>\s]+>", own_id))
        other_id = _header(original, "X-Microsoft-Original-Message-ID")
        keys.extend(mail_key.keys_in(other_id))
        message_ids.extend(re.findall(r"<[^<>\s]+>", other_id))
    keys.append(mail_key.bare_key(envelope_id))
    for name in ("To", "Delivered-To", "X-Original-To", "Envelope-To"):
        keys.extend(mail_key.keys_in(_header(message, name)))
    for name in ("In-Reply-To", "References"):
        value = _header(message, name)
        keys.extend(mail_key.keys_in(value))
        message_ids.extend(re.findall(r"<[^<>\s]+>", value))
    for part in parts:
        if part.get_content_maintype() == "text":
            keys.extend(mail_key.keys_in(_text(part)))
    return (
        tuple(dict.fromkeys(key for key in keys if key)),
        tuple(dict.fromkeys(message_ids)),
    )


def _complaint(message: Message, parts: list[Message], feedback: Message) -> Report:
    """Read a complaint; RFC 5965 §3."""
    # The fields are the body of the part; some parsers take them for headers of it.
    blocks = [*_blocks(feedback), feedback]
    keys, message_ids = _references(message, parts)
    original = _original(parts)
    recipient = next(
        filter(
            None,
            (_address(_header(block, "Original-Rcpt-To")) for block in blocks),
        ),
        "",
    )
    if not recipient and original is not None:
        recipient = _address(_header(original, "To"))
    kind = next(
        filter(None, (_header(block, "Feedback-Type").strip() for block in blocks)), ""
    )
    return Report(
        # Not sent by an unhappy customer: «not-spam» and results of authentication.
        DELIVERED if kind.lower() in ("not-spam", "auth-failure") else COMPLAINT,
        recipient=recipient,
        diagnostic=smtp.one_line(kind),
        keys=keys,
        message_ids=message_ids,
    )


def _delivery_reports(
    message: Message, parts: list[Message], status: Message
) -> Iterator[Report]:
    """Read a delivery status notification; RFC 3464 §2."""
    blocks = _blocks(status)
    envelope_id = next(
        filter(None, (_header(block, "Original-Envelope-Id") for block in blocks)), ""
    )
    keys, message_ids = _references(message, parts, envelope_id)
    for block in blocks:
        action = _header(block, "Action").strip().lower()
        recipients = [
            address
            for name in ("Original-Recipient", "Final-Recipient")
            if (address := _address(_header(block, name)))
        ]
        code = smtp.enhanced_code(_header(block, "Status"))
        if not (action or recipients or code):
            continue
        if action:
            kind = _ACTIONS.get(action)
        else:
            # Left out by some; the class of the status says it (RFC 3463 §3.1).
            kind = {"2": DELIVERED, "4": DELAYED, "5": FAILED}.get(code[:1])
        if kind is None:
            continue
        diagnostic = _header(block, "Diagnostic-Code").partition(";")
        yield Report(
            kind,
            recipient=recipients[0] if recipients else "",
            status=code,
            diagnostic=smtp.one_line(diagnostic[2].strip() or diagnostic[0].strip()),
            keys=keys,
            message_ids=message_ids,
        )


def _is_auto_reply(message: Message) -> bool:
    """Whether a person's mailbox answered by itself; RFC 3834 §5 and older habits."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted == "auto-replied":
        return not _is_free_text_bounce(message)
    if submitted == "no":
        return False
    if any(
        _header(message, name)
        for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder")
    ):
        return True
    if _header(message, "Precedence").strip().lower() == "auto_reply":
        return True
    return bool(_AWAY.match(_header(message, "Subject").strip()))


def _is_free_text_bounce(message: Message) -> bool:
    """Whether a mail server, not a person, wrote that something did not arrive."""
    null_sender = _header(message, "Return-Path").strip() == "<>"
    from_daemon = bool(_DAEMON.search(_header(message, "From")))
    failed_header = bool(_header(message, "X-Failed-Recipients"))
    subject = _header(message, "Subject")
    return failed_header or (
        (null_sender or from_daemon) and bool(_UNDELIVERED.search(subject))
    )


def _free_text(message: Message, parts: list[Message]) -> tuple[Report, ...]:
    """Read what a server wrote for people, such as qmail's «failure notice»."""
    if _NO_FAILURE_YET.search(_header(message, "Subject")):
        kind = DELAYED
    else:
        kind = FAILED
    keys, message_ids = _references(message, parts)
    text = next(
        (_text(part) for part in parts if part.get_content_type() == "text/plain"), ""
    )
    original = _original(parts)
    recipient = _address(_header(message, "X-Failed-Recipients").partition(",")[0])
    if not recipient and original is not None:
        recipient = _address(_header(original, "To"))
    if not recipient and (line := _RECIPIENT_LINE.search(text)):
        recipient = _address(line.group(1))
    return (
        Report(
            kind,
            recipient=recipient,
            status=smtp.enhanced_code(text),
            diagnostic=smtp.one_line(_about_failure(text)),
            keys=keys,
            message_ids=message_ids,
        ),
    )


def _about_failure(text: str) -> str:
    """Return the line of the text with the answer of the server, else its beginning."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if smtp.enhanced_code(line) or re.match(r"(?:.*\s)?[45]\d\d[ -]", line):
            return line
    return " ".join(lines)
