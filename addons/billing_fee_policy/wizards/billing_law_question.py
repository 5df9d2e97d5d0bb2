from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_amount, format_date, formatLang

from ..core import interest, law


class BillingLawQuestion(models.TransientModel):
    """Tells what the law allows about one invoice on one day, and why not more."""

    _name = "billing.law.question"
    _description = "What Does the Law Say?"

    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, readonly=True
    )
    day = fields.Date(
        string="On",
        required=True,
        compute="_compute_day",
        store=True,
        readonly=False,
    )
    pack_id = fields.Many2one("billing.law.pack", compute="_compute_answer")
    answer = fields.Html(compute="_compute_answer")

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_day(self):
        for question in self:
            company = question.move_id.company_id or self.env.company
            question.day = company._billing_today()

    @api.depends("move_id", "day")
    @api.depends_context("lang")
    def _compute_answer(self):
        packs = self.env["billing.law.pack"]
        for question in self:
            if not question.move_id or not question.day:
                question.pack_id = question.answer = False
                continue
            move, day = question.move_id, question.day
            pack = packs._for(move.company_id, day)
            question.pack_id = pack and packs.search([("code", "=", pack.code)])
            question.answer = question._answer(pack, move._billing_debts(day)[move.id])

    # === HELPERS === #

    def _answer(self, pack, debt):
        """Return the answers as a table: one row for each thing one could do."""
        if pack is None:
            return self._list(law.may_send(None, "reminder", debt, self.day).reasons)
        labels = dict(
            self.env["billing.law.rule"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        rows = [
            self._letter_row(pack, kind, labels[kind], debt)
            for kind in law.FEE_KINDS
            if kind in pack.rules
        ]
        if pack.compensation_code:
            verdict = law.compensation(pack, debt, self.day)
            rows.append(
                self._row(self.env._("Compensation for late payment"), [verdict])
            )
        rows.append(self._interest_row(pack, debt))
        return Markup('<table class="table table-sm"><tbody>%s</tbody></table>') % (
            Markup("").join(rows)
        )

    def _letter_row(self, pack, kind, label, debt):
        verdicts = []
        if kind in law.KINDS:
            verdicts.append(law.may_send(pack, kind, debt, self.day))
        if pack.rules[kind].fee_code:
            verdicts.append(law.fee(pack, kind, debt, self.day))
        first = self._first_days(pack, kind, debt, verdicts)
        return self._row(label, verdicts, first)

    def _first_days(self, pack, kind, debt, verdicts):
        """Return the first day of the letter and of its fee, where that is to come."""
        lines = []
        if kind in law.KINDS:
            day = law.earliest(pack, kind, debt)
            if day and not verdicts[0].allowed and day != verdicts[0].from_day:
                lines.append(
                    self.env._("First day: %(day)s.", day=format_date(self.env, day))
                )
        if pack.rules[kind].fee_code:
            day = law.earliest(pack, kind, debt, with_fee=True)
            if day and not verdicts[-1].allowed and day != verdicts[-1].from_day:
                lines.append(
                    self.env._(
                        "First day with a fee: %(day)s.",
                        day=format_date(self.env, day),
                    )
                )
        return lines

    def _interest_row(self, pack, debt):
        """Return what late interest comes to if nothing was paid since the due date."""
        label = self.env._("Late interest")
        paragraph = pack.paragraphs["interest"]
        first = law.interest_from(pack, debt.due)
        rates = interest.interest_rates(pack)
        through = min(self.day, interest.known_through(rates, first) or debt.due)
        lines = []
        if through < self.day and first <= self.day:
            lines.append(
                self.env._(
                    "No rate is on record after %(day)s; it is never carried forward.",
                    day=format_date(self.env, max(through, debt.due)),
                )
            )
        currency = self.move_id.company_currency_id
        periods = interest.late_interest(
            rates,
            [(debt.due, max(debt.principal, Decimal(0)))],
            first,
            through,
            pack.day_count,
            Decimal(str(currency.rounding)),
        )
        for period in periods:
            lines.append(
                self.env._(
                    "%(start)s–%(end)s: %(days)s days at %(rate)s %% on %(base)s = "
                    "%(amount)s.",
                    start=format_date(self.env, period.start),
                    end=format_date(self.env, period.end),
                    days=period.days,
                    rate=formatLang(self.env, float(period.rate)),
                    base=format_amount(self.env, float(period.base), currency),
                    amount=format_amount(self.env, float(period.amount), currency),
                )
            )
        if not lines:
            lines.append(self.env._("Nothing yet."))
        lines[-1] = f"{lines[-1]} ({paragraph})" if paragraph else lines[-1]
        return self._markup(label, bool(periods), lines)

    def _row(self, label, verdicts, extra=()):
        """Return a row: a mark, a name, and the sentences of some verdicts."""
        lines = []
        for verdict in verdicts:
            for line in self._sentences(verdict.reasons):
                if line not in lines:
                    lines.append(line)
        return self._markup(label, verdicts[0].allowed, [*lines, *extra])

    def _sentences(self, reasons):
        return self.env["billing.law.pack"]._words(
            reasons, self.pack_id.currency_id or self.move_id.company_currency_id
        )

    def _list(self, reasons):
        return Markup("<ul>%s</ul>") % Markup("").join(
            Markup("<li>%s</li>") % line for line in self._sentences(reasons)
        )

    def _markup(self, label, is_allowed, lines):
        icon = "fa-check text-success" if is_allowed else "fa-ban text-muted"
        title = self.env._("Allowed") if is_allowed else self.env._("Not allowed")
        return Markup(
            '<tr><td><i class="fa %s" role="img" aria-label="%s" title="%s"></i></td>'
            "<th>%s</th><td>%s</td></tr>"
        ) % (
            icon,
            title,
            title,
            label,
            Markup("<br/>").join(line for line in lines),
        )
