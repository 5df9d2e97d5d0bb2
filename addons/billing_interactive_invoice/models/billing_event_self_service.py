from odoo import api, models


class BillingEvent(models.Model):
    _inherit = "billing.event"

    @api.model
    def _billing_event_kinds(self):
        """Override: what customers arrange, report and object to."""
        kinds = (
            self._billing_deferral_kinds()
            | self._billing_instalment_kinds()
            | self._billing_promise_kinds()
            | self._billing_claim_kinds()
            | self._billing_dispute_kinds()
        )
        for kind in kinds.values():
            kind.setdefault("customer_visible", True)
            kind.setdefault("formats", {"day": "date", "old": "date"})
        return super()._billing_event_kinds() | kinds

    def _billing_deferral_kinds(self):
        return {
            "deferral.granted": {
                "label": self.env._("Due date moved"),
                "icon": "fa-calendar",
                "text": self.env._("Due date moved from %(old)s to %(day)s."),
                "customer_text": self.env._(
                    "The due date was moved from %(old)s to %(day)s."
                ),
            },
            "deferral.asked": {
                "label": self.env._("Asked to pay later"),
                "icon": "fa-question-circle-o",
                "text": self.env._("%(customer)s asks to pay by %(day)s."),
                "customer_text": self.env._("You asked to pay by %(day)s."),
            },
            "deferral.declined": {
                "label": self.env._("Later payment declined"),
                "icon": "fa-times-circle-o",
                "text": self.env._("%(user)s declined payment by %(day)s."),
                "customer_text": self.env._(
                    "We could not let you pay as late as %(day)s."
                ),
            },
            "deferral.ended": {
                "label": self.env._("Due date moved back"),
                "icon": "fa-undo",
                "text": self.env._("%(user)s moved the due date back to %(old)s."),
                "customer_text": self.env._("The due date is %(old)s again."),
            },
            "deferral.withdrawn": {
                "label": self.env._("Request taken back"),
                "icon": "fa-undo",
                "text": self.env._("%(customer)s no longer asks to pay later."),
                "customer_text": self.env._("You no longer ask to pay later."),
            },
        }

    def _billing_instalment_kinds(self):
        return {
            "instalment.planned": {
                "label": self.env._("Paid in parts"),
                "icon": "fa-th-large",
                "text": self.env._(
                    "%(amount)s is paid in %(parts)s parts, the last by %(day)s."
                ),
                "customer_text": self.env._(
                    "You pay %(amount)s in %(parts)s parts, the last by %(day)s."
                ),
            },
            "instalment.asked": {
                "label": self.env._("Asked to pay in parts"),
                "icon": "fa-question-circle-o",
                "text": self.env._("%(customer)s asks to pay in %(parts)s parts."),
                "customer_text": self.env._("You asked to pay in %(parts)s parts."),
            },
            "instalment.declined": {
                "label": self.env._("Parts declined"),
                "icon": "fa-times-circle-o",
                "text": self.env._("%(user)s declined payment in %(parts)s parts."),
                "customer_text": self.env._(
                    "We could not let you pay in %(parts)s parts."
                ),
            },
            "instalment.done": {
                "label": self.env._("All parts paid"),
                "icon": "fa-check-circle-o",
                "text": self.env._("All %(parts)s parts are paid."),
            },
            "instalment.missed": {
                "label": self.env._("Part not paid"),
                "icon": "fa-exclamation-circle",
                "text": self.env._(
                    "A part was not paid in time. The plan has come to its end."
                ),
            },
            "instalment.ended": {
                "label": self.env._("Plan ended"),
                "icon": "fa-undo",
                "text": self.env._("%(user)s ended the payment in parts."),
                "customer_text": self.env._("The payment in parts was ended."),
            },
            "instalment.withdrawn": {
                "label": self.env._("Request taken back"),
                "icon": "fa-undo",
                "text": self.env._("%(customer)s no longer asks to pay in parts."),
                "customer_text": self.env._("You no longer ask to pay in parts."),
            },
        }

    def _billing_promise_kinds(self):
        return {
            "promise.made": {
                "label": self.env._("Promised to pay"),
                "icon": "fa-handshake-o",
                "text": self.env._("%(customer)s promised %(amount)s by %(day)s."),
                "customer_text": self.env._(
                    "You promised to pay %(amount)s by %(day)s."
                ),
            },
            "promise.kept": {
                "label": self.env._("Promise kept"),
                "icon": "fa-check-circle-o",
                "text": self.env._("%(customer)s paid as promised."),
                "customer_text": self.env._("You paid as promised. Thank you!"),
            },
            "promise.broken": {
                "label": self.env._("Promise not kept"),
                "icon": "fa-exclamation-circle",
                "text": self.env._("What was promised by %(day)s has not come in."),
                "customer_text": self.env._(
                    "The payment you promised by %(day)s has not come in."
                ),
            },
            "promise.ended": {
                "label": self.env._("Promise ended"),
                "icon": "fa-undo",
                "text": self.env._("%(user)s ended the promise."),
                "customer_text": self.env._("Your promise to pay was ended."),
            },
        }

    def _billing_claim_kinds(self):
        return {
            "claim_paid.reported": {
                "label": self.env._("Says it is paid"),
                "icon": "fa-comment-o",
                "text": self.env._(
                    "%(customer)s paid %(amount)s on %(day)s, they say."
                ),
                "customer_text": self.env._(
                    "You told us that you paid %(amount)s on %(day)s."
                ),
            },
            "claim_paid.found": {
                "label": self.env._("Payment found"),
                "icon": "fa-check-circle-o",
                "text": self.env._(
                    "The payment %(customer)s told us of has been found."
                ),
                "customer_text": self.env._(
                    "We have found the payment you told us of. Thank you!"
                ),
            },
            "claim_paid.proposed": {
                "label": self.env._("Payment probably found"),
                "icon": "fa-search",
                "customer_visible": False,
                "text": self.env._(
                    "A payment fits what %(customer)s says: it waits on the review "
                    "desk."
                ),
            },
            "claim_paid.declined": {
                "label": self.env._("Payment not found"),
                "icon": "fa-times-circle-o",
                "text": self.env._(
                    "%(user)s did not find the payment %(customer)s told us of."
                ),
                "customer_text": self.env._(
                    "We could not find the payment you told us of."
                ),
            },
            "claim_paid.withdrawn": {
                "label": self.env._("Report taken back"),
                "icon": "fa-undo",
                "text": self.env._("%(customer)s no longer says that it is paid."),
                "customer_text": self.env._("You took back that you have paid."),
            },
        }

    def _billing_dispute_kinds(self):
        return {
            "dispute.opened": {
                "label": self.env._("Objection"),
                "icon": "fa-hand-paper-o",
                "text": self.env._("%(customer)s objects to %(amount)s."),
                "customer_text": self.env._(
                    "You told us that something is wrong with %(amount)s."
                ),
            },
            "dispute.accepted": {
                "label": self.env._("Objection accepted"),
                "icon": "fa-check-circle-o",
                "text": self.env._("%(user)s agreed with the objection."),
                "customer_text": self.env._("You were right, and we correct it."),
            },
            "dispute.declined": {
                "label": self.env._("Objection declined"),
                "icon": "fa-times-circle-o",
                "text": self.env._("%(user)s answered that nothing is wrong."),
                "customer_text": self.env._(
                    "We looked into it and answered: the invoice is right."
                ),
            },
            "dispute.withdrawn": {
                "label": self.env._("Objection taken back"),
                "icon": "fa-undo",
                "text": self.env._("%(customer)s took the objection back."),
                "customer_text": self.env._("You took back that something is wrong."),
            },
        }
