from odoo import api, fields, models


class BillingDistributionItem(models.Model):
    """One invoice in one message."""

    _name = "billing.distribution.item"
    _description = "Invoice in a Message"
    _order = "attempt_id, id"
    _rec_name = "move_id"

    attempt_id = fields.Many2one(
        "billing.distribution.attempt",
        string="Message",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    run_id = fields.Many2one(
        "billing.distribution.run",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    step_id = fields.Many2one(
        "billing.distribution.step",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    try_number = fields.Integer(
        readonly=True, help="Which of the messages of its run this is."
    )
    link_id = fields.Many2one(
        "billing.link",
        string="Personal Link",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    # What texts ask for
    channel = fields.Selection(related="attempt_id.channel")
    state = fields.Selection(related="attempt_id.state")
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_due = fields.Monetary(related="move_id.amount_residual")
    date_due = fields.Date(related="move_id.invoice_date_due")
    reference = fields.Char(related="move_id.payment_reference")
    page_url = fields.Char(compute="_compute_page_url")

    _try_unique = models.UniqueIndex(
        "(run_id, try_number) WHERE run_id IS NOT NULL",
        "This message of the run has been made already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("link_id", "attempt_id.lang")
    def _compute_page_url(self):
        for item in self:
            item.page_url = item.link_id and item.link_id._url(
                item.attempt_id.lang or None
            )

    # === HELPERS === #

    def _event_payload(self):
        """Return what every event about the message says of it."""
        self.ensure_one()
        payload = {
            "attempt_id": self.attempt_id.id,
            "origin": self.attempt_id.origin,
            "run_id": self.run_id.id,
            "step_id": self.step_id.id,
        }
        if self.run_id:
            payload.update(
                plan_id=self.run_id.plan_id.id,
                plan=self.run_id.plan_id.name,
                version_id=self.run_id.version_id.id,
            )
        return payload
