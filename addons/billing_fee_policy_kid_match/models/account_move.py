from odoo import models
from odoo.tools import SQL


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _billing_received_days(self):
        """Extension of `billing_fee_policy`: the day is the bank's own.

        The entry of a payment in a locked period stands on a later day.
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT line.move_id, payment.booking_date
                     FROM billing_payment AS payment
                     JOIN account_bank_statement_line AS line
                       ON line.id = payment.statement_line_id
                    WHERE line.move_id = ANY(%s)
                      AND payment.booking_date IS NOT NULL""",
                list(self.ids),
            )
        )
        return {**super()._billing_received_days(), **dict(rows)}
