from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    billing_agreement_count = fields.Integer(
        compute="_compute_billing_agreement_count",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_agreement_count(self):
        counts = dict(
            self.env["billing.law.agreement"]._read_group(
                [("partner_id", "in", self.commercial_partner_id.ids)],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.billing_agreement_count = counts.get(
                partner.commercial_partner_id, 0
            )

    # === ACTIONS === #

    def action_billing_agreements(self):
        """Open what the customer agreed to pay for reminders (button)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_law_agreement_action"
        )
        customer = self.commercial_partner_id
        action["domain"] = [("partner_id", "=", customer.id)]
        action["context"] = {"default_partner_id": customer.id}
        return action
