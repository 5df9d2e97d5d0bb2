from odoo import api, fields, models

#: What the texts of SMS are made of, for everybody who may write one.
PLACES = (
    "object.company_id.name",
    "object.recipient_id.name",
    "object.invoice_names",
    "object.total_text",
    "object.due_short_text",
    "object.page_urls",
)


class BillingDistributionAttempt(models.Model):
    """What the texts of SMS ask for: short, since every character is paid."""

    _inherit = "billing.distribution.attempt"

    due_short_text = fields.Char(compute="_compute_short_texts")
    page_urls = fields.Char(compute="_compute_short_texts")

    # === COMPUTE METHODS === #

    @api.depends("item_ids.move_id")
    @api.depends_context("lang")
    def _compute_short_texts(self):
        for attempt in self:
            attempt.due_short_text = attempt._due_text()
            attempt.page_urls = attempt._urls_text()

    # === HELPERS === #

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Override of `mail`: places that everybody may use in the texts."""
        return tuple(dict.fromkeys((*super().mail_allowed_qweb_expressions(), *PLACES)))
