from datetime import timedelta

from odoo import Command, models
from odoo.tools import format_date, formatLang

from ..core import disconnection


class BillingDisconnectionNotice(models.Model):
    """What the letters say, in the customer's language."""

    _inherit = "billing.disconnection.notice"

    # === BUSINESS METHODS === #

    def _write_texts(self):
        """Write what the letter has to say from amounts and days as they are now."""
        self.ensure_one()
        texts = self._texts()
        codes = disconnection.needed(self.rule_id._to_core(), self.step)
        own = self.section_ids.filtered(lambda section: section.code == "other")
        (self.section_ids - own).unlink()
        self.section_ids = [
            Command.create({"code": code, "text": texts[code], "sequence": number})
            for number, code in enumerate(codes, 1)
        ]

    def _texts(self):
        """Return the texts by code, in the customer's language.

        :rtype: dict[str, str]
        """
        self.ensure_one()
        notice = self.with_context(lang=self.partner_id.lang or self.env.lang)
        _ = notice.env._
        values = notice._needed_values()
        rule = notice.rule_id
        if notice.step == "warning":
            cure = _("Please pay by %(day)s. Otherwise your supply may be cut.")
        elif rule.from_service:
            cure = _(
                "Please pay within %(days)s days from the day you receive this letter. "
                "Then nothing is cut. If you do not pay, we may cut the supply."
            )
        else:
            cure = _(
                "Please pay by %(day)s. That is %(days)s days from the day we sent "
                "this letter. Then nothing is cut. If you do not pay, we may cut the "
                "supply."
            )
        if rule.country_id.code == "NO":
            social = _(
                "You can also turn to NAV in your municipality. If they undertake to "
                "pay within this time, nothing is cut."
            )
        else:
            social = _(
                "You can also turn to the social services of your municipality. If "
                "they undertake to pay, nothing is cut. We tell them about this letter."
            )
        return {
            "claim": _(
                "You owe us %(amount)s for %(invoices)s.",
                amount=values["claim"],
                invoices=", ".join(notice.move_ids.mapped("name")),
            ),
            "cure": cure % {"day": notice._last_day_text(), "days": rule.days},
            "danger": _(
                "Get in touch with us at once if somebody's life or health, or much "
                "property, would be in danger without the supply."
            ),
            "contact": _(
                "Get in touch with us if you think that the claim is wrong, or if you "
                "cannot pay now. We will look for a way together."
            ),
            "costs": _(
                "If the supply has to be cut and connected again, we may charge you "
                "what that costs."
            ),
            "social": social,
            "scope": _("Only the service that is not paid for is limited."),
            "free_calls": _("You can still make emergency calls."),
        }

    # === HELPERS === #

    def _needed_values(self):
        """Return what has to stand in the texts, by code.

        :rtype: dict[str, str]
        """
        self.ensure_one()
        notice = self.with_context(lang=self.partner_id.lang or self.env.lang)
        counted = notice.step == "notice" and notice.rule_id.from_service
        return {
            "claim": formatLang(
                notice.env, notice.amount, currency_obj=notice.currency_id
            ),
            "cure": str(notice.rule_id.days) if counted else notice._last_day_text(),
        }

    def _last_day_text(self):
        """Return the last day to pay of a letter that leaves on the planned day."""
        rule = self.rule_id
        days = rule.warning_days if self.step == "warning" else rule.days
        return format_date(
            self.env, self.planned_on + timedelta(days=days), date_format="d MMMM y"
        )
