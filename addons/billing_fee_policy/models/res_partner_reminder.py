from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    billing_reminder_count = fields.Integer(
        compute="_compute_billing_reminder_count",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_reminder_count(self):
        counts = dict(
            self.env["billing.reminder"]._read_group(
                [
                    ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                    ("state", "!=", "cancelled"),
                ],
                ["commercial_partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.billing_reminder_count = counts.get(
                partner.commercial_partner_id, 0
            )

    # === ACTIONS === #

    def action_billing_reminders(self):
        """Open the reminders to the customer."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_reminder_action"
        )
        action["domain"] = [
            ("commercial_partner_id", "=", self.commercial_partner_id.id)
        ]
        action["context"] = {}
        return action
