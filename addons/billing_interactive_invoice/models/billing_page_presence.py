from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..core import ticket as core_ticket
from ..core.visitor_rights import STAFF, Visitor

#: Part of the channel on which an invoice's open pages hear of it.
SUBCHANNEL = "page"
#: What pages hear. None of it says anything of the invoice: they ask.
CHANGED = "billing_page_changed"
PRESENCE = "billing_page_presence"
#: Pages that said so much as «still here» within this time are told of changes.
TOLD_FOR = timedelta(minutes=3)
#: Whoever said it within this time is shown as being here: a page says it each minute.
HERE_FOR = timedelta(seconds=150)
#: So many pages may ask at the same moment.
TOGETHER = 20
#: However many are open, the last one has asked after so many milliseconds.
LONGEST = 60_000
#: System parameter: pages that may ask in one second.
PER_SECOND = "billing_interactive_invoice.pages_per_second"
#: After so long nobody asks any more who was here.
KEPT_FOR = timedelta(days=1)


class BillingPagePresence(models.Model):
    """Who has the page of which invoice open, one row for each reader.

    Written by the pages themselves, straight into the table; it says who is to be told
    of a change, and who is here just now. What became of a visit for good is told by
    ``billing.page.reader``.
    """

    _name = "billing.page.presence"
    _description = "Open Page"
    _log_access = False
    _rec_name = "reader"

    move_id = fields.Many2one(
        "account.move", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    reader = fields.Char(required=True, readonly=True)
    is_staff = fields.Boolean(readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", readonly=True, ondelete="cascade")
    seen_at = fields.Datetime(string="Last Seen", required=True, readonly=True)
    here = fields.Boolean(
        string="In View", readonly=True, help="The page was in view when last heard of."
    )

    _reader_unique = models.Constraint(
        "UNIQUE(move_id, reader)", "A reader is noted once for each invoice."
    )

    # === BUSINESS METHODS - TICKETS === #

    @api.model
    def _issue_ticket(self, move, visitor):
        """Return what lets the page of a visitor hear of changes to the invoice.

        :param move: the invoice, which the visitor may see
        :param core.visitor_rights.Visitor visitor: who looks
        :rtype: str
        """
        is_link = visitor.kind == core_ticket.LINK
        ticket = core_ticket.Ticket(
            move.id,
            visitor.kind,
            (visitor.link_id if is_link else visitor.user_id) or 0,
            _now_seconds() + core_ticket.SECONDS,
        )
        return core_ticket.issue(self._get_secret(), ticket)

    @api.model
    def _issue_staff_ticket(self, move, user):
        """Return the same for an employee who works on the invoice in Odoo.

        :param user: the employee, who may read the invoice
        :rtype: str
        """
        return self._issue_ticket(
            move, Visitor(STAFF, partner_id=None, user_id=user.id)
        )

    @api.model
    def _admit(self, text):
        """Return whose ticket this is, if its bearer may still see the invoice.

        :param text: as somebody sent it
        :return: unsaved values of a row of this model; nothing when it admits to
            nothing: forged, too old, of another user, its link revoked or expired, its
            invoice a draft again
        :rtype: dict | None
        """
        ticket = core_ticket.read(self._get_secret(), text, _now_seconds())
        if not ticket:
            return None
        moves_sudo = self.env["account.move"].sudo()
        move_sudo = moves_sudo.browse(ticket.move_id).exists()
        # Thousands of pages report: an invoice has more fields than all they need.
        move_sudo.fetch(["move_type", "state", "commercial_partner_id", "company_id"])
        if not move_sudo or not move_sudo._billing_has_page():
            return None
        user = self.env.user
        partner_sudo = move_sudo.commercial_partner_id
        link_sudo = self.env["billing.link"].sudo()
        if ticket.kind == core_ticket.LINK:
            if ticket.ident:
                link_sudo = link_sudo.browse(ticket.ident).exists()
                if link_sudo.move_id != move_sudo or link_sudo._get_trouble():
                    return None
        elif user.id != ticket.ident:
            return None
        else:
            own = user.partner_id.sudo().commercial_partner_id == partner_sudo
            may_read = move_sudo.with_user(user).has_access("read")
            if not may_read and not (own and ticket.kind == core_ticket.PORTAL):
                return None
            partner_sudo = user.partner_id
        is_staff = ticket.kind == core_ticket.STAFF
        return {
            "move_id": move_sudo.id,
            "company_id": move_sudo.company_id.id,
            "is_staff": is_staff,
            "reader": f"user:{user.id}" if is_staff else f"partner:{partner_sudo.id}",
            "partner_id": partner_sudo.id,
            "user_id": ticket.ident if ticket.kind != core_ticket.LINK else None,
            "link_id": link_sudo.id or None,
        }

    # === BUSINESS METHODS - PRESENCE === #

    @api.model
    def _note(self, reader, report):
        """Note that a page is open, and what it reported.

        :param dict reader: from :meth:`_admit`
        :param core.reading.Report report: what the page said
        :return: None
        """
        now = fields.Datetime.now()
        values = {
            name: reader[name]
            for name in (
                *("move_id", "company_id", "reader", "is_staff"),
                *("partner_id", "user_id"),
            )
        }
        [[was_here]] = write_quietly(
            self.env,
            SQL(
                """WITH before AS (
                       SELECT here AND seen_at > %(fresh)s AS here
                         FROM billing_page_presence
                        WHERE move_id = %(move)s AND reader = %(reader)s)
                   INSERT INTO billing_page_presence (%(columns)s, seen_at, here)
                   VALUES (%(values)s, %(now)s, %(here)s)
              ON CONFLICT (move_id, reader) DO UPDATE
                      SET seen_at = EXCLUDED.seen_at, here = EXCLUDED.here
                RETURNING coalesce((SELECT here FROM before), false)""",
                fresh=now - HERE_FOR,
                move=reader["move_id"],
                reader=reader["reader"],
                columns=SQL(", ").join(map(SQL.identifier, values)),
                values=SQL(", ").join(SQL("%s", value) for value in values.values()),
                now=now,
                here=report.visible,
            ),
        )
        self.invalidate_model(flush=False)
        if not reader["is_staff"]:
            self.env["billing.page.reader"]._note(reader, report, now)
        if was_here != report.visible:
            self._tell_others(reader)

    @api.model
    def _tell_others(self, reader):
        """Tell whoever else has the page open that a reader came or went."""
        move_sudo = self.env["account.move"].sudo().browse(reader["move_id"])
        rows = self._recent(move_sudo)
        if any(row["reader"] != reader["reader"] for row in rows):
            self.env["bus.bus"]._sendone(
                (move_sudo, SUBCHANNEL),
                PRESENCE,
                {
                    "move_id": move_sudo.id,
                    **move_sudo._billing_page_readers_here()[move_sudo.id],
                },
            )

    @api.model
    def _recent(self, moves):
        """Return who had the pages of invoices open within the last minutes.

        :return: dicts of ``move_id``, ``reader``, ``is_staff``, ``here``, ``seen_at``
        :rtype: list[dict]
        """
        names = ("move_id", "reader", "is_staff", "here", "seen_at")
        rows = self.env.execute_query(
            SQL(
                """SELECT %s FROM billing_page_presence
                    WHERE move_id = ANY(%s) AND seen_at > %s""",
                SQL(", ").join(map(SQL.identifier, names)),
                list(moves.ids),
                fields.Datetime.now() - TOLD_FOR,
            )
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    @api.model
    def _recent_here(self, moves):
        """Return those of :meth:`_recent` whose page is in view now.

        :rtype: list[dict]
        """
        since = fields.Datetime.now() - HERE_FOR
        return [
            row for row in self._recent(moves) if row["here"] and row["seen_at"] > since
        ]

    @api.model
    def _push(self, move_ids):
        """Tell the open pages of invoices that something changed, by now committed.

        :param list[int] move_ids: ids of the invoices
        :return: how many invoices somebody has open
        :rtype: int
        """
        moves_sudo = self.env["account.move"].sudo().browse(move_ids)
        open_ids = {row["move_id"] for row in self._recent(moves_sudo)}
        # All at once would ask at once, and wait for each other: they ask within so
        # many milliseconds, each at a moment of its own.
        within = 0
        if len(open_ids) > TOGETHER:
            within = min(len(open_ids) * 1000 // self._asked_per_second(), LONGEST)
        bus = self.env["bus.bus"]
        for move_sudo in moves_sudo.browse(sorted(open_ids)):
            bus._sendone((move_sudo, SUBCHANNEL), CHANGED, {"within": within})
        return len(open_ids)

    # === HELPERS === #

    @api.model
    def _asked_per_second(self):
        """Return how many pages may ask for what is new in one second.

        What two workers of the server manage beside their other work; with more of
        them, set the system parameter.

        :rtype: int
        """
        value = self.env["ir.config_parameter"].sudo().get_param(PER_SECOND)
        return max(int(value), 1) if (value or "").isdecimal() else 40

    @api.model
    def _get_secret(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.secret")

    @api.autovacuum
    def _gc_presence(self):
        self.env.execute_query(
            SQL(
                "DELETE FROM billing_page_presence WHERE seen_at < %s RETURNING id",
                fields.Datetime.now() - KEPT_FOR,
            )
        )


def write_quietly(env, query):
    """Run a statement of which two may meet, and return its rows.

    One reader may be heard of twice at the same moment, by two pages or by websocket
    and HTTP. The second is tried again by whoever serves it; that is no error to log.

    :param SQL query: writes to one row
    """
    env.cr.execute(query, log_exceptions=False)
    return env.cr.fetchall()


def _now_seconds():
    now = fields.Datetime.now()
    return int((now - fields.Datetime.to_datetime("1970-01-01")).total_seconds())
