import hashlib

from odoo import models
from odoo.tools import SQL


class AccountMove(models.Model):
    """A page that is open sees at once how direct debit stands."""

    _inherit = "account.move"

    def _billing_page_stamp(self):
        """Override: mandates are the customer's and leave no event on the invoice."""
        stamp = super()._billing_page_stamp()
        [row] = self.env.execute_query(
            SQL(
                """SELECT (SELECT max(write_date) FROM billing_mandate
                            WHERE partner_id = %(partner)s),
                          (SELECT max(write_date) FROM billing_debit_signup
                            WHERE partner_id = %(partner)s)""",
                partner=self.commercial_partner_id.id,
            )
        )
        return hashlib.sha256(repr((stamp, row)).encode()).hexdigest()[:16]
