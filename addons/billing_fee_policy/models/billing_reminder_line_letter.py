from collections import defaultdict
from decimal import Decimal

from odoo import models

from ..core import charge as core_charge


class BillingReminderLine(models.Model):
    _inherit = "billing.reminder.line"

    def _get_planned_additions(self):
        """Return what sending the reminder is going to charge, as if it had.

        For those who look at a letter before it goes out.

        :return: by id of the invoice
        :rtype: dict[int, list[core.charge.Addition]]
        """
        booked_sudo = (
            self.env["billing.charge"]
            .sudo()
            .search([("reminder_line_id", "in", self.ids)])
        )
        todo = self - booked_sudo.reminder_line_id
        labels = dict(
            self.env["billing.charge"]._fields["kind"]._description_selection(self.env)
        )
        line_by_id = {line.id: line for line in todo}
        planned = defaultdict(list)
        for vals in todo._billing_charge_vals():
            line = line_by_id[vals["reminder_line_id"]]
            amount = Decimal(str(vals["amount"]))
            verdict = vals.get("verdict")
            planned[vals["move_id"]].append(
                core_charge.Addition(
                    kind=vals["kind"],
                    charge_id=0,
                    document_id=0,
                    name="",
                    day=line.day,
                    due=line.deadline or line.day,
                    amount=amount,
                    open_amount=amount,
                    label=labels[vals["kind"]],
                    paragraph=verdict.reasons[0].paragraph
                    if verdict and verdict.reasons
                    else "",
                    periods=tuple(vals.get("periods") or ()),
                    reference=line.move_id.payment_reference or "",
                )
            )
        return planned
