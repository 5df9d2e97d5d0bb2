from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    # === BUSINESS METHODS - KINDS === #

    @api.model
    def _billing_event_kinds(self):
        """Extend with what becomes of claims."""
        _ = self.env._
        day = {"day": "date"}
        return super()._billing_event_kinds() | {
            "debit.planned": {
                "label": _("Direct debit planned"),
                "icon": "fa-calendar-check-o",
                "customer_visible": True,
                "text": _("%(scheme)s: %(amount)s is to be drawn on %(day)s."),
                "customer_text": _(
                    "%(amount)s will be drawn from your account on %(day)s "
                    "(%(scheme)s). You do not have to do anything."
                ),
                "formats": day,
            },
            "debit.by_hand": {
                "label": _("Direct debit asked for by staff"),
                "icon": "fa-hand-pointer-o",
                "customer_visible": False,
                "text": _("%(user)s asked for a direct debit on %(day)s."),
                "formats": day,
            },
            "debit.changed": {
                "label": _("Direct debit changed"),
                "icon": "fa-pencil",
                "customer_visible": True,
                "text": _("%(scheme)s follows the invoice: %(amount)s on %(day)s."),
                "customer_text": _(
                    "The direct debit has changed: %(amount)s will be drawn from your "
                    "account on %(day)s."
                ),
                "formats": day,
            },
            "debit.moved": {
                "label": _("Direct debit moved"),
                "icon": "fa-calendar",
                "customer_visible": True,
                "text": _(
                    "%(scheme)s moved to %(day)s: the bank or the customer could no "
                    "longer be told in time."
                ),
                "customer_text": _(
                    "%(amount)s will be drawn from your account later than planned: on "
                    "%(day)s."
                ),
                "formats": day,
            },
            "debit.unreachable": {
                "label": _("Nobody told of the direct debit"),
                "icon": "fa-chain-broken",
                "customer_visible": False,
                "text": _(
                    "%(customer)s has no address that works, so nobody told that "
                    "%(amount)s is to be drawn on %(day)s."
                ),
                "formats": day,
            },
            "debit.delivered": {
                "label": _("Direct debit sent to the bank"),
                "icon": "fa-paper-plane-o",
                "customer_visible": False,
                "text": _("Sent to the bank in %(batch)s, for %(day)s."),
                "formats": day,
            },
            "debit.batch_refused": {
                "label": _("File refused by the bank"),
                "icon": "fa-reply",
                "customer_visible": False,
                "text": _("The bank refused %(batch)s. It goes with another file."),
            },
            "debit.unwritable": {
                "label": _("No file can hold the direct debit"),
                "icon": "fa-exclamation-circle",
                "customer_visible": False,
                "text": _("It was left out of the file: %(problem)s"),
            },
            "debit.accepted": {
                "label": _("Direct debit accepted"),
                "icon": "fa-handshake-o",
                "customer_visible": False,
                "text": _("The bank took the claim for %(day)s."),
                "formats": day,
            },
            "debit.bank_retry": {
                "label": _("The bank tries again"),
                "icon": "fa-repeat",
                "customer_visible": True,
                "text": _(
                    "There was not enough money for %(amount)s. The bank tries again."
                ),
                "customer_text": _(
                    "There was not enough money on your account for %(amount)s. Your "
                    "bank tries again on the next days."
                ),
            },
            "debit.paid": {
                "label": _("Drawn from the account"),
                "icon": "fa-check",
                "customer_visible": True,
                "text": _("%(scheme)s: %(amount)s was drawn."),
                "customer_text": _(
                    "%(amount)s was drawn from your account. Thank you!"
                ),
            },
            "debit.failed": {
                "label": _("Direct debit failed"),
                "icon": "fa-times-circle-o",
                "customer_visible": True,
                "text": _("%(scheme)s: %(amount)s could not be drawn (%(reason)s)."),
                "customer_text": _(
                    "Your bank could not draw %(amount)s from your account."
                ),
            },
            "debit.refunded": {
                "label": _("Paid back by the bank"),
                "icon": "fa-undo",
                "customer_visible": True,
                "text": _(
                    "The customer's bank took %(amount)s back: %(code)s. The invoice "
                    "is open again."
                ),
                "customer_text": _(
                    "Your bank gave you %(amount)s back, so the invoice is open again."
                ),
            },
            "debit.cancelling": {
                "label": _("Direct debit being stopped"),
                "icon": "fa-hand-paper-o",
                "customer_visible": False,
                "text": _("The bank is asked not to draw %(amount)s on %(day)s."),
                "formats": day,
            },
            "debit.cancel_sent": {
                "label": _("Cancellation sent to the bank"),
                "icon": "fa-paper-plane-o",
                "customer_visible": False,
                "text": _("The cancellation went to the bank in %(batch)s."),
            },
            "debit.cancelled": {
                "label": _("Direct debit stopped"),
                "icon": "fa-ban",
                "customer_visible": True,
                "text": _("%(scheme)s: %(amount)s is not drawn on %(day)s."),
                "customer_text": _(
                    "%(amount)s will not be drawn from your account on %(day)s."
                ),
                "formats": day,
            },
            "debit.cancel_late": {
                "label": _("Too late to stop the direct debit"),
                "icon": "fa-exclamation-triangle",
                "customer_visible": True,
                "text": _(
                    "The bank could no longer be stopped: %(amount)s is drawn on "
                    "%(day)s. What is too much goes back to the customer."
                ),
                "customer_text": _(
                    "It was too late to stop the debit: %(amount)s is drawn on "
                    "%(day)s. What you pay too much you get back."
                ),
                "formats": day,
            },
        }
