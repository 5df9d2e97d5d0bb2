import json
import logging
from collections.abc import Mapping

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_date, format_datetime, formatLang
from odoo.tools.json import json_default

from ..core import event_text

_logger = logging.getLogger(__name__)

#: Rows the retention job deletes between two commits.
RETENTION_BATCH = 5000
#: Context key with which the retention job, and nobody else, deletes events.
RETENTION_KEY = "billing_event_retention"

ACTORS = ("system", "staff", "customer", "bank", "gateway")


class BillingEvent(models.Model):
    """What happened to invoices and customers, row by row, for good.

    History pages, stat buttons and dashboards are readings of this table. Rows are
    written by :meth:`_log` only and never changed; the one way to delete is
    :meth:`_cron_retention`.
    """

    _name = "billing.event"
    _description = "Billing Event"
    _order = "occurred_at desc, id desc"
    _rec_name = "display_text"

    occurred_at = fields.Datetime(
        string="When", required=True, readonly=True, index=True
    )
    kind = fields.Selection(
        selection="_selection_kind", string="Event", required=True, readonly=True
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", readonly=True, ondelete="set null"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="set null"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    actor = fields.Selection(
        [
            ("system", "System"),
            ("staff", "Staff"),
            ("customer", "Customer"),
            ("bank", "Bank"),
            ("gateway", "Gateway"),
        ],
        string="By",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    channel = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    payload = fields.Json(readonly=True)
    customer_visible = fields.Boolean(string="Shown to Customer", readonly=True)
    dedup_key = fields.Char(string="Deduplication Key", readonly=True)

    # Rendered in the language of whoever reads
    label = fields.Char(compute="_compute_display")
    icon = fields.Char(compute="_compute_display")
    display_text = fields.Char(string="What Happened", compute="_compute_display")

    _dedup_key_unique = models.UniqueIndex(
        "(dedup_key) WHERE dedup_key IS NOT NULL",
        "This event has been logged already.",
    )
    _move_idx = models.Index("(move_id, occurred_at)")
    _partner_idx = models.Index("(partner_id, occurred_at)")
    _company_kind_idx = models.Index("(company_id, kind, occurred_at)")

    # === COMPUTE METHODS === #

    @api.depends("kind", "payload", "amount", "channel", "move_id", "partner_id")
    @api.depends_context("lang", "tz", "billing_customer_view")
    def _compute_display(self):
        """Render label, icon and sentence; see :meth:`_billing_event_kinds`.

        With ``billing_customer_view`` in the context the sentence is the one meant
        for the customer.
        """
        kinds = self._billing_event_kinds()
        customer_view = self.env.context.get("billing_customer_view")
        channels = self._get_channel_labels()
        for event in self:
            kind = kinds.get(event.kind) or {}
            template = kind.get("text") or ""
            if customer_view:
                template = kind.get("customer_text") or template
            event.label = kind.get("label") or event.kind
            event.icon = kind.get("icon") or "fa-circle-o"
            event.display_text = (
                event_text.render(template, event._get_text_values(kind, channels))
                or event.label
            )

    # === SELECTION METHODS === #

    def _selection_kind(self):
        return [
            (code, kind["label"]) for code, kind in self._billing_event_kinds().items()
        ]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if vals_list:
            raise AccessError(
                self.env._("Billing events are written by the system only.")
            )
        return super().create(vals_list)

    def write(self, vals):
        if self:
            raise AccessError(self.env._("Billing events cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_retention(self):
        """Refuse, but for the retention job: superuser mode and its context key."""
        if not (self.env.su and self.env.context.get(RETENTION_KEY)):
            raise AccessError(self.env._("Billing events cannot be deleted."))

    # === BUSINESS METHODS - KINDS === #

    @api.model
    def _billing_event_kinds(self):
        """Return the kinds of event there are; every addon adds its own.

        Override, call ``super()`` and update the dict. Text goes through
        ``self.env._`` so that it comes in the language of the reader.

        :return: by code (dotted, such as ``delivery.opened``) a dict with

            ``label``
                short name, for lists and filters
            ``icon``
                Font Awesome 4 class, such as ``fa-envelope-o``
            ``customer_visible``
                whether the customer sees it, unless :meth:`_log` is told otherwise
            ``text``
                sentence with ``%(name)s`` places for values of the payload and for
                ``amount``, ``channel``, ``invoice``, ``customer`` and ``user``
            ``customer_text``
                optional, the sentence as the customer reads it
            ``formats``
                optional, payload key → ``date``, ``datetime`` (ISO text) or
                ``amount`` (number in the currency of the event)
        :rtype: dict[str, dict]
        """
        return {
            "invoice.posted": {
                "label": self.env._("Invoice issued"),
                "icon": "fa-file-text-o",
                "customer_visible": True,
                "text": self.env._("Invoice %(invoice)s: %(amount)s, due %(due)s."),
                "customer_text": self.env._(
                    "Here is invoice %(invoice)s for %(amount)s. Please pay it by "
                    "%(due)s."
                ),
                "formats": {"due": "date"},
            },
            "invoice.paid": {
                "label": self.env._("Invoice paid"),
                "icon": "fa-check",
                "customer_visible": True,
                "text": self.env._("Invoice %(invoice)s for %(amount)s is paid."),
                "customer_text": self.env._("Invoice %(invoice)s is paid. Thank you!"),
            },
            "invoice.reset": {
                "label": self.env._("Invoice reset to draft"),
                "icon": "fa-pencil",
                "customer_visible": False,
                "text": self.env._(
                    "Invoice %(invoice)s was reset to draft by %(user)s."
                ),
            },
            "invoice.cancelled": {
                "label": self.env._("Invoice cancelled"),
                "icon": "fa-times",
                "customer_visible": True,
                "text": self.env._("Invoice %(invoice)s was cancelled by %(user)s."),
                "customer_text": self.env._(
                    "Invoice %(invoice)s is cancelled. You do not have to pay it."
                ),
            },
            "hold.placed": {
                "label": self.env._("Put on hold"),
                "icon": "fa-pause",
                "customer_visible": False,
                "text": self.env._("Put on hold by %(user)s: %(reason)s"),
            },
            "hold.released": {
                "label": self.env._("Hold released"),
                "icon": "fa-play",
                "customer_visible": False,
                "text": self.env._("Hold released by %(user)s: %(reason)s"),
            },
            "contact.working": {
                "label": self.env._("Contact point works again"),
                "icon": "fa-address-book-o",
                "customer_visible": False,
                "text": self.env._("%(channel)s %(address)s works again."),
            },
            "contact.failing": {
                "label": self.env._("Contact point failing"),
                "icon": "fa-exclamation-triangle",
                "customer_visible": False,
                "text": self.env._("%(channel)s %(address)s is failing: %(reason)s"),
            },
            "contact.blocked": {
                "label": self.env._("Contact point blocked"),
                "icon": "fa-ban",
                "customer_visible": False,
                "text": self.env._(
                    "%(channel)s %(address)s is no longer used: %(reason)s"
                ),
            },
            "contact.needed": {
                "label": self.env._("Another address needed"),
                "icon": "fa-address-book-o",
                "customer_visible": False,
                "text": self.env._(
                    "Nothing but a letter reaches %(customer)s. Ask for another "
                    "address."
                ),
            },
            "contact.replaced": {
                "label": self.env._("Address replaced"),
                "icon": "fa-address-book-o",
                "customer_visible": False,
                "text": self.env._("%(channel)s %(old)s replaced by %(new)s."),
            },
            "contact.unreachable": {
                "label": self.env._("Customer not reached"),
                "icon": "fa-chain-broken",
                "customer_visible": False,
                "text": self.env._(
                    "No contact point to tell %(customer)s: %(message)s"
                ),
            },
            "link.opened": {
                "label": self.env._("Invoice opened"),
                "icon": "fa-envelope-open-o",
                "customer_visible": False,
                "text": self.env._("%(customer)s opened the link (%(channel)s)."),
            },
            "link.machine": {
                "label": self.env._("Link opened by a machine"),
                "icon": "fa-cogs",
                "customer_visible": False,
                "text": self.env._(
                    "A mail scanner or a preview opened the link (%(channel)s). That "
                    "does not count as seen."
                ),
            },
            "link.renewed": {
                "label": self.env._("New link asked for"),
                "icon": "fa-refresh",
                "customer_visible": False,
                "text": self.env._(
                    "%(customer)s came with an expired link and asked for a new one."
                ),
            },
            "link.revoked": {
                "label": self.env._("Link revoked"),
                "icon": "fa-chain-broken",
                "customer_visible": False,
                "text": self.env._("The link (%(channel)s) was revoked: %(reason)s"),
            },
            "page.seen": {
                "label": self.env._("Invoice seen"),
                "icon": "fa-eye",
                "customer_visible": False,
                "text": self.env._("%(customer)s saw the invoice on its page."),
            },
            "job.failed": {
                "label": self.env._("Scheduled job failed"),
                "icon": "fa-exclamation-circle",
                "customer_visible": False,
                "text": self.env._("%(job)s failed: %(error)s"),
            },
        }

    # === BUSINESS METHODS - LOGGING === #

    @api.model
    def _log(self, vals_list):
        """Write events, in one statement however many there are.

        ``kind`` is required. Left out, the others are filled: ``occurred_at`` with
        the present moment; ``company_id``, ``partner_id`` (the commercial partner)
        and, with an ``amount``, ``currency_id`` from the invoice, else from the
        environment; ``actor`` with ``system``; ``user_id`` with the present user
        when the actor is staff; ``customer_visible`` from the kind.

        A ``dedup_key`` that is in the log already, or twice in ``vals_list``, is
        written once. Keys share one namespace over all companies and kinds: begin
        them with the kind and put the record's id in, for example
        ``delivery.opened:attempt:17``.

        An override that must act on what happened calls ``super()`` and works with
        the records it returns: these are the new events, without the repeated ones.

        :param list[dict] vals_list: field values; records as ids, ``payload`` a
            dict that JSON can hold (dates are stored as ISO text)
        :return: the events written
        :rtype: billing.event
        :raises ValueError: unknown kind, actor or field, or a payload that is no
            mapping
        """
        if not vals_list:
            return self.browse()
        rows = self._prepare_rows(vals_list)
        columns = list(_COLUMN_TYPES)
        rows_sql = SQL(", ").join(
            SQL("unnest(%s::%s[])", [row[column] for row in rows], SQL(pg_type))
            for column, pg_type in _COLUMN_TYPES.items()
        )
        created = self.env.execute_query(
            SQL(
                """INSERT INTO billing_event
                        (%(columns)s, create_uid, create_date, write_uid, write_date)
                   SELECT *, %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM (SELECT %(rows)s) AS new_row
              ON CONFLICT (dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
                RETURNING id""",
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                rows=rows_sql,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        events = self.browse(row[0] for row in created)
        # Counts on invoices and partners are read from the table.
        self.env["account.move"].invalidate_model(["billing_event_count"], flush=False)
        self.env["res.partner"].invalidate_model(["billing_event_count"], flush=False)
        return events

    def _prepare_rows(self, vals_list):
        """Check and complete ``vals_list`` for :meth:`_log`."""
        kinds = self._billing_event_kinds()
        now = fields.Datetime.now()
        moves_sudo = self.env["account.move"].sudo()
        moves_sudo = moves_sudo.browse(
            {vals["move_id"] for vals in vals_list if vals.get("move_id")}
        )
        move_by_id = {move.id: move for move in moves_sudo}
        rows = []
        for vals in vals_list:
            self._check_vals(vals, kinds)
            move_sudo = move_by_id.get(vals.get("move_id"), moves_sudo.browse())
            amount = vals.get("amount")
            company = move_sudo.company_id or self.env.company
            currency_id = vals.get("currency_id") or None
            if amount is not None and not currency_id:
                currency_id = (move_sudo.currency_id or company.currency_id).id
            actor = vals.get("actor") or "system"
            user_id = vals.get("user_id") or None
            if actor == "staff" and not user_id:
                user_id = self.env.uid
            visible = vals.get("customer_visible")
            if visible is None:
                visible = bool(kinds[vals["kind"]].get("customer_visible"))
            rows.append(
                {
                    "occurred_at": vals.get("occurred_at") or now,
                    "kind": vals["kind"],
                    "move_id": move_sudo.id or None,
                    "partner_id": vals.get("partner_id")
                    or move_sudo.commercial_partner_id.id
                    or None,
                    "company_id": vals.get("company_id") or company.id,
                    "actor": actor,
                    "user_id": user_id,
                    "channel": vals.get("channel") or None,
                    "amount": amount,
                    "currency_id": currency_id,
                    "payload": json.dumps(
                        vals.get("payload") or {}, default=json_default
                    ),
                    "customer_visible": visible,
                    "dedup_key": vals.get("dedup_key") or None,
                }
            )
        return rows

    @api.model
    def _check_vals(self, vals, kinds):
        unknown = vals.keys() - _COLUMN_TYPES.keys()
        if unknown:
            raise ValueError(f"billing.event has no {sorted(unknown)} to log")
        if vals.get("kind") not in kinds:
            raise ValueError(f"unknown kind of billing event: {vals.get('kind')!r}")
        if vals.get("actor") and vals["actor"] not in ACTORS:
            raise ValueError(f"unknown actor: {vals['actor']!r}")
        payload = vals.get("payload")
        if payload is not None and not isinstance(payload, Mapping):
            raise ValueError(f"a payload is a dict, not {type(payload).__name__}")

    # === BUSINESS METHODS - RETENTION === #

    @api.model
    def _cron_retention(self):
        """Delete events older than their company wants to keep them.

        Companies with 0 months keep everything. The only place that deletes events.
        """
        cron = self.env["ir.cron"]
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("billing_event_retention_months", ">", 0)])
        )
        events_sudo = self.sudo().with_context(**{RETENTION_KEY: True})
        for company in companies:
            limit_date = fields.Datetime.now() - relativedelta(
                months=company.billing_event_retention_months
            )
            domain = [
                ("company_id", "=", company.id),
                ("occurred_at", "<", limit_date),
            ]
            remaining = events_sudo.search_count(domain)
            while remaining:
                batch = events_sudo.search(
                    domain, order="occurred_at, id", limit=RETENTION_BATCH
                )
                deleted = len(batch)
                batch.unlink()
                remaining = max(remaining - deleted, 0)
                _logger.info(
                    "Deleted %s billing events of company %s older than %s",
                    deleted,
                    company.id,
                    limit_date,
                )
                time_left = cron._commit_progress(deleted, remaining=remaining)
                if not time_left:
                    return

    # === HELPERS === #

    def _get_channel_labels(self):
        """Return the names of the channels, in the language of the reader."""
        field = self.env["billing.contact.point"]._fields["channel"]
        return dict(field._description_selection(self.env))

    def _get_text_values(self, kind, channels):
        """Return the values of the ``%(name)s`` places of the texts of ``kind``."""
        self.ensure_one()
        formats = kind.get("formats") or {}
        # Own fields go last: a payload cannot pretend to be another amount.
        values = {
            key: self._format_value(value, formats.get(key))
            for key, value in (self.payload or {}).items()
        }
        # Names only, for a reader who may see this event.
        self_sudo = self.sudo()
        values.update(
            invoice=self_sudo.move_id.name,
            customer=self_sudo.partner_id.name,
            user=self_sudo.user_id.name,
        )
        if self.channel:
            values["channel"] = channels.get(self.channel, self.channel)
        if self.currency_id:
            values["amount"] = self._format_value(self.amount, "amount")
        return values

    def _format_value(self, value, value_format):
        """Return ``value`` as text in the reader's language.

        A value that is not what its kind says is shown as it came.
        """
        try:
            if value_format == "date":
                return format_date(self.env, value) or value
            if value_format == "datetime":
                return format_datetime(self.env, value) or value
            if value_format == "amount":
                return formatLang(self.env, value, currency_obj=self.currency_id)
        except (TypeError, ValueError):
            return value
        return value

    # === ACTIONS === #

    def action_open_invoice(self):
        """Open the invoice of the event."""
        self.ensure_one()
        return self.move_id._get_records_action()


#: Columns that :meth:`BillingEvent._log` fills, with their types in PostgreSQL.
_COLUMN_TYPES = {
    "occurred_at": "timestamp",
    "kind": "varchar",
    "move_id": "integer",
    "partner_id": "integer",
    "company_id": "integer",
    "actor": "varchar",
    "user_id": "integer",
    "channel": "varchar",
    "amount": "numeric",
    "currency_id": "integer",
    "payload": "jsonb",
    "customer_visible": "boolean",
    "dedup_key": "varchar",
}
