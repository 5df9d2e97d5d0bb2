import smtplib
from dataclasses import asdict, dataclass
from datetime import datetime, timezone

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import groupby
from odoo.tools.mail import email_split_tuples

from odoo.addons.base.models.ir_mail_server import extract_rfc2822_addresses

from ...adapters.smtp_session import SmtpSession
from ...core import mail_key, mail_text, mime, smtp, state
from ...core.channel import ChannelError, Outcome, Prepared

# Codes of outcomes of which no server spoke.
NO_SERVER = "no_server"
BAD_ADDRESS = "bad_address"
BAD_SENDER = "bad_sender"
BAD_TEXT = "text"
CONNECTION_LOST = "connection_lost"
#: What a file takes in an e-mail, in terms of its own size.
ENCODED_SIZE = 1.37
#: Headers that each message brings itself.
_OWN_HEADERS = frozenset(
    (
        "message-id",
        "date",
        "subject",
        "to",
        "reply-to",
        "return-path",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    )
)


@dataclass(frozen=True, slots=True)
class MailParts:
    """An e-mail, all but its envelope, with nothing left to be read from the database.

    :param key: of the attempt
    :param message_id: header Message-Id
    :param email_from: header From
    :param address: of the recipient
    :param recipient_name: of the recipient
    :param reply_to: header Reply-To
    :param html: body, a whole document
    :param text: its text alternative
    :param attachments: tuples of file name, bytes and MIME type
    :param mail_server_id: the server its text asks for, False = Odoo chooses
    """

    key: str
    message_id: str
    email_from: str
    address: str
    recipient_name: str
    reply_to: str
    html: str
    text: str
    attachments: tuple = ()
    mail_server_id: int | bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all e-mails of one company and sender have in common.

    :param sender: address failures go to, as Odoo chose it for this server
    :param is_bounce: ``sender`` is the company's return address, not the sender's own
    :param is_tagged: the return address gets the key of each e-mail
    :param headers: lines of all headers that do not depend on the message
    """

    sender: str
    is_bounce: bool
    is_tagged: bool
    headers: bytes

    def sender_of(self, key):
        """Return the address failures of one e-mail go to."""
        if self.is_bounce and self.is_tagged:
            return mail_key.tagged_address(self.sender, key)
        return self.sender


class BillingChannel(models.AbstractModel):
    _inherit = "billing.channel"

    @api.model
    def _registry(self):
        """Extended with e-mail."""
        return {**super()._registry(), "email": "billing.channel.email"}


class BillingChannelEmail(models.AbstractModel):
    """E-mail through the mail servers that Odoo is set up with.

    One connection for a batch. Sender, server, rewriting of the sender and return
    address are Odoo's own decisions (``ir.mail_server``); the conversation with the
    server is ours, because who refuses what, and when, decides what comes next:
    refused before the message was handed over is known not to be sent, silence after it
    is uncertain.
    """

    _name = "billing.channel.email"
    _inherit = "billing.channel"
    _description = "E-mail"

    _channel = "email"
    _group = "email"
    # Servers tell what they could not deliver, and seldom what they could.
    _reports_delivery = False

    # === CONTRACT: ABOUT THE CHANNEL === #

    def _is_available(self, company):
        """Whether the company has an address to write from."""
        company_sudo = company.sudo()
        return bool(company_sudo.email_formatted or company_sudo.default_from_email)

    def _opted_out(self, points):
        """Those on Odoo's list of addresses that want no mail."""
        if not points:
            return points
        blacklisted_sudo = (
            self.env["mail.blacklist"]
            .sudo()
            .search([("email", "in", points.mapped("address"))])
        )
        emails = set(blacklisted_sudo.mapped("email"))
        return points.filtered(lambda point: point.address in emails)

    # === CONTRACT: PREPARING === #

    def _prepare_batch(self, attempts):
        """Extended: texts that cannot be rendered break nothing off.

        They are computed fields, rendered for all messages of a batch at once when the
        first of them is asked for.
        """
        for attempt in attempts:
            if attempt.attach_pdf:
                yield from super()._prepare_batch(attempt)
                continue
            try:
                yield attempt, self._prepare(attempt)
            except ChannelError as error:
                yield attempt, error

    def _prepare(self, attempt):
        """Put one e-mail together."""
        attempt_sudo = attempt.sudo()
        if attempt_sudo.email_error:
            # Ours to repair, and then it goes out after all.
            raise ChannelError("soft", BAD_TEXT, attempt_sudo.email_error)
        body = attempt_sudo.email_body
        before, after = attempt_sudo.email_layout
        document = f"{before}{body}{attempt_sudo._get_pixel()}{after}"
        return Prepared(
            subject=attempt_sudo.email_subject,
            text=mail_text.without_tokens(mail_text.plain(body)),
            parts=MailParts(
                key=attempt_sudo.key,
                message_id=attempt_sudo._get_message_id(),
                email_from=attempt_sudo.email_from,
                address=attempt_sudo.address,
                recipient_name=attempt_sudo.recipient_id.name or "",
                reply_to=attempt_sudo.email_reply_to,
                html=document,
                text=mail_text.plain(document),
                attachments=self._get_attachments(attempt_sudo),
                mail_server_id=attempt_sudo.content_id.mail_template_id.mail_server_id.id,
            ),
        )

    def _get_attachments(self, attempt_sudo):
        """Return the files that go along.

        The invoices' own PDFs, where the message is to bring them, and those of the
        text itself. What is too much for an e-mail stays behind: the page has it all.

        :raises ChannelError: a PDF cannot be made
        """
        if attempt_sudo.attach_pdf and not attempt_sudo.pdf_attachment_ids:
            moves_sudo = attempt_sudo.item_ids.move_id
            try:
                attempt_sudo.pdf_attachment_ids = moves_sudo._billing_own_pdfs()
            except UserError as error:
                raise ChannelError("soft", "pdf", smtp.one_line(str(error))) from error
        template_sudo = attempt_sudo.content_id.mail_template_id
        files_sudo = attempt_sudo.pdf_attachment_ids | template_sudo.attachment_ids
        if not files_sudo:
            return ()
        server_sudo = template_sudo.mail_server_id or self.env["ir.mail_server"].sudo()
        room = server_sudo._get_max_email_size() * 1024 * 1024
        if sum(files_sudo.mapped("file_size")) * ENCODED_SIZE > room:
            return ()
        return tuple((file.name, file.raw, file.mimetype) for file in files_sudo)

    # === CONTRACT: SENDING === #

    def _call(self, attempt, prepared):
        """Hand one e-mail over to the mail server."""
        [(_attempt, outcome)] = self._call_batch([(attempt, prepared)])
        return outcome

    def _call_batch(self, attempts_prepared):
        """Hand e-mails over, one connection for each company, sender and server."""
        pairs = list(attempts_prepared)
        if not pairs:
            return
        diary = self.env["billing.handover"]._open(
            [attempt for attempt, _prepared in pairs]
        )
        try:
            for (company, *_rest), group in groupby(
                pairs,
                lambda pair: (
                    pair[0].company_id,
                    pair[1].parts.email_from,
                    pair[1].parts.mail_server_id,
                ),
            ):
                yield from self._call_group(company, group, diary)
        finally:
            diary.close()

    def _call_group(self, company, pairs, diary):
        """Hand e-mails of one company, sender and server over, in one connection."""
        servers_sudo = self._get_servers(company)
        parts = pairs[0][1].parts
        sender = parts.email_from
        session = SmtpSession(
            lambda: servers_sudo._connect__(
                mail_server_id=parts.mail_server_id, smtp_from=sender
            )
        )
        envelope = None
        try:
            for attempt, prepared in pairs:
                message_id = prepared.parts.message_id
                try:
                    connection = session.connect()
                    if connection is None:
                        # Odoo itself sends no mail while it tests or installs.
                        yield attempt, Outcome(state.SENT, reference=message_id)
                        continue
                    if envelope is None:
                        envelope = self._get_envelope(
                            servers_sudo, company, sender, connection
                        )
                except (OSError, smtplib.SMTPException, UserError) as error:
                    yield attempt, self._outcome_of_trouble(NO_SERVER, error)
                except AssertionError as error:
                    yield attempt, self._outcome_of_trouble(BAD_SENDER, error)
                else:
                    yield attempt, self._hand_over(session, envelope, prepared, diary)
        finally:
            session.quit()

    def _hand_over(self, session, envelope, prepared, diary):
        """Hand one e-mail over.

        :rtype: core.channel.Outcome
        """
        parts = prepared.parts
        recipients = extract_rfc2822_addresses(parts.address)
        if not (recipients and recipients[0].isascii()):
            return Outcome(
                state.FAILED_HARD,
                code=BAD_ADDRESS,
                reason=self.env._("The e-mail address cannot be written to."),
            )
        try:
            content = self._compose(envelope, prepared, recipients[0])
        except (ValueError, LookupError) as error:
            return self._outcome_of_trouble(BAD_TEXT, error)
        diary.start(parts.key)
        answer = session.send(
            envelope.sender_of(parts.key),
            recipients[0],
            content,
            envelope_id=parts.key,
        )
        outcome = self._outcome_of(answer, parts.message_id)
        diary.end(parts.key, asdict(outcome))
        return outcome

    def _compose(self, envelope, prepared, recipient):
        """Return one message as it is handed over.

        :param str recipient: address, ASCII
        :rtype: bytes
        :raises ValueError: something in it cannot be written down
        """
        parts = prepared.parts
        own = {
            "Message-Id": parts.message_id,
            "Date": mime.date(datetime.now(timezone.utc)),
            "Subject": mime.encoded_words(prepared.subject, "Subject"),
            "To": mime.address(parts.recipient_name, recipient, "To"),
            "Reply-To": mime.address(
                *email_split_tuples(parts.reply_to)[0], "Reply-To"
            ),
            mail_key.HEADER: parts.key,
        }
        return mime.compose(
            envelope.headers
            + b"".join(mime.header(name, value) for name, value in own.items()),
            parts.html,
            parts.text,
            boundary=f"billing-{parts.key}",
            attachments=parts.attachments,
        )

    def _get_envelope(self, servers_sudo, company, sender, connection):
        """Return what Odoo makes of a message of the company, on this connection.

        Odoo, and whatever else is installed, builds a sample and decides on it: which
        sender the server is told, whether From has to be rewritten, which headers all
        messages carry.

        :raises AssertionError: there is no address to write from
        :rtype: Envelope
        """
        bounce = company.sudo().bounce_email
        headers = {
            # RFC 3834: no machine needs to answer. Exchange heeds a name of its own.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        }
        if bounce:
            headers["Return-Path"] = bounce
        sample = servers_sudo._build_email__(
            email_from=sender,
            email_to=["sample@sample.example"],
            subject="Sample",
            body="Sample",
            headers=headers,
        )
        smtp_from, _recipients, sample = servers_sudo._prepare_email_message__(
            sample, connection
        )
        common = b"".join(
            sample.policy.fold_binary(name, value)
            for name, value in sample.items()
            if name.lower() not in _OWN_HEADERS
        )
        return Envelope(
            sender=smtp_from,
            is_bounce=smtp_from == bounce,
            is_tagged=company.sudo().billing_email_tagged_return,
            headers=common,
        )

    def _get_servers(self, company):
        """Return ``ir.mail_server`` as Odoo uses it for messages of the company."""
        domain_sudo = company.sudo().alias_domain_id
        servers_sudo = self.env["ir.mail_server"].sudo().with_company(company)
        if domain_sudo:
            servers_sudo = servers_sudo.with_context(
                domain_notifications_email=domain_sudo.default_from_email
            )
        return servers_sudo

    @api.model
    def _outcome_of(self, answer, message_id):
        """Return what the answer of a mail server means.

        :param answer: ``adapters.smtp_session.Answer``
        :rtype: core.channel.Outcome
        """
        if answer.is_taken:
            return Outcome(state.SENT, reference=message_id)
        if answer.is_uncertain:
            return Outcome(
                state.UNCERTAIN,
                reference=message_id,
                code=CONNECTION_LOST,
                reason=smtp.one_line(answer.text),
            )
        if answer.is_lost:
            return self._outcome_of_trouble(CONNECTION_LOST, answer.text)
        verdict = smtp.classify_reply(answer.code, answer.text, answer.stage)
        is_hard = verdict.kind == smtp.HARD
        return Outcome(
            state.FAILED_HARD if is_hard else state.FAILED_SOFT,
            code=verdict.code,
            reason=f"{answer.code} {verdict.reason}",
            # A full mailbox ends the message, and is no reason to give up the address.
            address_fault=verdict.address == (smtp.HARD if is_hard else smtp.SOFT),
        )

    @api.model
    def _outcome_of_trouble(self, code, error):
        """Return the outcome of an e-mail that could not be begun, by our own fault."""
        return Outcome(
            state.FAILED_SOFT,
            code=code,
            reason=smtp.one_line(str(error)),
            address_fault=False,
        )

    # === CONTRACT: AFTERWARDS === #

    def _look_up(self, attempt):
        """Look in the diaries how far an e-mail came: SMTP has nobody to ask."""
        return self.env["billing.handover"]._look_up(attempt)
