from odoo import fields, models


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
    payer_number = fields.Char(related="mandate_id.payer_number")
    number = fields.Char(string="New Payer Number", required=True)

    # === ACTIONS === #

    def action_ask(self):
        """Have the bank asked with the next file (button)."""
        self.ensure_one()
        self.mandate_id._check_staff()
        self.mandate_id._renumber(self.number)
        return {"type": "ir.actions.act_window_close"}
