from odoo import fields, models


class ResPartner(models.Model):
    """Customers who object to a profile of what they open."""

    _inherit = "res.partner"

    billing_learn_nothing = fields.Boolean(
        string="Never Learn What Is Opened",
        help="For customers who object: what is kept of the channel and the part of "
        "the day that reach them is erased, and nothing is learned about them from now "
        "on.",
        groups="billing_base.group_billing_manager",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: an objection erases what is there."""
        result = super().write(vals)
        if vals.get("billing_learn_nothing"):
            self.env["billing.distribution.preference"].sudo().search(
                [("partner_id", "in", self.commercial_partner_id.ids)]
            ).unlink()
        return result
