import contextlib

from odoo import Command, api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..core import decision

# Items of one collective statement line. Odoo's cost for each payment is flat from
# here on, while a line of this size still opens in a browser.
COLLECTIVE_SIZE = 500

# Work Odoo repeats for each entry although nothing here can need it: entries of this
# model balance by construction and carry no taxes, terms or analytic distribution.
# Only used where _booking_context() finds nothing that needs it.
PLAIN_CONTEXT = {
    "tracking_disable": True,
    "skip_invoice_sync": True,
    "skip_invoice_line_sync": True,
    "check_move_validity": False,
    "no_exchange_difference": True,
    "no_cash_basis": True,
}
# What Odoo computes for the items of a bank entry, whatever the payment. Given at once
# they spare it a look-up or a computation for each item.
PLAIN_ITEM = {
    "display_type": "product",
    "sequence": 100,
    "quantity": 1.0,
    "product_uom_id": False,
    "tax_ids": [],
    "analytic_distribution": False,
    # Odoo computes these for each item once more, finds nothing to change and so has
    # nothing to write before the entry is posted.
    "parent_state": "draft",
    "move_name": False,
    "reconciled": False,
}
# Contexts in which Odoo looks currencies up, besides that of the booking: while it
# creates an entry and posts it, and while it creates the rows of a reconciliation.
LOOKUP = {"prefetch_fields": False}
CREATING = {"is_statement_line": True, "mail_post_autofollow_author_skip": True}
CREATE_LOOKUPS = (
    {**CREATING, **LOOKUP},
    {**CREATING, **LOOKUP, "bin_size": False},
    {**CREATING, "active_test": False},
    {"is_statement_line": True, "skip_is_manually_modified": True, **LOOKUP},
)
RECONCILE_LOOKUPS = (LOOKUP, {**LOOKUP, "bin_size": False})


class BillingBooking(models.AbstractModel):
    """Carries decisions on payments into Odoo's books, and out of them again.

    Sure payments that the bank books in one sum become items of one statement line;
    every other payment gets a statement line of its own. All writing goes through
    Odoo's own posting and reconciliation. This file books in batch;
    ``billing_booking_fit`` compares with what is open, ``billing_booking_settle`` books
    what is special, ``billing_booking_undo`` takes off again.
    """

    _name = "billing.booking"
    _description = "Booking of Bank Payments"

    @api.model
    def _check_may_decide(self, payments):
        """Refuse people who may not decide on payments.

        The books are then changed with raised rights: accounting rights are not
        needed to work the review list.

        :raises AccessError: for others than billing users
        """
        if self.env.su:
            return
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff can decide on payments."))
        payments.check_access("read")

    # === BUSINESS METHODS - BOOKING === #

    @api.model
    def _book(self, payments, decisions):
        """Book payments that have no statement line yet.

        What a decision wants to settle is compared with what is open now; a decision
        that no longer fits (paid meanwhile, cancelled, locked by someone else's work)
        becomes a proposal.

        :param payments: ``billing.payment`` records of one company, all rights
        :param decisions: list of :class:`~..core.decision.Decision`, one for each
        :return: the decisions as carried out, in the same order
        """
        open_items = self._lock_open_items(decisions)
        decisions = [self._fit(item, open_items) for item in decisions]
        by_id = {item.payment_id: item for item in decisions}
        collective = payments.filtered(
            lambda payment: (
                payment.bank_collective
                and payment.journal_id.billing_collective
                and self._is_plain(by_id[payment.id], open_items)
            )
        )
        for entry in collective.grouped("bank_entry").values():
            for chunk in _chunks(entry, COLLECTIVE_SIZE):
                if len(chunk) == 1:
                    collective -= chunk
                else:
                    self._book_collectively(chunk, by_id, open_items)
        single = payments - collective
        for _key, chunk in single.grouped(
            lambda p: (p.journal_id, p.currency_id)
        ).items():
            self._book_singly(chunk, by_id, open_items)
        return decisions

    def _book_collectively(self, payments, by_id, open_items):
        """Book payments of one bank entry as items of one statement line."""
        journal = payments.journal_id
        first = payments[0]
        label = self.env._(
            "%(count)s payments, %(entry)s",
            count=len(payments),
            entry=first.bank_entry.partition("/")[2],
        )
        items = [self._bank_item(payments, label)]
        for payment in payments:
            items += self._customer_items(payment, by_id[payment.id], open_items)
        self._balance(items)
        for item in items:
            item["date"] = first.booking_date
            item["amount_residual"] = item["balance"]
            item["amount_residual_currency"] = item["amount_currency"]
        context = self._booking_context(journal, payments.currency_id)
        # Odoo reads these when it reconciles. To read them with items at hand that are
        # not written yet, it would have to write these twice.
        shares = [share for payment in payments for share in by_id[payment.id].shares]
        self.env["account.move"].browse(
            dict.fromkeys(share.move_id for share in shares)
        ).mapped("line_ids")
        creating = {
            **self.env.context,
            **context,
            "billing_plain_items": True,
            "skip_account_move_synchronization": True,
        }
        with self._environments_kept(creating, CREATE_LOOKUPS):
            line = (
                self.env["account.bank.statement.line"]
                .with_context(**creating)
                .create(
                    {
                        "journal_id": journal.id,
                        "date": first.booking_date,
                        "payment_ref": label,
                        "amount": items[0]["amount_currency"],
                        # None of the items carries a tax.
                        "always_tax_exigible": True,
                        "line_ids": [Command.create(item) for item in items],
                    }
                )
            )
            # Computed now, written in one with what the reconciliation changes.
            line.move_id.line_ids._recompute_recordset()
        self._link(payments, {payment.id: line.id for payment in payments}, True)
        self._reconcile(payments, by_id, open_items, context)

    def _book_singly(self, payments, by_id, open_items):
        """Book payments with a statement line each."""
        journal = payments.journal_id
        context = self._booking_context(journal, payments.currency_id)
        lines = (
            self.env["account.bank.statement.line"]
            .with_context(**context, billing_plain_items=True)
            .create(
                [
                    self._prepare_statement_line(payment, by_id[payment.id], open_items)
                    for payment in payments
                ]
            )
        )
        self._link(payments, dict(zip(payments.ids, lines.ids, strict=True)), False)
        self._reconcile(payments, by_id, open_items, context)

    def _prepare_statement_line(self, payment, item, open_items):
        """Values of the statement line of one payment."""
        values = {
            "journal_id": payment.journal_id.id,
            "date": payment.booking_date,
            "payment_ref": payment.reference
            or payment.text
            or payment.payer_name
            or payment.bank_reference
            or self.env._("Bank payment"),
            "ref": payment.bank_reference,
            "amount": payment.amount,
            "partner_name": payment.payer_name,
            "account_number": payment.payer_account,
            "transaction_type": payment.payment_type,
        }
        if item.outcome in decision.BOOKED:
            owners = self._owners(item, open_items)
            if len(owners) == 1:
                [(values["partner_id"], values["counterpart_account_id"])] = owners
            else:
                items = [self._bank_item(payment, values["payment_ref"])]
                items += self._customer_items(payment, item, open_items)
                self._balance(items)
                values["line_ids"] = [Command.create(vals) for vals in items]
        return values

    def _customer_items(self, payment, item, open_items):
        """Values of the journal items that credit each customer of a payment.

        What a payment brings beyond its shares stays with the last customer.
        """
        journal = payment.journal_id
        currency = payment.currency_id
        rest = payment.amount
        owners = self._owners(item, open_items)
        values = []
        for number, ((partner_id, account_id), minor) in enumerate(owners.items(), 1):
            amount = rest
            if number < len(owners):
                amount = currency.round(minor / 10**currency.decimal_places)
            rest = currency.round(rest - amount)
            values.append(
                {
                    **PLAIN_ITEM,
                    "name": payment.reference or payment.payer_name or payment.text,
                    "account_id": account_id,
                    "partner_id": partner_id,
                    "currency_id": currency.id,
                    "billing_payment_id": payment.id,
                    **self._amounts(journal, currency, -amount, payment.booking_date),
                }
            )
        return values

    def _bank_item(self, payments, label):
        """Values of the journal item on the bank account for all of ``payments``."""
        journal = payments.journal_id
        currency = payments.currency_id
        total = currency.round(sum(payments.mapped("amount")))
        return {
            **PLAIN_ITEM,
            "name": label,
            "account_id": journal.default_account_id.id,
            "currency_id": currency.id,
            **self._amounts(journal, currency, total, payments[0].booking_date),
        }

    @api.model
    def _owners(self, item, open_items):
        """Whom the shares of a decision are owed by.

        :return: dict of (partner id, account id) to minor units
        """
        owners = {}
        for share in item.shares:
            for target in open_items[share.move_id]:
                taken = target["taken"].get(item.payment_id)
                if taken:
                    owner = (target["partner_id"], target["account_id"])
                    owners[owner] = owners.get(owner, 0) + taken
        return owners

    def _link(self, payments, line_ids, is_collective):
        """Point payments to their statement lines and mark the customer items.

        :param line_ids: dict of payment id to statement line id
        :param is_collective: whether the lines hold several payments
        """
        self.env.cr.execute_values(
            """
            UPDATE billing_payment AS payment
               SET statement_line_id = data.line_id, is_collective = data.collective
              FROM (VALUES %s) AS data (id, line_id, collective)
             WHERE payment.id = data.id
            """,
            [
                (payment_id, line_id, is_collective)
                for payment_id, line_id in line_ids.items()
            ],
            page_size=len(line_ids),
        )
        payments.invalidate_recordset(["statement_line_id", "is_collective"])
        if is_collective:
            return
        self.env["account.move.line"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_move_line AS item
                   SET billing_payment_id = payment.id
                  FROM billing_payment AS payment, account_bank_statement_line AS line,
                       account_account AS account
                 WHERE payment.id IN %s
                   AND line.id = payment.statement_line_id
                   AND item.move_id = line.move_id
                   AND account.id = item.account_id
                   AND account.account_type = 'asset_receivable'
                """,
                tuple(payments.ids),
            )
        )
        self.env["account.move.line"].invalidate_model(["billing_payment_id"])

    def _reconcile(self, payments, by_id, open_items, context):
        """Reconcile the customer items of payments with their invoices, in one plan."""
        booked = [
            payment_id
            for payment_id in payments.ids
            if by_id[payment_id].outcome in decision.BOOKED
        ]
        if not booked:
            return
        # Nothing more is written here: the rest is written once, with what the
        # reconciliation changes.
        lines = self.env["account.move.line"]
        lines.flush_model(["billing_payment_id"])
        self.env.cr.execute(
            SQL(
                "SELECT id, billing_payment_id FROM account_move_line"
                " WHERE billing_payment_id IN %s",
                tuple(booked),
            )
        )
        payment_of = dict(self.env.cr.fetchall())
        own = {
            (payment_of[item.id], item.partner_id.id, item.account_id.id): item.id
            for item in lines.browse(payment_of)
        }
        pairs = {}
        for payment_id in booked:
            for share in by_id[payment_id].shares:
                for target in open_items[share.move_id]:
                    if payment_id in target["taken"]:
                        key = (payment_id, target["partner_id"], target["account_id"])
                        pairs.setdefault(key, [own[key]]).append(target["id"])
        pairs = list(pairs.values())
        # One prefetch set for all: separate ones cost a query for each pair.
        together = [item_id for pair in pairs for item_id in pair]
        context = {**self.env.context, **context, "billing_booking": True}
        lines = lines.with_context(**context)
        with self._environments_kept(context, RECONCILE_LOOKUPS):
            lines._reconcile_plan(
                [lines.browse(pair).with_prefetch(together) for pair in pairs]
            )
        payments.invalidate_recordset(["counterpart_line_ids", "invoice_ids"])

    # === HELPERS === #

    @contextlib.contextmanager
    def _environments_kept(self, context, lookups=(LOOKUP,)):
        """Keep alive the environments in which Odoo looks up currencies.

        For each amount Odoo makes an environment, looks the amount's currency up in
        it and drops it, with all that an environment remembers. If there is one
        already, Odoo takes that; nothing else changes.

        :param context: the context of the work that Odoo does meanwhile
        :param lookups: what Odoo adds to it for its look-ups. No more than it uses:
            Odoo goes through all environments there are to find one.
        """
        kept = [self.env(context={**context, **lookup}) for lookup in lookups]
        try:
            yield
        finally:
            kept.clear()

    @api.model
    def _booking_context(self, journal, currency):
        """Context to book in: without Odoo's checks that can have no work here.

        Foreign currency makes exchange differences and cash-basis taxes make entries
        of their own when something is reconciled, so these keep every check.
        """
        company = journal.company_id
        if currency == company.currency_id and not company.tax_exigibility:
            return PLAIN_CONTEXT
        return {"tracking_disable": True}

    @api.model
    def _amounts(self, journal, currency, amount, date):
        """Amounts of a journal item in the journal's and the company's currency."""
        company = journal.company_id
        balance = amount
        if currency != company.currency_id:
            balance = currency._convert(amount, company.currency_id, company, date)
        return {"amount_currency": amount, "balance": balance}

    @api.model
    def _balance(self, items):
        """Let the bank item carry what rounding each customer item left over."""
        bank, *customers = items
        bank["balance"] = -sum(item["balance"] for item in customers)


def _chunks(records, size):
    for start in range(0, len(records), size):
        yield records[start : start + size]
