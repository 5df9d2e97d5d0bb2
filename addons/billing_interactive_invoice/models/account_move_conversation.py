from babel.dates import format_time, get_day_names
from markupsafe import Markup, escape

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, formataddr, human_size, plaintext2html
from odoo.tools.misc import babel_locale_parse

from ..core import message_text
from ..core.opening_hours import grouped
from ..core.section import Section
from ..core.wording import long_day

#: Messages that the page shows, the newest of all.
MOST_SHOWN = 100
#: Characters of one message of a customer.
MAX_LENGTH = 5000


class AccountMove(models.Model):
    """What customer and staff say to each other on an invoice."""

    _inherit = "account.move"

    billing_conversation_id = fields.Many2one(
        "billing.conversation",
        string="Conversation",
        compute="_compute_billing_conversation_id",
        groups="billing_base.group_billing_user",
    )
    billing_conversation_unread = fields.Integer(
        string="Unread",
        compute="_compute_billing_conversation_id",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_conversation_id(self):
        conversations = {
            conversation.move_id: conversation
            for conversation in self.env["billing.conversation"].search(
                [("move_id", "in", self.ids)]
            )
        }
        for move in self:
            conversation = conversations.get(move._origin)
            move.billing_conversation_id = conversation
            move.billing_conversation_unread = (
                conversation and conversation.unread_count
            )

    # === ACTIONS === #

    def action_billing_conversation(self):
        """Open the conversation on the invoice; begins it when there is none."""
        self.ensure_one()
        self.check_access("read")
        conversation = self.env["billing.conversation"]._of(self)
        return conversation.sudo(False)._get_records_action()

    # === MAIL METHODS === #

    def message_post(self, **kwargs):
        """Override of `mail`: staff writes to customers under the name they shall have.

        The address is the company's; who it really was, the chatter shows to staff.
        """
        author_sudo = self._billing_answering(kwargs)
        company_sudo = self.sudo().company_id
        if author_sudo and company_sudo.billing_page_staff_name != "full":
            kwargs |= {"author_id": author_sudo.id, "email_add_signature": False}
            address = email_normalize(company_sudo.email) or email_normalize(
                author_sudo.email
            )
            if address:
                name = company_sudo._billing_staff_name(author_sudo)
                kwargs["email_from"] = formataddr((name, address))
        return super().message_post(**kwargs)

    def _billing_answering(self, values):
        """Return who of staff answers a customer with a message that is to be posted.

        :param dict values: arguments of ``message_post``
        :return: in superuser mode; nobody when it is no answer of staff
        :rtype: res.partner
        """
        partners_sudo = self.env["res.partner"].sudo()
        comment_id = self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment")
        if (
            len(self) != 1
            or not self.is_sale_document()
            or values.get("message_type") != "comment"
            or values.get("email_layout_xmlid")
            or comment_id != values.get("subtype_id")
            and values.get("subtype_xmlid") != "mail.mt_comment"
        ):
            return partners_sudo
        author_id = values.get("author_id", self.env.user.partner_id.id)
        author_sudo = partners_sudo.browse(author_id or [])
        return author_sudo if self._billing_is_staff(author_sudo) else partners_sudo

    def _billing_is_staff(self, author):
        """Return whether somebody is staff, as far as this invoice goes.

        An employee who is the customer of the invoice speaks as the customer. What the
        system says, it says for the company.

        :param author: a ``res.partner``, or none
        :rtype: bool
        """
        author_sudo = author.sudo()
        if author_sudo.id == self.env["res.company"]._billing_system_id():
            return True
        return (
            bool(author_sudo)
            and not author_sudo.partner_share
            and author_sudo.commercial_partner_id != self.sudo().commercial_partner_id
        )

    def _message_post_after_hook(self, new_message, message_values):
        """Override of `account`: what was said is followed up."""
        result = super()._message_post_after_hook(new_message, message_values)
        message_sudo = new_message.sudo()
        if self.is_sale_document() and message_sudo._billing_is_said():
            conversation_sudo = self.env["billing.conversation"]._of(self)
            conversation_sudo._said(message_sudo, message_sudo._billing_is_by_staff())
        return result

    def message_update(self, msg_dict, update_vals=None):
        """Override of `mail`: what comes by e-mail is a customer's word, or a note.

        Core makes a note of the answer to a note, and the message that carries the
        invoice is one: what customers answered to it, they would never see again.

        And an e-mail can say it is from anybody. One that says it is from staff is kept
        as a note: nobody shall speak to customers in our name without having signed in.
        """
        if self.is_sale_document():
            author = self.env["res.partner"].browse(msg_dict.get("author_id") or [])
            msg_dict["is_internal"] = self._billing_is_staff(author)
        return super().message_update(msg_dict, update_vals=update_vals)

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Override of `mail`: notes go to nobody outside, answers by our own message.

        Core sends a note to whomever it mentions, and an answer at once to everybody
        who follows. The customer reads the answer on the page, or is told of it where
        it reaches them best, see ``billing.conversation``.
        """
        recipients = super()._notify_get_recipients(
            message, msg_vals=msg_vals, **kwargs
        )
        if len(self) != 1 or not self.is_sale_document() or not recipients:
            return recipients
        message_sudo = message.sudo()
        if message_sudo.message_type not in ("comment", "email"):
            return recipients
        if message_sudo.email_layout_xmlid:
            return recipients
        if message_sudo.is_internal or message_sudo.subtype_id.internal:
            return [data for data in recipients if not data["share"]]
        if not message_sudo._billing_is_by_staff():
            return recipients
        partners_sudo = self.env["res.partner"].sudo()
        partners_sudo = partners_sudo.browse([d["id"] for d in recipients if d["id"]])
        customer_sudo = self.sudo().commercial_partner_id
        ours = {
            partner.id
            for partner in partners_sudo
            if partner.commercial_partner_id == customer_sudo
        }
        return [
            data for data in recipients if not (data["share"] and data["id"] in ours)
        ]

    # === BUSINESS METHODS - MESSAGES === #

    def _billing_said_messages(self, limit=MOST_SHOWN):
        """Return what customer and staff said on the invoice, the oldest first.

        :param int limit: so many of the newest
        :return: in superuser mode
        :rtype: mail.message
        """
        self.ensure_one()
        messages_sudo = self.env["mail.message"].sudo()
        return messages_sudo.search(
            messages_sudo._billing_said_domain()
            & messages_sudo._billing_of_move_domain(self),
            order="id desc",
            limit=limit,
        ).sorted("id")

    def _billing_customer_says(self, visitor, text, files=()):
        """Post what a customer wrote on the page.

        :param core.visitor_rights.Visitor visitor: who writes
        :param str text: what they wrote
        :param files: as for :meth:`_billing_check_uploads`
        :return: the message, in superuser mode
        :rtype: mail.message
        :raises UserError: nothing was written, too much was, or a file is not taken
        """
        self.ensure_one()
        # Nobody who is signed in: the author is the one who speaks.
        move_sudo = self.with_user(SUPERUSER_ID)
        # A field of a form may come as a file.
        text = text.replace("\r\n", "\n").strip() if isinstance(text, str) else ""
        attachments = move_sudo._billing_check_uploads(files)
        if not text and not attachments:
            raise UserError(self.env._("Please write something first."))
        if len(text) > MAX_LENGTH:
            raise UserError(
                self.env._(
                    "Please write a little less: %(count)s characters at most.",
                    count=MAX_LENGTH,
                )
            )
        author_sudo = move_sudo.partner_id
        if visitor.user_id:
            author_sudo = (
                self.env["res.users"].sudo().browse(visitor.user_id).partner_id
            )
        return move_sudo.with_context(
            disable_attachment_import=True, mail_create_nosubscribe=True
        ).message_post(
            # Text and nothing else: whatever looks like mark-up is shown as it is.
            body=plaintext2html(text) if text else "",
            author_id=author_sudo.id,
            email_from=author_sudo.email_formatted
            or formataddr((author_sudo.name or "", "")),
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=attachments,
        )

    def _billing_page_message_seen(self, message_id):
        """Extended: who had a message before them has read the conversation so far.

        :param int message_id: of the ``mail.message``, as the page said
        """
        super()._billing_page_message_seen(message_id)
        message_sudo = self.env["mail.message"].sudo().browse(message_id).exists()
        if message_sudo.model != self._name or message_sudo.res_id != self.id:
            return
        if message_sudo._billing_is_said():
            self.env["billing.conversation"].sudo().search(
                [("move_id", "=", self.id)]
            )._customer_saw(message_sudo)

    # === BUSINESS METHODS - PAGE === #

    def _billing_page_sections(self, visitor):
        """Extended by the conversation."""
        sections = super()._billing_page_sections(visitor)
        sections.append(
            Section(
                "conversation",
                "billing_interactive_invoice.page_conversation",
                {
                    "messages": self._billing_conversation_messages(),
                    "service": self._billing_page_service(),
                    "upload_mb": self.company_id.billing_page_upload_mb,
                    "max_length": MAX_LENGTH,
                },
                sequence=60,
            )
        )
        return sections

    def _billing_page_stamp(self):
        """Extended: staff read something, or another hour of customer service began."""
        stamp = super()._billing_page_stamp()
        conversation_sudo = (
            self.env["billing.conversation"].sudo().search([("move_id", "=", self.id)])
        )
        hour = self.company_id._billing_now().hour
        return f"{stamp}:{conversation_sudo.staff_read_id.id or 0}:{hour}"

    def _billing_page_files(self, visitor):
        """Extended by the files of the conversation."""
        files_sudo = super()._billing_page_files(visitor)
        return files_sudo | self._billing_said_messages().attachment_ids

    def _billing_conversation_messages(self):
        """Return the conversation as the page shows it.

        :return: of each message what the template needs, and nothing else
        :rtype: list[dict]
        """
        self.ensure_one()
        company = self.company_id
        conversation_sudo = (
            self.env["billing.conversation"].sudo().search([("move_id", "=", self.id)])
        )
        shown = []
        for message_sudo in self._billing_said_messages():
            text = message_text.plain(message_sudo.body)
            files_sudo = message_sudo.attachment_ids
            if not text and not files_sudo:
                # Taken back by who wrote it.
                continue
            by_staff = message_sudo._billing_is_by_staff()
            shown.append(
                {
                    "id": message_sudo.id,
                    "by_staff": by_staff,
                    "name": company._billing_staff_name(message_sudo.author_id)
                    if by_staff
                    else self._billing_customer_name(message_sudo),
                    "at": message_sudo.date.isoformat(),
                    "when": self._billing_page_moment(message_sudo.date),
                    # Only what staff writes may be a link: nobody else sends customers
                    # anywhere from our page.
                    "text": _linked(text) if by_staff else text,
                    "files": [
                        {
                            "id": file_sudo.id,
                            "name": file_sudo.name,
                            "size": human_size(file_sudo.file_size),
                        }
                        for file_sudo in files_sudo
                    ],
                    "read": not by_staff
                    and message_sudo.id <= conversation_sudo.staff_read_id.id,
                }
            )
        return shown

    def _billing_customer_name(self, message):
        """Return what the page calls whoever wrote a message that is not of staff."""
        author_sudo = message.author_id
        if author_sudo.commercial_partner_id == self.commercial_partner_id:
            return self.env._("You")
        return author_sudo.name or self.env._("By e-mail")

    def _billing_page_service(self):
        """Return when customer service is there, and how long answers take.

        :rtype: dict
        """
        self.ensure_one()
        company = self.company_id
        hours = company._billing_opening_hours()
        now = company._billing_local(company._billing_now())
        service = {
            "wait": self._billing_wait_in_words(company._billing_usual_wait(hours)),
            "week": [],
            "is_open": True,
            "until": "",
            "from": "",
        }
        if not hours.weekly:
            return service
        locale = babel_locale_parse(self.env.lang)
        closes = hours.closes(now)
        opens = hours.opens(now)
        names = get_day_names("wide", locale=locale)
        service["is_open"] = closes is not None
        if closes:
            service["until"] = format_time(closes, "short", locale=locale)
        elif opens:
            service["from"] = self._billing_page_moment(opens, local=True, weekday=True)
        service["week"] = [
            (
                names[days[0]]
                if len(days) == 1
                else f"{names[days[0]]}–{names[days[-1]]}",
                ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in spans),
            )
            for days, spans in grouped(hours)
        ]
        return service

    def _billing_wait_in_words(self, wait):
        """Return how long an answer takes, in the language of the page.

        :param wait: unit and count, of ``company._billing_usual_wait``; or None
        :rtype: str
        """
        if not wait:
            return ""
        unit, count = wait
        if unit == "minutes":
            return self.env._("%(count)s minutes", count=count)
        if unit == "hours":
            if count == 1:
                return self.env._("an hour")
            return self.env._("%(count)s hours", count=count)
        if count == 1:
            return self.env._("a working day")
        return self.env._("%(count)s working days", count=count)

    def _billing_page_words(self):
        """Extended by what the conversation says."""
        return {
            **super()._billing_page_words(),
            "chat_sent": self.env._("Your message is sent."),
        }

    def _billing_page_moment(self, moment, local=False, weekday=False):
        """Return a moment as customers read it: day and time by the company's clock.

        :param datetime moment: UTC, or by the company's clock when ``local``
        :param bool weekday: whether to name the day of the week too
        """
        locale = babel_locale_parse(self.env.lang)
        if not local:
            moment = self.company_id._billing_local(moment)
        day = long_day(
            moment.date(), self.company_id._billing_today(), locale, weekday=weekday
        )
        return f"{day}, {format_time(moment, 'short', locale=locale)}"

    def _billing_thread_for_staff(self):
        """Return all that was written on the invoice, notes included, for staff.

        :return: newest first; of each message what the template needs
        :rtype: list[dict]
        """
        self.ensure_one()
        messages_sudo = self.env["mail.message"].sudo()
        messages_sudo = messages_sudo.search(
            messages_sudo._billing_of_move_domain(self)
            & messages_sudo._billing_written_domain(),
            order="id desc",
            limit=MOST_SHOWN,
        )
        return [
            {
                "message": message_sudo,
                "internal": message_sudo.is_internal
                or message_sudo.subtype_id.internal,
                "by_staff": message_sudo._billing_is_by_staff(),
                "name": message_sudo.author_id.name or message_sudo.email_from or "",
                "text": text,
            }
            for message_sudo in messages_sudo
            if (text := message_text.plain(message_sudo.body))
            or message_sudo.attachment_ids
        ]


def _clock(minutes):
    """Return minutes of the day as a clock shows them, in all our languages."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _linked(text):
    """Return plain text as HTML in which addresses of web pages are links."""
    return Markup().join(
        Markup(
            '<a href="%(url)s" target="_blank" rel="nofollow noopener noreferrer">'
            "%(url)s</a>"
        )
        % {"url": piece}
        if is_link
        else escape(piece)
        for piece, is_link in message_text.pieces(text)
    )
