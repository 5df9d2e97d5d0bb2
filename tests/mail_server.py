"""A real SMTP server for tests, and what other servers would send back.

It listens on a port of its own and keeps what it accepts. How it treats a recipient is
told beforehand: put off, refuse, or hang up when it has everything and before it says
so, which is the case no sender can tell from a lost message.
"""

import asyncio
import email
import email.policy
import logging
import socket
import threading
from collections import Counter, defaultdict

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, syntax

# Every line of every conversation is more than a failing test needs.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class _Server(SMTP):
    """aiosmtpd with delivery status notifications as RFC 3461 names them."""

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_MAIL(self, arg):  # noqa: N802 - aiosmtpd
        self.session.envelope_id = ""
        words = (arg or "").split()
        for word in list(words):
            if word.upper().startswith(("ENVID=", "RET=")):
                words.remove(word)
                name, _equals, value = word.partition("=")
                if name.upper() == "ENVID":
                    self.session.envelope_id = value
        await super().smtp_MAIL(" ".join(words))

    @syntax("RCPT TO: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_RCPT(self, arg):  # noqa: N802 - aiosmtpd
        words = [
            word
            for word in (arg or "").split()
            if not word.upper().startswith(("NOTIFY=", "ORCPT="))
        ]
        await super().smtp_RCPT(" ".join(words))


class _Controller(Controller):
    def factory(self):
        return _Server(self.handler, **self.SMTP_kwargs)


class Received:
    """One message a server took.

    :ivar sender: address in the envelope, where failures are reported
    :ivar recipients: addresses in the envelope
    :ivar envelope_id: ENVID, or ``""``
    :ivar content: the message, byte for byte
    :ivar message: the message, parsed
    """

    def __init__(self, envelope, envelope_id):
        self.sender = envelope.mail_from
        self.recipients = list(envelope.rcpt_tos)
        self.envelope_id = envelope_id
        self.content = envelope.content
        self.message = email.message_from_bytes(
            envelope.content, policy=email.policy.default
        )

    def body(self, kind="html"):
        """Return the text of the message, ``html`` or ``plain``."""
        return self.message.get_body((kind,)).get_content()


class MailServer:
    """The server. Use it as a context manager.

    :ivar port: where it listens, on 127.0.0.1
    :ivar received: list of :class:`Received`, in the order they came
    :ivar sessions: number of connections that greeted it
    :ivar delay: seconds it thinks before it says that it has taken a message
    """

    def __init__(self):
        self.delay = 0
        self.received = []
        self.sessions = 0
        self._answers = defaultdict(list)
        self._drops = set()
        self._sender_answer = None
        self._lock = threading.Lock()
        self._controller = None
        self.port = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exc):
        self.stop()

    def start(self):
        """Begin to listen, on the same port as before if there was one."""
        if self.port is None:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self):
        """Close the port: connections are refused from now on."""
        if self._controller:
            self._controller.stop()
            self._controller = None

    def start_again(self):
        """Listen again after :meth:`stop`; nothing happens to one that listens."""
        if self._controller is None:
            self.start()

    def forget(self):
        """Behave as at the beginning, with an empty mailbox."""
        self.received.clear()
        self.sessions = 0
        self.delay = 0
        self._answers.clear()
        self._drops.clear()
        self._sender_answer = None

    # How it behaves

    def answer(self, address, *answers):
        """Say this to the recipient's address: once each, the last one for good.

        :param address: of the recipient
        :param answers: replies such as ``450 4.2.0 later``; empty: accepted
        """
        self._answers[address] = list(answers)

    def answer_sender(self, reply):
        """Say this to whoever wants to send; None: everybody may."""
        self._sender_answer = reply

    def drop_after_data(self, address):
        """Take messages to the address, and hang up instead of saying so."""
        self._drops.add(address)

    # What it got

    def to(self, address):
        """Return what was taken for the address."""
        return [mail for mail in self.received if address in mail.recipients]

    def counts(self):
        """Return how many messages each address got."""
        return Counter(to for mail in self.received for to in mail.recipients)

    # aiosmtpd

    async def handle_EHLO(  # noqa: N802
        self, server, session, envelope, hostname, responses
    ):
        session.host_name = hostname
        self.sessions += 1
        return [responses[0], "250-DSN", *responses[1:]]

    async def handle_MAIL(  # noqa: N802
        self, server, session, envelope, address, options
    ):
        if self._sender_answer:
            return self._sender_answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server, session, envelope, address, options
    ):
        with self._lock:
            answers = self._answers.get(address)
            reply = answers[0] if answers else ""
            if answers and len(answers) > 1:
                answers.pop(0)
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received.append(Received(envelope, session.envelope_id))
        if self.delay:
            await asyncio.sleep(self.delay)
        if self._drops.intersection(envelope.rcpt_tos):
            server.transport.abort()
        return "250 OK"


# What comes back


def delivery_report(
    mail,
    status="5.1.1",
    diagnostic="smtp; 550 5.1.1 User unknown",
    action="failed",
    original="message",
    recipient=None,
):
    """Return the report of a server further on about a message it had taken.

    :param mail: :class:`Received`
    :param status: enhanced status code
    :param diagnostic: field of that name
    :param action: ``failed``, ``delayed`` or ``delivered``
    :param original: ``message``, ``headers``, ``envelope`` (only the envelope id) or
        ``nothing``
    :param recipient: address in the report; None = as it was sent to
    :rtype: bytes
    """
    headers = mail.content.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode()
    returned = {
        "message": (
            "--B\nContent-Type: message/rfc822\n\n"
            + mail.content.replace(b"\r\n", b"\n").decode()
            + "\n"
        ),
        "headers": f"--B\nContent-Type: text/rfc822-headers\n\n{headers}\n",
    }.get(original, "")
    envelope = ""
    if original == "envelope":
        envelope = f"Original-Envelope-Id: {mail.envelope_id}\n"
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.kunde.example>
To: {mail.sender}
Message-Id: <{abs(hash((mail.content, action, original)))}@mx.kunde.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

This is the mail system at host mx.kunde.example.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.kunde.example
{envelope}
Final-Recipient: rfc822; {recipient or mail.recipients[0]}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

{returned}
--B--
""".encode()


def complaint(mail):
    """Return the report that a customer marked the message as spam (ARF).

    :param mail: :class:`Received`
    :rtype: bytes
    """
    return (
        f"""\
From: abuse@kunde.example
To: {mail.sender}
Message-Id: <complaint-{abs(hash(mail.content))}@kunde.example>
MIME-Version: 1.0
Subject: FW: {mail.message["Subject"]}
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

This is an abuse report.

--B
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Mailbox/1.0
Version: 1

--B
Content-Type: message/rfc822

""".encode()
        + mail.content.replace(b"\r\n", b"\n")
        + b"\n--B--\n"
    )


def automatic_answer(mail, to=None):
    """Return what a mailbox answers whose owner is away.

    :param mail: :class:`Received`
    :param to: None = the address in the envelope, as RFC 3834 wants it
    :rtype: bytes
    """
    return f"""\
Return-Path: <>
From: {mail.recipients[0]}
To: {to or mail.sender}
Message-Id: <away-{abs(hash(mail.content))}@kunde.example>
In-Reply-To: {mail.message["Message-Id"]}
Auto-Submitted: auto-replied
Subject: Automatic reply: {mail.message["Subject"]}
Content-Type: text/plain

I am away until 550 5.1.1 days have passed.
""".encode()


def answer_of_a_person(mail, text="Hello"):
    """Return the answer of a customer who pressed «reply».

    :param mail: :class:`Received`
    :rtype: bytes
    """
    return f"""\
From: {mail.recipients[0]}
To: {mail.message["Reply-To"]}
Message-Id: <answer-{abs(hash(mail.content))}@kunde.example>
In-Reply-To: {mail.message["Message-Id"]}
References: {mail.message["Message-Id"]}
Subject: Re: {mail.message["Subject"]}
Content-Type: text/plain

{text}
""".encode()
