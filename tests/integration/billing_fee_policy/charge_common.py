"""What the tests of fees in the books share."""

from datetime import date, timedelta
from decimal import Decimal

from odoo import Command

from odoo.addons.billing_fee_policy.core import law

from ..billing_base.common import BillingBaseCase

#: A Monday; a day on which all rates are known.
DUE = date(2026, 5, 4)
DAY = date(2026, 6, 2)


class ChargeCase(BillingBaseCase):
    """A Norwegian company with late customers, on a day in June."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "billing_date": DAY})
        cls.company = cls.company.with_env(cls.env)
        cls.charges = cls.env["billing.charge"]
        cls.kari = cls._new_partner(email="kari@kunde.example", lang="en_US")

    @classmethod
    def overdue(cls, count=1, price=1249.0, due=DUE, **values):
        """Posted invoices that fell due on a day."""
        return cls._new_invoices(
            count,
            **{
                "partner": cls.kari,
                "invoice_date": due - timedelta(days=14),
                "invoice_payment_term_id": False,
                "invoice_date_due": due,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Power", "price_unit": price, "tax_ids": False}
                    )
                ],
                **values,
            },
        ).with_env(cls.env)

    def vals(self, move, kind="fee", amount=38, **values):
        """What booking one charge takes."""
        reason = law.Reason(kind, "inkassoforskriften § 1-2")
        return {
            "key": f"test:{move.id}:{kind}:{amount}",
            "kind": kind,
            "move_id": move.id,
            "amount": amount,
            "verdict": law.Verdict(True, Decimal(str(amount)), reasons=(reason,)),
            **values,
        }

    def book(self, move, kind="fee", amount=38, **values):
        return self.charges._book([self.vals(move, kind, amount, **values)])

    def pay(self, move, amount=None, day=DAY):
        """A payment of an invoice, by register payment."""
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "payment_date": day,
                    **({} if amount is None else {"amount": amount}),
                }
            )
        )
        return wizard._create_payments()

    def books(self, company=None):
        """Balance of each account, and what each customer owes, as of now."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT account_id, currency_id, SUM(balance), SUM(amount_currency)
                 FROM account_move_line
                WHERE company_id = %s AND parent_state = 'posted'
             GROUP BY 1, 2 HAVING SUM(balance) <> 0 OR SUM(amount_currency) <> 0""",
            [(company or self.company).id],
        )
        return sorted(self.env.cr.fetchall())

    def kinds(self, move):
        """Kinds of the events about charges of an invoice, the first one first."""
        return self.events.search(
            [("move_id", "=", move.id), ("kind", "=like", "charge.%")], order="id"
        ).mapped("kind")
