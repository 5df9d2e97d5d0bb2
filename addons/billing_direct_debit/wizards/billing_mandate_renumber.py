from odoo import api, fields, models


class BillingMandateRenumber(models.TransientModel):
    """Asks by which number the bank is to know a mandate from now on."""

    _name = "billing.mandate.renumber"
    _description = "New Payer Number"

    mandate_id = fields.Many2one(
        "billing.mandate",
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_id"),
    )
    payer_number = fields.Char(related="mandate_id.payer_number", related_sudo=False)
    number = fields.Char(string="New Payer Number", required=True)

    # === CONSTRAINT METHODS === #

    @api.constrains("mandate_id")
    def _check_mandate(self):
        """Whoever names a mandate may read it."""
        # Constraints are checked by the superuser.
        self.mandate_id.sudo(False).check_access("read")

    # === ACTIONS === #

    def action_ask(self):
        """Have the bank asked with the next file (button)."""
        self.ensure_one()
        self.mandate_id._check_staff()
        self.mandate_id._renumber(self.number)
        return {"type": "ir.actions.act_window_close"}
