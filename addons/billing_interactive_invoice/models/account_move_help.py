from datetime import timedelta

from odoo import models
from odoo.tools import formatLang

from ..core import self_service
from ..core.section import Section
from ..core.visitor_rights import SELF_SERVICE
from .billing_request import IN_FORCE

#: Days for which the page tells what became of a request.
TOLD_DAYS = 30
#: Reasons that need no word on the page: there is nothing to do about them, or what
#: stands above says it.
_SILENT = frozenset(
    {
        self_service.OFF,
        self_service.NOTHING_OPEN,
        self_service.HANDED_OVER,
        self_service.DISPUTED,
        self_service.ARRANGED,
        self_service.SMALL,
        self_service.LATE,
    }
)


class AccountMove(models.Model):
    """The section «Need help?» of the customer's page."""

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _billing_page_sections(self, visitor):
        """Override: what customers may arrange, and what became of it."""
        sections = super()._billing_page_sections(visitor)
        if self.move_type != "out_invoice" or self.state != "posted":
            return sections
        in_force = {
            request_sudo.kind: request_sudo
            for request_sudo in self._billing_requests_in_force()
        }
        offers = self._billing_self_service_offers()
        values = {
            "told": self._billing_told_requests(),
            "later": self._billing_help_later(offers["deferral"], offers["promise"]),
            "parts": self._billing_help_parts(offers["split"]),
            "may_claim": self._billing_may_claim() and "claim" not in in_force,
            "may_dispute": self._billing_may_dispute() and "dispute" not in in_force,
        }
        if any(values.values()):
            sections.append(
                Section(
                    "help",
                    "billing_interactive_invoice.page_help",
                    {
                        **values,
                        "can_act": visitor.may(SELF_SERVICE),
                        "claim_amount": self._billing_as_typed(self.amount_residual),
                        "today": self.company_id._billing_today(),
                        "reasons": self._billing_dispute_reasons(),
                    },
                    sequence=50,
                )
            )
        return sections

    def _billing_page_files(self, visitor):
        """Override: customers may have back what they sent with a request."""
        files_sudo = super()._billing_page_files(visitor)
        requests_sudo = (
            self.env["billing.request"].sudo().search([("move_id", "=", self.id)])
        )
        return files_sudo | self.env["ir.attachment"].sudo().search(
            [
                ("res_model", "=", "billing.request"),
                ("res_id", "in", requests_sudo.ids),
            ]
        )

    # === HELPERS === #

    def _billing_told_requests(self):
        """Return what is in force, and what became of others lately, for the page.

        :rtype: list[dict]
        """
        since = self.company_id._billing_today() - timedelta(days=TOLD_DAYS)
        requests_sudo = (
            self.env["billing.request"]
            .sudo()
            .search(
                [
                    ("move_id", "=", self.id),
                    "|",
                    ("state", "in", IN_FORCE),
                    ("write_date", ">=", since),
                ]
            )
        )
        told = []
        for request_sudo in requests_sudo:
            sentence = request_sudo._customer_sentence()
            if sentence:
                told.append(
                    {
                        "id": request_sudo.id,
                        "state": request_sudo.state,
                        "sentence": sentence,
                        "answer": request_sudo.answered_at and request_sudo.answer,
                        "may_withdraw": request_sudo._may_withdraw(),
                    }
                )
        return told

    def _billing_help_later(self, defer, promise):
        """Return how paying later is offered: alone, by promise, by asking, or not.

        :param core.self_service.Offer defer: to move the due date
        :param core.self_service.Offer promise: to promise a day
        :return: ``action`` of the form, the ``offer``, and ``reason`` in words; None
            when the page says nothing of it
        :rtype: dict | None
        """
        if defer.allowed:
            return {"action": "defer", "mode": "defer", "offer": defer}
        if promise.allowed:
            return {"action": "promise", "mode": "promise", "offer": promise}
        # Where moving the due date is not offered, it is the promise that failed.
        offer = promise if defer.reason == self_service.OFF else defer
        if defer.may_ask:
            return {
                "action": "defer",
                "mode": "ask",
                "offer": defer,
                "reason": self._billing_refusal(defer.reason),
            }
        if offer.reason in _SILENT:
            return None
        return {"mode": "no", "reason": self._billing_refusal(offer.reason)}

    def _billing_help_parts(self, offer):
        """Return how paying in parts is offered; see :meth:`_billing_help_later`.

        :param core.self_service.Offer offer: to pay in parts
        :return: with the ``plans`` to choose from, as count and sentence
        :rtype: dict | None
        """
        if not offer.allowed and not offer.may_ask:
            if offer.reason in _SILENT:
                return None
            return {"mode": "no", "reason": self._billing_refusal(offer.reason)}
        unit = 10**self.currency_id.decimal_places
        return {
            "mode": "split" if offer.allowed else "ask",
            "reason": offer.reason and self._billing_refusal(offer.reason),
            "plans": [
                {
                    "count": len(plan),
                    "parts": [
                        self.env._(
                            "%(amount)s by %(day)s",
                            amount=self.currency_id.format(part.amount / unit),
                            day=self._billing_in_words(part.day, weekday=False),
                        )
                        for part in plan
                    ],
                }
                for plan in offer.plans
            ],
        }

    def _billing_dispute_reasons(self):
        """Return what can be wrong, in the customer's words, by code.

        :rtype: dict[str, str]
        """
        field = self.env["billing.request"]._fields["reason"]
        return dict(field._description_selection(self.env))

    def _billing_as_typed(self, amount):
        """Return an amount as the customer would type it."""
        return formatLang(
            self.env, amount, digits=self.currency_id.decimal_places, grouping=False
        )
