from odoo import api, fields, models
from odoo.tools import SQL

from ..core import reading
from ..core.visitor_rights import PORTAL
from .billing_page_presence import write_quietly


class BillingPageReader(models.Model):
    """What a customer has seen of one invoice on its page.

    One row for each invoice and person: whoever comes by a link counts as the customer,
    who is signed in as themselves. Employees leave no row.
    """

    _name = "billing.page.reader"
    _description = "What a Customer Has Seen"
    _order = "seen_at desc, id desc"
    _rec_name = "partner_id"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Who",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    link_id = fields.Many2one(
        "billing.link",
        string="Came By",
        readonly=True,
        ondelete="set null",
        help="The personal link of the last visit; empty when signed in.",
    )
    channel_label = fields.Char(string="Message", related="link_id.channel_label")
    first_seen_at = fields.Datetime(string="First Visit", required=True, readonly=True)
    seen_at = fields.Datetime(string="Last Seen", readonly=True)
    visits = fields.Integer(readonly=True)
    facts = fields.Json(readonly=True)
    facts_before = fields.Json(readonly=True)
    before_at = fields.Datetime(
        string="End of the Visit Before",
        readonly=True,
    )
    section_ids = fields.One2many("billing.page.seen", "reader_id", string="Sections")

    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_seen = fields.Monetary(string="Amount Shown", compute="_compute_shown")
    due_seen = fields.Date(string="Due Date Shown", compute="_compute_shown")
    is_current = fields.Boolean(
        string="Knows the Present State",
        compute="_compute_shown",
        help="Nothing that matters has changed since the page was last shown.",
    )
    is_here = fields.Boolean(string="On the Page Now", compute="_compute_is_here")

    _reader_unique = models.Constraint(
        "UNIQUE(move_id, partner_id)", "A reader is noted once for each invoice."
    )

    # === COMPUTE METHODS === #

    @api.depends("facts", "move_id.amount_residual", "move_id.invoice_date_due")
    def _compute_shown(self):
        for reader in self:
            facts = reader.facts or {}
            reader.amount_seen = float(facts.get("amount") or 0)
            reader.due_seen = facts.get("due") or False
            now = reader.move_id.sudo()._billing_page_facts() if reader.move_id else {}
            reader.is_current = all(
                facts.get(key, value) == value for key, value in now.items()
            )

    def _compute_is_here(self):
        here = {
            (row["move_id"], row["reader"])
            for row in self.env["billing.page.presence"]
            .sudo()
            ._recent_here(self.move_id)
        }
        for reader in self:
            key = (reader.move_id.id, f"partner:{reader.partner_id.id}")
            reader.is_here = key in here

    # === BUSINESS METHODS === #

    @api.model
    def _note(self, presence, report, now):
        """Note what a page reported of its reader.

        :param dict presence: who, from ``billing.page.presence._admit``
        :param core.reading.Report report: what it said
        :param datetime now: UTC
        :return: None
        """
        if not report.is_news:
            # The sign of life alone; a visit that has paused begins with showing.
            write_quietly(
                self.env,
                SQL(
                    """UPDATE billing_page_reader SET seen_at = %(now)s
                        WHERE move_id = %(move)s AND partner_id = %(partner)s
                          AND seen_at > %(pause)s
                    RETURNING id""",
                    now=now,
                    move=presence["move_id"],
                    partner=presence["partner_id"],
                    pause=now - reading.PAUSE,
                ),
            )
            self.invalidate_model(["seen_at"], flush=False)
            return
        reader_sudo = self._get_or_create(presence, now)
        if report.shown:
            reader_sudo._show(presence, now)
        if report.seen:
            self.env["billing.page.seen"]._note(reader_sudo, report.seen, now)
        if report.read:
            reader_sudo.move_id._billing_page_message_seen(report.read)

    @api.model
    def _get_or_create(self, presence, now):
        """Return the row of a reader, locked."""
        keys = {"move": presence["move_id"], "partner": presence["partner_id"]}
        [[reader_id]] = write_quietly(
            self.env,
            SQL(
                """INSERT INTO billing_page_reader
                        (move_id, company_id, partner_id, first_seen_at, visits,
                         create_uid, create_date, write_uid, write_date)
                   VALUES (%(move)s, %(company)s, %(partner)s, %(now)s, 0,
                           %(uid)s, %(now)s, %(uid)s, %(now)s)
              ON CONFLICT (move_id, partner_id) DO UPDATE
                      SET write_date = EXCLUDED.write_date
                RETURNING id""",
                **keys,
                company=presence["company_id"],
                now=now,
                uid=self.env.uid,
            ),
        )
        reader_sudo = self.sudo().browse(reader_id)
        reader_sudo.invalidate_recordset(flush=False)
        return reader_sudo

    def _show(self, presence, now):
        """Note that the invoice was shown as it is now."""
        self.ensure_one()
        marks = reading.advance(
            self._get_marks(), self.move_id._billing_page_facts(), now
        )
        values = {
            "facts": dict(marks.facts),
            "facts_before": marks.before and dict(marks.before),
            "before_at": marks.since,
            "seen_at": marks.seen_at,
            "visits": marks.visits,
        }
        if marks.visits > self.visits:
            values["link_id"] = presence["link_id"]
        self.write(values)

    @api.model
    def _of(self, move, visitor):
        """Return what a visitor has seen of an invoice; nothing of staff.

        :param core.visitor_rights.Visitor visitor: who looks
        :return: in superuser mode
        :rtype: billing.page.reader
        """
        if not visitor.is_customer:
            return self.sudo().browse()
        partner = visitor.partner_id
        if visitor.kind == PORTAL:
            partner = self.env["res.users"].sudo().browse(visitor.user_id).partner_id.id
        return self.sudo().search(
            [("move_id", "=", move.id), ("partner_id", "=", partner)], limit=1
        )

    def _what_changed(self, facts, now):
        """Return what is new to the reader; see :func:`core.reading.changed`."""
        return reading.changed(self._get_marks(), facts, now)

    def _get_marks(self):
        """Return what the reader has seen; also of no reader.

        :rtype: core.reading.Marks
        """
        if not self:
            return reading.Marks()
        self.ensure_one()
        return reading.Marks(
            facts=self.facts or {},
            before=self.facts_before or None,
            since=self.before_at or None,
            seen_at=self.seen_at or None,
            visits=self.visits,
        )
