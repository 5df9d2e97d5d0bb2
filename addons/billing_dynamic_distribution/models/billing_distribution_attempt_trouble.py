from odoo import fields, models


class BillingDistributionAttempt(models.Model):
    _inherit = "billing.distribution.attempt"

    trouble_id = fields.Many2one(
        "billing.distribution.trouble",
        string="Waits for",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The text of the message could not be rendered.",
    )

    # How the latest messages of a company fared.
    _latest_idx = models.Index(
        "(company_id, channel, called_at) WHERE called_at IS NOT NULL"
    )
