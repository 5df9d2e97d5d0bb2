from odoo import fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    billing_mandate_count = fields.Integer(
        string="Mandates",
        compute="_compute_billing_mandate_count",
        groups="billing_base.group_billing_user",
    )
    billing_mandate_state = fields.Selection(
        [("active", "Active"), ("waiting", "Waiting"), ("none", "None")],
        string="Direct Debit",
        compute="_compute_billing_mandate_state",
        search="_search_billing_mandate_state",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_mandate_count(self):
        counts = dict(
            self.env["billing.mandate"]._read_group(
                [("partner_id", "in", self.commercial_partner_id.ids)],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.billing_mandate_count = counts.get(partner.commercial_partner_id, 0)

    def _compute_billing_mandate_state(self):
        states = {}
        for partner, state in self.env["billing.mandate"]._read_group(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("is_live", "=", True),
            ],
            ["partner_id", "state"],
        ):
            states.setdefault(partner, set()).add(state)
        for partner in self:
            live = states.get(partner.commercial_partner_id)
            partner.billing_mandate_state = (
                "none" if not live else "active" if "active" in live else "waiting"
            )

    def _search_billing_mandate_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        mandates = self.env["billing.mandate"].sudo()
        active = mandates._search(
            [("state", "=", "active"), ("company_id", "in", self.env.companies.ids)]
        ).subselect("partner_id")
        live = mandates._search(
            [("is_live", "=", True), ("company_id", "in", self.env.companies.ids)]
        ).subselect("partner_id")
        domains = {
            "active": [("commercial_partner_id", "in", active)],
            "waiting": [
                ("commercial_partner_id", "in", live),
                ("commercial_partner_id", "not in", active),
            ],
            "none": [("commercial_partner_id", "not in", live)],
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    # === ACTIONS === #

    def action_billing_mandates(self):
        """Open the mandates of the customer."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_direct_debit.billing_mandate_action"
        )
        partner = self.commercial_partner_id
        action["domain"] = [("partner_id", "=", partner.id)]
        action["context"] = {"default_partner_id": partner.id}
        return action
