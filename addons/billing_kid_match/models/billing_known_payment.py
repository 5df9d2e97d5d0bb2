from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core.decision import Share
from odoo.addons.billing_base.core.reference import BUCKET_SQL, bucket

#: Days a registered payment that is named may lie apart from the bank's report.
NAMED_DAYS = 90
#: The same for one that only has the customer and the amount in common.
CUSTOMER_DAYS = 10

_MEMO = SQL(BUCKET_SQL.format(column="known.memo"))
_REFERENCE = SQL(BUCKET_SQL.format(column="known.payment_reference"))
_INVOICE_REFERENCE = SQL(BUCKET_SQL.format(column="invoice.payment_reference"))
_INVOICE_NAME = SQL(BUCKET_SQL.format(column="invoice.name"))


class Sought(NamedTuple):
    """A bank payment whose registered payment is looked for.

    :param place: the caller's own number for it
    :param amount: minor units, above zero
    :param keys: references it states, compacted
    :param day: booking date
    :param journal_id: the bank journal; 0 for any
    :param partner_id: commercial partner who paid, 0 when that is not certain
    """

    place: int
    company_id: int
    currency_id: int
    amount: int
    keys: tuple[str, ...]
    day: date
    journal_id: int = 0
    partner_id: int = 0


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """A payment that was registered in Odoo before the bank reported it.

    :param payment_id: the ``account.payment`` record
    :param move_id: its entry; an invoice of its own when it has no entry
    :param partner_id: commercial partner
    :param reference: number of the payment
    :param amount: minor units
    :param date: day it was registered for
    :param is_named: found by a reference, not only by customer and amount
    :param shares: what the bank's report settles
    """

    payment_id: int
    move_id: int
    partner_id: int
    reference: str
    amount: int
    date: date
    is_named: bool
    shares: tuple[Share, ...]


class BillingKnownPayment(models.AbstractModel):
    """Finds payments that Odoo knows before the bank reports them.

    Registered by hand, such a payment has settled its invoice already. Its money is
    expected on the outstanding account; where the journal has none, Odoo makes no entry
    and the invoice itself stays open until the bank reports.

    A card payment on the customer's page is paid out by a provider, without the
    reference of the invoice: a transfer that does state it is a second payment. So
    these are found by the provider's own reference only.
    """

    _name = "billing.known.payment"
    _description = "Payments Known before the Bank Reports Them"

    # === BUSINESS METHODS === #

    @api.model
    def _find(self, sought):
        """Find the registered payments that bank payments may report.

        :param sought: tuples as :class:`Sought`
        :return: dict of place to list of :class:`KnownPayment`, those that are named
            first, then the nearest in time
        """
        sought = [Sought(*item) for item in sought]
        rows = self._search(sought)
        open_shares = self._find_open_shares(
            [row["payment_id"] for row in rows if not row["move_id"]]
        )
        days = {item.place: item.day for item in sought}
        found = defaultdict(list)
        for row in rows:
            shares = open_shares.get(row["payment_id"], ())
            if row["move_id"]:
                shares = (Share(row["move_id"], row["amount"], row["payment_id"]),)
            if sum(share.amount for share in shares) != row["amount"]:
                continue
            found[row["place"]].append(
                KnownPayment(
                    row["payment_id"],
                    row["move_id"] or shares[0].move_id,
                    row["partner_id"],
                    row["name"] or "",
                    row["amount"],
                    row["date"],
                    row["is_named"],
                    shares,
                )
            )
        for place, payments in found.items():
            payments.sort(
                key=lambda known, day=days[place]: (
                    not known.is_named,
                    abs((known.date - day).days),
                    known.payment_id,
                )
            )
        return dict(found)

    # === HELPERS === #

    def _search(self, sought):
        """Registered payments that wait for the bank, by amount and reference or
        customer; one statement however many are sought."""
        # One row for each key, so that the database can join on it.
        wanted = [
            (*item[:4], bucket(key) or None, item.day, item.journal_id, item.partner_id)
            for item in sought
            for key in item.keys or ("",)
        ]
        if not wanted:
            return []
        for model in ("account.payment", "account.move", "account.partial.reconcile"):
            self.env[model].flush_model()
        columns = [list(column) for column in zip(*wanted, strict=True)]
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT DISTINCT ON (wanted.place, known.id)
                       wanted.place, known.id AS payment_id, known.move_id,
                       known.name, known.date, wanted.amount,
                       partner.commercial_partner_id AS partner_id,
                       COALESCE(named.it, false) AS is_named
                  FROM unnest(%(places)s::int[], %(companies)s::int[],
                              %(currencies)s::int[], %(amounts)s::bigint[],
                              %(keys)s::text[], %(days)s::date[],
                              %(journals)s::int[], %(partners)s::int[])
                       AS wanted(place, company_id, currency_id, amount, key, day,
                                 journal_id, partner_id)
                  JOIN res_currency AS currency ON currency.id = wanted.currency_id
                  JOIN account_payment AS known
                    ON known.company_id = wanted.company_id
                   AND known.currency_id = wanted.currency_id
                   AND round(known.amount * power(10, currency.decimal_places))
                       = wanted.amount
                   AND known.is_matched IS NOT TRUE
                   AND known.payment_type = 'inbound'
                   AND known.state IN ('in_process', 'paid')
                   AND (wanted.journal_id = 0 OR known.journal_id = wanted.journal_id)
                  JOIN res_partner AS partner ON partner.id = known.partner_id
                  JOIN account_payment_method AS method
                    ON method.id = known.payment_method_id
             LEFT JOIN LATERAL (%(named)s) AS named ON true
                 WHERE named.it
                       AND abs(known.date - wanted.day) <= %(named_days)s
                    OR partner.commercial_partner_id = wanted.partner_id
                       AND method.code = 'manual'
                       AND abs(known.date - wanted.day) <= %(customer_days)s
                 ORDER BY wanted.place, known.id, named.it DESC NULLS LAST
                """,
                **dict(
                    zip(
                        (
                            "places",
                            "companies",
                            "currencies",
                            "amounts",
                            "keys",
                            "days",
                            "journals",
                            "partners",
                        ),
                        columns,
                        strict=True,
                    )
                ),
                named=self._named_sql(),
                named_days=NAMED_DAYS,
                customer_days=CUSTOMER_DAYS,
            )
        )

    def _named_sql(self):
        """Whether the wanted key names a registered payment, or one of its invoices."""
        return SQL(
            """
            SELECT CASE WHEN method.code = 'manual'
                        THEN own.it OR of_invoice.it
                        ELSE own.it AND NOT of_invoice.it END AS it
              FROM (SELECT COALESCE(wanted.key IN (%s, %s), false) AS it) AS own,
                   (SELECT EXISTS (
                        SELECT 1
                          FROM account_move__account_payment AS link
                          JOIN account_move AS invoice ON invoice.id = link.invoice_id
                         WHERE link.payment_id = known.id
                           AND wanted.key IN (%s, %s)
                        UNION ALL
                        SELECT 1
                          FROM account_move_line AS item
                          JOIN account_partial_reconcile AS partial
                            ON partial.credit_move_id = item.id
                          JOIN account_move_line AS other
                            ON other.id = partial.debit_move_id
                          JOIN account_move AS invoice ON invoice.id = other.move_id
                         WHERE item.move_id = known.move_id
                           AND wanted.key IN (%s, %s)
                   ) AS it) AS of_invoice
            """,
            _REFERENCE,
            _MEMO,
            _INVOICE_REFERENCE,
            _INVOICE_NAME,
            _INVOICE_REFERENCE,
            _INVOICE_NAME,
        )

    def _find_open_shares(self, payment_ids):
        """What payments without an entry settle once the bank reports them.

        :return: dict of payment id to tuple of shares that add up to the payment, as
            far as their invoices are open, the earliest due first
        """
        if not payment_ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT known.id, invoice.id,
                       round(invoice.amount_residual
                             * power(10, currency.decimal_places))::bigint,
                       round(known.amount * power(10, currency.decimal_places))::bigint
                  FROM account_payment AS known
                  JOIN account_move__account_payment AS link
                    ON link.payment_id = known.id
                  JOIN account_move AS invoice ON invoice.id = link.invoice_id
                  JOIN res_currency AS currency ON currency.id = known.currency_id
                 WHERE known.id IN %s
                   AND invoice.state = 'posted'
                   AND invoice.move_type IN ('out_invoice', 'out_receipt')
                   AND invoice.currency_id = known.currency_id
                   AND invoice.amount_residual > 0
                 ORDER BY known.id, invoice.invoice_date_due, invoice.id
                """,
                tuple(payment_ids),
            )
        )
        shares = defaultdict(tuple)
        left = {}
        for payment_id, move_id, residual, amount in rows:
            taken = min(int(residual), left.setdefault(payment_id, int(amount)))
            left[payment_id] -= taken
            if taken:
                shares[payment_id] += (Share(move_id, taken, payment_id),)
        return shares
