from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_amount, format_date, hmac, plaintext2html
from odoo.tools.mail import generate_tracking_message_id

from odoo.addons.billing_base.core import visitor

from ..core import mail_key, state

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

    # === COMPUTE METHODS === #

    @api.depends("item_ids.move_id")
    @api.depends_context("lang")
    def _compute_texts(self):
        for attempt in self:
            items_sudo = attempt.sudo().item_ids
            attempt.invoice_names = ", ".join(
                item.move_id.name or "" for item in items_sudo
            )
            attempt.total_text = attempt._format_due(
                sum(items_sudo.mapped("amount_due")), items_sudo[:1].currency_id
            )
            due_dates = [item.date_due for item in items_sudo if item.date_due]
            attempt.due_text = (
                format_date(self.env, min(due_dates), date_format="long")
                if due_dates
                else ""
            )
            attempt.page_url = items_sudo[:1].page_url

    @api.depends("item_ids.move_id")
    @api.depends_context("lang")
    def _compute_invoices_html(self):
        qweb = self.env["ir.qweb"]
        for attempt in self:
            attempt.invoices_html = qweb._render(
                "billing_dynamic_distribution.mail_invoices",
                {"invoices": attempt._get_invoice_values()},
                minimal_qcontext=True,
            )

    def _get_invoice_values(self):
        """Return what a message says of each of its invoices, the first due first.

        :rtype: list[dict]
        """
        self.ensure_one()
        items_sudo = self.sudo().item_ids.sorted(
            lambda item: (item.date_due or fields.Date.today(), item.id)
        )
        return [
            {
                "name": item.move_id.name,
                "amount": self._format_due(item.amount_due, item.currency_id),
                "due": item.date_due
                and format_date(self.env, item.date_due, date_format="long"),
                "reference": item.reference,
                "account": item.move_id.partner_bank_id.acc_number,
                "url": item.page_url,
                "is_open": not item.currency_id.is_zero(item.amount_due),
            }
            for item in items_sudo
        ]

    def _format_due(self, amount, currency):
        return format_amount(self.env, amount, currency) if currency else ""

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Override of `mail`: places that everybody may use in the texts."""
        return (
            *super().mail_allowed_qweb_expressions(),
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
        moved = super()._apply_all(reports)
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
                is_first = item == attempt.item_ids[:1]
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
        if verdict.who != visitor.MACHINE:
            self._apply(state.OPENED)
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
