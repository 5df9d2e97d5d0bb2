import hashlib
import logging

import psycopg2
from psycopg2.pool import PoolError

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.bus.websocket import WebsocketConnectionHandler

_logger = logging.getLogger(__name__)

#: Fields of an invoice that its page shows; what follows from payments is told by
#: these. Others may be written a thousand times without any page asking anew.
SHOWN = frozenset(
    {
        "state",
        "name",
        "invoice_date",
        "invoice_date_due",
        "invoice_payment_term_id",
        "payment_reference",
        "partner_id",
        "partner_bank_id",
        "invoice_line_ids",
        "line_ids",
        "narration",
    }
)
#: Events that tell of somebody looking at the page: nothing on it changes by them.
QUIET = (
    "link.opened",
    "link.machine",
    "page.seen",
    "message.shown",
    "message.clicked",
)
#: Where the ids of changed invoices wait for the transaction to be committed.
_WAITING = "billing.page.changed"


class AccountMove(models.Model):
    _inherit = "account.move"

    billing_visit_count = fields.Integer(
        string="Visits",
        compute="_compute_billing_visits",
        groups="billing_base.group_billing_user",
        help="How often the customer has had the page of the invoice before them.",
    )
    billing_last_visit_at = fields.Datetime(
        string="Last Visit",
        compute="_compute_billing_visits",
        groups="billing_base.group_billing_user",
    )
    billing_page_presence = fields.Json(
        string="Customer's Page",
        compute="_compute_billing_page_presence",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_visits(self):
        found = {
            move: (visits, last)
            for move, visits, last in self.env["billing.page.reader"]._read_group(
                [("move_id", "in", self.ids)],
                ["move_id"],
                ["visits:sum", "seen_at:max"],
            )
        }
        for move in self:
            move.billing_visit_count, move.billing_last_visit_at = found.get(
                move, (0, False)
            )

    def _compute_billing_page_presence(self):
        """Who is on the page, and a ticket with which a form follows that."""
        with_page = self.filtered(
            lambda move: isinstance(move.id, int) and move._billing_has_page()
        )
        here = with_page._billing_page_readers_here()
        presences = self.env["billing.page.presence"]
        for move in self - with_page:
            move.billing_page_presence = False
        for move in with_page:
            move.billing_page_presence = {
                "move_id": move.id,
                "customer": here[move.id]["customer"],
                "ticket": presences._issue_staff_ticket(move, self.env.user),
            }

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account`: open pages show what changed."""
        result = super().write(vals)
        if not SHOWN.isdisjoint(vals):
            self._billing_page_changed()
        return result

    def _message_post_after_hook(self, new_message, message_values):
        """Override of `mail`: open pages show what was said."""
        result = super()._message_post_after_hook(new_message, message_values)
        self._billing_page_changed()
        return result

    def _message_update_content(self, message, /, **kwargs):
        """Override of `mail`: open pages show what was taken back."""
        result = super()._message_update_content(message, **kwargs)
        self._billing_page_changed()
        return result

    # === ACTIONS === #

    def action_billing_customer_view(self):
        """Open the page of the invoice as the customer sees it, in their language."""
        self.ensure_one()
        lang = self.partner_id.lang
        url_code = lang and self.env["res.lang"]._get_data(code=lang).url_code
        prefix = f"/{url_code}" if url_code else ""
        return {
            "type": "ir.actions.act_url",
            "url": f"{prefix}/my/invoices/{self.id}",
            "target": "new",
        }

    def action_billing_readers(self):
        """Open what customers have seen of the invoices."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_interactive_invoice.billing_page_reader_action"
        )
        action["domain"] = [("move_id", "in", self.ids)]
        return action

    # === BUSINESS METHODS - CHANGES === #

    def _billing_page_changed(self):
        """Let the open pages of the invoices ask what changed, once this is committed.

        May be called for any records, any number of times. Nothing is looked up before
        the transaction is over: then one query finds who has which page open, seeing
        also those who came meanwhile.

        :return: None
        """
        waiting = self.env.cr.postcommit.data
        if _WAITING not in waiting:
            waiting[_WAITING] = set()
            self.env.cr.postcommit.add(self.env["account.move"]._billing_page_push)
        waiting[_WAITING].update(self.ids)

    @api.model
    def _billing_page_push(self):
        """Tell the open pages, in a transaction of its own."""
        move_ids = sorted(self.env.cr.postcommit.data.pop(_WAITING, ()))
        if not move_ids:
            return
        try:
            with self.env.registry.cursor() as cr:
                api.Environment(cr, self.env.uid, {})["billing.page.presence"]._push(
                    move_ids
                )
        except (psycopg2.Error, PoolError):
            # What was done is done; the pages see it when they next ask.
            _logger.warning("Open pages were not told of a change", exc_info=True)

    # === BUSINESS METHODS - WHAT THE PAGE KNOWS === #

    def _billing_page_facts(self):
        """Return what matters on the page, to tell what is new to a reader.

        The keys are those of ``data-value`` on the page. Extend it for further ones.

        :return: text by key, the same for the same facts in every language
        :rtype: dict[str, str]
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return {
            "amount": f"{self.amount_residual:.{digits}f}",
            "total": f"{self.amount_total:.{digits}f}",
            "due": self.invoice_date_due and self.invoice_date_due.isoformat() or "",
            "state": f"{self.state}/{self.payment_state}",
            "reference": self.payment_reference or "",
        }

    def _billing_page_stamp(self):
        """Return by what a page that is up to date is told from one that is not.

        One query, whatever the page shows: state and amounts, the newest event, message
        and online payment, and the day.

        :return: the same as long as nothing happened to the invoice
        :rtype: str
        """
        self.ensure_one()
        self.env.flush_all()
        [row] = self.env.execute_query(
            SQL(
                """SELECT amount_residual, amount_total, invoice_date_due, state,
                          payment_state, payment_reference,
                          (SELECT max(id) FROM billing_event
                            WHERE move_id = move.id AND kind != ALL(%(quiet)s)),
                          (SELECT max(id) FROM mail_message
                            WHERE model = 'account.move' AND res_id = move.id),
                          (SELECT max(online.write_date)
                             FROM account_invoice_transaction_rel AS rel
                             JOIN payment_transaction AS online
                               ON online.id = rel.transaction_id
                            WHERE rel.invoice_id = move.id)
                     FROM account_move AS move WHERE id = %(move)s""",
                quiet=list(QUIET),
                move=self.id,
            )
        )
        today = self.company_id._billing_today()
        return hashlib.sha256(repr((row, today)).encode()).hexdigest()[:16]

    def _billing_page_data(self, visitor):
        """Override: what the page needs to hear of changes and to mark them."""
        reader_sudo = self.env["billing.page.reader"]._of(self, visitor)
        now = fields.Datetime.now()
        changed, since = reader_sudo._what_changed(self._billing_page_facts(), now)
        return {
            **super()._billing_page_data(visitor),
            "ticket": self.env["billing.page.presence"]._issue_ticket(self, visitor),
            "stamp": self._billing_page_stamp(),
            "socket": WebsocketConnectionHandler._VERSION,
            **({"changed": " ".join(sorted(changed))} if changed else {}),
            **({"since": since.isoformat()} if since else {}),
        }

    def _billing_page_words(self):
        """Override: what the page says of its line to us, and of who else is there."""
        return {
            **super()._billing_page_words(),
            "offline": self.env._(
                "There is no connection just now. What you see may be out of date; "
                "it is brought up to date as soon as the connection is back."
            ),
            "online": self.env._("The connection is back. Everything is up to date."),
            "staff_here": self.env._(
                "Customer service is looking at this invoice just now."
            ),
            "customer_here": self.env._("The customer has this page open now."),
            "new_mark": self.env._("New since your last visit"),
        }

    def _billing_page_readers_here(self):
        """Return who has the pages of the invoices in view just now.

        :return: by id of the invoice, whether a ``customer`` and whether ``staff`` has
        :rtype: dict[int, dict[str, bool]]
        """
        found = {move.id: {"customer": False, "staff": False} for move in self}
        for row in self.env["billing.page.presence"].sudo()._recent_here(self):
            found[row["move_id"]]["staff" if row["is_staff"] else "customer"] = True
        moves_sudo = self.sudo().with_context(prefetch_fields=False)
        for move_sudo in moves_sudo:
            if not move_sudo.company_id.billing_page_staff_presence:
                found[move_sudo.id]["staff"] = False
        return found

    def _billing_page_message_seen(self, message_id):
        """Called when a customer had a message of the conversation before their eyes.

        Extend it to know of it; that the message is of this invoice is not certain.

        :param int message_id: of the newest ``mail.message`` that was in view
        :return: None
        """

    @api.model
    def _billing_page_section_labels(self):
        """Return the names of the sections for staff; extend it for further ones.

        :return: label by code
        :rtype: dict[str, str]
        """
        return {
            "state": self.env._("State, amount and due date"),
            "notice": self.env._("Important messages"),
            "pay": self.env._("How to pay"),
            "cards": self.env._("Direct debit and other offers"),
            "lines": self.env._("What it is for"),
            "help": self.env._("Pay later, split, object"),
            "conversation": self.env._("Conversation"),
            "messages": self.env._("Messages"),
            "history": self.env._("History"),
            "contact": self.env._("Contact details"),
            "other_invoices": self.env._("Other invoices"),
            "documents": self.env._("Documents"),
        }
