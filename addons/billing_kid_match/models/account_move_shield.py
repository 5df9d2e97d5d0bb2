from typing import NamedTuple

from babel.dates import format_skeleton
from markupsafe import Markup

from odoo import models
from odoo.tools import SQL, babel_locale_parse, get_lang

from odoo.addons.billing_base.core.card import Card
from odoo.addons.billing_base.core.hold import Hold

#: Code of the hold of an invoice that a payment in review may be for.
PROBABLE_PAYMENT = "probable_payment"
#: Code of the hold while payments of the company are not looked at yet.
PAYMENTS_PENDING = "payments_pending"
#: The invoice itself may still be sent.
SHIELDED = frozenset({"fee", "reminder", "handover"})

#: Payments nobody has decided on, or whose money waits on the customer's account for
#: an invoice; what goes back to the payer is for none. A payment that Odoo refused to
#: book is still new, and what it was to be booked on are its candidates. To be used
#: where «payment» is a payment and «line» its statement line, if it has one.
UNDECIDED_SQL = """
    payment.amount > 0
    AND payment.resolution IS DISTINCT FROM 'refund'
    AND (payment.state = 'new'
         OR (payment.state IN ('proposed', 'unmatched')
             AND line.is_reconciled IS NOT TRUE)
         OR (payment.state IN ('proposed', 'unmatched', 'assigned')
             AND EXISTS (SELECT
                           FROM account_move_line AS item
                          WHERE item.billing_payment_id = payment.id
                            AND NOT item.reconciled)))
"""


class Shield(NamedTuple):
    """A payment that may be for an invoice, so that the invoice is left alone.

    :param candidate_id: the ``billing.payment.candidate``
    :param payment_id: the ``billing.payment``
    :param amount: of the payment, in its currency
    :param currency_id: of the payment
    :param day: booking date of the bank
    :param is_credited: whether the money is on the customer's account already
    """

    candidate_id: int
    payment_id: int
    amount: float
    currency_id: int
    day: object
    is_credited: bool


class AccountMove(models.Model):
    """The fee shield: who may have paid is not dunned.

    Nothing is stored. The shield is read from the candidates of payments that are not
    decided on, so that it ends with the decision, whoever takes it and wherever.
    """

    # Apart from the indexes of the search: another subject.
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS - SHIELD === #

    def _billing_shields(self):
        """Return the payments that may be for each of the invoices, in one query.

        :return: likeliest first, by invoice id; invoices without any are left out
        :rtype: dict[int, list[Shield]]
        """
        if not self.ids:
            return {}
        self.flush_model(["state", "amount_residual"])
        self.env["account.move.line"].flush_model(["billing_payment_id", "reconciled"])
        self.env["account.bank.statement.line"].flush_model(["is_reconciled"])
        self.env["billing.payment"].flush_model()
        self.env["billing.payment.candidate"].flush_model()
        self.env["res.company"].flush_model(["billing_match_shield_threshold"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT candidate.move_id, candidate.id, payment.id, payment.amount,
                       payment.currency_id, payment.booking_date,
                       payment.state = 'assigned'
                  FROM billing_payment_candidate AS candidate
                  JOIN billing_payment AS payment ON payment.id = candidate.payment_id
                  JOIN res_company AS company ON company.id = payment.company_id
                  JOIN account_move AS move ON move.id = candidate.move_id
             LEFT JOIN account_bank_statement_line AS line
                    ON line.id = payment.statement_line_id
                 WHERE candidate.move_id = ANY(%s)
                   AND candidate.probability >= company.billing_match_shield_threshold
                   AND move.state = 'posted' AND move.amount_residual > 0
                   AND %s
                 ORDER BY candidate.probability DESC, candidate.id
                """,
                list(self.ids),
                SQL(UNDECIDED_SQL),
            )
        )
        shields = {}
        for move_id, *values in rows:
            shields.setdefault(move_id, []).append(Shield(*values))
        return shields

    def _billing_pending_companies(self):
        """Return the companies of the invoices that have payments not looked at yet.

        :rtype: res.company
        """
        companies = self.company_id
        if not companies:
            return companies
        self.env["billing.payment"].flush_model(["state", "error", "company_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company.id
                  FROM unnest(%s) AS company(id)
                 WHERE EXISTS (SELECT
                                 FROM billing_payment AS payment
                                WHERE payment.state = 'new' AND payment.error IS NULL
                                  AND payment.amount > 0
                                  AND payment.company_id = company.id)
                """,
                list(companies.ids),
            )
        )
        return companies.browse(company_id for (company_id,) in rows)

    # === BUSINESS METHODS - HOLDS === #

    def _billing_holds(self):
        """Extend `billing_base` with invoices that may have been paid already.

        One whose payment is in review or could not be booked, and, until the payments
        of a new bank file are looked at, every open invoice of the company: any of
        them may be among the payments.
        """
        holds = super()._billing_holds()
        shields = self._billing_shields()
        pending = self._billing_pending_companies()
        if not (shields or pending):
            return holds
        today = {company: company._billing_today() for company in self.company_id}
        payments = self.env["billing.payment"]
        for move in self:
            for shield in shields.get(move.id, ()):
                holds[move.id].append(
                    Hold(
                        code=PROBABLE_PAYMENT,
                        label=self._billing_shield_label(shield),
                        # Banks date some bookings ahead.
                        since=min(shield.day, today[move.company_id]),
                        source_record=payments.browse(shield.payment_id),
                        blocks=SHIELDED,
                    )
                )
            if (
                move.company_id in pending
                and move.state == "posted"
                and move.move_type in ("out_invoice", "out_receipt")
                and move.amount_residual > 0
            ):
                holds[move.id].append(
                    Hold(
                        code=PAYMENTS_PENDING,
                        label=self.env._("New bank payments are being matched"),
                        since=today[move.company_id],
                        blocks=SHIELDED,
                    )
                )
        return holds

    def _format_hold(self, hold):
        """Extend `billing_base` with the way to the payment."""
        text = super()._format_hold(hold)
        if hold.code != PROBABLE_PAYMENT:
            return text
        return Markup('%s <a href="/odoo/billing.payment/%s">%s</a>') % (
            text,
            hold.source_record.id,
            self.env._("Look at the payment"),
        )

    def _billing_shield_label(self, shield):
        """Return why the invoice is left alone, in the reader's language."""
        currency = self.env["res.currency"].browse(shield.currency_id)
        values = {
            "amount": currency.format(shield.amount),
            # Day and month as the reader's language puts them.
            "day": format_skeleton(
                "MMMd", shield.day, locale=babel_locale_parse(get_lang(self.env).code)
            ),
        }
        if shield.is_credited:
            return self.env._(
                "Payment of %(amount)s of %(day)s is on the customer's account and may "
                "be for this invoice",
                **values,
            )
        return self.env._(
            "Payment of %(amount)s of %(day)s may be for this invoice", **values
        )

    # === BUSINESS METHODS - CUSTOMER CARDS === #

    def _billing_customer_cards(self):
        """Extend `billing_base` with a word to customers who may have paid.

        Not a word of amount, day or payer: the payment may be somebody else's.
        """
        cards = super()._billing_customer_cards()
        for move_id in self._billing_shields():
            cards[move_id].append(
                Card(
                    "billing_kid_match.shield_card",
                    sequence=10,
                    code=PROBABLE_PAYMENT,
                )
            )
        return cards
