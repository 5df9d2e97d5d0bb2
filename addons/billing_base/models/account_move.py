from collections import defaultdict
from datetime import timedelta

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import format_date

from ..core import card as core_card
from ..core import hold as core_hold


class AccountMove(models.Model):
    _inherit = "account.move"

    billing_reference_scheme_id = fields.Many2one(
        "billing.reference.scheme",
        string="Reference Scheme",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="Set when the payment reference was generated for this invoice alone.",
    )
    billing_event_count = fields.Integer(
        compute="_compute_billing_event_count",
        groups="billing_base.group_billing_user",
    )
    billing_link_count = fields.Integer(
        string="Personal Links",
        compute="_compute_billing_link_counts",
        groups="billing_base.group_billing_user",
    )
    billing_opened_count = fields.Integer(
        string="Opened",
        compute="_compute_billing_link_counts",
        groups="billing_base.group_billing_user",
        help="How often persons opened a personal link to the invoice.",
    )
    billing_hold_html = fields.Html(
        string="On Hold",
        compute="_compute_billing_hold_html",
        groups="billing_base.group_billing_user",
    )
    billing_has_manual_hold = fields.Boolean(
        compute="_compute_billing_hold_html",
        groups="billing_base.group_billing_user",
    )

    _billing_reference_unique = models.UniqueIndex(
        "(company_id, payment_reference) WHERE billing_reference_scheme_id IS NOT NULL",
        "Another invoice of the company has this payment reference.",
    )
    _billing_reference_idx = models.Index(
        "(company_id, payment_reference) "
        "WHERE payment_reference IS NOT NULL AND move_type = 'out_invoice'"
    )

    # === COMPUTE METHODS === #

    def _compute_payment_reference(self):
        """Override of `account`: journals with the Kvitt model issue in one go."""
        todo = self.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type == "out_invoice"
                and not move.payment_reference
                and move.journal_id.invoice_reference_model == "kvitt"
            )
        )
        references = todo._billing_issue_references()
        # The scheme is no computed field, yet it is set together with the reference
        # and needs none of what a write on an invoice sets in motion.
        scheme_field = self._fields["billing_reference_scheme_id"]
        with self.env.protecting([scheme_field], todo):
            for move in todo:
                move.payment_reference = references[move.id]
                if move.journal_id.invoice_reference_type == "invoice":
                    move.billing_reference_scheme_id = (
                        move.journal_id.billing_reference_scheme_id
                    )
        return super()._compute_payment_reference()

    def _compute_billing_event_count(self):
        counts = dict(
            self.env["billing.event"]._read_group(
                [("move_id", "in", self.ids)], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.billing_event_count = counts.get(move, 0)

    def _compute_billing_link_counts(self):
        counts = {
            move: (count, opened)
            for move, count, opened in self.env["billing.link"]._read_group(
                [("move_id", "in", self.ids)],
                ["move_id"],
                ["__count", "open_count:sum"],
            )
        }
        for move in self:
            move.billing_link_count, move.billing_opened_count = counts.get(
                move, (0, 0)
            )

    def _compute_billing_hold_html(self):
        holds_by_move = self._billing_holds()
        for move in self:
            holds = holds_by_move.get(move.id, [])
            move.billing_has_manual_hold = any(h.code == "manual" for h in holds)
            move.billing_hold_html = Markup("<br/>").join(
                move._format_hold(hold) for hold in holds
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """A reference that staff put in is no longer the one the scheme made."""
        if "payment_reference" in vals and "billing_reference_scheme_id" not in vals:
            changed = self.filtered(
                lambda move: (
                    move.billing_reference_scheme_id
                    and (move.payment_reference or "")
                    != (vals["payment_reference"] or "")
                )
            )
            if changed:
                super(AccountMove, changed).write(
                    {**vals, "billing_reference_scheme_id": False}
                )
                return super(AccountMove, self - changed).write(vals)
        result = super().write(vals)
        if not vals.keys().isdisjoint(("partner_id", "journal_id", "company_id")):
            self._billing_refresh_holds()
        return result

    # === ACTIONS === #

    def action_billing_history(self):
        """Open the billing history of the invoice."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_base.billing_event_action"
        )
        action["domain"] = [("move_id", "=", self.id)]
        action["context"] = {"billing_hide_invoice": True}
        return action

    def action_billing_links(self):
        """Open the personal links to the invoice, with who opened them."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_base.billing_link_action"
        )
        action["domain"] = [("move_id", "=", self.id)]
        return action

    def action_billing_hold(self):
        """Open the form that puts the invoices on hold."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_base.billing_hold_wizard_action"
        )
        action["context"] = {"default_move_ids": self.ids}
        return action

    def action_billing_release_holds(self):
        """Lift the holds that staff put on the invoices (button)."""
        self.env["billing.hold"].search(
            [("move_id", "in", self.ids), ("state", "=", "active")]
        ).action_release()

    # === BUSINESS METHODS - LIFE CYCLE === #

    def _post(self, soft=True):
        """Override of `account`: posted customer invoices enter the history."""
        posted = super()._post(soft)
        posted._billing_log_customer_invoices(
            "invoice.posted",
            lambda move: {
                "amount": move.amount_total,
                "payload": {"due": move.invoice_date_due},
            },
        )
        return posted

    def _invoice_paid_hook(self):
        """Override of `account`: paid customer invoices enter the history."""
        result = super()._invoice_paid_hook()
        self._billing_log_customer_invoices(
            "invoice.paid", lambda move: {"amount": move.amount_total}
        )
        return result

    def button_draft(self):
        """Override of `account`: what was posted and no longer is, is noted."""
        posted = self.filtered(lambda move: move.state == "posted")
        result = super().button_draft()
        posted._billing_log_customer_invoices(
            "invoice.reset", lambda move: {"actor": "staff"}
        )
        return result

    def button_cancel(self):
        """Override of `account`: an invoice that was out and is void is noted."""
        issued = self.filtered("posted_before")
        result = super().button_cancel()
        issued._billing_log_customer_invoices(
            "invoice.cancelled", lambda move: {"actor": "staff"}
        )
        return result

    def _billing_log_customer_invoices(self, kind, get_vals):
        """Leave an event of ``kind`` for each customer invoice in the records.

        :param str kind: kind of the event
        :param get_vals: takes an invoice, returns further values of its event
        :return: None
        """
        self.env["billing.event"]._log(
            [
                {"kind": kind, "move_id": move.id, **get_vals(move)}
                for move in self
                if move.move_type == "out_invoice"
            ]
        )

    # === BUSINESS METHODS - HOLDS === #

    def _billing_holds(self):
        """Return why dunning of the invoices waits today, in batch.

        Everybody who charges a fee, reminds, sends or hands over asks this. Addons
        with reasons of their own extend it: call ``super()`` and append to the
        lists, with a constant number of queries. «Today» is
        ``company._billing_today()``.

        :return: active holds of each of the invoices, by id
        :rtype: dict[int, list[core.hold.Hold]]
        """
        holds = {move_id: [] for move_id in self.ids}
        manual_sudo = (
            self.env["billing.hold"]
            .sudo()
            .search([("move_id", "in", self.ids), ("released_at", "=", False)])
        )
        today_by_company = {
            company: company._billing_today() for company in manual_sudo.company_id
        }
        for hold_sudo in manual_sudo:
            hold = hold_sudo._to_hold()
            if hold.is_active(today_by_company[hold_sudo.company_id]):
                holds[hold_sudo.move_id.id].append(hold)
        return holds

    def _billing_blocked(self, what):
        """Return those of the invoices for which ``what`` has to wait today.

        :param str what: one of ``core.hold.BLOCKS``
        :rtype: account.move
        """
        holds = self._billing_holds()
        return self.filtered(lambda move: core_hold.blocking(holds[move.id], what))

    def _billing_place_hold(self, reason, until=None, blocks=None):
        """Put a manual hold on each of the invoices, with an event.

        :param str reason: for staff and the history
        :param date until: last day, inclusive; None = until released
        :param blocks: what it stops, of ``core.hold.BLOCKS``; None = fee, reminder
            and handover, so that the invoice itself still gets sent
        :return: the holds
        :rtype: billing.hold
        """
        if blocks is None:
            blocks = core_hold.BLOCKS - {"distribution"}
        holds_sudo = (
            self.env["billing.hold"]
            .sudo()
            .create(
                [
                    {
                        "move_id": move.id,
                        "reason": reason,
                        "date_since": move.company_id._billing_today(),
                        "date_until": until,
                        "user_id": self.env.uid,
                        **{
                            f"block_{what}": what in blocks for what in core_hold.BLOCKS
                        },
                    }
                    for move in self
                ]
            )
        )
        self.env["billing.event"]._log(
            [
                {
                    "kind": "hold.placed",
                    "move_id": hold_sudo.move_id.id,
                    "actor": "staff",
                    "payload": {
                        "hold_id": hold_sudo.id,
                        "reason": reason,
                        "until": until,
                        "blocks": sorted(blocks),
                    },
                }
                for hold_sudo in holds_sudo
            ]
        )
        self.invalidate_recordset(["billing_hold_html", "billing_has_manual_hold"])
        return holds_sudo.sudo(self.env.su)

    def _billing_refresh_holds(self):
        """Let the holds of drafts follow a change of customer or company."""
        drafts = self.filtered(lambda move: move.state == "draft" and move.is_invoice())
        if drafts:
            self.env["billing.hold"].sudo().search(
                [("move_id", "in", drafts.ids)]
            )._compute_from_move()

    def _format_hold(self, hold):
        """Return one line for the banner of the invoice; escapes the label."""
        if hold.until:
            text = self.env._(
                "On hold since %(since)s until %(until)s: %(label)s",
                since=format_date(self.env, hold.since),
                until=format_date(self.env, hold.until),
                label=hold.label,
            )
        else:
            text = self.env._(
                "On hold since %(since)s: %(label)s",
                since=format_date(self.env, hold.since),
                label=hold.label,
            )
        return Markup("%s") % text

    # === BUSINESS METHODS - CUSTOMER CARDS === #

    def _billing_customer_cards(self):
        """Return the cards that addons show on the customer's page, in batch.

        Addons extend it: call ``super()`` and append ``core.card.Card`` objects.
        Whoever shows cards calls :meth:`_billing_ordered_customer_cards`.

        :return: cards of each of the invoices by id, in no particular order
        :rtype: dict[int, list[core.card.Card]]
        """
        return {move_id: [] for move_id in self.ids}

    def _billing_ordered_customer_cards(self):
        """Return the cards of each of the invoices in the order they are shown.

        :rtype: dict[int, list[core.card.Card]]
        """
        return {
            move_id: core_card.ordered(cards)
            for move_id, cards in self._billing_customer_cards().items()
        }

    # === BUSINESS METHODS - PERSONAL LINKS === #

    def _portal_ensure_token(self):
        """Override of `portal`: who came by a personal link stays with it.

        The page puts the token of the invoice into further addresses. That one never
        expires, so it must not get into the hands of who has a link that does.
        """
        token = self.env.context.get("billing_link_tokens", {}).get(self.id)
        return token or super()._portal_ensure_token()

    def _billing_link_expiry(self):
        """Return until when personal links made now open the invoices.

        :return: UTC, by id of the invoice
        :rtype: dict[int, datetime]
        """
        now = fields.Datetime.now()
        return {
            move.id: max(now, fields.Datetime.to_datetime(move.invoice_date_due) or now)
            + timedelta(days=move.company_id.billing_link_days)
            for move in self
        }

    def _billing_page_seen(self, visits):
        """Called when customers saw the page of the invoices without a personal link.

        They were signed in, or came by an address that Odoo itself gave out. Extend to
        know of it.

        :param visits: ``billing.link.visit`` records, in superuser mode
        :return: None
        """
        self.env["billing.event"]._log(
            [
                {
                    "kind": "page.seen",
                    "move_id": visit.move_id.id,
                    "occurred_at": visit.visited_at,
                    "actor": "customer",
                    "payload": {"device": visit.device},
                    # Once a day is enough to know.
                    "dedup_key": f"page.seen:{visit.move_id.id}"
                    f":{visit.visited_at.date().isoformat()}",
                }
                for visit in visits
            ]
        )

    # === BUSINESS METHODS - REFERENCES === #

    def _get_invoice_reference_kvitt_invoice(self):
        """Return a new reference of this invoice alone (called by `account`)."""
        self.ensure_one()
        return self._billing_issue_references()[self.id]

    def _get_invoice_reference_kvitt_partner(self):
        """Return the customer's own reference (called by `account`)."""
        self.ensure_one()
        return self._billing_issue_references()[self.id]

    def _billing_issue_references(self):
        """Return a payment reference for each of the invoices, in batch.

        :return: reference by invoice id
        :rtype: dict[int, str]
        :raises UserError: a customer number or serial too long for the scheme
        """
        references = {}
        by_journal = defaultdict(self.browse)
        for move in self:
            by_journal[move.journal_id] |= move
        for journal, moves in by_journal.items():
            scheme_sudo = journal.billing_reference_scheme_id.sudo()
            if journal.invoice_reference_type == "partner":
                references.update(scheme_sudo._get_customer_references(moves))
            else:
                references.update(scheme_sudo._issue_references(moves))
        return references
