from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    # Only set on the items that credit a customer for one payment: in a collective
    # statement line there is one for each payment.
    billing_payment_id = fields.Many2one(
        comodel_name="billing.payment",
        string="Bank Payment",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
