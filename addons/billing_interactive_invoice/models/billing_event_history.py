from odoo import api, fields, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    customer_text = fields.Char(
        string="What the Customer Reads",
        compute="_compute_customer_text",
        help="The sentence on the customer's page, in their language. Empty: they see "
        "nothing of it.",
    )

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: what is done to an invoice in Odoo itself."""
        return super()._billing_event_kinds() | {
            "invoice.part_paid": {
                "label": self.env._("Invoice paid in part"),
                "icon": "fa-adjust",
                "customer_visible": True,
                "text": self.env._(
                    "%(amount)s of invoice %(invoice)s is paid, %(rest)s remains."
                ),
                "customer_text": self.env._(
                    "We have received %(amount)s. %(rest)s remains."
                ),
                "formats": {"rest": "amount"},
            },
            "invoice.credited": {
                "label": self.env._("Invoice credited"),
                "icon": "fa-minus-circle",
                "customer_visible": True,
                "text": self.env._(
                    "%(amount)s of invoice %(invoice)s is credited, %(rest)s remains."
                ),
                "customer_text": self.env._(
                    "We have credited %(amount)s: you do not have to pay that."
                ),
                "formats": {"rest": "amount"},
            },
            "invoice.payment_undone": {
                "label": self.env._("Payment taken off the invoice"),
                "icon": "fa-undo",
                "customer_visible": True,
                "text": self.env._(
                    "%(amount)s was taken off invoice %(invoice)s, %(rest)s remains."
                ),
                "customer_text": self.env._(
                    "A payment of %(amount)s no longer counts for this invoice. "
                    "%(rest)s remains."
                ),
                "formats": {"rest": "amount"},
            },
            "invoice.due_moved": {
                "label": self.env._("Due date moved"),
                "icon": "fa-calendar",
                "customer_visible": True,
                "text": self.env._(
                    "Due date of invoice %(invoice)s moved from %(before)s to %(due)s."
                ),
                "customer_text": self.env._("The due date is now %(due)s."),
                "formats": {"due": "date", "before": "date"},
            },
        }

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
