from odoo import api, models


class BillingBooking(models.AbstractModel):
    """Marks what Kvitt books, so that the OCA's addon leaves it as it is."""

    _inherit = "billing.booking"

    @api.model
    def _book(self, payments, decisions):
        return super(BillingBooking, self.with_context(billing_own_lines=True))._book(
            payments, decisions
        )

    @api.model
    def _settle(self, payments, decisions):
        return super(BillingBooking, self.with_context(billing_own_lines=True))._settle(
            payments, decisions
        )

    def _cancel_out(self, payment):
        return super(
            BillingBooking, self.with_context(billing_own_lines=True)
        )._cancel_out(payment.with_context(billing_own_lines=True))

    @api.model
    def _unbook(self, payments):
        return super(BillingBooking, self.with_context(billing_own_lines=True))._unbook(
            payments
        )
