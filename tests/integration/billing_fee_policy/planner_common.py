"""What the tests of the planning of reminders share."""

from datetime import date, timedelta

from odoo import Command

from ..billing_base.common import BillingBaseCase

#: A Monday in winter; Easter and the change of the half-year are far away.
DUE = date(2026, 2, 2)


def after(days, due=DUE):
    return due + timedelta(days=days)


class PlannerCase(BillingBaseCase):
    """A Norwegian company whose standard policy is active, and forgives nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.planner = cls.env["billing.dunning.planner"]
        cls.reminders = cls.env["billing.reminder"]
        cls.policies = cls.env["billing.dunning.policy"]
        cls.policies._create_shipped_policies(cls.company)
        cls.policy = cls.policies.search(
            [
                ("company_id", "=", cls.company.id),
                ("shipped_code", "=", "no_standard"),
            ]
        )
        cls.policy.action_activate()
        cls.env["billing.waiver.rule"].search(
            [("company_id", "in", (cls.company.id, False))]
        ).active = False
        cls.company.billing_reminder_hours = False
        cls.kari = cls._new_partner(email="kari@kunde.example", lang="en_US")

    @classmethod
    def new(cls, due=DUE, amount=1249.0, partner=None, count=1, **values):
        """Posted invoices, all due on a day."""
        return cls._new_invoices(
            count,
            partner=partner or cls.kari,
            **{
                "invoice_date": due - timedelta(days=14),
                "invoice_payment_term_id": False,
                "invoice_date_due": due,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Power", "price_unit": amount, "tax_ids": False}
                    )
                ],
                **values,
            },
        )

    @classmethod
    def credit(cls, amount, partner=None):
        """A posted credit note that settles nothing yet."""
        return cls.new(amount=amount, partner=partner, move_type="out_refund")

    def plan(self, day):
        """What is prepared on a day, so many days after the due date."""
        day = after(day) if isinstance(day, int) else day
        return self.planner._plan(self.company, day)

    def sent(self, reminders):
        """Have reminders sent, as far as the ladder cares."""
        reminders.sudo().write({"state": "sent"})
        return reminders

    def climb(self, *days):
        """Plan and send on each of the days; returns the last letters."""
        for day in days:
            reminders = self.sent(self.plan(day))
        return reminders

    def why(self, move, day):
        """What staff read on the invoice."""
        return self.planner._explain(move, after(day) if isinstance(day, int) else day)
