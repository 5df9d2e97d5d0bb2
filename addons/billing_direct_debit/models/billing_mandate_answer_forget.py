from odoo import models
from odoo.tools import SQL


class BillingMandate(models.Model):
    """What answers of the bank keep of payers goes with their mandates."""

    _inherit = "billing.mandate"

    def _forget(self, day):
        """Extend with the accounts and personal numbers in answers of the bank."""
        res = super()._forget(day)
        if self.ids:
            self.env["billing.debit.answer"].invalidate_model(["record"])
            self.env.execute_query(
                SQL(
                    """
                    UPDATE billing_debit_answer
                       SET record = record - ARRAY['account', 'identity', 'message',
                                                   'address', 'post_code', 'town']
                     WHERE mandate_id IN %s AND record IS NOT NULL
                 RETURNING id
                    """,
                    tuple(self.ids),
                )
            )
        return res
