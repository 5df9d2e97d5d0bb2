from odoo import api, fields, models
from odoo.exceptions import AccessError


class BillingContactFixWizard(models.TransientModel):
    """Replaces an address that does not work, or has it tried again."""

    _name = "billing.contact.fix.wizard"
    _description = "Fix a Contact Point"

    point_id = fields.Many2one(
        "billing.contact.point", string="Contact Point", required=True
    )
    partner_id = fields.Many2one(related="point_id.partner_id")
    failure_reason = fields.Char(related="point_id.failure_reason")
    last_failure_at = fields.Datetime(related="point_id.last_failure_at")
    suggestion = fields.Char(related="point_id.suggestion")
    address = fields.Char(
        string="New Address", compute="_compute_address", store=True, readonly=False
    )

    # === COMPUTE METHODS === #

    @api.depends("point_id")
    def _compute_address(self):
        for wizard in self:
            wizard.address = wizard.point_id.suggestion or wizard.point_id.address

    # === ACTIONS === #

    def action_replace(self):
        """Use the new address from now on."""
        self.ensure_one()
        self._check_staff()
        self.point_id._replace(self.address)
        return {"type": "ir.actions.act_window_close"}

    def action_try_again(self):
        """Let the address be tried again as it is."""
        self.ensure_one()
        self._check_staff()
        self.point_id.action_unblock()
        return {"type": "ir.actions.act_window_close"}

    # === HELPERS === #

    def _check_staff(self):
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(
                self.env._("Only billing staff can change contact points.")
            )
        self.point_id.check_access("write")
