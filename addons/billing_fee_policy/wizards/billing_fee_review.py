from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import formatLang

from ..core import profit


class BillingFeeReview(models.TransientModel):
    """Tells in words whether fees are worth it, as far as the figures say."""

    _name = "billing.fee.review"
    _description = "Are Fees Worth It?"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: (
            self.env.company._billing_today() - relativedelta(months=12)
        ),
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: self.env.company._billing_today(),
    )
    report = fields.Html(compute="_compute_report", sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends("company_id", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for review in self:
            review.display_name = self.env._("Are fees worth it?")

    @api.depends("company_id", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_report(self):
        for review in self:
            review.report = review._render_report()

    # === ACTIONS === #

    def action_figures(self):
        """Open the figures behind the words (button)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_fee_report_action"
        )
        action["domain"] = [
            ("company_id", "=", self.company_id.id),
            ("date", ">=", self.date_from),
            ("date", "<=", self.date_to),
        ]
        return action

    # === BUSINESS METHODS === #

    def _render_report(self):
        """Return the words and the figures they rest on.

        :rtype: markupsafe.Markup
        """
        self.ensure_one()
        reports = self.env["billing.fee.report"]
        reports.check_access("read")
        company = self.company_id
        prices = company._billing_fee_prices()
        scope = (company, self.date_from, self.date_to)
        whole = reports._figures(*scope)
        parts = [(self.env._("All customers"), whole)]
        for key, label in self.env["billing.fee.history"]._segments().items():
            parts.append((label, reports._figures(*scope, segment=key)))
        judged = profit.judge(whole, prices)
        return self.env["ir.qweb"]._render(
            "billing_fee_policy.fee_review",
            {
                "conclusion": self._conclusion(judged, whole),
                "notes": self._notes(judged, whole, prices),
                "names": [label for label, _figures in parts],
                "rows": self._rows([figures for _label, figures in parts], prices),
                "assumptions": self._assumptions(prices),
            },
        )

    # === HELPERS - WORDS === #

    def _conclusion(self, judged, figures):
        """Return what is recommended, or that there is too little to go by."""
        left = self._money(abs(judged.left))
        if judged.code == profit.NOTHING:
            return self.env._("No fee came due in this period.")
        if judged.code == profit.FEW and figures.fees < profit.LEAST:
            return self.env._(
                "There are only %(count)s fees in this period, too few to conclude "
                "anything. Wait until there are %(least)s, or look at a longer period.",
                count=figures.fees,
                least=profit.LEAST,
            )
        if judged.code == profit.EARLY:
            return self.env._(
                "It is too early to tell: fees of %(unpaid)s are not paid yet, and so "
                "far handling cost %(amount)s more than was paid. Look again in two "
                "months, or at a period that ended two months ago.",
                unpaid=self._money(figures.unpaid),
                amount=left,
            )
        if judged.code == profit.LOSES:
            return self.env._(
                "Fees do not pay for themselves: handling cost %(amount)s more than "
                "they brought in, lost customers not counted. Charge fewer of them: "
                "forgive first-time fees by rule, or leave the fee out of the first "
                "reminder. A simulation shows what that would change.",
                amount=left,
            )
        if judged.code == profit.FEW:
            return self.env._(
                "Fees left %(amount)s after handling. Whether they cost customers "
                "cannot be told yet: that takes %(least)s customers who were charged "
                "and as many who were forgiven, long enough ago to see who stayed. "
                "There are %(payers)s and %(spared)s.",
                amount=left,
                least=profit.LEAST,
                payers=judged.payers.count,
                spared=judged.spared.count,
            )
        if judged.code == profit.UNPRICED:
            return self.env._(
                "Fees left %(amount)s after handling. Say in the settings what a "
                "customer is worth, and it can be told whether the customers they "
                "cost are worth more.",
                amount=left,
            )
        if judged.code == profit.COSTS_CUSTOMERS:
            return self.env._(
                "Fees cost more than they bring in. They left %(amount)s after "
                "handling, but customers who were charged left so much more often "
                "than those who were forgiven that it cost at least %(lost)s. Forgive "
                "more, and look again.",
                amount=left,
                lost=self._money(judged.lost_low),
            )
        if judged.code == profit.EARNS:
            return self.env._(
                "Fees are worth it: they left %(amount)s after handling, and "
                "customers who left because of them cost at most %(lost)s.",
                amount=left,
                lost=self._money(max(judged.lost_high, Decimal(0))),
            )
        return self._undecided(judged, left)

    def _undecided(self, judged, left):
        """Return that it can go either way, and what would tell."""
        text = self.env._(
            "It cannot be told. Fees left %(amount)s after handling, and the customers "
            "they cost are worth between %(low)s and %(high)s.",
            amount=left,
            low=self._money(max(judged.lost_low, Decimal(0))),
            high=self._money(judged.lost_high),
        )
        if judged.needed:
            text += " " + self.env._(
                "If the shares stay as they are, about %(count)s customers in either "
                "group would tell.",
                count=self._count(judged.needed),
            )
        return text

    def _notes(self, judged, figures, prices):
        """Return what else the figures say, a sentence each."""
        company = self.company_id
        notes = []
        if judged.payers.count:
            notes.append(
                self.env._(
                    "Of %(count)s customers who were charged a fee, %(hits)s had left "
                    "%(days)s days later: %(share)s.",
                    count=judged.payers.count,
                    hits=judged.payers.hits,
                    days=company.billing_fee_churn_days,
                    share=self._share(judged.payers),
                )
            )
        if judged.spared.count:
            notes.append(
                self.env._(
                    "Of %(count)s customers whose fee was forgiven, %(hits)s had left: "
                    "%(share)s.",
                    count=judged.spared.count,
                    hits=judged.spared.hits,
                    share=self._share(judged.spared),
                )
            )
        if judged.excess:
            notes.append(
                self.env._(
                    "The difference is %(value)s percentage points; with 95 %% "
                    "certainty it lies between %(low)s and %(high)s. Who is forgiven "
                    "is mostly a good customer, so not all of it is because of the "
                    "fee.",
                    value=self._number(100 * judged.excess.value),
                    low=self._number(100 * judged.excess.low),
                    high=self._number(100 * judged.excess.high),
                )
            )
        if figures.fees:
            notes.append(self._guide_note(judged, prices))
        return notes

    def _guide_note(self, judged, prices):
        """Return what the guides of the trade say, beside what was seen."""
        company = self.company_id
        guide = self.env._(
            "Guides of the trade say that more than %(share)s %% of power customers "
            "looked for another supplier after a fee they found unjust (setting; "
            "source: Billogram's guides for power and telecom companies). Looking is "
            "not leaving.",
            share=self._number(company.billing_fee_guide_share),
        )
        if judged.payers.count >= profit.LEAST:
            share = company.billing_fee_guide_share / 100
            if judged.payers.high < share:
                guide += " " + self.env._("Far fewer of yours left.")
            elif judged.payers.low > share:
                guide += " " + self.env._("Even more of yours left.")
        if judged.payers.count and prices.customer:
            cost = profit.scenario(
                judged.payers.count,
                Decimal(str(company.billing_fee_guide_share)) / 100,
                prices.customer,
            )
            guide += " " + self.env._(
                "If as many of your %(count)s had left, that would have cost "
                "%(amount)s.",
                count=judged.payers.count,
                amount=self._money(cost),
            )
        return guide

    def _rows(self, parts, prices):
        """Return the figures by customer group: label and texts."""
        return [
            {"label": label, "values": [write(part) for part in parts]}
            for label, write in (
                (self.env._("Fees due"), lambda part: self._count(part.fees)),
                (self.env._("Their amount"), lambda part: self._money(part.due)),
                (
                    self.env._("of these forgiven"),
                    lambda part: self._money(part.forgiven),
                ),
                (self.env._("of these paid"), lambda part: self._money(part.paid)),
                (
                    self.env._("of these not paid yet"),
                    lambda part: self._money(part.unpaid),
                ),
                (
                    self.env._("Letters with a fee"),
                    lambda part: self._count(part.letters),
                ),
                (
                    self.env._("Conversations they caused"),
                    lambda part: self._hits(part.conversations, part.letters),
                ),
                (
                    self.env._("Handling, minutes"),
                    lambda part: self._count(
                        prices.minutes(part.letters, part.conversations)
                    ),
                ),
                (
                    self.env._("Handling cost"),
                    lambda part: self._money(self._handling(part, prices)),
                ),
                (
                    self.env._("Left after handling"),
                    lambda part: self._money(part.paid - self._handling(part, prices)),
                ),
                (
                    self.env._("Charged and left"),
                    lambda part: self._hits(part.payers_lost, part.payers),
                ),
                (
                    self.env._("Forgiven and left"),
                    lambda part: self._hits(part.spared_lost, part.spared),
                ),
            )
        ]

    def _assumptions(self, prices):
        """Return what the figures rest on, a sentence each."""
        company = self.company_id
        return [
            self.env._(
                "A letter with a fee takes %(letter)s minutes, a conversation "
                "%(talk)s, an hour of staff costs %(hour)s (settings).",
                letter=self._number(float(prices.letter_minutes)),
                talk=self._number(float(prices.conversation_minutes)),
                hour=self._money(prices.hour),
            ),
            self.env._(
                "A conversation counts as caused by a fee when it began within "
                "%(days)s days after the letter. Telephone calls count when staff "
                "drop the fee or note them on the invoice as the customer's.",
                days=company.billing_fee_conversation_days,
            ),
            self.env._(
                "A customer has left who got no invoice in the last %(quiet)s of the "
                "%(days)s days after the first fee.",
                quiet=company.billing_fee_quiet_days,
                days=company.billing_fee_churn_days,
            ),
            self.env._(
                "Behind a share stands the range in which the true one lies with "
                "95 % certainty."
            ),
        ]

    # === HELPERS - NUMBERS === #

    def _handling(self, figures, prices):
        return prices.cost(prices.minutes(figures.letters, figures.conversations))

    def _hits(self, hits, count):
        if not count:
            return self.env._("none as yet")
        return self.env._(
            "%(hits)s of %(count)s: %(share)s",
            hits=self._count(hits),
            count=self._count(count),
            share=self._share(profit.wilson(hits, count)),
        )

    def _share(self, share):
        return self.env._(
            "%(value)s %% (%(low)s–%(high)s %%)",
            value=self._number(100 * share.value),
            low=self._number(100 * share.low),
            high=self._number(100 * share.high),
        )

    def _count(self, value):
        return formatLang(self.env, float(value), digits=0)

    def _number(self, value):
        digits = 0 if value == round(value) else 1
        return formatLang(self.env, float(value), digits=digits)

    def _money(self, value):
        return formatLang(
            self.env, float(value), currency_obj=self.company_id.currency_id
        )
