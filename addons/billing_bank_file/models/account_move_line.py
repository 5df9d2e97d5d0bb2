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

    # === COMPUTE METHODS === #

    def _compute_totals(self):
        """Override of `account`: spare what credits a customer the tax engine."""
        plain = self.filtered(
            lambda line: (
                line.billing_payment_id
                and line.display_type == "product"
                and line.move_type == "entry"
                and not line.tax_ids
            )
        )
        for line in plain:
            line.price_subtotal = line.price_total = line.amount_currency
        return super(AccountMoveLine, self - plain)._compute_totals()
