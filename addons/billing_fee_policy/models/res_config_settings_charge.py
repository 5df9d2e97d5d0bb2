from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_fee_journal_id = fields.Many2one(
        related="company_id.billing_fee_journal_id", readonly=False
    )
    billing_fee_account_id = fields.Many2one(
        related="company_id.billing_fee_account_id", readonly=False
    )
    billing_interest_account_id = fields.Many2one(
        related="company_id.billing_interest_account_id", readonly=False
    )
    billing_fee_reference = fields.Selection(
        related="company_id.billing_fee_reference", readonly=False, required=True
    )
    billing_fee_paid_waiver = fields.Selection(
        related="company_id.billing_fee_paid_waiver", readonly=False, required=True
    )
    billing_interest_when = fields.Selection(
        related="company_id.billing_interest_when", readonly=False, required=True
    )
    billing_interest_minimum = fields.Monetary(
        related="company_id.billing_interest_minimum", readonly=False
    )
    billing_objection_user_id = fields.Many2one(
        related="company_id.billing_objection_user_id", readonly=False
    )

    # === ACTIONS === #

    def action_billing_prepare_charges(self):
        """Make the journal and open the accounts for fees and interest (button)."""
        self.company_id._billing_prepare_charges()
        return {"type": "ir.actions.client", "tag": "reload"}
