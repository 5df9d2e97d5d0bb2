from odoo import api, fields, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    customer_text = fields.Char(
        string="What the Customer Reads",
        compute="_compute_customer_text",
        help="The sentence on the customer's page, in their language. Empty: they see "
        "nothing of it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "payload", "customer_visible", "partner_id")
    def _compute_customer_text(self):
        self.customer_text = False
        visible = self.filtered("customer_visible")
        for lang, events in visible.grouped(
            lambda event: event.sudo().partner_id.lang
        ).items():
            views = events.with_context(
                billing_customer_view=True, lang=lang or self.env.lang
            )
            for event, view in zip(events, views, strict=True):
                event.customer_text = view.display_text
