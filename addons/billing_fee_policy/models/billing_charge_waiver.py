from odoo import fields, models


class BillingCharge(models.Model):
    _inherit = "billing.charge"

    waiver_ids = fields.One2many("billing.waiver", "charge_id", string="Waivers")

    # === BUSINESS METHODS === #

    def _restore(self):
        """Override: what is charged again is no longer forgiven."""
        result = super()._restore()
        self.sudo().waiver_ids._note_undone()
        return result
