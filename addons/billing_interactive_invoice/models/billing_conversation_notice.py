import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import plaintext2html

from ..core import conversation as core
from ..core import message_text

_logger = logging.getLogger(__name__)

#: Answers that a message to the customer repeats.
MOST_REPEATED = 5


class BillingConversation(models.Model):
    """Who is told of what: customers of answers, staff of questions."""

    _inherit = "billing.conversation"

    # === BUSINESS METHODS - CUSTOMERS === #

    def _tell_customer(self):
        """Tell the customer of answers that lie unread, once.

        Nothing is sent while they have the page open: there they read it. The message
        is only queued, so that it goes out when it is noted that it did.

        :return: None
        """
        self.ensure_one()
        if not self.unread_since or self.move_id.state == "draft":
            self.notice_at = False
            return
        here = self.move_id._billing_page_readers_here()
        if here.get(self.move_id.id, {}).get("customer"):
            # They may leave without scrolling down to it.
            wait = max(self.company_id.billing_page_notice_minutes, 1)
            self.notice_at = fields.Datetime.now() + timedelta(minutes=wait)
            self._trigger_jobs([self.notice_at])
            return
        move_sudo = self.move_id.with_company(self.company_id)
        self.write({"notified_at": fields.Datetime.now(), "notice_at": False})
        point = move_sudo.partner_id.with_company(self.company_id)._billing_tell(
            self.env.ref("billing_interactive_invoice.mail_template_conversation"),
            self.with_company(self.company_id),
            thread=move_sudo,
        )
        if point:
            self.env["billing.event"]._log(
                [
                    {
                        "kind": "chat.notified",
                        "move_id": self.move_id.id,
                        "channel": point.sudo().channel,
                        "dedup_key": f"chat.notified:{self.last_staff_id.id}",
                    }
                ]
            )

    def _get_notice_answers(self):
        """Return what staff said that the customer has not read, for the message.

        :return: name of who said it, as the company chooses, and safe HTML
        :rtype: list[tuple[str, Markup]]
        """
        self.ensure_one()
        company = self.company_id.with_context(lang=self.env.lang)
        messages = self.move_id._billing_said_messages(limit=MOST_REPEATED).filtered(
            lambda message: (
                message._billing_is_by_staff() and message.id > self.customer_read_id.id
            )
        )
        return [
            (
                company._billing_staff_name(message.author_id),
                plaintext2html(message_text.plain(message.body)),
            )
            for message in messages
        ]

    def _get_notice_url(self):
        """Return the address of the page for the message to the customer.

        :rtype: str
        """
        self.ensure_one()
        link = self.env["billing.link"]._issue(
            [
                {
                    "move_id": self.move_id.id,
                    "key": f"conversation:{self.id}:{self.last_staff_id.id}",
                }
            ]
        )
        return f"{link._url()}#conversation"

    # === BUSINESS METHODS - STAFF === #

    def _tell_staff_of_question(self, message):
        """Tell whoever takes care of it that a customer asks something.

        Once for each wait, not for each message in it. Who follows the invoice is told
        by Odoo already.

        :param message: the ``mail.message`` of the customer
        :return: None
        """
        users = self._get_told_staff()
        followers = self.move_id.message_partner_ids
        self._notify_staff(
            users.filtered(lambda user: user.partner_id not in followers),
            lambda one: one.env._(
                "%(customer)s asks about %(invoice)s",
                customer=one.partner_id.name,
                invoice=one.move_id.name,
            ),
        )

    def _tell_staff_of_delay(self):
        """Tell whoever takes care of it that a question is late, once."""
        self.ensure_one()
        self.late_told_at = fields.Datetime.now()
        self.env["billing.event"]._log(
            [
                {
                    "kind": "chat.late",
                    "move_id": self.move_id.id,
                    "dedup_key": f"chat.late:{self.last_customer_id.id}",
                }
            ]
        )
        self._notify_staff(
            self._get_told_staff(),
            lambda one: one.env._(
                "%(customer)s waits for an answer about %(invoice)s",
                customer=one.partner_id.name,
                invoice=one.move_id.name,
            ),
        )

    def _get_told_staff(self):
        """Return who is told of questions: the assigned user, else the watchers."""
        self.ensure_one()
        users = self.user_id or self.company_id.billing_page_watcher_ids
        return users.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )

    def _notify_staff(self, users, get_subject):
        """Tell users something about the conversation, in their languages.

        :param users: ``res.users`` records
        :param get_subject: called with the conversation in the language of some users
        """
        self.ensure_one()
        for lang, speakers in users.grouped("lang").items():
            one = self.with_context(lang=lang)
            self.move_id.with_context(lang=lang).message_notify(
                partner_ids=speakers.partner_id.ids,
                author_id=self.env.ref("base.partner_root").id,
                subject=get_subject(one),
                body=plaintext2html(one.preview or get_subject(one)),
            )

    # === SCHEDULED JOBS === #

    @api.model
    def _cron_conversations(self):
        """Tell customers of answers, staff of delays, and close what is over."""
        now = fields.Datetime.now()
        conversations_sudo = self.sudo()
        conversations_sudo._work(
            [("notice_at", "<=", now)], lambda one: one._tell_customer()
        )
        conversations_sudo._work(
            [("due_at", "<=", now), ("late_told_at", "=", False)],
            lambda one: one._tell_staff_of_delay(),
        )
        companies_sudo = (
            self.env["res.company"].sudo().search([("billing_page_close_days", ">", 0)])
        )
        for company_sudo in companies_sudo:
            over = now - timedelta(days=company_sudo.billing_page_close_days)
            conversations_sudo._work(
                [
                    ("company_id", "=", company_sudo.id),
                    ("state", "=", core.WAITING),
                    ("last_at", "<", over),
                ],
                lambda one: one._close(),
            )

    def _work(self, domain, do):
        """Do something with each conversation in ``domain``, each committed by itself.

        One that fails does not keep the others back; the managers are told.

        :param domain: conversations that wait for it, and do not any more once done
        :param do: called with each of them, which nobody else works on
        :return: None
        """
        cron = self.env["ir.cron"]
        todo = self.search(domain, order="id")
        remaining = len(todo)
        for conversation in todo:
            remaining -= 1
            try:
                locked = conversation.try_lock_for_update(allow_referencing=True)
                # What was read before the commit may be old by now.
                locked.invalidate_recordset()
                for one in locked.filtered_domain(domain):
                    do(one)
                self.env.flush_all()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                continue
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Conversation %s failed", conversation.id)
                conversation.company_id._billing_alert(
                    self.env._("Conversations"), error
                )
            if not cron._commit_progress(1, remaining=remaining):
                return
