from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_dynamic_distribution.core import state

#: States of a message that may be with the customer, or on its way there.
ON_ITS_WAY = (
    state.PLANNED,
    state.CALLING,
    state.UNCERTAIN,
    *sorted(state.REACHED),
)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_undelivered(self):
        """Extension of `billing_fee_policy`: invoices whose messages all came back.

        An invoice that distribution never tried to send says nothing: it may have gone
        out by other ways.
        """
        undelivered = super()._billing_undelivered()
        self.env["billing.distribution.attempt"].flush_model(["state", "reminder_id"])
        rows = self.env.execute_query(
            SQL(
                """SELECT item.move_id
                     FROM billing_distribution_item AS item
                     JOIN billing_distribution_attempt AS attempt
                       ON attempt.id = item.attempt_id
                    WHERE item.move_id = ANY(%s)
                      AND attempt.reminder_id IS NULL
                      AND attempt.state <> 'cancelled'
                 GROUP BY item.move_id
                   HAVING bool_and(attempt.state <> ALL(%s))""",
                list(self.ids),
                list(ON_ITS_WAY),
            )
        )
        return undelivered | {move_id for (move_id,) in rows}
