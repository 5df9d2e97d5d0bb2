import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, formatLang, ormcache

from ..core import decision
from ..core.resolution import resolution_of


class BillingPayment(models.Model):
    """One incoming or outgoing transaction as the bank sent it.

    The row is the raw truth and is never changed; what follows from it in the books
    hangs on ``statement_line_id`` and ``counterpart_line_ids``.
    """

    _name = "billing.payment"
    _description = "Bank Payment"
    _order = "booking_date desc, id"
    _rec_names_search = ["payer_name", "reference", "bank_reference", "payer_account"]
    _check_company_auto = True

    # As the bank sent it
    file_id = fields.Many2one(
        comodel_name="billing.bank.file",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    position = fields.Integer(
        help="Order in the file, counted from 1.", required=True, readonly=True
    )
    journal_id = fields.Many2one(
        comodel_name="account.journal",
        required=True,
        readonly=True,
        check_company=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency", required=True, readonly=True
    )
    amount = fields.Monetary(
        help="Above zero: money in.", required=True, readonly=True, aggregator="sum"
    )
    booking_date = fields.Date(
        help="The bank's booking date. Odoo may date the entry later when the period "
        "is locked.",
        required=True,
        readonly=True,
    )
    value_date = fields.Date(readonly=True)
    bank_entry = fields.Char(
        help="The bank's own entry this payment is part of.", readonly=True
    )
    is_collective = fields.Boolean(
        string="Booked Collectively",
        help="The payment is one item of a statement line that holds many.",
        readonly=True,
    )
    bank_collective = fields.Boolean(
        string="Collective at the Bank",
        help="The bank books this payment together with others.",
        readonly=True,
    )
    bank_reference = fields.Char(
        help="The bank's own id of the payment (archive reference).", readonly=True
    )
    end_to_end_id = fields.Char(string="End-to-End Id", readonly=True)
    mandate_reference = fields.Char(readonly=True)
    reference = fields.Char(string="KID/OCR", readonly=True)
    reference_key = fields.Char(
        help="The reference without spaces, punctuation and prefix words.",
        readonly=True,
    )
    reference_values = fields.Json(readonly=True)
    text = fields.Char(string="Message", readonly=True)
    payer_name = fields.Char(readonly=True)
    payer_account = fields.Char(readonly=True)
    payment_type = fields.Char(
        help="Transaction type as the bank codes it.", readonly=True
    )
    import_key = fields.Char(required=True, readonly=True)
    raw = fields.Json(string="Bank Record", readonly=True)

    # What became of it
    state = fields.Selection(
        selection=[
            ("new", "New"),
            ("unmatched", "Unmatched"),
            ("proposed", "Proposed"),
            ("assigned", "On Account"),
            ("partial", "Part Payment"),
            ("reconciled", "Reconciled"),
        ],
        default="new",
        required=True,
        readonly=True,
    )
    probability = fields.Float(digits=(6, 5), readonly=True, aggregator="avg")
    reasons = fields.Json(readonly=True)
    stated = fields.Char(
        string="Reference or Message",
        compute="_compute_stated",
        help="What the payer wrote to say what the payment is for.",
    )
    reason_text = fields.Char(string="Why", compute="_compute_reason_text")
    statement_line_id = fields.Many2one(
        comodel_name="account.bank.statement.line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    counterpart_line_ids = fields.One2many(
        comodel_name="account.move.line",
        inverse_name="billing_payment_id",
        string="Customer Items",
        readonly=True,
    )
    invoice_ids = fields.Many2many(
        comodel_name="account.move",
        string="Invoices",
        compute="_compute_invoice_ids",
        help="The invoices this payment settles.",
    )
    is_booked = fields.Boolean(compute="_compute_is_booked")
    error = fields.Char(
        string="Could Not Be Booked",
        help="Why Odoo refused to book this payment. It is tried again on request.",
        readonly=True,
    )
    undone_by_id = fields.Many2one(comodel_name="res.users", readonly=True)
    undone_date = fields.Datetime(readonly=True)

    _import_key_unique = models.UniqueIndex(
        "(journal_id, import_key)", "This payment has been imported before."
    )
    _order_idx = models.Index("(booking_date DESC, id)")
    # Lists of files count their payments by state.
    _file_state_idx = models.Index("(file_id, state)")
    _review_idx = models.Index(
        "(company_id, booking_date, id) WHERE state IN ('proposed', 'unmatched')"
    )

    # === COMPUTE METHODS === #

    @api.depends("payer_name", "amount", "currency_id", "reference")
    def _compute_display_name(self):
        for payment in self:
            payment.display_name = " · ".join(
                filter(
                    None,
                    [
                        payment.payer_name or payment.reference,
                        payment.currency_id.format(payment.amount)
                        if payment.currency_id
                        else "",
                    ],
                )
            )

    @api.depends("reference", "text")
    def _compute_stated(self):
        for payment in self:
            payment.stated = payment.reference or payment.text

    @api.depends("state")
    def _compute_is_booked(self):
        for payment in self:
            payment.is_booked = payment.state in decision.CREDITED

    @api.depends("reasons", "error")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        for payment in self:
            payment.reason_text = ", ".join(payment._explanation())

    @api.depends(
        "counterpart_line_ids.matched_debit_ids",
        "counterpart_line_ids.matched_credit_ids",
    )
    def _compute_invoice_ids(self):
        by_payment = self._settled_invoices()
        for payment in self:
            payment.invoice_ids = self.env["account.move"].browse(
                by_payment.get(payment.id, [])
            )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_always(self):
        raise UserError(
            self.env._("A bank payment is a record of the bank and is never deleted.")
        )

    # === ACTIONS === #

    def action_undo(self):
        """Take the payments off their invoices, or off their customer's account, and
        let a person decide anew.

        The books are corrected through Odoo: a payment with a statement line of its
        own goes back to the suspense account; one that was booked collectively is
        first booked out of the collective line onto a line of its own.

        :raises UserError: when a payment is not reconciled, somebody else works on it,
            or its refund has left the house
        """
        self.env["billing.booking"]._check_may_decide(self)
        self._lock_for_decision()
        wrong = self.filtered(lambda payment: not payment.is_booked)
        if wrong:
            raise UserError(
                self.env._(
                    "%(payment)s is not reconciled, so there is nothing to undo.",
                    payment=wrong[0].display_name,
                )
            )
        self._undo()
        return True

    def action_open_statement_line(self):
        """Open the journal entry of the payment."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.statement_line_id.move_id.id,
            "view_mode": "form",
        }

    def action_open_invoices(self):
        """Open the invoices the payments settle."""
        self.check_access("read")
        invoices = self.invoice_ids
        action = {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("id", "in", invoices.ids)],
            "name": self.env._("Invoices"),
        }
        if len(invoices) == 1:
            action.update(view_mode="form", res_id=invoices.id)
        return action

    def action_retry(self):
        """Try once more to book payments that Odoo refused."""
        self.env["billing.booking"]._check_may_decide(self)
        self.sudo().write({"error": False})
        self.env["billing.payment"].sudo()._process_next()
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _record_decisions(self, decisions, actor="system"):
        """Store decisions on the payments and log them, one statement for all.

        :param decisions: list of :class:`~..core.decision.Decision`
        :param actor: who decided, as in ``billing.event``
        """
        amounts = {payment.id: payment._in_minor_units() for payment in self}
        self.env.cr.execute_values(
            """
            UPDATE billing_payment AS payment
               SET state = data.state, probability = data.probability,
                   reasons = data.reasons::jsonb, resolution = data.resolution,
                   partner_id = data.partner_id::int,
                   write_date = now() at time zone 'UTC'
              FROM (VALUES %s)
                AS data (id, state, probability, reasons, resolution, partner_id)
             WHERE payment.id = data.id
            """,
            [
                (
                    item.payment_id,
                    item.outcome,
                    item.probability,
                    json.dumps([self._reason_to_json(r) for r in item.reasons]),
                    resolution_of(item, amounts[item.payment_id]) or None,
                    item.partner_id or None,
                )
                for item in decisions
            ],
            page_size=len(decisions) or 1,
        )
        self.invalidate_model(
            ["state", "probability", "reasons", "resolution", "partner_id"]
        )
        self._log_decisions(decisions, actor)

    def _log_decisions(self, decisions, actor):
        """Write one event for each invoice the decisions settled, and for each
        customer whose account they credited."""
        payments = {payment.id: payment for payment in self}
        events = []
        for item in decisions:
            if item.outcome not in decision.CREDITED:
                continue
            payment = payments[item.payment_id]
            reasons = [self._reason_to_json(reason) for reason in item.reasons]
            for values in payment._decision_events(item):
                events.append(
                    {
                        "company_id": payment.company_id.id,
                        "actor": actor,
                        "currency_id": payment.currency_id.id,
                        "payload": {"payment_id": payment.id, "reasons": reasons},
                        **values,
                    }
                )
        self.env["billing.event"]._log(events)

    def _decision_events(self, item):
        """What the history tells of a decision.

        :param item: a booked :class:`~..core.decision.Decision`
        :return: list of dict of kind, amount, and invoice or customer
        """
        unit = 10**self.currency_id.decimal_places
        return [
            {
                "kind": f"payment.{item.outcome}",
                "move_id": share.move_id,
                "amount": share.amount / unit,
            }
            for share in item.shares
        ]

    def _log_moved(self, kind, amounts):
        """Write one event for each invoice that a person moved money on or off.

        :param kind: kind of the event
        :param amounts: dict of payment id to dict of ``account.move`` id to amount
        """
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "move_id": move_id,
                    "company_id": payment.company_id.id,
                    "actor": "staff",
                    "amount": amount,
                    "currency_id": payment.currency_id.id,
                    "payload": {"payment_id": payment.id},
                }
                for payment in self
                for move_id, amount in amounts.get(payment.id, {}).items()
            ]
        )

    def _undo(self):
        """Take the payments off their invoices, whoever asks."""
        before = self._settled_amounts()
        credits_before = self._credited_amounts()
        self._withdraw_refunds()
        self.env["billing.booking"]._unbook(self)
        self._log_moved("payment.undone", before)
        self._log_taken_off_account(credits_before)
        self._set_undone()

    def _set_taken_off(self, before):
        """Note what was taken off invoices in Odoo's own screens.

        What stays on other invoices stays so; a payment that is off all of them goes
        to review.

        :param before: what :meth:`_settled_amounts` said before
        """
        if not self:
            return
        after = self._settled_amounts()
        self._log_moved(
            "payment.undone",
            {
                payment_id: {
                    move_id: amount
                    for move_id, amount in amounts.items()
                    if move_id not in after.get(payment_id, {})
                }
                for payment_id, amounts in before.items()
            },
        )
        free = self.filtered(
            lambda payment: (
                payment.id not in after and payment.state != decision.ASSIGNED
            )
        )
        if free:
            free._set_undone()

    def _set_settled_by_hand(self):
        """Note that the money of payments in review was used in Odoo's own screens."""
        settled = self.filtered(
            lambda payment: (
                payment.state in ("proposed", "unmatched")
                and not payment.is_collective
                and payment.statement_line_id
            )
        )
        if not settled:
            return
        self.env["billing.booking"]._link(
            settled,
            {payment.id: payment.statement_line_id.id for payment in settled},
            False,
        )
        amounts = settled._settled_amounts()
        settled.filtered(
            lambda payment: (
                payment.id in amounts
                or (
                    payment.statement_line_id.is_reconciled
                    and all(payment.counterpart_line_ids.mapped("reconciled"))
                )
            )
        ).write({"state": decision.RECONCILED, "reasons": []})
        settled._log_moved("payment.reconciled", amounts)

    def _set_undone(self):
        """Note that a person took the payments off their invoices.

        Addons that match override this to propose anew.
        """
        self.sudo().write(
            {
                "state": "unmatched",
                "resolution": False,
                "partner_id": False,
                "undone_by_id": self.env.uid,
                "undone_date": fields.Datetime.now(),
            }
        )

    # === HELPERS === #

    def _in_minor_units(self):
        """The amount in the smallest units of its currency."""
        self.ensure_one()
        return round(self.amount * 10**self.currency_id.decimal_places)

    def _settled_invoices(self):
        """Invoices the payments are reconciled with.

        :return: dict of payment id to list of ``account.move`` ids
        """
        return {
            payment_id: list(amounts)
            for payment_id, amounts in self._settled_amounts().items()
        }

    def _settled_amounts(self):
        """What the payments have settled on each invoice.

        :return: dict of payment id to dict of ``account.move`` id to amount, in the
            currency of the payment
        """
        if not self.ids:
            return {}
        self.env["account.move.line"].flush_model(["billing_payment_id"])
        self.env["account.partial.reconcile"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT item.billing_payment_id, invoice_item.move_id,
                       sum(CASE WHEN partial.credit_move_id = item.id
                           THEN partial.credit_amount_currency
                           ELSE -partial.debit_amount_currency END)
                  FROM account_move_line AS item
                  JOIN account_partial_reconcile AS partial
                    ON item.id IN (partial.credit_move_id, partial.debit_move_id)
                  JOIN account_move_line AS invoice_item
                    ON invoice_item.id = CASE WHEN partial.credit_move_id = item.id
                       THEN partial.debit_move_id ELSE partial.credit_move_id END
                  JOIN account_move AS invoice ON invoice.id = invoice_item.move_id
                 WHERE item.billing_payment_id IN %s
                   AND invoice.move_type IN
                       ('out_invoice', 'out_receipt', 'out_refund')
                 GROUP BY item.billing_payment_id, invoice_item.move_id
                 ORDER BY item.billing_payment_id, invoice_item.move_id
                """,
                tuple(self.ids),
            )
        )
        settled = {}
        for payment_id, move_id, amount in self.env.cr.fetchall():
            settled.setdefault(payment_id, {})[move_id] = float(amount)
        return settled

    @api.model
    def _reason_to_json(self, reason):
        """Turn a :class:`~..core.decision.Reason` into what the field stores."""
        return {
            "code": reason.code,
            "values": dict(reason.values),
            "weight": round(reason.weight, 4),
        }

    @api.model
    def _reason_texts(self):
        """Texts of the reason codes, in the reader's language.

        :return: dict of code to a text with named placeholders
        """
        return {}

    @api.model
    @ormcache("self.env.lang")
    def _cached_reason_texts(self):
        # Looked up once a language: a long file asks for them for every payment.
        return self._reason_texts()

    @api.model
    def _reasons_in_words(self, reasons):
        """Stored reasons in the reader's language.

        A code without a text, such as the weight of how many invoices are open, is
        evidence for the engine only.

        :param reasons: list as stored in ``reasons``
        :return: list of text
        """
        texts = self._cached_reason_texts()

        def written(value):
            return formatLang(self.env, value) if isinstance(value, float) else value

        return [
            texts[reason["code"]]
            % {name: written(value) for name, value in reason["values"].items()}
            for reason in reasons or []
            if reason["code"] in texts
        ]

    def _explanation(self):
        """Why the payment was decided so, or could not be booked.

        :return: list of text in the reader's language
        """
        self.ensure_one()
        refusal = [self.error] if self.error else []
        return refusal + self._reasons_in_words(self._telling_reasons())

    def _telling_reasons(self):
        """The stored reasons that tell a reader why the payment was decided so.

        :return: list as stored in ``reasons``
        """
        self.ensure_one()
        return self.reasons or []

    def _outcome_invoices(self):
        """The invoices the payment settles.

        Addons that propose invoices add those while a person has not decided.

        :return: ``account.move`` records, best first
        """
        self.ensure_one()
        return self.invoice_ids
