from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import token as core_token
from ..core import visitor

#: What the tokens are for, among all that the database's secret is used for.
TOKEN_SCOPE = "billing.link"


class BillingLink(models.Model):
    """A personal link to the page of one invoice, one for each message that went out.

    It opens that invoice without signing in, until it expires or is revoked, and tells
    which message brought the customer there. The token is made from the database's
    secret and ``key`` whenever it is needed; stored is its digest alone.

    Links are made by :meth:`_issue`. What happens on them reaches other addons through
    :meth:`_opened_by_person`.
    """

    _name = "billing.link"
    _description = "Personal Link"
    _order = "id desc"
    _rec_name = "move_id"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    channel = fields.Char(readonly=True, help="How the message with the link went out.")
    channel_label = fields.Char(string="Sent By", compute="_compute_channel_label")
    res_model = fields.Char(string="Sent In (Model)", readonly=True)
    res_id = fields.Many2oneReference(
        string="Sent In", model_field="res_model", readonly=True
    )
    key = fields.Char(required=True, readonly=True, groups="base.group_system")
    token_digest = fields.Char(required=True, readonly=True, groups="base.group_system")
    state = fields.Selection(
        [("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")],
        compute="_compute_state",
        search="_search_state",
    )
    expires_at = fields.Datetime(string="Expires", required=True, readonly=True)
    revoked_at = fields.Datetime(string="Revoked", readonly=True)
    revoked_reason = fields.Char(readonly=True)

    # What happened on it
    first_opened_at = fields.Datetime(string="First Opened", readonly=True)
    last_opened_at = fields.Datetime(string="Last Opened", readonly=True)
    open_count = fields.Integer(string="Opened", readonly=True)
    machine_count = fields.Integer(string="Opened by Machines", readonly=True)
    visit_ids = fields.One2many("billing.link.visit", "link_id", string="Visits")

    _key_unique = models.Constraint(
        "UNIQUE(key, move_id)", "This message has a link to the invoice already."
    )
    _token_digest_unique = models.Constraint(
        "UNIQUE(token_digest)", "Two links cannot have the same token."
    )
    _move_idx = models.Index("(move_id, id)")

    # === COMPUTE METHODS === #

    @api.depends("channel")
    @api.depends_context("lang")
    def _compute_channel_label(self):
        labels = self.env["billing.event"]._get_channel_labels()
        for link in self:
            link.channel_label = labels.get(link.channel, link.channel)

    @api.depends("expires_at", "revoked_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for link in self:
            if link.revoked_at:
                link.state = "revoked"
            else:
                link.state = "active" if link.expires_at > now else "expired"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        domains = {
            "revoked": Domain("revoked_at", "!=", False),
            "expired": Domain("revoked_at", "=", False)
            & Domain("expires_at", "<=", now),
            "active": Domain("revoked_at", "=", False) & Domain("expires_at", ">", now),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    # === BUSINESS METHODS - ISSUE === #

    @api.model
    def _issue(self, vals_list):
        """Return a personal link for each of ``vals_list``, in its order.

        One link for each pair of ``key`` and ``move_id``: asking again, at once or
        after a crash, returns the link there is. The number of statements does not
        depend on how many are asked for.

        :param list[dict] vals_list: with

            ``move_id``
                id of the invoice
            ``key``
                what the link goes out in, such as the key of the attempt
            ``channel``
                optional, code of the channel
            ``res_model``, ``res_id``
                optional, the record the link goes out in; who gives them is told by
                :meth:`_opened_by_person` and writes the history
            ``expires_at``
                optional, UTC; else by :meth:`account.move._billing_link_expiry`
        :return: the links, as many as ``vals_list`` has entries
        :rtype: billing.link
        """
        if not vals_list:
            return self.browse()
        moves_sudo = self.env["account.move"].sudo()
        moves_sudo = moves_sudo.browse(
            list(dict.fromkeys(vals["move_id"] for vals in vals_list))
        )
        # All at once: by itself the cache fills a thousand invoices at a time.
        moves_sudo.fetch(["commercial_partner_id", "company_id", "invoice_date_due"])
        move_by_id = {move.id: move for move in moves_sudo}
        expiry_by_id = moves_sudo._billing_link_expiry()
        secret = self._get_secret()
        rows = {}
        for vals in vals_list:
            move_sudo = move_by_id[vals["move_id"]]
            rows[vals["key"], move_sudo.id] = (
                move_sudo.id,
                move_sudo.commercial_partner_id.id or None,
                move_sudo.company_id.id,
                vals.get("channel") or None,
                vals.get("res_model") or None,
                vals.get("res_id") or None,
                vals["key"],
                core_token.digest(self._derive(secret, vals["key"], move_sudo.id)),
                vals.get("expires_at") or expiry_by_id[move_sudo.id],
            )
        columns = list(zip(*rows.values(), strict=True))
        self.flush_model()
        self.env.execute_query(
            SQL(
                """INSERT INTO billing_link
                        (%(columns)s, open_count, machine_count,
                         create_uid, create_date, write_uid, write_date)
                   SELECT *, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM (SELECT %(rows)s) AS new_row
              ON CONFLICT (key, move_id) DO NOTHING
                RETURNING id""",
                columns=SQL(", ").join(map(SQL.identifier, _COLUMN_TYPES)),
                rows=SQL(", ").join(
                    SQL("unnest(%s::%s[])", list(column), SQL(pg_type))
                    for column, pg_type in zip(
                        columns, _COLUMN_TYPES.values(), strict=True
                    )
                ),
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        found = self.env.execute_query(
            SQL(
                """SELECT key, move_id, id
                     FROM billing_link
                    WHERE (key, move_id) IN (
                          SELECT * FROM unnest(%s::varchar[], %s::integer[]))""",
                [key for key, _move_id in rows],
                [move_id for _key, move_id in rows],
            )
        )
        id_by_key = {(key, move_id): link_id for key, move_id, link_id in found}
        return self.browse(
            id_by_key[vals["key"], vals["move_id"]] for vals in vals_list
        )

    def _token(self):
        """Return the token of the link, made anew.

        :rtype: str
        """
        self.ensure_one()
        link_sudo = self.sudo()
        return self._derive(self._get_secret(), link_sudo.key, link_sudo.move_id.id)

    def _url(self, lang=None):
        """Return the whole address of the invoice's page with this link's token.

        :param str lang: code of the language to open the page in; None = the
            customer's, «» = the browser's
        :rtype: str
        """
        self.ensure_one()
        link_sudo = self.sudo()
        if lang is None:
            lang = link_sudo.move_id.partner_id.lang
        url_code = lang and self.env["res.lang"]._get_data(code=lang).url_code
        prefix = f"/{url_code}" if url_code else ""
        move_sudo = link_sudo.move_id
        return (
            f"{move_sudo.get_base_url()}{prefix}{move_sudo.access_url}"
            f"?access_token={self._token()}"
        )

    # === BUSINESS METHODS - USE === #

    @api.model
    def _find(self, token):
        """Return the link of ``token``, whatever its state, or none.

        The look-up goes by the digest of the token in a unique index.

        :param str token: as a visitor sent it
        :return: in superuser mode
        :rtype: billing.link
        """
        if not core_token.looks_like(token):
            return self.sudo().browse()
        return self.sudo().search(
            [("token_digest", "=", core_token.digest(token))], limit=1
        )

    def _get_trouble(self):
        """Return why the link opens nothing now, or None when it opens its invoice.

        :return: ``revoked``, ``expired`` or, while the invoice is being corrected,
            ``draft``
        :rtype: str | None
        """
        self.ensure_one()
        link_sudo = self.sudo()
        if link_sudo.state != "active":
            return link_sudo.state
        return "draft" if link_sudo.move_id.state == "draft" else None

    def _renew(self):
        """Send the customer a new link instead of this one, once a day at most.

        It goes to the contact point that works best, so whoever holds an old link
        learns nothing from asking. Nothing is sent for a link that was revoked.

        :return: the new link, or none when nothing was sent
        :rtype: billing.link
        """
        self.ensure_one()
        link_sudo = self.sudo()
        day = link_sudo.company_id._billing_today().isoformat()
        if link_sudo.revoked_at or not self.env["billing.event"]._log(
            [
                {
                    "kind": "link.renewed",
                    "move_id": link_sudo.move_id.id,
                    "actor": "customer",
                    "payload": {"link_id": link_sudo.id},
                    # Whatever number of old links somebody holds.
                    "dedup_key": f"link.renewed:{link_sudo.move_id.id}:{day}",
                }
            ]
        ):
            return self.browse()
        new_sudo = link_sudo._issue(
            [
                {
                    "move_id": link_sudo.move_id.id,
                    "key": f"renewed:{link_sudo.id}:{day}",
                    # It is still that message which brought the customer.
                    "res_model": link_sudo.res_model,
                    "res_id": link_sudo.res_id,
                }
            ]
        ).sudo()
        move_sudo = link_sudo.move_id.with_company(link_sudo.company_id)
        point_sudo = (
            move_sudo.partner_id.with_company(link_sudo.company_id)
            ._billing_tell(
                self.env.ref("billing_base.mail_template_new_link"),
                new_sudo,
                thread=move_sudo,
            )
            .sudo()
        )
        if not point_sudo:
            new_sudo._revoke(self.env._("The customer could not be told of it."))
            return self.browse()
        new_sudo.channel = point_sudo.channel
        return new_sudo.sudo(self.env.su)

    def _revoke(self, reason):
        """Let the links open nothing any more.

        :param str reason: for staff
        :return: None
        """
        todo_sudo = self.sudo().filtered(lambda link: not link.revoked_at)
        todo_sudo.write({"revoked_at": fields.Datetime.now(), "revoked_reason": reason})
        self.env["billing.event"]._log(
            [
                {
                    "kind": "link.revoked",
                    "move_id": link_sudo.move_id.id,
                    "channel": link_sudo.channel,
                    "actor": "system" if self.env.su else "staff",
                    "payload": {"link_id": link_sudo.id, "reason": reason},
                }
                for link_sudo in todo_sudo
            ]
        )

    def _opened_by_person(self, visits):
        """Called when persons opened the links; extend to know of it.

        ``self`` holds the links of ``visits``. Called once for each visit; a visit may
        become a person's some seconds after it began. Who saw the page signed in came
        by no link: see ``account.move._billing_page_seen``.

        :param visits: ``billing.link.visit`` records, in superuser mode
        :return: None
        """
        events = []
        by_link = defaultdict(visits.browse)
        for visit in visits:
            by_link[visit.link_id] |= visit
        for link_sudo, link_visits in by_link.items():
            times = sorted(link_visits.mapped("visited_at"))
            link_sudo.write(
                {
                    "first_opened_at": min(
                        link_sudo.first_opened_at or times[0], times[0]
                    ),
                    "last_opened_at": max(
                        link_sudo.last_opened_at or times[-1], times[-1]
                    ),
                    "open_count": link_sudo.open_count + len(link_visits),
                }
            )
            if not link_sudo.res_model:
                events.append(link_sudo._prepare_event("link.opened", link_visits[0]))
        self.env["billing.event"]._log(events)

    def _opened_by_machine(self, visits):
        """Called when machines opened the links; extend to know of it.

        :param visits: ``billing.link.visit`` records, in superuser mode
        :return: None
        """
        events = []
        by_link = defaultdict(visits.browse)
        for visit in visits:
            by_link[visit.link_id] |= visit
        for link_sudo, link_visits in by_link.items():
            if not link_sudo:
                continue
            link_sudo.machine_count += len(link_visits)
            if not link_sudo.res_model:
                events.append(link_sudo._prepare_event("link.machine", link_visits[0]))
        self.env["billing.event"]._log(events)

    def _prepare_event(self, kind, visit):
        """Return the values of the one event of ``kind`` a link leaves."""
        self.ensure_one()
        person = visit.verdict == visitor.PERSON
        return {
            "kind": kind,
            "move_id": self.move_id.id,
            "occurred_at": visit.visited_at,
            "actor": "customer" if person else "gateway",
            "channel": self.channel,
            "payload": {"link_id": self.id, "reason": visit.reason},
            "dedup_key": f"{kind}:{self.id}",
        }

    # === ACTIONS === #

    def action_revoke(self):
        """Revoke the links (button)."""
        self.check_access("read")
        self._revoke(self.env._("Revoked by %(user)s", user=self.env.user.name))

    # === HELPERS === #

    @api.model
    def _get_secret(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.secret")

    @api.model
    def _derive(self, secret, key, move_id):
        return core_token.derive(secret, TOKEN_SCOPE, f"{move_id}:{key}")


#: Columns that :meth:`BillingLink._issue` fills, with their types in PostgreSQL.
_COLUMN_TYPES = {
    "move_id": "integer",
    "partner_id": "integer",
    "company_id": "integer",
    "channel": "varchar",
    "res_model": "varchar",
    "res_id": "integer",
    "key": "varchar",
    "token_digest": "varchar",
    "expires_at": "timestamp",
}
