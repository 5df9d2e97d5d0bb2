from odoo import fields, models


class BillingPaymentDecide(models.TransientModel):
    """Asks what a person has to say to decide a payment without an invoice."""

    _name = "billing.payment.decide"
    _description = "Decide a Payment"

    payment_id = fields.Many2one(
        comodel_name="billing.payment",
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_id"),
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="payment_id.company_id")
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        help="Whose account the money goes to.",
        domain="[('parent_id', '=', False), ('company_id', 'in', (False, company_id))]",
    )
    note = fields.Char(help="Why the payment is set aside, for colleagues.")

    # === ACTIONS === #

    def action_assign(self):
        """Credit the customer's account.

        :raises UserError: the payment was decided meanwhile, or no customer is chosen
        """
        self.ensure_one()
        self.payment_id._assign(self.partner_id)
        return {"type": "ir.actions.act_window_close"}

    def action_park(self):
        """Set the payment aside with the note.

        :raises UserError: the payment was decided meanwhile, or there is no note
        """
        self.ensure_one()
        self.payment_id._park(self.note)
        return {"type": "ir.actions.act_window_close"}
