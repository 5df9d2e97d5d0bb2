from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_mandate_months = fields.Integer(
        string="Keep Ended Mandates For",
        default=14,
        required=True,
        help="Months after which account, personal number and evidence of a mandate "
        "that is over are erased. Payers can demand money back for 13 months when "
        "they never agreed; until then, the evidence is needed.",
    )

    _billing_mandate_months_positive = models.Constraint(
        "CHECK (billing_mandate_months > 0)",
        "Ended mandates are kept for one month at least.",
    )
