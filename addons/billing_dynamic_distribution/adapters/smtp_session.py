"""Handing messages over to a mail server, and knowing how far one came.

``smtplib`` speaks the commands; the order, and what each silence means, is decided
here. Until the server has asked for the content nothing was handed over, and a lost
connection is only that. From then on nobody but the server knows.
"""

import re
import smtplib
from dataclasses import dataclass

from ..core import smtp

_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class Answer:
    """How the handing over of one message ended.

    :param stage: of ``core.smtp``: how far it came
    :param code: the server's last reply, 0 if there was none
    :param text: what it said, or what went wrong
    :param is_lost: the connection was lost at that stage
    """

    stage: str
    code: int
    text: str
    is_lost: bool = False

    @property
    def is_taken(self):
        """The server has taken the message."""
        return self.stage == smtp.CONTENT and 200 <= self.code < 300

    @property
    def is_uncertain(self):
        """The server may have taken the message."""
        return self.stage == smtp.CONTENT and self.is_lost


class SmtpSession:
    """A connection to a mail server that is opened when it is needed.

    :param open_connection: returns a greeted ``smtplib.SMTP``, None where nothing is to
        be sent; raises what ``smtplib`` raises
    """

    def __init__(self, open_connection):
        self._open = open_connection
        self._connection = None
        self._trouble = None

    def connect(self):
        """Return the connection, opened if there is none.

        A server that could not be reached is not tried again in the same session: the
        other messages would wait for the same time-out.

        :rtype: smtplib.SMTP | None
        :raises Exception: as ``open_connection`` does
        """
        if self._trouble is not None:
            raise self._trouble
        if self._connection is None:
            try:
                self._connection = self._open()
            except Exception as error:
                self._trouble = error
                raise
        return self._connection

    def quit(self):
        """Take leave of the server, if it is still there."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                # It has what it has answered for; how it hangs up is its own affair.
                connection.close()

    def send(self, sender, recipient, content, envelope_id=""):
        """Hand one message over.

        A connection that turns out to be dead, or that the server wants to close,
        before the message was begun is opened anew once.

        :param str sender: address failures are reported to
        :param str recipient: address
        :param bytes content: the message, lines ended with CR LF
        :param str envelope_id: what reports are to name it by (ENVID)
        :rtype: Answer
        """
        self.connect()
        answer = self._send(sender, recipient, content, envelope_id)
        if answer.stage == smtp.SENDER and (answer.is_lost or answer.code == _CLOSING):
            self.quit()
            try:
                self.connect()
            except (OSError, smtplib.SMTPException) as error:
                return Answer(smtp.CONNECT, 0, str(error), is_lost=True)
            answer = self._send(sender, recipient, content, envelope_id)
        return answer

    def _send(self, sender, recipient, content, envelope_id):
        connection = self._connection
        has_reports = connection.has_extn("dsn")
        options = []
        if connection.has_extn("size"):
            options.append(f"SIZE={len(content)}")
        if connection.has_extn("8bitmime") and not content.isascii():
            options.append("BODY=8BITMIME")
        if has_reports:
            options.append("RET=HDRS")
            if envelope_id:
                options.append(f"ENVID={envelope_id}")
        stage = smtp.SENDER
        try:
            code, text = connection.mail(sender, options)
            if code == 250:
                stage = smtp.RECIPIENT
                code, text = connection.rcpt(
                    recipient, ["NOTIFY=FAILURE,DELAY"] if has_reports else []
                )
            if stage == smtp.RECIPIENT and code in (250, 251):
                code, text = connection.docmd("DATA")
                if code == 354:
                    stage = smtp.CONTENT
                    connection.send(
                        _LEADING_DOT.sub(b"..", content).rstrip(b"\r\n") + b"\r\n.\r\n"
                    )
                    code, text = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Answer(stage, 0, str(error) or type(error).__name__, is_lost=True)
        if code == _CLOSING:
            self._drop()
        elif stage != smtp.CONTENT:
            self._reset()
        return Answer(stage, code, _decode(text))

    def _reset(self):
        """Begin anew after a refusal."""
        try:
            self._connection.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self):
        """Give up the connection without another word."""
        self._connection.close()
        self._connection = None


def _decode(text):
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
