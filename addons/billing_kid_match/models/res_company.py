from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_match_repair = fields.Boolean(
        string="Reconcile Repaired References",
        help="Payments whose reference has one or two wrong digits are reconciled when "
        "the invoice is certain. Without this they are proposed to staff: start so, "
        "compare, then switch on.",
        default=True,
    )
    billing_match_threshold = fields.Float(
        string="Least Certainty",
        help="A payment with a repaired reference is reconciled by itself from this "
        "probability on.",
        digits=(6, 5),
        default=0.9995,
    )

    _billing_match_threshold_range = models.Constraint(
        "CHECK (billing_match_threshold BETWEEN 0.99 AND 1)",
        "The least certainty lies between 99 and 100 percent.",
    )
