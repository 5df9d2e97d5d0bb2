from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import SQL

from ..core import decision, resolution
from ..core.resolution import resolution_of


class BillingPayment(models.Model):
    """What people decide, and what becomes of money that fits no open invoice.

    Every method here takes one payment, locks it, looks whether it is still to be
    decided, and leaves an event. All but parking can be undone with ``action_undo``.
    """

    _inherit = "billing.payment"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        help="The customer, where it is certain although the invoice is not.",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    resolution = fields.Selection(
        selection=[
            (resolution.ALREADY_PAID, "Invoice Paid Before"),
            (resolution.DUPLICATE, "Paid Twice"),
            (resolution.OVERPAID, "Overpaid"),
            (resolution.ON_ACCOUNT, "On Account"),
            (resolution.WRITTEN_OFF, "Small Difference Written Off"),
            (resolution.KNOWN, "Registered Before"),
            (resolution.PARKED, "Parked"),
            (resolution.REFUND, "Refund"),
            (resolution.STRANGER, "Not a Customer"),
            (resolution.REPLACED, "Sum of Other Payments"),
            (resolution.REPEATED, "Came Another Way"),
        ],
        string="Special",
        help="What is special about this payment, beyond its state.",
        readonly=True,
    )
    park_note = fields.Char(
        string="Note", help="Why the payment is set aside.", readonly=True
    )
    is_undecided = fields.Boolean(compute="_compute_is_undecided")

    # Few payments wait on account or aside; they are looked for when invoices are
    # posted and when the list is filtered.
    _credit_idx = models.Index("(company_id, id) WHERE state = 'assigned'")
    _resolution_idx = models.Index(
        "(company_id, resolution, booking_date, id) WHERE resolution IS NOT NULL"
    )

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_is_undecided(self):
        for payment in self:
            payment.is_undecided = payment.state in decision.UNDECIDED

    # === ACTIONS === #

    def action_unpark(self):
        """Take up payments that were set aside.

        :raises UserError: a payment is not set aside
        """
        for payment in self:
            payment._unpark()
        return True

    # === BUSINESS METHODS - DECISIONS OF PEOPLE === #

    def _accept_shares(self, amounts, write_off=False):
        """Settle invoices with a payment, each with an amount a person chose.

        The invoices may belong to several customers. Amounts below zero set a credit
        note off. What the payment brings beyond the amounts stays with the customer.

        :param amounts: dict of ``account.move`` id to amount in the currency of the
            payment
        :param write_off: whether the difference between amounts and payment is
            written off as a small difference
        :raises AccessError: the user may not decide, or may not see an invoice
        :raises UserError: the payment was decided meanwhile, the amounts do not fit,
            or an invoice has less open
        """
        moves = self.env["account.move"].browse(amounts)
        moves.check_access("read")
        payment_sudo = self._take_for_decision()
        item = payment_sudo._shares_decision(moves, amounts, write_off)
        payment_sudo._book_by_staff(item, moves)
        return True

    def _assign(self, partner):
        """Credit a customer's account with a payment.

        :param partner: ``res.partner``; its commercial partner gets the money
        :raises AccessError: the user may not decide, or may not see the customer
        :raises UserError: the payment was decided meanwhile, no customer is given, or
            the customer belongs to another company
        """
        if not partner:
            raise UserError(self.env._("Please choose the customer."))
        partner.check_access("read")
        payment_sudo = self._take_for_decision()
        customer = partner.commercial_partner_id
        company = payment_sudo.company_id
        if customer.company_id and customer.company_id not in company.parent_ids:
            raise UserError(
                self.env._(
                    "%(customer)s is not a customer of %(company)s.",
                    customer=customer.display_name,
                    company=company.name,
                )
            )
        payment_sudo._book_by_staff(payment_sudo._assigned_decision(customer))
        return True

    def _park(self, note):
        """Set a payment aside with a note; its money stays on the suspense account.

        :param note: why, for colleagues
        :raises UserError: the payment was decided meanwhile, or there is no note
        """
        note = (note or "").strip()
        if not note:
            raise UserError(self.env._("Please tell why the payment is set aside."))
        payment_sudo = self._take_for_decision()
        if payment_sudo.state == decision.ASSIGNED:
            raise UserError(
                self.env._(
                    "%(payment)s is on the customer's account. Undo that first.",
                    payment=self.display_name,
                )
            )
        payment_sudo.write({"resolution": resolution.PARKED, "park_note": note})
        payment_sudo._log_step("payment.parked", reason=note)
        return True

    def _unpark(self):
        """Take up a payment that was set aside.

        :raises UserError: the payment is not set aside
        """
        payment_sudo = self._take_for_decision()
        if payment_sudo.resolution != resolution.PARKED:
            raise UserError(
                self.env._("%(payment)s is not set aside.", payment=self.display_name)
            )
        payment_sudo.resolution = payment_sudo._resolution_by_reasons()
        payment_sudo._log_step("payment.unparked")
        return True

    # === BUSINESS METHODS - CARRYING OUT === #

    def _lock_for_decision(self):
        """Lock payments that a person decides on.

        :return: the payments with all rights, in their company
        :raises AccessError: the user may not decide
        :raises UserError: somebody else is at work on one of them
        """
        self.env["billing.booking"]._check_may_decide(self)
        payments_sudo = self.sudo().with_company(self[:1].company_id)
        try:
            payments_sudo.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise self[0]._decided_meanwhile() from error
        payments_sudo.invalidate_recordset(["state", "resolution", "partner_id"])
        return payments_sudo

    def _take_for_decision(self):
        """Lock a payment that must still be undecided.

        :return: the payment with all rights, in its company
        :raises UserError: somebody, or a booking run, was faster
        """
        self.ensure_one()
        payment_sudo = self._lock_for_decision()
        payment_sudo._check_undecided()
        if payment_sudo.refund_id:
            raise UserError(
                self.env._(
                    "A refund of %(payment)s is under way.", payment=self.display_name
                )
            )
        return payment_sudo

    def _check_undecided(self):
        """
        :raises UserError: somebody, or a booking run, was faster
        """
        if self.state not in decision.UNDECIDED:
            raise self._decided_meanwhile()

    def _decided_meanwhile(self):
        return UserError(
            self.env._(
                "%(payment)s has been decided meanwhile.", payment=self.display_name
            )
        )

    def _nothing_open(self, moves):
        return UserError(
            self.env._(
                "%(invoice)s has nothing open that this payment could settle.",
                invoice=", ".join(move.display_name for move in moves),
            )
        )

    def _book_by_staff(self, item, moves=None):
        """Carry out what a person decided, or refuse as a whole.

        :param item: a :class:`~..core.decision.Decision` that books
        :param moves: the ``account.move`` records it is about, to name them
        :raises UserError: the decision does not fit what is open
        """
        [booked] = self.env["billing.booking"]._settle(self, [item])
        if booked.outcome not in decision.CREDITED:
            raise self._nothing_open(moves)
        self._record_decisions([booked], actor="staff")

    def _shares_decision(self, moves, amounts, write_off):
        """The decision of a person to settle invoices with amounts of their own."""
        currency = self.currency_id
        unit = 10**currency.decimal_places
        shares = tuple(
            decision.Share(move.id, round(amounts[move.id] * unit)) for move in moves
        )
        if not shares or not all(share.amount for share in shares):
            raise UserError(self.env._("Please give each invoice an amount."))
        rest = self._in_minor_units() - sum(share.amount for share in shares)
        if rest and not write_off:
            self._check_rest(rest / unit, moves)
        covered = all(
            currency.compare_amounts(amounts[move.id], move.amount_residual) >= 0
            for move in moves
            if amounts[move.id] > 0 and move.is_invoice(include_receipts=True)
        )
        return decision.Decision(
            self.id,
            decision.RECONCILED if covered else decision.PARTIAL,
            shares=shares,
            probability=1.0,
            reasons=(decision.Reason("accepted", (("user", self.env.user.name),)),),
            write_off=-rest if write_off else 0,
        )

    def _check_rest(self, rest, moves):
        """
        :param rest: what the payment brings beyond the amounts
        :raises UserError: too much is given out, or nobody could tell whose the rest is
        """
        if self.currency_id.compare_amounts(rest, 0) * self.amount < 0:
            raise UserError(
                self.env._(
                    "The amounts add up to %(difference)s more than was paid.",
                    difference=self.currency_id.format(abs(rest)),
                )
            )
        if len(moves.commercial_partner_id) > 1:
            raise UserError(
                self.env._(
                    "%(rest)s is left. With several customers the amounts must add "
                    "up to the payment.",
                    rest=self.currency_id.format(rest),
                )
            )

    def _assigned_decision(self, customer):
        """The decision of a person to credit a customer."""
        return decision.Decision(
            self.id,
            decision.ASSIGNED,
            probability=1.0,
            reasons=(decision.Reason("assigned_by", (("user", self.env.user.name),)),),
            partner_id=customer.id,
        )

    def _resolution_by_reasons(self):
        """What the stored evidence says is special about the payment, or False."""
        reasons = tuple(
            decision.Reason(reason["code"]) for reason in self.reasons or ()
        )
        item = decision.Decision(self.id, self.state, reasons=reasons)
        return resolution_of(item, self._in_minor_units()) or False

    # === BUSINESS METHODS - USE OF CREDIT === #

    def _set_credit_used(self, partials, actor):
        """Note that invoices took of the credit of payments on account.

        :param partials: ``account.partial.reconcile`` records just made
        :param actor: who did it, as in ``billing.event``
        """
        events = []
        for partial in partials:
            payment = partial.credit_move_id.billing_payment_id
            invoice = partial.debit_move_id.move_id
            if payment not in self or not invoice.is_sale_document(True):
                continue
            events.append(
                {
                    "kind": "payment.credit_used",
                    "move_id": invoice.id,
                    "company_id": payment.company_id.id,
                    "actor": actor,
                    "amount": partial.credit_amount_currency,
                    "currency_id": payment.currency_id.id,
                    "payload": {"payment_id": payment.id},
                }
            )
        self.env["billing.event"]._log(events)
        touched = self.browse({event["payload"]["payment_id"] for event in events})
        touched.filtered(
            lambda payment: all(payment.counterpart_line_ids.mapped("reconciled"))
        ).write({"state": decision.RECONCILED})

    # === BUSINESS METHODS - HISTORY === #

    def _decision_events(self, item):
        """Extend with credits on account and with payments registered before.

        The customer was told of a registered payment already; and with a credit note
        set off, an invoice took less of the payment than its share.
        """
        if item.outcome == decision.ASSIGNED:
            return [
                {
                    "kind": "payment.assigned",
                    "partner_id": item.partner_id,
                    "amount": self.amount,
                }
            ]
        if any(share.amount < 0 for share in item.shares):
            return [
                {
                    "kind": f"payment.{item.outcome}",
                    "move_id": move_id,
                    "amount": amount,
                }
                for move_id, amount in self._settled_amounts().get(self.id, {}).items()
            ]
        events = super()._decision_events(item)
        for share, event in zip(item.shares, events, strict=True):
            if share.payment_id:
                known = self.env["account.payment"].browse(share.payment_id)
                event.update(
                    kind="payment.confirmed",
                    move_id=known.reconciled_invoice_ids[:1].id,
                    partner_id=known.partner_id.commercial_partner_id.id,
                )
        return events

    def _log_step(self, kind, amount=None, actor="staff", **payload):
        """Write the event of a step that was taken with the payment."""
        self.env["billing.event"]._log([self._step(kind, amount, actor, **payload)])

    def _step(self, kind, amount=None, actor="staff", **payload):
        """The event of a step that was taken with the payment, to be written."""
        return {
            "kind": kind,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "actor": actor,
            "amount": self.amount if amount is None else amount,
            "currency_id": self.currency_id.id,
            "payload": {"payment_id": self.id, **payload},
        }

    def _credited_amounts(self):
        """What payments on account stand to the credit of each customer.

        :return: dict of payment id to dict of ``res.partner`` id to amount
        """
        credited = {}
        for payment in self.filtered(lambda p: p.state == decision.ASSIGNED):
            for item in payment.sudo()._credit_items():
                of_payment = credited.setdefault(payment.id, {})
                partner_id = item.partner_id.id
                of_payment[partner_id] = (
                    of_payment.get(partner_id, 0) - item.amount_residual_currency
                )
        return credited

    def _log_taken_off_account(self, amounts):
        """Write one event for each customer whose credit was taken back.

        :param amounts: what :meth:`_credited_amounts` said before
        """
        self.env["billing.event"]._log(
            [
                {
                    "kind": "payment.unassigned",
                    "partner_id": partner_id,
                    "company_id": payment.company_id.id,
                    "actor": "staff",
                    "amount": amount,
                    "currency_id": payment.currency_id.id,
                    "payload": {"payment_id": payment.id},
                }
                for payment in self
                for partner_id, amount in amounts.get(payment.id, {}).items()
            ]
        )

    # === HELPERS === #

    def _settled_invoices(self):
        """Extend with the invoices of registered payments that these confirm."""
        settled = super()._settled_invoices()
        if not self.ids:
            return settled
        self.env["account.payment"].flush_model(["move_id", "outstanding_account_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT item.billing_payment_id, known.id
                  FROM account_move_line AS item
                  JOIN account_partial_reconcile AS partial
                    ON partial.credit_move_id = item.id
                  JOIN account_move_line AS other ON other.id = partial.debit_move_id
                  JOIN account_payment AS known
                    ON known.move_id = other.move_id
                   AND known.outstanding_account_id = other.account_id
                 WHERE item.billing_payment_id IN %s
                   AND item.account_id = other.account_id
                """,
                tuple(self.ids),
            )
        )
        payments_sudo = self.env["account.payment"].sudo()
        known_sudo = payments_sudo.browse({known_id for _id, known_id in rows})
        for payment_id, known_id in rows:
            invoices = payments_sudo.browse(known_id).with_prefetch(known_sudo.ids)
            settled.setdefault(payment_id, []).extend(
                invoices.reconciled_invoice_ids.ids
            )
        return settled

    @api.model
    def _reason_texts(self):
        """Extend with the words of decisions made here."""
        _ = self.env._
        return {
            **super()._reason_texts(),
            "assigned_by": _("credited to the customer by %(user)s"),
            "write_off_refused": _("the difference cannot be written off"),
        }
