import uuid
from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.tools import SQL, format_date, format_list, formatLang

from ..core import state
from .billing_channel import CHANNELS
from .billing_distribution_run import STOPPED_BY_STAFF

#: Event of an attempt → kind of ``billing.event`` it leaves for each of its invoices.
EVENT_KINDS = {
    state.SENT: "delivery.sent",
    state.DELIVERED: "delivery.delivered",
    state.OPENED: "delivery.opened",
    state.UNCERTAIN: "delivery.uncertain",
    state.FAILED_SOFT: "delivery.failed",
    state.FAILED_HARD: "delivery.failed",
}
#: Event → field that keeps when it first was.
STAMPS = {
    state.CALLED: "called_at",
    state.SENT: "sent_at",
    state.DELIVERED: "delivered_at",
    state.OPENED: "opened_at",
    state.FAILED_SOFT: "failed_at",
    state.FAILED_HARD: "failed_at",
}
#: Who tells of an event.
ACTORS = {state.OPENED: "customer", state.DELIVERED: "gateway"}


def new_key():
    """Return a key for an attempt that nobody else has."""
    return uuid.uuid4().hex


class BillingDistributionAttempt(models.Model):
    """One message to one address, about one invoice or several: one outside call.

    The row is there, and committed, before the call is made; ``key`` goes along, so
    that what nobody settled can be asked for afterwards. ``state`` changes through
    :meth:`_apply` only, whose table stands in ``core/state.py``.
    """

    _name = "billing.distribution.attempt"
    _description = "Message with Invoices"
    _order = "id desc"
    _rec_name = "subject"

    key = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: new_key()
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    recipient_id = fields.Many2one(
        "res.partner",
        string="Addressed To",
        required=True,
        readonly=True,
        ondelete="cascade",
        help="To whom the invoices are addressed: the customer, or a contact of it.",
    )
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    contact_point_id = fields.Many2one(
        "billing.contact.point", readonly=True, ondelete="set null", index=True
    )
    address = fields.Char(readonly=True)
    provider = fields.Char(readonly=True)
    state = fields.Selection(
        [
            (state.PLANNED, "Planned"),
            (state.CALLING, "Being Sent"),
            (state.UNCERTAIN, "Uncertain"),
            (state.SENT, "Sent"),
            (state.FAILED_SOFT, "Failed for Now"),
            (state.DELIVERED, "Delivered"),
            (state.FAILED_HARD, "Bounced"),
            (state.OPENED, "Opened"),
            (state.CANCELLED, "Cancelled"),
        ],
        required=True,
        readonly=True,
        default=state.PLANNED,
        copy=False,
    )
    origin = fields.Selection(
        [("plan", "Plan"), ("manual", "By Hand"), ("odoo", "Send & Print")],
        required=True,
        readonly=True,
        default="plan",
    )
    item_ids = fields.One2many(
        "billing.distribution.item", "attempt_id", string="Invoices", readonly=True
    )
    move_ids = fields.Many2many(
        "account.move", compute="_compute_move_ids", string="Invoices of the Message"
    )

    # What it says
    content_id = fields.Many2one(
        "billing.distribution.content", readonly=True, ondelete="restrict"
    )
    attach_pdf = fields.Boolean(string="With the PDF", readonly=True)
    lang = fields.Char(string="Language", readonly=True)
    subject = fields.Char(readonly=True)
    preview = fields.Text(readonly=True)
    mail_message_id = fields.Many2one(
        "mail.message", readonly=True, ondelete="set null", index="btree_not_null"
    )
    pdf_attachment_ids = fields.Many2many(
        "ir.attachment",
        "billing_distribution_attempt_pdf_rel",
        "attempt_id",
        "attachment_id",
        string="PDF",
        readonly=True,
        help="The invoices' own PDFs, where they went along.",
    )

    # What became of it
    provider_reference = fields.Char(readonly=True, copy=False)
    segments = fields.Integer(readonly=True)
    cost = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    planned_at = fields.Datetime(string="To Be Sent", required=True, readonly=True)
    called_at = fields.Datetime(string="Handed Over", readonly=True, copy=False)
    sent_at = fields.Datetime(readonly=True, copy=False)
    delivered_at = fields.Datetime(readonly=True, copy=False)
    opened_at = fields.Datetime(readonly=True, copy=False)
    failed_at = fields.Datetime(readonly=True, copy=False)
    checked_at = fields.Datetime(
        string="Asked the Provider",
        readonly=True,
        copy=False,
        help="When the provider was last asked what became of it.",
    )
    failure_kind = fields.Selection(
        [("soft", "For Now"), ("hard", "For Good")], readonly=True, copy=False
    )
    failure_code = fields.Char(readonly=True, copy=False)
    failure_reason = fields.Char(readonly=True, copy=False)
    is_address_fault = fields.Boolean(readonly=True, default=True, copy=False)
    worker = fields.Integer(
        readonly=True,
        copy=False,
        help="Number of the lock its worker holds while the call is made.",
    )

    _key_unique = models.UniqueIndex("(key)", "An attempt has a key of its own.")
    _planned_idx = models.Index("(channel, planned_at, id) WHERE state = 'planned'")
    _calling_idx = models.Index("(id) WHERE state = 'calling'")
    _uncertain_idx = models.Index("(id) WHERE state = 'uncertain'")
    _reference_idx = models.Index(
        "(channel, provider_reference) WHERE provider_reference IS NOT NULL"
    )
    _customer_idx = models.Index("(partner_id, planned_at)")

    # === COMPUTE METHODS === #

    @api.depends("item_ids.move_id")
    def _compute_move_ids(self):
        for attempt in self:
            attempt.move_ids = attempt.item_ids.move_id

    @api.depends("subject", "channel", "address")
    def _compute_display_name(self):
        labels = dict(self._fields["channel"]._description_selection(self.env))
        for attempt in self:
            attempt.display_name = attempt.subject or (
                f"{labels.get(attempt.channel, '')}: {attempt.address or ''}"
            )

    # === ACTIONS === #

    def action_cancel(self):
        """Give up messages that have not been handed over yet (button)."""
        self.check_access("read")
        cancelled = self._apply(state.CANCELLED)
        runs_sudo = cancelled.sudo().item_ids.run_id
        runs_sudo.filtered(lambda run: run.state == "sending")._stop(
            STOPPED_BY_STAFF, actor="staff"
        )

    def action_open_invoices(self):
        """Open the invoices of the message."""
        return self.item_ids.move_id._get_records_action()

    # === BUSINESS METHODS - MAKING === #

    @api.model
    def _make(self, vals_list):
        """Create attempts with their items and personal links, in batch.

        :param list[dict] vals_list: field values, and ``items``: a list of dicts of
            values of ``billing.distribution.item``
        :return: the attempts, in superuser mode
        :rtype: billing.distribution.attempt
        """
        attempts_sudo = self.sudo().create(
            [
                {
                    **{name: value for name, value in vals.items() if name != "items"},
                    "item_ids": [Command.create(item) for item in vals["items"]],
                }
                for vals in vals_list
            ]
        )
        items_sudo = attempts_sudo.item_ids
        links_sudo = (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": item.move_id.id,
                        "channel": item.attempt_id.channel,
                        "key": item.attempt_id.key,
                        "res_model": self._name,
                        "res_id": item.attempt_id.id,
                    }
                    for item in items_sudo
                ]
            )
        )
        for item_sudo, link_sudo in zip(items_sudo, links_sudo, strict=True):
            item_sudo.link_id = link_sudo
        return attempts_sudo

    # === BUSINESS METHODS - STATE === #

    def _apply(
        self,
        event,
        at=None,
        reference=None,
        cost=None,
        code=None,
        reason=None,
        dedup=None,
        address_fault=True,
    ):
        """Note what became of the attempts; the only way to move them.

        May be called late, twice and in any order: what changes nothing is passed
        over. Writes the state, tells the contact points and the runs, and leaves an
        event for each invoice.

        :param str event: one of ``core.state.EVENTS``
        :param datetime at: when it was (UTC), None = now
        :param str reference: the provider's id of the message
        :param float cost: what it cost, in the currency of the company
        :param str code: the provider's code of a failure
        :param str reason: a failure in words, for staff
        :param str dedup: id of the report, where the provider gives one
        :param bool address_fault: see ``core.channel.Outcome``
        :return: the attempts that moved
        :rtype: billing.distribution.attempt
        :raises ValueError: unknown event
        """
        report = {
            "at": at,
            "reference": reference,
            "cost": cost,
            "code": code,
            "reason": reason,
            "dedup": dedup,
            "address_fault": address_fault,
        }
        return self._apply_all([(attempt, event, report) for attempt in self])

    def _apply_outcomes(self, outcomes, at=None):
        """Note the outcomes of calls, each attempt its own.

        :param outcomes: pairs of attempt and ``core.channel.Outcome``
        :param datetime at: when (UTC), None = now
        :return: the attempts that moved
        """
        return self._apply_all(
            [
                (
                    attempt,
                    outcome.event,
                    {
                        "at": at,
                        "reference": outcome.reference,
                        "cost": outcome.cost,
                        "code": outcome.code,
                        "reason": outcome.reason,
                        "address_fault": outcome.address_fault,
                    },
                )
                for attempt, outcome in outcomes
            ]
        )

    @api.model
    def _apply_all(self, reports):
        """Note reports on attempts; see :meth:`_apply`.

        :param reports: tuples of attempt, event and a dict of what :meth:`_apply` takes
        """
        now = self.env.company._billing_now()
        self._lock(self.browse({attempt.id for attempt, _event, _report in reports}))
        moved = defaultdict(list)
        for attempt, event, report in reports:
            attempt_sudo = attempt.sudo()
            before = attempt_sudo.state
            target = state.after(before, event)
            vals = attempt_sudo._prepare_report(event, report, now, target)
            if vals:
                attempt_sudo.write(vals)
            if target is not None:
                moved[event].append((attempt_sudo, report, before))
        self.env["billing.event"]._log(
            [
                vals
                for event, found in moved.items()
                for attempt_sudo, report, before in found
                for vals in attempt_sudo._prepare_events(event, report, now, before)
            ]
        )
        attempts_by_event = {
            event: self.sudo().concat(*(attempt for attempt, *_ in found))
            for event, found in moved.items()
        }
        self.env["billing.distribution.trouble"]._notice(attempts_by_event)
        result = self.browse()
        for event, found in moved.items():
            attempts_sudo = attempts_by_event[event]
            result |= self.browse(attempts_sudo.ids)
            self._tell_contact_points(event, found, now)
            self.env["billing.distribution.run"].sudo()._attempts_changed(
                attempts_sudo.item_ids.filtered("run_id"),
                event,
                found[0][1].get("at") or now,
            )
        return result

    def _give_up(self):
        """Cancel messages that were not handed over; their runs decide anew.

        :return: None
        """
        cancelled = self._apply(state.CANCELLED)
        now = self.env.company._billing_now()
        for item in cancelled.sudo().item_ids:
            run = item.run_id
            if run.state == "sending" and run.last_item_id == item:
                run.write({"state": "waiting", "next_at": now})

    @api.model
    def _lock(self, attempts):
        """Hold the rows of attempts until the end of the transaction.

        Waits for whoever holds them. Row order is by id, so that two never wait for
        each other.
        """
        if attempts:
            attempts.flush_recordset()
            self.env.execute_query(
                SQL(
                    """SELECT id FROM billing_distribution_attempt
                        WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
                    list(attempts.ids),
                )
            )

    def _prepare_report(self, event, report, now, target):
        """Return what a report changes on the attempt.

        :param target: the new state, None when it stays
        """
        self.ensure_one()
        vals = {}
        at = report.get("at") or now
        if report.get("reference") and not self.provider_reference:
            vals["provider_reference"] = report["reference"]
        if report.get("cost") is not None and report["cost"] != self.cost:
            vals["cost"] = report["cost"]
        stamp = STAMPS.get(event)
        if stamp and not self[stamp] and (target or event not in state.FAILED):
            vals[stamp] = at
        if target is None:
            return vals
        vals["state"] = target
        if event in (state.DELIVERED, state.OPENED) and not self.sent_at:
            vals["sent_at"] = at
        if event in state.FAILED:
            vals.update(
                failure_kind="soft" if event == state.FAILED_SOFT else "hard",
                failure_code=report.get("code") or False,
                failure_reason=report.get("reason") or False,
                is_address_fault=report.get("address_fault", True),
            )
        return vals

    def _prepare_events(self, event, report, now, before):
        """Return an event for each invoice of the attempt."""
        self.ensure_one()
        kind = EVENT_KINDS.get(event)
        if kind is None:
            return []
        if event == state.FAILED_HARD and before not in state.UNSETTLED:
            kind = "delivery.bounced"
        if event == state.FAILED_HARD and report.get("address_fault", True):
            kind = "delivery.bounced"
        return [
            {
                "kind": kind,
                "move_id": item.move_id.id,
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "channel": self.channel,
                "actor": ACTORS.get(event, "system"),
                "occurred_at": report.get("at") or now,
                "payload": {
                    **item._event_payload(),
                    "address": self.address or "",
                    "reason": report.get("reason") or "",
                    "code": report.get("code") or "",
                    "cost": self.cost,
                    "items": len(self.item_ids),
                },
                "dedup_key": f"{kind}:{self.id}:{item.move_id.id}"
                + (f":{report['dedup']}" if report.get("dedup") else ""),
            }
            for item in self.item_ids
        ]

    @api.model
    def _tell_contact_points(self, event, found, now):
        """Note on the contact points how the messages went."""
        if event in (state.DELIVERED, state.OPENED):
            points_sudo = (
                self.env["billing.contact.point"]
                .sudo()
                .concat(*(attempt.contact_point_id for attempt, *_ in found))
            )
            if points_sudo:
                points_sudo._record_success(found[0][1].get("at") or now)
        elif event in state.FAILED:
            by_reason = defaultdict(self.env["billing.contact.point"].sudo().browse)
            troubles = self.env["billing.distribution.trouble"]._find_open(
                self.sudo().concat(*(attempt for attempt, *_ in found)).company_id
            )
            for attempt_sudo, report, before in found:
                if (attempt_sudo.company_id.id, attempt_sudo.channel) in troubles:
                    # What fails for everybody says nothing of an address.
                    continue
                if report.get("address_fault", True) and before != state.PLANNED:
                    by_reason[report.get("reason") or ""] |= (
                        attempt_sudo.contact_point_id
                    )
            kind = "soft" if event == state.FAILED_SOFT else "hard"
            for reason, points_sudo in by_reason.items():
                if points_sudo:
                    points_sudo._record_failure(kind, reason)

    # === HELPERS - TEXTS === #

    def _total_text(self):
        """Return what is left to pay of the invoices, in the customer's language.

        Amounts in different currencies stand side by side.
        """
        self.ensure_one()
        totals = defaultdict(float)
        for item in self.item_ids:
            totals[item.currency_id] += item.amount_due
        return " + ".join(
            formatLang(
                self.env(context={"lang": self.lang}), total, currency_obj=currency
            )
            for currency, total in totals.items()
        )

    def _due_text(self, date_format=None):
        """Return the days on which the invoices are due, in the customer's language.

        Of more than three days the first and the last are told.

        :param str date_format: as of ``odoo.tools.format_date``; the language's own
        """
        self.ensure_one()
        lang = self.env.context.get("lang") or self.lang
        days = sorted(set(filter(None, self.item_ids.mapped("date_due"))))
        texts = [
            format_date(self.env, day, lang_code=lang, date_format=date_format)
            for day in days
        ]
        if len(texts) > 3:
            return f"{texts[0]} – {texts[-1]}"
        return format_list(self.env, texts, lang_code=lang) if texts else ""

    def _urls_text(self):
        """Return the personal links of the message, separated by spaces."""
        self.ensure_one()
        return " ".join(self.item_ids.mapped("page_url"))
