from odoo import api, fields, models


class BillingContactFixWizard(models.TransientModel):
    _inherit = "billing.contact.fix.wizard"

    unreached_count = fields.Integer(related="point_id.unreached_count")
    resend = fields.Boolean(
        string="Send Again",
        compute="_compute_resend",
        store=True,
        readonly=False,
        help="Send again the open invoices that did not get through.",
    )

    # === COMPUTE METHODS === #

    @api.depends("point_id")
    def _compute_resend(self):
        for wizard in self:
            wizard.resend = bool(wizard.unreached_count)

    # === ACTIONS === #

    def action_replace(self):
        """Extension of `billing_base`: what did not get through is sent again."""
        self.ensure_one()
        wizard = self.with_context(billing_resend=self.resend)
        return super(BillingContactFixWizard, wizard).action_replace()

    def action_try_again(self):
        """Extension of `billing_base`: what did not get through is sent again."""
        result = super().action_try_again()
        if self.resend:
            self.point_id._resend_unreached(self.point_id)
        return result
