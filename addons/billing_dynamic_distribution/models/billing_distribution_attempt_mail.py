import logging
import uuid
from datetime import date
from types import SimpleNamespace

import psycopg2
from lxml import etree, html
from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_amount, format_date, hmac, plaintext2html
from odoo.tools.mail import generate_tracking_message_id

from odoo.addons.billing_base.core import visitor

from ..core import mail_key, smtp, state

_logger = logging.getLogger(__name__)

#: States in which an e-mail may be with the customer, so that it belongs to the
#: conversation: one whose arrival is uncertain may be answered like any other.
_SEEN_BY_CUSTOMER = state.REACHED | {state.UNCERTAIN}


class BillingDistributionAttempt(models.Model):
    """What the texts of a message ask for, and its place in the conversation."""

    _inherit = "billing.distribution.attempt"

    # Texts, in the language of the environment
    invoice_names = fields.Char(compute="_compute_texts")
    total_text = fields.Char(compute="_compute_texts")
    due_text = fields.Char(compute="_compute_texts")
    page_url = fields.Char(compute="_compute_texts")
    invoices_html = fields.Html(
        compute="_compute_invoices_html",
        sanitize=False,
        help="Amount, due date and reference number of each invoice, and the button "
        "that opens its page.",
    )

    # The e-mail, in the language of the customer
    email_subject = fields.Char(
        string="Subject of the E-mail", compute="_compute_email"
    )
    email_body = fields.Html(compute="_compute_email", sanitize=False)
    email_layout = fields.Json(
        compute="_compute_email", help="What stands before and after the body."
    )
    email_from = fields.Char(string="From", compute="_compute_email")
    email_reply_to = fields.Char(string="Answers To", compute="_compute_email")
    email_error = fields.Char(
        compute="_compute_email", help="Why the e-mail cannot be rendered."
    )

    # Reports of failure that name the recipient only.
    _email_address_idx = models.Index("(address, called_at) WHERE channel = 'email'")

    # === COMPUTE METHODS - PLACES IN TEXTS === #

    @api.depends("item_ids.move_id")
    @api.depends_context("lang")
    def _compute_texts(self):
        for attempt in self:
            items_sudo = attempt.sudo().item_ids
            attempt.invoice_names = ", ".join(
                item.move_id.name or "" for item in items_sudo
            )
            attempt.total_text = attempt._total_text()
            attempt.due_text = attempt.sudo()._due_text("long")
            attempt.page_url = attempt._first_item().page_url

    @api.depends("item_ids.move_id")
    @api.depends_context("lang")
    def _compute_invoices_html(self):
        call = etree.Element(
            "t", {"t-call": "billing_dynamic_distribution.mail_invoices"}
        )
        rendered = self._render_each(
            call, "invoices", [attempt._get_invoice_values() for attempt in self]
        )
        for attempt, text in zip(self, rendered, strict=True):
            attempt.invoices_html = Markup(text)

    def _get_invoice_values(self):
        """Return what a message says of each of its invoices, the first due first.

        :rtype: list[dict]
        """
        self.ensure_one()
        items_sudo = self.sudo().item_ids.sorted(
            lambda item: (item.date_due or date.max, item.id)
        )
        return [
            {
                "name": item.move_id.name,
                "amount": format_amount(self.env, item.amount_due, item.currency_id),
                "due": item.date_due
                and format_date(self.env, item.date_due, date_format="long"),
                "reference": item.reference,
                "account": item.move_id.partner_bank_id.acc_number,
                "url": item.page_url,
                "is_open": not item.currency_id.is_zero(item.amount_due),
            }
            for item in items_sudo
        ]

    # === COMPUTE METHODS - E-MAIL === #

    @api.depends("content_id.mail_template_id", "lang", "company_id", "item_ids")
    def _compute_email(self):
        """Render e-mails, those with the same text, company and language together."""
        groups = self.sudo().grouped(
            lambda attempt: (
                attempt.content_id.mail_template_id,
                attempt.company_id,
                attempt.lang or attempt.company_id.partner_id.lang or "en_US",
            )
        )
        for (template, company, lang), attempts_sudo in groups.items():
            if template:
                attempts_sudo._render_emails(template, company, lang)
            else:
                attempts_sudo._set_email(
                    error=self.env._("The content has no e-mail text.")
                )

    def _render_emails(self, template, company, lang):
        """Compute the e-mails of one text, company and language.

        One that cannot be rendered does not keep the others back.
        """
        attempts = self.with_company(company).with_context(
            lang=lang, tz=company.partner_id.tz
        )
        template = template.with_env(attempts.env)
        try:
            subjects = template._render_field("subject", attempts.ids)
            senders = (
                template._render_field("email_from", attempts.ids)
                if template.email_from
                else {}
            )
            reply_to = (
                template._render_field("reply_to", attempts.ids)
                if template.reply_to
                else attempts._get_reply_to()
            )
            bodies = attempts._render_bodies(template)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(self) > 1:
                for attempt in self:
                    attempt._render_emails(template, company, lang)
                return
            _logger.info("Message %s cannot be rendered", self.id, exc_info=True)
            self._set_email(error=smtp.one_line(str(error.__cause__ or error)))
            return
        layout = attempts._render_layout(company, lang)
        for attempt in self:
            attempt._set_email(
                " ".join((subjects[attempt.id] or "").split()),
                bodies[attempt.id],
                layout,
                senders.get(attempt.id) or attempt._get_email_from(),
                reply_to[attempt.id],
            )

    def _set_email(
        self,
        subject=False,
        body=False,
        layout=False,
        email_from=False,
        reply_to=False,
        error=False,
    ):
        """Assign the computed fields of an e-mail."""
        self.email_subject = subject
        self.email_body = body
        self.email_layout = layout
        self.email_from = email_from
        self.email_reply_to = reply_to
        self.email_error = error

    def _render_bodies(self, template):
        """Render the body of a template on the records.

        :rtype: dict[int, markupsafe.Markup]
        """
        body = html.fragment_fromstring(template.body_html or "", create_parent="t")
        rendered = self._render_each(body, "object", self)
        base_url = self[:1].get_base_url()
        return {
            attempt.id: template._replace_local_links(Markup(text), base_url)
            for attempt, text in zip(self, rendered, strict=True)
        }

    def _render_layout(self, company, lang):
        """Return what stands before and after the body of an e-mail.

        :rtype: list[str]
        """
        mark = Markup(f"<!-- {uuid.uuid4().hex} -->")
        mixin = self.env["mail.render.mixin"]
        document = mixin._render_encapsulate(
            "billing_base.mail_layout",
            mark,
            add_context={
                "company": company,
                "lang": lang,
                "message": SimpleNamespace(body=mark),
                "model_description": False,
            },
        )
        document = mixin._replace_local_links(document, company.get_base_url())
        return str(document).split(mark)

    @api.model
    def _render_each(self, element, name, values):
        """Render a piece of QWeb for each of many values, compiling it once.

        :param element: the piece, an ``lxml`` element
        :param str name: what it calls the value
        :param values: a sequence
        :rtype: list[str]
        """
        mark = f"<!-- {uuid.uuid4().hex} -->"
        loop = etree.Element("t", {"t-foreach": "billing_values", "t-as": name})
        etree.SubElement(loop, "t", {"t-out": "billing_mark"})
        loop.append(element)
        rendered = self.env["ir.qweb"]._render(
            loop,
            {
                **self.env["mail.render.mixin"]._render_eval_context(),
                "billing_values": values,
                "billing_mark": Markup(mark),
            },
        )
        return str(rendered).split(mark)[1:]

    def _get_reply_to(self):
        """Return where answers go: to the conversation of the first invoice.

        :rtype: dict[int, str]
        """
        moves = self.item_ids.move_id
        addresses = moves._notify_get_reply_to_batch(
            defaults={
                move.id: move.company_id.sudo().email_formatted for move in moves
            },
            author_ids=dict.fromkeys(moves.ids, False),
        )
        return {
            attempt.id: addresses.get(attempt._first_item().move_id.id)
            or attempt._get_email_from()
            for attempt in self
        }

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Override of `mail`: places that everybody may use in the texts."""
        return (
            *super().mail_allowed_qweb_expressions(),
            "object.lang",
            "object.recipient_id.name",
            "object.company_id.name",
            "object.invoice_names",
            "object.total_text",
            "object.due_text",
            "object.page_url",
            "object.invoices_html",
        )

    # === BUSINESS METHODS - CONVERSATION === #

    @api.model
    def _apply_all(self, reports):
        """Extended: e-mails that went out stand in the conversations of invoices.

        Those that came back afterwards are marked there, as Odoo's own are.
        """
        ids = [attempt.id for attempt, _event, _report in reports]
        moved = super()._apply_all(
            # What is asked of one of them is read for all.
            [
                (attempt.with_prefetch(ids), event, report)
                for attempt, event, report in reports
            ]
        )
        emails_sudo = moved.sudo().filtered(lambda attempt: attempt.channel == "email")
        emails_sudo.filtered(
            lambda attempt: (
                not attempt.mail_message_id and attempt.state in _SEEN_BY_CUSTOMER
            )
        )._log_in_conversations()
        emails_sudo.filtered(
            lambda attempt: (
                attempt.mail_message_id and attempt.state == state.FAILED_HARD
            )
        )._mark_as_bounced()
        return moved

    def _log_in_conversations(self):
        """Put the e-mails into the conversations of their invoices, sending nothing.

        The first invoice of a bundle gets the message under the id it was sent with:
        that is where answers go. The number of statements is constant.

        :return: None
        """
        if not self:
            return
        subtype_id = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment")
        vals_list, attempts = [], []
        for attempt in self:
            company = attempt.company_id
            email_from = attempt._get_email_from()
            body = plaintext2html(attempt.preview or "")
            for item in attempt.item_ids:
                is_first = item == attempt._first_item()
                vals_list.append(
                    {
                        "model": item.move_id._name,
                        "res_id": item.move_id.id,
                        "message_type": "email_outgoing",
                        "subtype_id": subtype_id,
                        "is_internal": False,
                        "author_id": company.partner_id.id,
                        "email_from": email_from,
                        "reply_to": email_from,
                        "date": attempt.sent_at or attempt.called_at,
                        "subject": attempt.subject,
                        "body": body,
                        "message_id": (
                            attempt._get_message_id()
                            if is_first
                            else generate_tracking_message_id("billing-copy")
                        ),
                        "partner_ids": [],
                        "attachment_ids": [
                            fields.Command.link(pdf.id)
                            for pdf in attempt.pdf_attachment_ids
                            if pdf.res_id == item.move_id.id
                        ],
                        "record_alias_domain_id": company.alias_domain_id.id,
                        "record_company_id": company.id,
                        "email_add_signature": False,
                    }
                )
                attempts.append(attempt)
        messages_sudo = self.env["mail.message"].sudo().create(vals_list)
        for attempt, message in zip(attempts, messages_sudo, strict=True):
            if message.message_id == attempt._get_message_id():
                attempt.mail_message_id = message
        self.env["mail.notification"].sudo().create(
            [
                {
                    "mail_message_id": message.id,
                    "author_id": message.author_id.id,
                    "res_partner_id": attempt.recipient_id.id,
                    "mail_email_address": attempt.address,
                    "notification_type": "email",
                    "notification_status": "sent",
                    "is_read": True,
                }
                for attempt, message in zip(attempts, messages_sudo, strict=True)
            ]
        )

    def _mark_as_bounced(self):
        """Show in the conversations that the e-mails did not arrive.

        :return: None
        """
        for attempt in self:
            attempt.mail_message_id.notification_ids.filtered(
                lambda notification: notification.notification_type == "email"
            ).write(
                {
                    "notification_status": "bounce",
                    "failure_type": "mail_bounce",
                    "failure_reason": attempt.failure_reason,
                }
            )

    # === HELPERS - E-MAIL === #

    def _first_item(self):
        """Return the item of the first invoice, read together with its likes."""
        self.ensure_one()
        # A slice would be read from the database all by itself.
        items_sudo = self.sudo().item_ids
        return next(iter(items_sudo), items_sudo)

    def _get_email_from(self):
        """Return who the e-mail comes from, as its header says it."""
        self.ensure_one()
        company_sudo = self.company_id.sudo()
        return (
            company_sudo.email_formatted
            or company_sudo.default_from_email
            or company_sudo.catchall_formatted
        )

    def _get_message_id(self):
        """Return the Message-Id of the e-mail."""
        self.ensure_one()
        domain = (self._get_email_from() or "").rpartition("@")[2].strip("> ")
        return mail_key.message_id(self.key, domain or "localhost")

    # === BUSINESS METHODS - PICTURE === #

    def _may_be_tracked(self):
        """Whether the company wants, and the customer agreed to, read tracking."""
        self.ensure_one()
        return bool(
            self.company_id.sudo().billing_email_pixel
            and self.contact_point_id.sudo().consent_tracking
        )

    def _get_pixel(self):
        """Return the invisible picture of the e-mail, empty where there is to be none.

        :rtype: markupsafe.Markup
        """
        self.ensure_one()
        if not self._may_be_tracked():
            return Markup()
        return Markup(
            '<img src="%s/billing/email/seen/%s/%s.gif" alt="" width="1" height="1" />'
        ) % (self.company_id.get_base_url(), self.id, self._get_pixel_token())

    def _get_pixel_token(self):
        """Return what makes the address of the picture unguessable."""
        self.ensure_one()
        return hmac(self.env(su=True), "billing_email_seen", self.sudo().key)

    def _pixel_shown(self, verdict):
        """Note that the picture was loaded, if that may still be noted.

        :param verdict: ``billing_base.core.visitor.Verdict`` of who loaded it
        :return: None
        """
        self.ensure_one()
        if not self._may_be_tracked():
            return
        if verdict.who == visitor.PERSON:
            self._apply(state.OPENED)
        if verdict.who != visitor.MACHINE:
            return
        self.env["billing.event"]._log(
            [
                {
                    "kind": "delivery.machine",
                    "move_id": item.move_id.id,
                    "channel": self.channel,
                    "actor": "gateway",
                    "payload": {**item._event_payload(), "reason": verdict.reason},
                    "dedup_key": f"delivery.machine:picture:{self.id}:{item.id}",
                }
                for item in self.sudo().item_ids
            ]
        )
