from decimal import Decimal

from odoo import models
from odoo.tools import format_date, format_list

from ..core import contents, law


class BillingReminder(models.Model):
    """Sentences of letters, in the language of the environment.

    What the law asks for is made here and not in the templates, so that a letter that
    lost it is noticed before it goes out.
    """

    _inherit = "billing.reminder"

    def _get_title(self, country):
        """Return the heading: a notice of collection must not look like a reminder."""
        if self.kind == contents.SOFT:
            return self.env._("A friendly reminder")
        if self.kind == contents.REMINDER:
            return self.env._("Payment reminder")
        if self.kind == contents.NOTICE:
            if country == "SE":
                return self.env._("Payment reminder before collection")
            return self.env._("Collection notice")
        if country == "SE":
            return self.env._("Collection demand")
        return self.env._("Demand for payment")

    def _get_lead(self, total, deadline, document):
        """Return what the letter asks for, in a sentence or two."""
        if self.kind == contents.SOFT:
            dues = [claim.due for claim in document.claims if claim.due]
            lead = self.env._(
                "Perhaps it slipped your mind: %(total)s was due on %(day)s. This "
                "reminder costs you nothing.",
                total=total,
                day=self._format_day(min(dues, default=self.day)),
            )
        elif self.kind == contents.DEMAND:
            lead = self.env._(
                "Please pay %(total)s by %(deadline)s, or tell us by then what is "
                "wrong.",
                total=total,
                deadline=deadline or "",
            )
        else:
            lead = self.env._(
                "We have not received your payment yet. Please pay %(total)s by "
                "%(deadline)s.",
                total=total,
                deadline=deadline or "",
            )
        paid = self.env._(
            "Have you paid in the last few days? Then thank you, and there is nothing "
            "more to do."
        )
        return [lead, paid]

    def _get_running_text(self, document):
        """Return which interest runs until the claim is paid, empty where none does."""
        if document.running_rate is None:
            return ""
        dues = [claim.due for claim in document.claims if claim.due]
        pack = self._get_pack()
        if not dues or pack is None:
            return ""
        rate = self._format_rate(document.running_rate)
        first = [self._format_day(law.interest_from(pack, due)) for due in dues]
        if len(set(first)) == 1:
            text = self.env._(
                "Late interest of %(rate)s %% a year runs from %(day)s until you pay.",
                rate=rate,
                day=first[0],
            )
        else:
            text = self.env._(
                "Late interest of %(rate)s %% a year runs on each invoice from the day "
                "after its due date until you pay.",
                rate=rate,
            )
        charged = [part.end for claim in document.claims for part in claim.interest]
        if not charged:
            return text
        through = self.env._(
            "What is charged so far reaches to %(day)s.",
            day=self._format_day(max(charged)),
        )
        return f"{text} {through}"

    def _get_warning(self, country, total, deadline):
        """Return what happens otherwise, where the law wants it said; else nothing.

        It must be plain, and must not make costs look certain that are not.
        """
        if self.kind == contents.NOTICE:
            return self.env._(
                "If %(total)s is not paid by %(deadline)s, the claim will be sent to "
                "debt collection. That may cost you more.",
                total=total,
                deadline=deadline or "",
            )
        if self.kind != contents.DEMAND:
            return ""
        if country == "SE":
            return self.env._(
                "If you neither pay nor object by %(deadline)s, we may apply to the "
                "Swedish Enforcement Authority for an order to pay. That may cost you "
                "more.",
                deadline=deadline or "",
            )
        return self.env._(
            "If you neither pay nor object by %(deadline)s, we may take the claim to "
            "legal collection. That may cost you more.",
            deadline=deadline or "",
        )

    def _get_objection(self):
        """Return how to object, and what it does."""
        company_sudo = self.sudo().company_id
        ways = [self.env._("on the page of the invoice")]
        if company_sudo.email:
            ways.append(self.env._("by e-mail to %(email)s", email=company_sudo.email))
        if company_sudo.phone:
            ways.append(self.env._("by telephone %(phone)s", phone=company_sudo.phone))
        ways = format_list(self.env, ways, "or")
        if self.kind in (contents.NOTICE, contents.DEMAND):
            return self.env._(
                "Is something wrong with the claim? Tell us %(ways)s. Until you have "
                "our answer, nothing is added and nothing goes to collection.",
                ways=ways,
            )
        return self.env._(
            "Is something wrong with the invoice? Tell us %(ways)s. Until you have our "
            "answer, nothing is added.",
            ways=ways,
        )

    def _get_field_labels(self):
        """Return what staff call the fields of the matrix.

        :rtype: dict[str, str]
        """
        return {
            contents.CREDITOR: self.env._("name of the company"),
            contents.RECIPIENT: self.env._("name of the customer"),
            contents.CONCERNS: self.env._("number and date of the invoice"),
            contents.AMOUNT: self.env._("amount to pay"),
            contents.APART: self.env._("invoice, fees and interest apart"),
            contents.INTEREST_RATE: self.env._("rate of the interest"),
            contents.INTEREST_FROM: self.env._("first day of the interest"),
            contents.INTEREST_BASE: self.env._("amount the interest is on"),
            contents.INTEREST_AMOUNT: self.env._("amount of the interest"),
            contents.DEADLINE: self.env._("deadline, far enough away"),
            contents.COLLECTION: self.env._("that the claim goes to collection"),
            contents.CONSEQUENCE: self.env._("what happens without payment"),
            contents.OBJECTION: self.env._("how to object"),
            contents.ACCOUNT: self.env._("account to pay to"),
            contents.REFERENCE: self.env._("reference number (KID, OCR)"),
        }

    # === HELPERS === #

    def _format_day(self, day):
        return format_date(self.env, day, date_format="long") if day else ""

    def _format_rate(self, rate):
        """Return a percentage with no more digits than it has."""
        text = f"{Decimal(rate).normalize():f}"
        lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        return text.replace(".", lang.decimal_point or ".")
