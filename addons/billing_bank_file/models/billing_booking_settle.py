from odoo import Command, api, models

from ..core import decision
from .billing_booking import PLAIN_ITEM

# Of what is given at once, what is only true before an entry is posted.
BEFORE_POSTING = ("parent_state", "move_name", "reconciled")


class BillingBooking(models.AbstractModel):
    """Books what is not plain: credits on account, small differences, credit notes,
    parts of several invoices, registered payments; and what people decide."""

    _inherit = "billing.booking"

    # === BUSINESS METHODS === #

    @api.model
    def _settle(self, payments, decisions):
        """Book decisions on payments that wait on a statement line of their own.

        Money that is on a customer's account already, because it was taken off an
        invoice in Odoo's own screens or credited before, goes back to suspense first.

        :param payments: ``billing.payment`` records that wait for a person, all rights
        :param decisions: list of :class:`~..core.decision.Decision`, one for each
        :return: the decisions as carried out, in the same order
        :raises UserError: the money was used in Odoo's own screens meanwhile
        """
        booking = self.with_context(billing_booking=True)
        payments = payments.with_context(billing_booking=True)
        for payment in payments:
            self._check_free(payment)
        booking._unbook(
            payments.filtered(
                lambda payment: (
                    payment.counterpart_line_ids
                    or self._is_closed(payment.statement_line_id)
                )
            )
        )
        open_items = self._lock_open_items(decisions)
        decisions = [self._fit(item, open_items) for item in decisions]
        by_id = {item.payment_id: item for item in decisions}
        credited = payments.filtered(
            lambda payment: by_id[payment.id].outcome in decision.CREDITED
        )
        for (journal, currency), chunk in credited.grouped(
            lambda payment: (payment.journal_id, payment.currency_id)
        ).items():
            context = self._booking_context(journal, currency)
            if journal.company_id.restrictive_audit_trail:
                # There Odoo's own log tells what became of each item.
                context = {**context, "tracking_disable": False}
            booking._replace_suspense(chunk, by_id, open_items, context)
            booking._reconcile(chunk, by_id, open_items, context)
        return decisions

    @api.model
    def _check_free(self, payment):
        """Refuse to book money that somebody used in Odoo's own screens.

        :param payment: ``billing.payment`` that waits for a person, all rights
        :raises UserError: the money is not where a payment in review has it
        """
        line = payment.statement_line_id
        items = payment.counterpart_line_ids
        if items:
            free = not (items.matched_debit_ids or items.matched_credit_ids)
        else:
            suspense = line._seek_for_lines()[1]
            free = not payment.currency_id.compare_amounts(
                -sum(suspense.mapped("amount_currency")), payment.amount
            )
        if not free or line.move_id.state != "posted":
            raise payment._decided_meanwhile()

    def _replace_suspense(self, payments, by_id, open_items, context):
        """Put the items of decisions in place of payments' suspense items, at once.

        :param payments: ``billing.payment`` records with a statement line each, of one
            journal and currency
        :param by_id: dict of payment id to the decision as it fits
        :param context: to book in
        """
        self = self.with_context(
            **{
                **context,
                "check_move_validity": True,
                "force_delete": True,
                "skip_account_move_synchronization": True,
                "skip_readonly_check": True,
            }
        )
        payments = payments.with_env(self.env)
        items = self.env["account.move.line"]
        suspense = items
        values = []
        owners = {}
        for payment in payments:
            line = payment.statement_line_id
            waiting = line._seek_for_lines()[1]
            parcels = [
                {
                    **{name: vals[name] for name in vals if name not in BEFORE_POSTING},
                    "move_id": line.move_id.id,
                }
                for vals in self._parcel_items(payment, by_id[payment.id], open_items)
            ]
            customers = [vals for vals in parcels if "billing_payment_id" in vals]
            partner_ids = {vals["partner_id"] for vals in customers}
            if len(partner_ids) == 1:
                owners[line] = partner_ids.pop()
            customers[-1]["balance"] += sum(waiting.mapped("balance")) - sum(
                vals["balance"] for vals in parcels
            )
            suspense += waiting
            values += parcels
        moves = payments.statement_line_id.move_id
        # All entries are looked at once, when all of them are whole again.
        with moves._check_balanced({"records": moves}):
            self._set_customers(owners)
            suspense.unlink()
            items.create(values)

    def _set_customers(self, owners):
        """Let statement lines and their entries be their customers'.

        :param owners: dict of ``account.bank.statement.line`` to ``res.partner`` id
        """
        lines = self.env["account.bank.statement.line"].browse(
            line.id
            for line, partner_id in owners.items()
            if line.partner_id.id != partner_id
        )
        partners = self.env["res.partner"].browse(dict.fromkeys(owners.values()))
        # Odoo looks at these for each entry; read for all at once.
        partners.mapped("commercial_partner_id")
        partners.with_company(lines.company_id).mapped("property_account_position_id")
        for partner_id, chunk in lines.grouped(owners.__getitem__).items():
            chunk.partner_id = partner_id
            # The item on the bank account follows.
            chunk.move_id.partner_id = partner_id

    def _prepare_statement_line(self, payment, item, open_items):
        """Extend with decisions that are not plain."""
        if item.outcome not in decision.CREDITED or self._is_plain(item, open_items):
            return super()._prepare_statement_line(payment, item, open_items)
        waiting = decision.Decision(payment.id, decision.UNMATCHED)
        values = super()._prepare_statement_line(payment, waiting, {})
        bank = self._bank_item(payment, values["payment_ref"])
        items = [bank, *self._parcel_items(payment, item, open_items)]
        self._balance(items)
        partner_ids = {vals["partner_id"] for vals in items[1:]}
        if len(partner_ids) == 1:
            values["partner_id"] = bank["partner_id"] = partner_ids.pop()
        values["line_ids"] = [Command.create(vals) for vals in items]
        return values

    def _parcel_items(self, payment, item, open_items):
        """Values of the journal items against the bank item of a payment.

        :return: list of dicts: one for each parcel, then one for what is written off
        """
        journal = payment.journal_id
        currency = payment.currency_id
        unit = 10**currency.decimal_places
        parcels = self._parcels(payment, item, open_items)
        common = {**PLAIN_ITEM, "currency_id": currency.id}
        values = [
            {
                **common,
                "name": payment.reference or payment.payer_name or payment.text,
                "account_id": parcel.account_id,
                "partner_id": parcel.partner_id,
                "billing_payment_id": payment.id,
                **self._amounts(
                    journal, currency, -parcel.amount / unit, payment.booking_date
                ),
            }
            for parcel in parcels
        ]
        if item.write_off:
            values.append(
                {
                    **common,
                    "name": self.env._("Small difference"),
                    "account_id": self._write_off_account(payment.company_id).id,
                    "partner_id": parcels[-1].partner_id,
                    **self._amounts(
                        journal, currency, item.write_off / unit, payment.booking_date
                    ),
                }
            )
        return values

    def _reconcile(self, payments, by_id, open_items, context):
        """Extend with decisions that are not plain."""
        special = payments.filtered(
            lambda payment: (
                by_id[payment.id].outcome in decision.BOOKED
                and not self._is_plain(by_id[payment.id], open_items)
            )
        )
        if special:
            self._reconcile_parcels(special, by_id, open_items, context)
        return super()._reconcile(payments - special, by_id, open_items, context)

    def _reconcile_parcels(self, payments, by_id, open_items, context):
        """Reconcile the parcels of payments with what they name, in one plan."""
        lines = self.env["account.move.line"].with_context(
            **context, billing_booking=True
        )
        items = lines.search([("billing_payment_id", "in", payments.ids)], order="id")
        own = items.grouped("billing_payment_id")
        plan = []
        for payment in payments:
            parcels = self._parcels(payment, by_id[payment.id], open_items)
            for parcel, item in zip(parcels, own[payment], strict=True):
                if parcel.rounds:
                    first, *others = [lines.browse(ids) for ids in parcel.rounds]
                    plan.append([item + first, *others])
        before = self._find_set_off(payments, by_id, open_items)
        lines._reconcile_plan(plan)
        after = self._find_set_off(payments, by_id, open_items)
        for payment_id, partials in after.items():
            (partials - before[payment_id]).billing_payment_id = payment_id
        payments.invalidate_recordset(["counterpart_line_ids", "invoice_ids"])

    def _find_set_off(self, payments, by_id, open_items):
        """Find what is reconciled between the credit notes and the invoices that
        payments name; undoing a payment undoes what was made with it.

        :return: dict of payment id to ``account.partial.reconcile`` records
        """
        found = {}
        for payment in payments:
            takes = self._takes(by_id[payment.id], open_items)
            credit_ids = [take.item_id for take in takes if take.amount < 0]
            if credit_ids:
                found[payment.id] = self.env["account.partial.reconcile"].search(
                    [
                        ("credit_move_id", "in", credit_ids),
                        ("debit_move_id", "in", [take.item_id for take in takes]),
                    ]
                )
        return found
