from odoo import api, fields, models

from ..core import decision


class AccountPartialReconcile(models.Model):
    """Keeps payments in step with what people do in Odoo's own screens."""

    _inherit = "account.partial.reconcile"

    # Only set where a credit note was set off against an invoice by a payment, so that
    # undoing the payment undoes this too.
    billing_payment_id = fields.Many2one(
        comodel_name="billing.payment",
        string="Bank Payment",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Notice payments in review whose money is used in Odoo's own screens."""
        partials = super().create(vals_list)
        if not self.env.context.get("billing_booking"):
            items_sudo = (partials.debit_move_id | partials.credit_move_id).sudo()
            items_sudo.billing_payment_id._set_settled_by_hand()
            credits_sudo = items_sudo.billing_payment_id.filtered(
                lambda payment: payment.state == decision.ASSIGNED
            )
            credits_sudo._set_credit_used(partials.sudo(), "staff")
            lines_sudo = items_sudo.move_id.statement_line_id
            lines_sudo.billing_payment_ids._set_settled_by_hand()
        return partials

    def unlink(self):
        """Notice payments that are taken off an invoice in Odoo's own screens.

        Their money stays on the customer's account. Once it is off the last invoice,
        a person decides where it goes.
        """
        if self.env.context.get("billing_booking"):
            return super().unlink()
        items_sudo = (self.debit_move_id | self.credit_move_id).sudo()
        payments_sudo = items_sudo.billing_payment_id.filtered("is_booked")
        before = payments_sudo._settled_amounts()
        res = super().unlink()
        payments_sudo._set_taken_off(before)
        return res
