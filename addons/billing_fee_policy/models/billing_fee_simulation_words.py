from markupsafe import Markup

from odoo import models
from odoo.tools import formatLang


class BillingFeeSimulation(models.Model):
    """What a simulation found, in words and tables."""

    _inherit = "billing.fee.simulation"

    # === BUSINESS METHODS === #

    def _render_report(self):
        """Return the report, in the reader's language.

        :rtype: markupsafe.Markup
        """
        self.ensure_one()
        totals = self._totals()
        if not any(sums["letters"] for sums in totals.values()):
            return Markup("<p>%s</p>") % self.env._(
                "Nobody would have been written to: there are %(count)s overdue claims "
                "in the period, and none reached its first step while it was open.",
                count=self.claim_count,
            )
        measures = ("letters", "charged", "forgiven", "result", "hit")
        return self.env["ir.qweb"]._render(
            "billing_fee_policy.simulation_report",
            {
                "simulation": self,
                "summary": self._summary(totals),
                "names": self._headings(),
                "letters": self._letters(),
                "rows": self._rows(totals),
                "short": [row["label"] for row in self._rows(totals, measures)],
                "months": self._part_rows("month", measures),
                "segments": self._part_rows("segment", measures),
                "assumptions": self._assumptions(),
            },
        )

    def _side_names(self):
        """Return what the columns are called, with whether they forgive."""
        names = {
            "was": self.env._("As it was"),
            "a": self._side_name(self.policy_a_id, self.forgive_a),
            "b": self._side_name(self.policy_b_id, self.forgive_b),
        }
        return [names[side] for side in self._sides()]

    def _letters(self):
        """Return what the columns of the narrow tables are called."""
        return [self.env._("Was"), "A", "B"][: len(self._sides())]

    def _headings(self):
        """Return what the columns are called, with the letter of each policy."""
        names = self._side_names()
        marked = [
            f"{letter}: {name}"
            for letter, name in zip(self._letters()[1:], names[1:], strict=True)
        ]
        return [names[0], *marked]

    def _side_name(self, policy, forgives):
        if forgives:
            return policy.name or ""
        return self.env._("%(policy)s, no fee forgiven", policy=policy.name)

    def _summary(self, totals):
        """Return in a sentence how the last policy differs from what it is beside."""
        self.ensure_one()
        one, other = (totals[side] for side in self._sides()[-2:])
        first, second = self._side_names()[-2:]
        letters = other["letters"] - one["letters"]
        hit = other["hit"] - one["hit"]
        result = self.currency_id.round(other["result"] - one["result"])
        if not letters and not hit and not result:
            return self.env._(
                "«%(second)s» does just what «%(first)s» does.",
                first=first,
                second=second,
            )
        return self.env._(
            "Beside «%(first)s», «%(second)s» sends %(letters)s, charges a fee to "
            "%(customers)s, and leaves %(amount)s after handling.",
            first=first,
            second=second,
            letters=self._more(
                letters,
                self.env._("as many letters"),
                self.env._("one more letter")
                if letters == 1
                else self.env._("%(count)s more letters", count=self._count(letters)),
                self.env._("one letter fewer")
                if letters == -1
                else self.env._("%(count)s fewer letters", count=self._count(-letters)),
            ),
            customers=self._more(
                hit,
                self.env._("as many customers"),
                self.env._("one more customer")
                if hit == 1
                else self.env._("%(count)s more customers", count=self._count(hit)),
                self.env._("one customer fewer")
                if hit == -1
                else self.env._("%(count)s fewer customers", count=self._count(-hit)),
            ),
            amount=self._more(
                result,
                self.env._("as much"),
                self.env._("%(amount)s more", amount=self._money(result)),
                self.env._("%(amount)s less", amount=self._money(-result)),
            ),
        )

    @staticmethod
    def _more(value, same, more, less):
        return (more if value > 0 else less) if value else same

    def _rows(self, totals, only=None):
        """Return the figures of the table: label and a text for each side."""
        rows = (
            ("soft", self.env._("Friendly reminders"), self._count),
            ("reminder", self.env._("Reminders"), self._count),
            ("notice", self.env._("Collection notices"), self._count),
            ("demand", self.env._("Payment demands"), self._count),
            ("letters", self.env._("Letters and messages in all"), self._count),
            ("handed", self.env._("Claims ready for collection"), self._count),
            ("customers", self.env._("Customers written to"), self._count),
            ("hit", self.env._("Customers charged a fee"), self._count),
            ("due", self.env._("Fees that came due"), self._money),
            ("forgiven", self.env._("of these forgiven"), self._money),
            ("charged", self.env._("of these charged"), self._money),
            (
                "compensation",
                self.env._("Compensation for late payment"),
                self._money,
            ),
            ("income", self.env._("Income"), self._money),
            ("cost", self.env._("Handling cost"), self._money),
            ("result", self.env._("Left after handling"), self._money),
        )
        # Apart from the others it has to say what it is a part of.
        alone = {
            "forgiven": self.env._("Fees forgiven"),
            "charged": self.env._("Fees charged"),
        }
        return [
            {
                "name": name,
                "label": alone.get(name, label) if only else label,
                "values": [write(totals[side][name]) for side in self._sides()],
            }
            for name, label, write in rows
            if (name in only if only else any(one[name] for one in totals.values()))
        ]

    def _part_rows(self, name, measures):
        """Return the rows of a month or customer group."""
        return [
            {"label": label, "rows": self._rows(sums, measures)}
            for label, sums in self._grouped(name)
        ]

    def _assumptions(self):
        """Return what the figures rest on, a sentence each."""
        self.ensure_one()
        company = self.company_id
        texts = [
            self.env._(
                "Customers pay on the day they really paid, whatever letters they "
                "get. A milder policy would need some more letters than shown here, a "
                "firmer one some fewer."
            ),
            self.env._(
                "Taken are the %(count)s claims that fell due in the period and were "
                "not paid by then. Letters after the period are not counted, so its "
                "last weeks show few.",
                count=self._count(self.claim_count),
            ),
            self.env._(
                "Every letter goes on the day it is due, as if approved at once. "
                "Holds by hand are kept; other reasons to wait, such as a direct debit "
                "under way, are not known of the past."
            ),
            self.env._(
                "Of a hundred fees %(paid)s are paid, and after a hundred letters "
                "with a fee %(talks)s customers write or call.",
                paid=self._number(self.paid_share),
                talks=self._number(self.conversation_share),
            ),
            self.env._(
                "A letter takes %(letter)s minutes, a conversation %(talk)s, an hour "
                "costs %(hour)s, and a letter that has to go on paper %(paper)s "
                "(settings).",
                letter=self._number(company.billing_fee_letter_minutes),
                talk=self._number(company.billing_fee_conversation_minutes),
                hour=self._money(company.billing_fee_hour_cost),
                paper=self._money(company.billing_fee_letter_price),
            ),
            self.env._(
                "Income and cost of what there was are reckoned in the same way, so "
                "that the columns can be compared. Late interest, and customers who "
                "leave, are left out."
            ),
        ]
        if self.forgive_a or (self.policy_b_id and self.forgive_b):
            texts.append(
                self.env._(
                    "Waiver rules and budgets are those of today. Tags, marks and "
                    "exceptions of customers, and whether our messages arrived, are "
                    "as known today; open questions of customers are not known of the "
                    "past."
                )
            )
        return texts

    # === HELPERS === #

    def _count(self, value):
        return formatLang(self.env, value, digits=0)

    def _number(self, value):
        return formatLang(self.env, value, digits=0 if value == round(value) else 1)

    def _money(self, value):
        return formatLang(self.env, value, currency_obj=self.currency_id)
