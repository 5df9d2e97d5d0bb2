from odoo import api, fields, models
from odoo.exceptions import UserError

#: States in which a refund pays nothing any more.
ENDED = ("canceled", "rejected")


class AccountPayment(models.Model):
    """Refunds of bank payments: proposed as drafts, settled when posted."""

    _inherit = "account.payment"

    billing_refund_of_id = fields.Many2one(
        comodel_name="billing.payment",
        string="Refund of",
        help="The bank payment that this pays back.",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    billing_is_live = fields.Boolean(compute="_compute_billing_is_live")

    # However often the button is pressed, and by whomever.
    _billing_refund_unique = models.UniqueIndex(
        "(billing_refund_of_id) WHERE billing_refund_of_id IS NOT NULL"
        " AND state NOT IN ('canceled', 'rejected')",
        "A refund of this payment is under way.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state")
    def _compute_billing_is_live(self):
        for payment in self:
            payment.billing_is_live = payment.state not in ENDED

    # === CRUD METHODS === #

    def write(self, vals):
        """Settle the credit when its refund is posted, free it when that ends."""
        state = vals.get("state")
        refunds = self.filtered("billing_refund_of_id") if state else self.browse()
        if state in ("in_process", "paid"):
            refunds = refunds.filtered(lambda refund: refund.state == "draft")
            for refund in refunds:
                refund._check_billing_credit()
        res = super().write(vals)
        if state in ("in_process", "paid"):
            for refund in refunds:
                refund._settle_billing_credit()
        elif state in ENDED:
            payments_sudo = refunds.billing_refund_of_id.sudo()
            for payment_sudo in payments_sudo:
                payment_sudo.resolution = payment_sudo._resolution_by_reasons()
        return res

    # === BUSINESS METHODS === #

    def _check_billing_credit(self):
        """
        :raises UserError: the credit was used otherwise since the refund was proposed
        """
        items_sudo = self.billing_refund_of_id.sudo()._credit_items()
        left = -sum(items_sudo.mapped("amount_residual_currency"))
        if self.currency_id.compare_amounts(left, self.amount) < 0:
            raise UserError(
                self.env._(
                    "Only %(left)s of the credit is left: %(payment)s has been used "
                    "otherwise meanwhile.",
                    left=self.currency_id.format(left),
                    payment=self.billing_refund_of_id.sudo().display_name,
                )
            )

    def _settle_billing_credit(self):
        """Reconcile a posted refund with the credit it pays back."""
        # Odoo comes by twice: when the entry is made, and when it is posted.
        if self.move_id.state != "posted":
            return
        payment_sudo = self.billing_refund_of_id.sudo()
        items_sudo = payment_sudo._credit_items()
        own_sudo = self.sudo()._seek_for_lines()[1]
        if own_sudo.reconciled or not items_sudo:
            return
        (items_sudo + own_sudo).with_context(billing_booking=True).reconcile()
        payment_sudo._log_step("payment.refunded", amount=self.amount)
