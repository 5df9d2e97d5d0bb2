from odoo import api, models


class BillingEvent(models.Model):
    """What happens with fees and interest, on the invoice they came on top of."""

    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Extension of `billing_base`: charges."""
        _ = self.env._
        return super()._billing_event_kinds() | {
            "charge.booked": {
                "label": _("Fee or interest charged"),
                "icon": "fa-plus-circle",
                "customer_visible": True,
                "text": _(
                    "%(amount)s charged on top of invoice %(invoice)s (%(document)s, "
                    "%(paragraph)s)."
                ),
                "customer_text": _(
                    "%(amount)s came on top of invoice %(invoice)s, which was not paid "
                    "in time."
                ),
            },
            "charge.paid": {
                "label": _("Fee or interest paid"),
                "icon": "fa-check-circle-o",
                "customer_visible": True,
                "text": _("The %(amount)s on top of invoice %(invoice)s are paid."),
                "customer_text": _(
                    "The %(amount)s that came on top of invoice %(invoice)s are paid. "
                    "Thank you!"
                ),
            },
            "charge.waived": {
                "label": _("Fee or interest dropped"),
                "icon": "fa-heart-o",
                "customer_visible": True,
                "text": _("%(amount)s dropped (%(document)s): %(reason)s"),
                "customer_text": _(
                    "We dropped the %(amount)s that came on top of invoice %(invoice)s."
                ),
            },
            "charge.reversed": {
                "label": _("Fee or interest taken back"),
                "icon": "fa-undo",
                "customer_visible": True,
                "text": _("%(amount)s taken back (%(document)s): %(reason)s"),
                "customer_text": _(
                    "We took back the %(amount)s that came on top of invoice "
                    "%(invoice)s."
                ),
            },
            "charge.restored": {
                "label": _("Fee or interest charged again"),
                "icon": "fa-repeat",
                "customer_visible": True,
                "text": _("%(amount)s charged again (%(document)s) by %(user)s."),
                "customer_text": _(
                    "The %(amount)s on top of invoice %(invoice)s stand after all."
                ),
            },
            "charge.objected": {
                "label": _("Objection to a fee"),
                "icon": "fa-hand-paper-o",
                "customer_visible": True,
                "text": _("%(customer)s objects to fees or interest: %(text)s"),
                "customer_text": _(
                    "You told us that something is wrong with what came on top of "
                    "invoice %(invoice)s. We look into it."
                ),
            },
            "charge.objection_accepted": {
                "label": _("Objection to a fee accepted"),
                "icon": "fa-thumbs-o-up",
                "customer_visible": True,
                "text": _("%(user)s agreed with the objection: %(answer)s"),
                "customer_text": _(
                    "You were right: we dropped what came on top of invoice "
                    "%(invoice)s."
                ),
            },
            "charge.objection_declined": {
                "label": _("Objection to a fee declined"),
                "icon": "fa-gavel",
                "customer_visible": True,
                "text": _("%(user)s declined the objection: %(answer)s"),
                "customer_text": _(
                    "We looked into what you told us about invoice %(invoice)s. The "
                    "fee stands: %(answer)s"
                ),
            },
        }
