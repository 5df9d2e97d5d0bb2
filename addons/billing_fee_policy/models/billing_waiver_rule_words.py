from odoo import api, models
from odoo.tools import format_list, formatLang

from ..core import waiver as core


class BillingWaiverRule(models.Model):
    """Rules in words: for staff, for customers, and for who asks why not."""

    _inherit = "billing.waiver.rule"

    # === BUSINESS METHODS - FOR STAFF === #

    def _staff_sentence(self):
        """Return the rule as staff read it, such as «Customer for 2+ years, no late
        payment in 12 months → first fee forgiven».

        :rtype: str
        """
        self.ensure_one()
        _ = self.env._
        pieces = core.readable(self._to_core())
        is_first = self.effect == core.FORGIVE and _is_first_fee(pieces)
        texts = [
            text
            for piece in pieces
            if not (is_first and piece.code == "waived_most")
            and (text := self._staff_piece(piece))
        ]
        if self.effect == core.KEEP:
            result = _("the fee stays")
        elif is_first:
            result = _("first fee forgiven")
        else:
            result = _("fee forgiven")
        conditions = ", ".join(texts) or _("always")
        return _capital(
            _(
                "%(conditions)s → %(result)s",
                conditions=conditions,
                result=result,
            )
        )

    def _staff_piece(self, piece):
        """Return one condition of a rule in words for staff."""
        _ = self.env._
        values = piece.values
        counted = {
            "relation": self._staff_relation,
            "late": self._staff_late,
            "waived_most": self._staff_waived_most,
            "waived_least": self._staff_waived_least,
        }
        if piece.code in counted:
            return counted[piece.code](**values)
        money = self._money(values["amount"]) if "amount" in values else ""
        return {
            "audience": _("company")
            if values.get("audience") == "business"
            else _("private customer"),
            "tags": _(
                "segment %(names)s",
                names=format_list(self.env, self.tag_ids.mapped("name"), "or"),
            ),
            "vulnerable": _("vulnerable customer"),
            "delivery": {
                frozenset({core.BOUNCED}): _("our message bounced"),
                frozenset({core.UNOPENED}): _("our messages were never opened"),
            }.get(values.get("delivery"), _("our message bounced or was never opened")),
            "conversation": _("a question waits for our answer"),
            "outage": _("outage at the address"),
            "debit_failed": _("direct debit failed, not by the customer's fault"),
            "fee": _("fee of %(amount)s at most", amount=money),
            "principal": _("claim of %(amount)s at most", amount=money),
        }[piece.code]

    def _staff_relation(self, months):
        _ = self.env._
        if months == 12:
            return _("customer for 1+ year")
        if months % 12 == 0:
            return _("customer for %(count)s+ years", count=months // 12)
        return _("customer for %(count)s+ months", count=months)

    def _staff_late(self, most, months):
        _ = self.env._
        if not most:
            return _("no late payment in %(months)s months", months=months)
        return _(
            "at most %(most)s late payments in %(months)s months",
            most=most,
            months=months,
        )

    def _staff_waived_most(self, most, months):
        _ = self.env._
        if not most and not months:
            return _("no fee forgiven before")
        if not most:
            return _("no fee forgiven in %(months)s months", months=months)
        if not months:
            return _("at most %(most)s fees forgiven before", most=most)
        return _(
            "at most %(most)s fees forgiven in %(months)s months",
            most=most,
            months=months,
        )

    def _staff_waived_least(self, least, months):
        _ = self.env._
        if not months:
            return _("%(least)s or more fees forgiven before", least=least)
        return _(
            "%(least)s or more fees forgiven in %(months)s months",
            least=least,
            months=months,
        )

    # === BUSINESS METHODS - FOR CUSTOMERS === #

    def _customer_criteria(self):
        """Return the rule as customers read it on the page about fees.

        :rtype: str
        """
        self.ensure_one()
        if self.customer_text:
            return self.customer_text
        texts = [
            text
            for piece in core.readable(self._to_core())
            if (text := self._customer_piece(piece))
        ]
        return f"{_capital(format_list(self.env, texts))}." if texts else ""

    def _customer_piece(self, piece):
        """Return one condition of a rule in words for customers; some need none."""
        _ = self.env._
        values = piece.values
        counted = {
            "relation": self._customer_relation,
            "late": self._customer_late,
            "waived_most": self._customer_waived_most,
            "waived_least": self._customer_waived_least,
        }
        if piece.code in counted:
            return counted[piece.code](**values)
        money = self._money(values["amount"]) if "amount" in values else ""
        return {
            "audience": _("you are a company")
            if values.get("audience") == "business"
            else _("you are a private customer"),
            "tags": _("you are in a group of customers that we make this offer to"),
            "vulnerable": _("we know that you are in a difficult situation"),
            "delivery": {
                frozenset({core.BOUNCED}): _("our message could not be delivered"),
                frozenset({core.UNOPENED}): _(
                    "our messages about the invoice were never opened"
                ),
            }.get(
                values.get("delivery"),
                _("our message could not be delivered or was never opened"),
            ),
            "conversation": _(
                "you have asked us about the invoice and we have not answered yet"
            ),
            "outage": _("there was an outage at your address"),
            "debit_failed": _("a direct debit failed and it was not your fault"),
            "fee": _("the fee is no higher than %(amount)s", amount=money),
            "principal": _("the invoice is no higher than %(amount)s", amount=money),
        }[piece.code]

    def _customer_relation(self, months):
        _ = self.env._
        if months == 12:
            return _("you have been our customer for at least a year")
        if months % 12 == 0:
            return _(
                "you have been our customer for at least %(count)s years",
                count=months // 12,
            )
        return _(
            "you have been our customer for at least %(count)s months", count=months
        )

    def _customer_late(self, most, months):
        _ = self.env._
        if not most:
            return _(
                "you have paid your other invoices on time in the last %(months)s "
                "months",
                months=months,
            )
        return _(
            "no more than %(most)s of your other invoices were paid late in the last "
            "%(months)s months",
            most=most,
            months=months,
        )

    def _customer_waived_most(self, most, months):
        _ = self.env._
        if not most and not months:
            return _("we have not dropped a fee for you before")
        if not most:
            return _(
                "we have not dropped a fee for you in the last %(months)s months",
                months=months,
            )
        if not months:
            return _(
                "we have dropped no more than %(most)s fees for you before", most=most
            )
        return _(
            "we have dropped no more than %(most)s fees for you in the last "
            "%(months)s months",
            most=most,
            months=months,
        )

    def _customer_waived_least(self, least, months):
        _ = self.env._
        if not months:
            return _(
                "we have dropped %(least)s or more fees for you before", least=least
            )
        return _(
            "we have dropped %(least)s or more fees for you in the last %(months)s "
            "months",
            least=least,
            months=months,
        )

    def _customer_reason(self):
        """Return why the fee is dropped, in a sentence to the customer; may be empty.

        That somebody is marked as vulnerable is never said.

        :rtype: str
        """
        self.ensure_one()
        if self.message_text:
            return self.message_text
        _ = self.env._
        codes = {piece.code for piece in core.readable(self._to_core())}
        reasons = {
            "delivery": _("Our message about the invoice may not have reached you."),
            "outage": _("You had an outage at your address."),
            "debit_failed": _("The direct debit failed, and that was not your fault."),
            "conversation": _("We still owe you an answer."),
            "late": _("You usually pay on time."),
            "relation": _("You have been with us for a long time."),
        }
        if "vulnerable" in codes:
            return ""
        return next((text for code, text in reasons.items() if code in codes), "")

    # === BUSINESS METHODS - WHY NOT === #

    def _why_not(self, codes):
        """Return in words why the rule did not decide.

        :param codes: of ``core.waiver.Tried``
        :rtype: str
        """
        self.ensure_one()
        _ = self.env._
        others = {
            core.OVER_CUSTOMER_COUNT: _(
                "the customer has had this year's goodwill (number)"
            ),
            core.OVER_CUSTOMER_AMOUNT: _(
                "the customer has had this year's goodwill (amount)"
            ),
            core.OVER_MONTH: _("the month's goodwill is used up"),
            core.NOT_OBJECTIVE: _("only objective criteria may decide"),
            core.NOT_PUBLISHED: _("only published criteria may decide"),
        }
        pieces = {piece.code: piece for piece in core.readable(self._to_core())}
        limits = [others[code] for code in codes if code in others]
        conditions = [
            self._staff_piece(pieces[code]) for code in codes if code in pieces
        ]
        if conditions:
            return _("not met: %(conditions)s", conditions=", ".join(conditions))
        return ", ".join(limits)

    # === HELPERS === #

    @api.model
    def _money(self, amount):
        currency = self.currency_id or self.env.company.currency_id
        return formatLang(self.env, float(amount), currency_obj=currency)


def _is_first_fee(pieces):
    return any(
        piece.code == "waived_most"
        and piece.values["most"] == 0
        and not piece.values["months"]
        for piece in pieces
    )


def _capital(text):
    """Return ``text`` beginning with a capital; the rest stays as it is."""
    return text[:1].upper() + text[1:]
