from odoo import api, fields, models


class ResPartner(models.Model):
    """What is known of a customer when a fee may be forgiven."""

    _inherit = "res.partner"

    billing_customer_since = fields.Date(
        string="Customer Since",
        groups="billing_base.group_billing_user",
        help="Where the first invoice was not made here. Empty: the day of the first "
        "invoice.",
    )
    billing_is_vulnerable = fields.Boolean(
        string="Vulnerable",
        groups="billing_base.group_billing_user",
        help="Nothing is handed over to collection without somebody's thought, and "
        "waiver rules can forgive fees. Do not write down why.",
    )
    billing_vulnerable_since = fields.Date(
        compute="_compute_billing_vulnerable_since",
        store=True,
        groups="billing_base.group_billing_user",
    )
    billing_vulnerable_until = fields.Date(
        string="Vulnerable Until",
        groups="billing_base.group_billing_user",
        help="Last day, after which it is looked at again. Empty: until somebody "
        "takes the mark away.",
    )
    billing_waiver_exception_ids = fields.One2many(
        "billing.waiver.exception",
        "partner_id",
        string="Fee Exceptions",
        groups="billing_base.group_billing_user",
    )
    billing_waiver_count = fields.Integer(
        string="Fees Forgiven",
        compute="_compute_billing_waiver_count",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("billing_is_vulnerable")
    def _compute_billing_vulnerable_since(self):
        today = self.env.company._billing_today()
        for partner in self:
            partner.billing_vulnerable_since = partner.billing_is_vulnerable and (
                partner.billing_vulnerable_since or today
            )

    def _compute_billing_waiver_count(self):
        partners = self.commercial_partner_id
        counts = dict(
            self.env["billing.waiver"]._read_group(
                [("partner_id", "in", partners.ids), ("state", "=", "granted")],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.billing_waiver_count = counts.get(partner.commercial_partner_id, 0)

    # === ACTIONS === #

    def action_billing_waivers(self):
        """Open the fees of the customer that were forgiven."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_waiver_action"
        )
        action["domain"] = [("partner_id", "=", self.commercial_partner_id.id)]
        action["context"] = {}
        return action
