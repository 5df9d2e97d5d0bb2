import logging
import smtplib
import time
import uuid
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

from lxml import etree, html
from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, config, email_normalize, formataddr

from ...adapters import handover_diary
from ...adapters.smtp_session import SmtpSession
from ...core import handover, mail_key, mail_text, smtp, state
from ...core.channel import ChannelError, Outcome, Prepared

_logger = logging.getLogger(__name__)

# Codes of outcomes of which no server spoke.
NO_SERVER = "no_server"
BAD_ADDRESS = "bad_address"
BAD_SENDER = "bad_sender"
CONNECTION_LOST = "connection_lost"
NOT_RECEIVED = "not_received"
#: Seconds before anybody asks whether a diary is still needed.
DIARY_AGE = 60


@dataclass(frozen=True, slots=True)
class MailParts:
    """An e-mail, all but its envelope.

    :param email_from: header From
    :param email_to: header To
    :param reply_to: header Reply-To
    :param html: body, a whole document
    :param text: its text alternative
    :param attachments: tuples of file name, bytes and MIME type
    """

    email_from: str
    email_to: str
    reply_to: str
    html: str
    text: str
    attachments: tuple = ()


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

    def _prepare(self, attempt):
        """Render one e-mail."""
        [(_attempt, prepared)] = self._prepare_batch(attempt)
        if isinstance(prepared, ChannelError):
            raise prepared
        return prepared

    def _prepare_batch(self, attempts):
        """Render e-mails, those with the same text and language together.

        :param attempts: ``billing.distribution.attempt`` records
        :return: pairs of attempt and ``core.channel.Prepared`` or, where that failed,
            ``core.channel.ChannelError``, in the order of ``attempts``
        :rtype: list[tuple]
        """
        attempts_sudo = attempts.sudo()
        prepared = {}
        groups = attempts_sudo.grouped(
            lambda attempt: (
                attempt.content_id.mail_template_id,
                attempt.company_id,
                attempt.lang or "",
            )
        )
        for (template, company, lang), own in groups.items():
            if not template:
                error = ChannelError(
                    "hard", "no_text", self.env._("The content has no e-mail text.")
                )
                prepared.update(dict.fromkeys(own.ids, error))
                continue
            prepared.update(self._prepare_group(template, company, lang, own))
        return [(attempt, prepared[attempt.id]) for attempt in attempts]

    def _prepare_group(self, template, company, lang, attempts):
        """Render e-mails of one text, company and language; see :meth:`_prepare_batch`.

        :rtype: dict[int, Prepared | ChannelError]
        """
        context = {"lang": lang or company.partner_id.lang, "tz": company.partner_id.tz}
        attempts = attempts.with_company(company).with_context(**context)
        template = template.sudo().with_context(**context)
        try:
            subjects = template._render_field("subject", attempts.ids)
            bodies = self._render_bodies(template, attempts)
        except Exception as error:
            if len(attempts) == 1:
                _logger.warning("An e-mail cannot be rendered", exc_info=True)
                return {attempts.id: self._rendering_error(error)}
            # One invoice must not keep the others back: find out which it is.
            prepared = {}
            for attempt in attempts:
                prepared.update(self._prepare_group(template, company, lang, attempt))
            return prepared
        before, after = self._render_layout(company, context["lang"])
        reply_to = self._get_reply_to(attempts)
        prepared = {}
        for attempt in attempts:
            body = bodies[attempt.id]
            pixel = attempt._get_pixel()
            email_from = (
                template.email_from
                and (template._render_field("email_from", attempt.ids)[attempt.id])
            )
            document = f"{before}{body}{pixel}{after}"
            prepared[attempt.id] = Prepared(
                subject=" ".join((subjects[attempt.id] or "").split()),
                text=mail_text.without_tokens(mail_text.plain(body)),
                parts=MailParts(
                    email_from=email_from or attempt._get_email_from(),
                    email_to=formataddr(
                        (attempt.recipient_id.name or "", attempt.address)
                    ),
                    reply_to=reply_to[attempt.id],
                    html=document,
                    text=mail_text.plain(document),
                    attachments=self._get_attachments(attempt),
                ),
            )
        return prepared

    def _render_bodies(self, template, attempts):
        """Render the body of a template on many records while compiling it once.

        :rtype: dict[int, str]
        """
        mark = f"<!-- {uuid.uuid4().hex} -->"
        loop = etree.Element("t", {"t-foreach": "billing_attempts", "t-as": "object"})
        etree.SubElement(loop, "t", {"t-out": "billing_mark"})
        body = html.fragment_fromstring(template.body_html or "", create_parent="t")
        loop.append(body)
        rendered = (
            self.env["ir.qweb"]
            .with_context(template.env.context)
            ._render(
                loop,
                {
                    **template._render_eval_context(),
                    "billing_attempts": attempts,
                    "billing_mark": Markup(mark),
                },
            )
        )
        _nothing, *bodies = str(rendered).split(mark)
        base_url = attempts[:1].get_base_url()
        return {
            attempt.id: template._replace_local_links(body, base_url)
            for attempt, body in zip(attempts, bodies, strict=True)
        }

    def _render_layout(self, company, lang):
        """Return what stands before and after the body of an e-mail.

        :rtype: list[str]
        """
        mark = f"<!-- {uuid.uuid4().hex} -->"
        mixin = self.env["mail.render.mixin"].with_context(lang=lang)
        document = mixin._render_encapsulate(
            "billing_base.mail_layout",
            Markup(mark),
            add_context={
                "company": company,
                "lang": lang,
                "message": SimpleNamespace(body=Markup(mark)),
                "model_description": False,
            },
        )
        return str(mixin._replace_local_links(document, company.get_base_url())).split(
            mark
        )

    def _get_reply_to(self, attempts):
        """Return where answers go: to the conversation of the first invoice.

        :rtype: dict[int, str]
        """
        moves = attempts.item_ids.move_id
        addresses = moves._notify_get_reply_to_batch(
            defaults={
                move.id: move.company_id.sudo().email_formatted for move in moves
            },
            author_ids=dict.fromkeys(moves.ids, False),
        )
        return {
            attempt.id: addresses.get(attempt.item_ids[:1].move_id.id)
            or attempt._get_email_from()
            for attempt in attempts
        }

    def _get_attachments(self, attempt):
        """Return the invoices' own PDFs, where the message is to bring them.

        :raises ChannelError: one of them cannot be made
        """
        if attempt.attach_pdf and not attempt.pdf_attachment_ids:
            try:
                attempt.pdf_attachment_ids = (
                    attempt.item_ids.move_id._billing_own_pdfs()
                )
            except UserError as error:
                raise ChannelError("soft", "pdf", smtp.one_line(str(error))) from error
        return tuple(
            (pdf.name, pdf.raw, pdf.mimetype) for pdf in attempt.pdf_attachment_ids
        )

    @api.model
    def _rendering_error(self, error):
        reason = smtp.one_line(str(error.__cause__ or error))
        return ChannelError("hard", "text", reason)

    # === CONTRACT: SENDING === #

    def _call(self, attempt, prepared):
        """Hand one e-mail over to the mail server."""
        [(_attempt, outcome)] = self._call_batch([(attempt, prepared)])
        return outcome

    def _call_batch(self, attempts_prepared):
        """Hand e-mails over, one connection for each company and sender."""
        pairs = list(attempts_prepared)
        if not pairs:
            return
        self._sweep_diaries()
        diary = handover_diary.HandoverDiary(
            self._diary_directory(), pairs[0][0].worker or 0
        )
        diary.open([attempt.key for attempt, _prepared in pairs])
        try:
            for (company, _sender), group in groupby(
                pairs, lambda pair: (pair[0].company_id, pair[1].parts.email_from)
            ):
                yield from self._call_group(company, list(group), diary)
        finally:
            diary.close()

    def _call_group(self, company, pairs, diary):
        """Hand e-mails of one company and sender over through one connection."""
        servers_sudo = self._get_servers(company)
        session = SmtpSession(
            lambda: servers_sudo._connect__(smtp_from=pairs[0][1].parts.email_from)
        )
        try:
            for attempt, prepared in pairs:
                yield (
                    attempt,
                    self._hand_over(session, servers_sudo, attempt, prepared, diary),
                )
        finally:
            session.quit()

    def _hand_over(self, session, servers_sudo, attempt, prepared, diary):
        """Hand one e-mail over.

        :rtype: core.channel.Outcome
        """
        message_id = attempt._get_message_id()
        try:
            connection = session.connect()
        except (OSError, smtplib.SMTPException, UserError) as error:
            return Outcome(
                state.FAILED_SOFT,
                code=NO_SERVER,
                reason=smtp.one_line(str(error)),
                address_fault=False,
            )
        if connection is None:
            # Odoo itself sends no mail while it tests or installs.
            return Outcome(state.SENT, reference=message_id)
        message = self._build(servers_sudo, attempt, prepared, message_id)
        try:
            sender, recipients, message = servers_sudo.with_context(
                send_validated_to=[email_normalize(attempt.address, strict=False)],
            )._prepare_email_message__(message, connection)
        except AssertionError as error:
            return self._outcome_of_unusable(servers_sudo, error)
        diary.start(attempt.key)
        answer = session.send(
            sender, recipients[0], message.as_bytes(), envelope_id=attempt.key
        )
        outcome = self._outcome_of(answer, message_id)
        diary.end(attempt.key, asdict(outcome))
        return outcome

    def _get_servers(self, company):
        """Return ``ir.mail_server`` as Odoo uses it for messages of the company."""
        domain_sudo = company.sudo().alias_domain_id
        servers_sudo = self.env["ir.mail_server"].sudo().with_company(company)
        if domain_sudo:
            servers_sudo = servers_sudo.with_context(
                domain_notifications_email=domain_sudo.default_from_email
            )
        return servers_sudo

    def _build(self, servers_sudo, attempt, prepared, message_id):
        """Return the message as Odoo would build it, with our marks."""
        parts = prepared.parts
        company_sudo = attempt.company_id.sudo()
        bounce = company_sudo.bounce_email
        if bounce and company_sudo.billing_email_tagged_return:
            bounce = mail_key.tagged_address(bounce, attempt.key)
        headers = {
            mail_key.HEADER: attempt.key,
            # RFC 3834: no machine needs to answer. Exchange heeds a name of its own.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        }
        if bounce:
            headers["Return-Path"] = bounce
        return servers_sudo._build_email__(
            email_from=parts.email_from,
            email_to=[parts.email_to],
            subject=prepared.subject,
            body=parts.html,
            body_alternative=parts.text,
            subtype="html",
            subtype_alternative="plain",
            reply_to=parts.reply_to,
            attachments=list(parts.attachments),
            message_id=message_id,
            headers=headers,
        )

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
            return Outcome(
                state.FAILED_SOFT,
                code=CONNECTION_LOST,
                reason=smtp.one_line(answer.text),
                address_fault=False,
            )
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
    def _outcome_of_unusable(self, servers_sudo, error):
        """Return what it means that Odoo finds no address to write to, or from."""
        if str(error) == servers_sudo.NO_VALID_RECIPIENT:
            return Outcome(
                state.FAILED_HARD,
                code=BAD_ADDRESS,
                reason=self.env._("The e-mail address cannot be written to."),
            )
        return Outcome(
            state.FAILED_SOFT,
            code=BAD_SENDER,
            reason=smtp.one_line(str(error)),
            address_fault=False,
        )

    # === CONTRACT: AFTERWARDS === #

    def _look_up(self, attempt):
        """Look in the diaries how far an e-mail came: SMTP has nobody to ask."""
        found = handover_diary.look_up(
            self._diary_directory(), attempt.worker or 0, attempt.key
        )
        if found is None:
            return None
        what, answer = found
        if what == handover.ANSWERED:
            return Outcome(**answer)
        if what == handover.UNTOUCHED:
            return Outcome(state.FAILED_SOFT, code=NOT_RECEIVED, address_fault=False)
        return None

    @api.model
    def _diary_directory(self):
        return Path(config["data_dir"]) / "billing_handover" / self.env.cr.dbname

    @api.model
    def _sweep_diaries(self):
        """Remove the diaries of batches whose messages are all settled."""
        directory = self._diary_directory()
        workers = handover_diary.workers(directory, time.time() - DIARY_AGE)
        if not workers:
            return
        self.env["billing.distribution.attempt"].flush_model(["state", "worker"])
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT worker FROM billing_distribution_attempt
                    WHERE state = 'calling' AND worker = ANY(%s)""",
                list(workers),
            )
        )
        handover_diary.remove(directory, workers - {worker for (worker,) in rows})
