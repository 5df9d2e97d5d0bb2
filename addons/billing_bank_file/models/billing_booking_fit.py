import dataclasses
from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ..core import decision
from ..core.parcels import DoesNotFit, Parcel, Take, cut


class BillingBooking(models.AbstractModel):
    """Compares decisions with what is open when they are carried out."""

    _inherit = "billing.booking"

    # === HELPERS === #

    @api.model
    def _lock_open_items(self, decisions):
        """Read what is open on the invoices of decisions, and lock it.

        Credit notes are open below zero. A payment that is registered in Odoo already
        is open on its outstanding account: there the bank's report settles it.

        :return: dict of move id to list of dicts (``id``, ``account_id``,
            ``partner_id``, ``open`` and ``residual`` in minor units, ``currency_id``,
            ``company_id``, ``payment_id``: the registered payment or None, ``taken``:
            minor units by payment id, empty yet), earliest due first
        """
        self._prefetch_accounts(decisions)
        move_ids = {share.move_id for item in decisions for share in item.shares}
        if not move_ids:
            return {}
        self.env["account.move.line"].flush_model()
        self.env["account.move"].flush_model()
        self.env["account.payment"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT item.move_id, item.id, item.account_id, item.partner_id,
                       item.currency_id, item.company_id, known.id,
                       round(item.amount_residual_currency
                             * power(10, currency.decimal_places))::bigint
                  FROM account_move_line AS item
                  JOIN account_account AS account ON account.id = item.account_id
                  JOIN res_currency AS currency ON currency.id = item.currency_id
                  JOIN account_move AS move ON move.id = item.move_id
             LEFT JOIN account_payment AS known
                    ON known.id = move.origin_payment_id
                   AND known.outstanding_account_id = item.account_id
                 WHERE item.move_id IN %s
                   AND item.parent_state = 'posted'
                   AND NOT item.reconciled
                   AND (move.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
                        AND account.account_type = 'asset_receivable'
                        OR known.id IS NOT NULL AND account.reconcile)
                 ORDER BY item.date_maturity, item.id
                   FOR NO KEY UPDATE OF item
                """,
                tuple(move_ids),
            )
        )
        open_items = defaultdict(list)
        for row in self.env.cr.fetchall():
            residual = int(row[7])
            open_items[row[0]].append(
                {
                    "id": row[1],
                    "account_id": row[2],
                    "partner_id": row[3],
                    "currency_id": row[4],
                    "company_id": row[5],
                    "payment_id": row[6],
                    "open": residual,
                    "residual": residual,
                    "taken": {},
                }
            )
        return open_items

    @api.model
    def _prefetch_accounts(self, decisions):
        """Read at once the accounts of customers that decisions credit."""
        partners = self.env["res.partner"].browse(
            {item.partner_id for item in decisions if item.outcome == decision.ASSIGNED}
        )
        partners.mapped("property_account_receivable_id")

    @api.model
    def _fit(self, item, open_items):
        """Compare a decision with what is open, and take its money from there.

        ``open_items`` is drawn down, so that two payments of one batch never settle
        the same money.

        :return: the decision, or a proposal when it does not fit any more
        """
        if item.outcome not in decision.BOOKED:
            return item
        payment = self.env["billing.payment"].browse(item.payment_id)
        drawn = self._draw(payment, item, open_items)
        misfit = None
        if not drawn:
            misfit = "changed_meanwhile"
        elif item.write_off and not self._may_write_off(payment, item.write_off):
            misfit = "write_off_refused"
        elif item.write_off or len(item.shares) > 1:
            try:
                takes = [_take(target, amount) for target, amount in drawn]
                cut(takes, payment._in_minor_units(), item.write_off)
            except DoesNotFit:
                misfit = "changed_meanwhile"
        if misfit:
            return dataclasses.replace(
                item,
                outcome=decision.PROPOSED if item.candidates else decision.UNMATCHED,
                shares=(),
                write_off=0,
                reasons=(decision.Reason(misfit), *item.reasons),
            )
        for target, amount in drawn:
            target["taken"][item.payment_id] = amount
            target["residual"] -= amount
        known = {
            share.move_id: open_items[share.move_id][0]["payment_id"]
            for share in item.shares
        }
        if any(known.values()):
            item = dataclasses.replace(
                item,
                shares=tuple(
                    dataclasses.replace(share, payment_id=known[share.move_id] or 0)
                    for share in item.shares
                ),
            )
        return item

    @api.model
    def _draw(self, payment, item, open_items):
        """What each share of a decision takes of the open items, the oldest first.

        :return: list of (open item, minor units), empty when a share does not fit
        """
        drawn = []
        for share in item.shares:
            found = open_items.get(share.move_id, [])
            total = sum(target["residual"] for target in found)
            if (
                share.amount * total <= 0
                or abs(share.amount) > abs(total)
                or any(
                    target["currency_id"] != payment.currency_id.id
                    or target["company_id"] != payment.company_id.id
                    for target in found
                )
            ):
                return []
            rest = share.amount
            for target in found:
                residual = target["residual"]
                taken = min(rest, residual) if rest > 0 else max(rest, residual)
                if taken:
                    drawn.append((target, taken))
                    rest -= taken
        return drawn

    @api.model
    def _may_write_off(self, payment, minor):
        """Whether a company writes a difference off without asking.

        :param minor: minor units of the currency of the payment
        """
        company = payment.company_id
        currency = payment.currency_id
        difference = abs(minor) / 10**currency.decimal_places
        if currency != company.currency_id:
            difference = currency._convert(
                difference, company.currency_id, company, payment.booking_date
            )
        limit = self._write_off_limit(company)
        return bool(
            self._write_off_account(company)
            and company.currency_id.compare_amounts(difference, limit) <= 0
        )

    @api.model
    def _write_off_account(self, company):
        """Where small differences go. The base has no such account.

        :return: ``account.account``, empty when nothing is written off
        """
        return self.env["account.account"]

    @api.model
    def _write_off_limit(self, company):
        """The largest difference that is written off, in the company's currency."""
        return 0.0

    @api.model
    def _is_plain(self, item, open_items):
        """Whether each customer of a decision gets one item that settles all that is
        named, so that it can be booked the quick way."""
        if item.outcome not in decision.BOOKED or item.write_off:
            return False
        if any(share.payment_id for share in item.shares):
            return False
        takes = self._takes(item, open_items)
        if all(take.is_full and take.amount * takes[0].amount > 0 for take in takes):
            return True
        payment = self.env["billing.payment"].browse(item.payment_id)
        taken = sum(take.amount for take in takes)
        return len(item.shares) == 1 and taken == payment._in_minor_units()

    @api.model
    def _takes(self, item, open_items):
        """What a decision that fits takes of each open item.

        :return: list of :class:`~..core.parcels.Take`
        """
        return [
            _take(target, target["taken"][item.payment_id])
            for share in item.shares
            for target in open_items[share.move_id]
            if item.payment_id in target["taken"]
        ]

    @api.model
    def _parcels(self, payment, item, open_items):
        """The journal items of a payment, as amounts.

        :param item: the decision as it fits
        :return: list of :class:`~..core.parcels.Parcel`
        """
        amount = payment._in_minor_units()
        if item.outcome == decision.ASSIGNED:
            customer = self.env["res.partner"].browse(item.partner_id)
            account = customer.with_company(
                payment.company_id
            ).property_account_receivable_id
            return [Parcel(customer.id, account.id, amount)]
        takes = self._takes(item, open_items)
        if self._is_plain(item, open_items):
            takes = [dataclasses.replace(take, open=take.amount) for take in takes]
        return cut(takes, amount, item.write_off)


def _take(target, amount):
    return Take(
        target["id"],
        target["partner_id"],
        target["account_id"],
        amount,
        target["open"],
    )
