from odoo import models

from ..core import self_service


class BillingRequest(models.Model):
    """Requests in the customer's words, for the page and for messages."""

    _inherit = "billing.request"

    # === BUSINESS METHODS === #

    def _customer_sentence(self):
        """Return how the request stands, as the customer is told.

        In the language of the environment; plain text.

        :rtype: str
        """
        self.ensure_one()
        texts = self._sentences().get(self.kind, {})
        return texts.get(self.state) or texts.get("") or ""

    def _sentences(self):
        """Sentences by kind and state; those under nothing are for all other states."""
        _ = self.env._
        words = self.move_id._billing_in_words
        day = words(self.day) if self.day else ""
        old = words(self.old_day) if self.old_day else ""
        amount = self.currency_id.format(self.amount)
        count = len(self.part_ids)
        return {
            "deferral": {
                "waiting": _(
                    "You asked to pay by %(day)s. Somebody answers you here, and until "
                    "then you get no reminders.",
                    day=day,
                ),
                "active": _(
                    "The due date was moved from %(old)s to %(day)s.", old=old, day=day
                ),
                "declined": _("We could not let you pay as late as %(day)s.", day=day),
                "withdrawn": _("The due date is %(old)s again.", old=old)
                if self.answered_at
                else _("You no longer ask to pay later."),
            },
            "split": {
                "waiting": _(
                    "You asked to pay in %(count)s parts. Somebody answers you here, "
                    "and until then you get no reminders.",
                    count=count,
                ),
                "active": self._plan_sentence(),
                "done": _("You have paid all %(count)s parts. Thank you!", count=count),
                "broken": _(
                    "A part did not arrive in time, so what is left is due now. Is "
                    "something in the way? Write to us."
                ),
                "declined": _(
                    "We could not let you pay in %(count)s parts.", count=count
                ),
                "withdrawn": _("The payment in parts was ended.")
                if self.answered_at
                else _("You no longer ask to pay in parts."),
            },
            "promise": {
                "active": _(
                    "You have promised to pay %(amount)s by %(day)s. Until then you "
                    "get no reminders.",
                    amount=amount,
                    day=day,
                ),
                "done": _("You paid as promised. Thank you!"),
                "broken": _(
                    "The payment you promised by %(day)s has not come in. Is something "
                    "in the way? Write to us.",
                    day=day,
                ),
                "withdrawn": _("Your promise to pay was ended."),
            },
            "claim": {
                "active": _(
                    "You told us that you paid %(amount)s on %(day)s. We look for the "
                    "payment, and until it is found you get no reminders.",
                    amount=amount,
                    day=day,
                ),
                "waiting": _(
                    "You told us that you paid %(amount)s on %(day)s. Somebody is "
                    "looking for the payment, and until then you get no reminders.",
                    amount=amount,
                    day=day,
                ),
                "done": _("We have found the payment you told us of. Thank you!"),
                "declined": _(
                    "We could not find the payment of %(amount)s you told us of.",
                    amount=amount,
                ),
                "withdrawn": _("You took back that you have paid."),
            },
            "dispute": {
                "waiting": _(
                    "You told us that something is wrong with this invoice. Somebody "
                    "looks into it and answers you here; until then you get no "
                    "reminders."
                )
                if self.is_whole
                else _(
                    "You told us that something is wrong with %(amount)s of this "
                    "invoice. Somebody looks into it and answers you here; until then "
                    "you get no reminders.",
                    amount=amount,
                ),
                "done": _("You were right, and we correct it."),
                "declined": _("We looked into it: the invoice is right."),
                "withdrawn": _("You took back that something is wrong."),
            },
        }

    def _plan_sentence(self):
        """Return which part of a plan is to be paid next."""
        part = next(
            (
                part
                for part in self._progress().get(self.id, ())
                if part.state != self_service.PART_PAID
            ),
            None,
        )
        if not part:
            return ""
        return self.env._(
            "You pay in %(count)s parts. Next is part %(number)s: %(amount)s by "
            "%(day)s.",
            count=len(self.part_ids),
            number=part.number,
            amount=self.currency_id.format(part.amount - part.paid),
            day=self.move_id._billing_in_words(part.day),
        )
