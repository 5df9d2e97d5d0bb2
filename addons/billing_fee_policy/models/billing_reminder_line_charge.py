from decimal import Decimal

from odoo import models

from ..core import charge as core_charge
from ..core import kept


class BillingReminderLine(models.Model):
    """What the claims of a reminder are charged when it goes out."""

    _inherit = "billing.reminder.line"

    def _billing_charge_vals(self):
        """Return what :meth:`billing.charge._book` takes for the lines, in batch.

        Fee and compensation as the law allowed them and nobody forgave; interest
        through the day of the reminder where its step asks for it and the company
        charges it with reminders. The same lines give the same keys.

        :rtype: list[dict]
        """
        vals_list = []
        for line in self:
            verdicts = line.verdict or {}
            for kind, amount in (
                (core_charge.FEE, line.fee_amount),
                (core_charge.COMPENSATION, line.compensation_amount),
            ):
                if line.currency_id.compare_amounts(amount, 0) <= 0:
                    continue
                stored = verdicts.get(kind)
                verdict = kept.from_json(stored) if stored else None
                if kind == core_charge.COMPENSATION and verdict and verdict.rate:
                    # The law has taken off fees that stand; booking does that too.
                    amount = verdict.rate.value
                vals_list.append(
                    {
                        "key": f"reminder.line:{line.id}:{kind}",
                        "kind": kind,
                        "move_id": line.move_id.id,
                        "amount": Decimal(str(amount)),
                        "currency_id": line.currency_id.id,
                        "day": line.day,
                        "due": line.deadline or line.day,
                        "verdict": verdict,
                        "reminder_line_id": line.id,
                    }
                )
        for (company, day), lines in self.grouped(
            lambda line: (line.company_id, line.day)
        ).items():
            asking = lines.filtered("with_interest")
            if company.billing_interest_when in ("reminder", "both") and asking:
                vals_list += asking.move_id._billing_interest_vals(
                    day,
                    line_ids={line.move_id.id: line.id for line in asking},
                    due={line.move_id.id: line.deadline or day for line in asking},
                )
        return vals_list
