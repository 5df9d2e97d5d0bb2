from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, plaintext2html

from ..core import conversation as core
from ..core import message_text

#: Characters of a message that lists show.
PREVIEW_LENGTH = 160


class BillingConversation(models.Model):
    """Where the conversation with a customer on one invoice stands.

    What is said are messages of the invoice itself, wherever they were written: on the
    customer's page, in the chatter, in an e-mail. This is what follows from them:
    whose turn it is, since when, who takes care of it, what was read, and what is to be
    told to whom. There is one for each invoice on which something was said.
    """

    _name = "billing.conversation"
    _description = "Invoice Conversation"
    _order = "due_at, waiting_since, last_at desc, id desc"
    _rec_name = "move_id"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    # Kept by hand: as related fields they would be looked for each time that any
    # invoice is written.
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    state = fields.Selection(
        [
            (core.OPEN, "Waits for Us"),
            (core.WAITING, "Answered"),
            (core.CLOSED, "Closed"),
        ],
        required=True,
        readonly=True,
        default=core.WAITING,
        group_expand=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Assigned To",
        domain=[("share", "=", False)],
        ondelete="set null",
        index="btree_not_null",
    )
    topic_ids = fields.Many2many(
        "billing.conversation.topic", "billing_conversation_topic_rel", string="Topics"
    )
    rejected_topic_ids = fields.Many2many(
        "billing.conversation.topic",
        "billing_conversation_rejected_topic_rel",
        help="Topics that staff took away; the rules do not set them again.",
    )

    # What was said last
    last_at = fields.Datetime(string="Last Message", readonly=True)
    last_by = fields.Selection(
        [("customer", "Customer"), ("staff", "Us")], string="From", readonly=True
    )
    preview = fields.Char(string="Message", readonly=True)

    # The customer's wait
    waiting_since = fields.Datetime(readonly=True)
    due_at = fields.Datetime(
        string="Answer By",
        readonly=True,
        help="When the question is late, by the opening hours and the time for an "
        "answer.",
    )
    is_late = fields.Boolean(
        string="Late", compute="_compute_is_late", search="_search_is_late"
    )
    late_told_at = fields.Datetime(readonly=True)

    # What was read
    unread_count = fields.Integer(string="Unread", readonly=True)
    staff_read_id = fields.Many2one(
        "mail.message",
        string="Read by Staff up to",
        readonly=True,
        ondelete="set null",
        export_string_translation=False,
    )
    last_customer_id = fields.Many2one(
        "mail.message",
        string="Last Question",
        readonly=True,
        ondelete="set null",
        export_string_translation=False,
    )
    last_staff_id = fields.Many2one(
        "mail.message",
        string="Last Answer",
        readonly=True,
        ondelete="set null",
        export_string_translation=False,
    )
    unread_since = fields.Datetime(
        string="Not Read Since",
        readonly=True,
        help="Since when an answer of ours waits for the customer to read it.",
    )
    customer_read_id = fields.Many2one(
        "mail.message",
        string="Read by Customer up to",
        readonly=True,
        ondelete="set null",
        export_string_translation=False,
    )
    customer_read_at = fields.Datetime(string="Customer Read", readonly=True)
    notice_at = fields.Datetime(readonly=True)
    notified_at = fields.Datetime(string="Customer Told", readonly=True)

    # The answer that is being written
    draft = fields.Text(string="Answer")
    draft_attachment_ids = fields.Many2many(
        "ir.attachment", "billing_conversation_draft_rel", string="Files"
    )
    canned_answer_id = fields.Many2one("billing.canned.answer", store=False)
    thread_html = fields.Html(compute="_compute_thread_html", sanitize=False)
    billing_page_presence = fields.Json(related="move_id.billing_page_presence")
    wait_text = fields.Char(string="Waits", compute="_compute_wait_text")

    _move_unique = models.Constraint(
        "UNIQUE(move_id)", "The invoice has a conversation already."
    )
    _waiting_idx = models.Index(
        "(company_id, waiting_since) WHERE waiting_since IS NOT NULL"
    )
    _notice_idx = models.Index("(notice_at) WHERE notice_at IS NOT NULL")
    _late_idx = models.Index(
        "(due_at) WHERE due_at IS NOT NULL AND late_told_at IS NULL"
    )
    _answered_idx = models.Index("(last_at) WHERE state = 'waiting'")

    # === COMPUTE METHODS === #

    @api.depends("due_at")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for conversation in self:
            conversation.is_late = bool(
                conversation.due_at and conversation.due_at < now
            )

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain("due_at", "<", fields.Datetime.now())
        domains = {True: late, False: ~late | Domain("due_at", "=", False)}
        return Domain.OR(domains[bool(one)] for one in value)

    @api.depends("waiting_since")
    def _compute_wait_text(self):
        """Tell how long the customer has waited, by the clock on the wall."""
        now = fields.Datetime.now()
        for conversation in self:
            since = conversation.waiting_since
            minutes = int((now - since).total_seconds() // 60) if since else 0
            if not since:
                conversation.wait_text = False
            elif minutes < 60:
                conversation.wait_text = self.env._("%(count)s min", count=minutes)
            elif minutes < 48 * 60:
                conversation.wait_text = self.env._("%(count)s h", count=minutes // 60)
            else:
                conversation.wait_text = self.env._(
                    "%(count)s days", count=minutes // (24 * 60)
                )

    @api.depends("last_at", "staff_read_id", "customer_read_at")
    @api.depends_context("lang", "tz")
    def _compute_thread_html(self):
        for conversation in self:
            move_sudo = conversation.move_id.sudo()
            conversation.thread_html = self.env["ir.qweb"]._render(
                "billing_interactive_invoice.conversation_thread",
                {
                    "conversation": conversation,
                    "messages": move_sudo._billing_thread_for_staff(),
                },
            )

    # === ONCHANGE METHODS === #

    @api.onchange("canned_answer_id")
    def _onchange_canned_answer_id(self):
        """Put the answer under what was written already."""
        if self.canned_answer_id:
            text = self.canned_answer_id._render_for(self.move_id)
            self.draft = f"{self.draft}\n\n{text}" if self.draft else text
            self.canned_answer_id = False

    # === CRUD METHODS === #

    def write(self, vals):
        if "topic_ids" not in vals and "user_id" not in vals:
            return super().write(vals)
        before = {one.id: (one.topic_ids, one.user_id) for one in self}
        result = super().write(vals)
        if "topic_ids" in vals:
            for conversation in self:
                gone = before[conversation.id][0] - conversation.topic_ids
                conversation.sudo().rejected_topic_ids = (
                    conversation.rejected_topic_ids | gone
                ) - conversation.topic_ids
            self._refresh_due()
        if "user_id" in vals:
            self.filtered(
                lambda one: one.user_id != before[one.id][1]
            )._log_assignment()
        return result

    # === BUSINESS METHODS - WHAT WAS SAID === #

    @api.model
    def _of(self, moves):
        """Return the conversations on invoices; those that are not there are begun.

        :param moves: ``account.move`` records
        :return: in superuser mode, one for each
        :rtype: billing.conversation
        """
        moves_sudo = moves.sudo()
        moves_sudo.flush_recordset(["commercial_partner_id", "company_id"])
        self.flush_model(["move_id"])
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO billing_conversation
                        (move_id, partner_id, company_id, state, unread_count,
                         create_uid, create_date, write_uid, write_date)
                   SELECT id, commercial_partner_id, company_id, %(state)s, 0,
                          %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM account_move
                    WHERE id = ANY(%(ids)s)
              ON CONFLICT (move_id) DO NOTHING
                RETURNING id""",
                state=core.WAITING,
                uid=self.env.uid,
                now=self.env.cr.now(),
                ids=moves_sudo.ids,
            )
        )
        if rows:
            moves_sudo.invalidate_recordset(["billing_conversation_id"])
        return self.sudo().search([("move_id", "in", moves_sudo.ids)])

    def _said(self, message, by_staff):
        """Note that something was said.

        :param message: the ``mail.message``, in superuser mode
        :param bool by_staff: whether staff said it, and not the customer
        :return: None
        """
        self.ensure_one()
        text = message_text.preview(
            message_text.plain(message.body)
            or ", ".join(message.attachment_ids.mapped("name")),
            PREVIEW_LENGTH,
        )
        self.write(
            {
                "partner_id": self.move_id.commercial_partner_id.id,
                "last_at": message.date,
                "last_by": "staff" if by_staff else "customer",
                "preview": text,
                "last_staff_id" if by_staff else "last_customer_id": message.id,
            }
        )
        if by_staff:
            self._staff_said(message)
        else:
            self._customer_said(message)

    def _customer_said(self, message):
        """A question begins to wait, or waits on."""
        before = self._facts()
        now = self.company_id._billing_now()
        self._keep(core.customer_wrote(before, now))
        topics = self.env["billing.conversation.topic"]._matching(
            message_text.plain(message.body), self.company_id
        )
        topics -= self.rejected_topic_ids | self.topic_ids
        vals = {
            "customer_read_id": message.id,
            "customer_read_at": now,
            "notice_at": False,
        }
        if topics:
            vals["topic_ids"] = [(4, topic.id) for topic in topics]
        taker = topics.user_id.filtered(
            lambda user: self.company_id in user.company_ids
        )[:1]
        if taker and not self.user_id:
            vals["user_id"] = taker.id
        self.write(vals)
        self._refresh_due()
        self.env["billing.event"]._log(
            [
                {
                    "kind": "chat.asked",
                    "move_id": self.move_id.id,
                    "actor": "customer",
                    "channel": "email" if message.message_type == "email" else None,
                    "payload": {"message_id": message.id},
                    "dedup_key": f"chat.asked:{message.id}",
                }
            ]
        )
        if before.waiting_since is None:
            self._tell_staff_of_question(message)

    def _staff_said(self, message):
        """An answer ends the customer's wait, and begins to wait to be read."""
        user_sudo = message.author_id.main_user_id
        now = self.company_id._billing_now()
        after, answered = core.staff_wrote(self._facts(), now)
        self._keep(after)
        wait = timedelta(minutes=self.company_id.billing_page_notice_minutes)
        vals = {
            "staff_read_id": self.last_customer_id.id,
            "notice_at": core.notice_at(after, now, wait),
        }
        if answered:
            self._log_wait(answered, user_sudo)
        vals["due_at"] = False
        if not self.user_id and user_sudo._is_internal():
            vals["user_id"] = user_sudo.id
        self.write(vals)
        self.env["billing.event"]._log(
            [
                {
                    "kind": "chat.answered",
                    "move_id": self.move_id.id,
                    "actor": "staff",
                    "user_id": user_sudo.id or None,
                    "payload": {"message_id": message.id},
                    "dedup_key": f"chat.answered:{message.id}",
                }
            ]
        )
        self._trigger_jobs([self.notice_at])

    def _log_wait(self, answered, user):
        """Keep how long the customer waited, in opening hours."""
        company = self.company_id
        self.env["billing.conversation.wait"].sudo().create(
            {
                "conversation_id": self.id,
                "company_id": company.id,
                "user_id": user.id,
                "asked_at": answered.asked_at,
                "answered_at": answered.answered_at,
                "minutes": company._billing_opening_hours().minutes_between(
                    company._billing_local(answered.asked_at),
                    company._billing_local(answered.answered_at),
                ),
                "in_time": not self.due_at or answered.answered_at <= self.due_at,
            }
        )

    # === BUSINESS METHODS - READING === #

    def _customer_saw(self, message):
        """Note that the customer had a message of ours before them.

        :param message: the ``mail.message``; the last one that was in view
        :return: None
        """
        now = fields.Datetime.now()
        for conversation in self.sudo():
            # An earlier one than the last leaves something to be read.
            if (
                conversation.unread_since
                and message.id >= conversation.last_staff_id.id
            ):
                conversation._keep(core.customer_read(conversation._facts()))
                conversation.write(
                    {
                        "customer_read_id": message.id,
                        "customer_read_at": now,
                        "notice_at": False,
                    }
                )

    def action_mark_read(self):
        """Note that staff read what the customer wrote (button, and opening it)."""
        self.check_access("write")
        for conversation in self.sudo():
            last = conversation.last_customer_id
            if last and conversation.staff_read_id != last:
                conversation.write({"staff_read_id": last.id, "unread_count": 0})
                # The customer sees that it was read.
                conversation.move_id._billing_page_changed()

    # === BUSINESS METHODS - STATE === #

    def _facts(self):
        """Return what the core reckons with."""
        self.ensure_one()
        return core.Facts(
            state=self.state,
            waiting_since=self.waiting_since or None,
            unread_since=self.unread_since or None,
            notified_at=self.notified_at or None,
            unread_by_staff=self.unread_count,
        )

    def _keep(self, facts):
        """Write what the core found."""
        self.write(
            {
                "state": facts.state,
                "waiting_since": facts.waiting_since,
                "unread_since": facts.unread_since,
                "notified_at": facts.notified_at,
                "unread_count": facts.unread_by_staff,
            }
        )

    def _refresh_due(self):
        """Set when the questions are late, by topics, settings and opening hours."""
        for conversation in self.sudo():
            company = conversation.company_id
            hours = [
                *filter(None, conversation.topic_ids.mapped("answer_hours")),
                *filter(None, [company.billing_page_answer_hours]),
            ]
            due = None
            if conversation.waiting_since and hours:
                due = company._billing_opening_hours().add(
                    company._billing_local(conversation.waiting_since),
                    round(min(hours) * 60),
                )
            due_at = due and company._billing_from_local(due)
            if (conversation.due_at or None) != due_at:
                conversation.write({"due_at": due_at, "late_told_at": False})
        self._trigger_jobs(self.sudo().mapped("due_at"))

    def _close(self, actor="system"):
        """Close the conversations: nobody waits for anything.

        :param str actor: who does it, of ``billing.event``
        :return: None
        """
        todo = self.sudo().filtered(lambda one: one.state != core.CLOSED)
        for conversation in todo:
            conversation._keep(core.closed(conversation._facts()))
            conversation.write(
                {"due_at": False, "staff_read_id": conversation.last_customer_id.id}
            )
        self.env["billing.event"]._log(
            [
                {"kind": "chat.closed", "move_id": one.move_id.id, "actor": actor}
                for one in todo
            ]
        )

    def _log_assignment(self):
        self.env["billing.event"]._log(
            [
                {
                    "kind": "chat.assigned",
                    "move_id": one.move_id.id,
                    "actor": "system" if self.env.su else "staff",
                    "payload": {"to": one.user_id.name or ""},
                }
                for one in self.sudo()
                if one.user_id
            ]
        )

    @api.model
    def _trigger_jobs(self, moments):
        """Have the scheduled job run at ``moments``, of which some may be empty."""
        moments = sorted(set(filter(None, moments)))
        if moments:
            self.env.ref(
                "billing_interactive_invoice.ir_cron_conversations"
            ).sudo()._trigger(at=moments)

    # === ACTIONS === #

    def action_send(self):
        """Send the answer to the customer (button)."""
        self.ensure_one()
        self.check_access("write")
        text = (self.draft or "").strip()
        files = self.draft_attachment_ids
        if not text and not files:
            raise UserError(self.env._("Write an answer first."))
        self.write({"draft": False, "draft_attachment_ids": [(5,)]})
        self.move_id.with_context(disable_attachment_import=True).message_post(
            body=plaintext2html(text) if text else "",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachment_ids=files.ids,
        )

    def action_take(self):
        """Assign the conversations to oneself (button)."""
        self.write({"user_id": self.env.uid})

    def action_close(self):
        """Close the conversations (button)."""
        self.check_access("write")
        self._close(actor="staff")

    def action_reopen(self):
        """Take up closed conversations again (button)."""
        self.check_access("write")
        self.sudo().filtered(lambda one: one.state == core.CLOSED).write(
            {"state": core.WAITING}
        )

    def action_open_invoice(self):
        """Open the invoice, with all that was ever noted on it (button)."""
        self.ensure_one()
        return self.move_id._get_records_action()
