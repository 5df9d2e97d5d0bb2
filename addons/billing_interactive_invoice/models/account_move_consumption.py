from datetime import timedelta
from fractions import Fraction

from babel.dates import format_date as babel_date
from babel.lists import format_list
from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import format_date, formatLang
from odoo.tools.misc import babel_locale_parse

from ..core import chart, consumption, visitor_rights

#: How far back earlier invoices are looked at: this year's bars and last year's.
MONTHS_BACK = 26
#: Bars at most: a year by months.
BARS = 12
#: Odoo's names of units whose symbols are written otherwise, in all languages.
SYMBOLS = {"KWH": "kWh", "MWH": "MWh"}


class AccountMove(models.Model):
    """How much was used, compared with before, and why the invoice is higher."""

    _inherit = "account.move"

    def _billing_consumption(self, visitor):
        """Return what the page says of the consumption, or nothing.

        Of several units the one that most money is charged by.

        :param core.visitor_rights.Visitor visitor: who looks
        :rtype: dict
        """
        self.ensure_one()
        unit, own = self._billing_metered_lines()
        period = consumption.whole(consumption.measured(map(_reading, own)))
        if not period or period.volume <= 0:
            return {}
        values = {
            "unit": self._billing_unit(unit),
            "volume": self._billing_volume(period.volume),
            "days": period.days,
            "a_day": self._billing_volume(period.volume / period.days),
            "chart": False,
            "reasons": [],
            "is_higher": False,
        }
        if self.move_type != "out_invoice" or not self._billing_may_compare(visitor):
            return values
        lines = own | self._billing_earlier_lines(unit, own, period)
        bills = self._billing_bills(lines)
        return {
            **values,
            **self._billing_consumption_chart(bills, period),
            **self._billing_comparisons(bills, period, unit),
        }

    def _billing_may_compare(self, visitor):
        """Whether the visitor sees what was used before.

        :rtype: bool
        """
        return (
            visitor.kind != visitor_rights.LINK
            or visitor.is_known
            or self.company_id.billing_page_compare_by_link
        )

    def _billing_metered_lines(self):
        """Return the lines about consumption, and the unit they have.

        :rtype: tuple[uom.uom, account.move.line]
        """
        lines = self.invoice_line_ids.filtered(
            lambda line: (
                line.display_type == "product"
                and line.product_uom_id.billing_is_consumption
                and line.billing_period_start
                and line.billing_period_end
            )
        )
        by_unit = lines.grouped("product_uom_id")
        if not by_unit:
            return self.env["uom.uom"], lines
        return max(
            by_unit.items(),
            key=lambda pair: (sum(pair[1].mapped("price_total")), -pair[0].id),
        )

    def _billing_earlier_lines(self, unit, own, period):
        """Return the lines of the customer's earlier invoices about the same.

        Of the same installations; lines without one are compared with such ones. What
        a customer before them used in the same place is not theirs to see.

        :param unit: the unit of the consumption
        :param own: the lines of this invoice
        :param core.consumption.Period period: that they are for
        :rtype: account.move.line
        """
        installations = own.billing_installation_id
        return self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "=", self.commercial_partner_id.id),
                ("billing_installation_id", "in", installations.ids or [False]),
                ("billing_period_start", "!=", False),
                (
                    "billing_period_start",
                    ">=",
                    period.start - relativedelta(months=MONTHS_BACK),
                ),
                ("billing_period_end", "<=", period.end),
                ("product_uom_id", "=", unit.id),
                ("display_type", "=", "product"),
                ("parent_state", "=", "posted"),
                ("currency_id", "=", self.currency_id.id),
                ("move_id", "!=", self.id),
                ("move_id.move_type", "=", "out_invoice"),
                # What was credited in full was never really charged.
                ("move_id.payment_state", "!=", "reversed"),
            ],
            order="id",
        )

    def _billing_bills(self, lines):
        """Return what was used and charged by invoice, this one included.

        :param lines: about consumption, of any number of invoices
        :return: period and bill by invoice, by day
        :rtype: list[tuple]
        """
        bills = []
        for move, of_move in lines.grouped("move_id").items():
            period = consumption.whole(consumption.measured(map(_reading, of_move)))
            if period:
                bill = consumption.Bill(
                    days=period.days,
                    volume=period.volume,
                    metered=self._billing_minor(sum(of_move.mapped("price_total"))),
                    total=self._billing_minor(move.amount_total),
                )
                bills.append((move, period, bill))
        return sorted(bills, key=lambda entry: (entry[1].end, entry[0].id))

    # === CHART === #

    def _billing_consumption_chart(self, bills, now):
        """Return the bars of a year, each beside the same period a year before."""
        # The same kilowatt hours on two invoices, for power and for the grid, are one.
        periods = list(dict.fromkeys(period for _move, period, _bill in bills))
        since = now.end - relativedelta(years=1) + timedelta(days=1)
        shown = [period for period in periods if period.end >= since][-BARS:]
        before = [
            consumption.volume_between(periods, *consumption.last_year(period))
            for period in shown
        ]
        if len(shown) < 2 and not any(before):
            return {}
        locale = babel_locale_parse(self.env.lang)
        pairs = chart.pairs(
            [(last, period.volume) for last, period in zip(before, shown, strict=True)]
        )
        bars = []
        for period, last, pair in zip(shown, before, pairs, strict=True):
            middle = period.start + (period.end - period.start) / 2
            bars.append(
                {
                    "pair": pair,
                    "initial": babel_date(middle, "LLLLL", locale=locale),
                    "period": self._billing_period_text(period.start, period.end),
                    "short": self._billing_period_text(
                        period.start, period.end, "LLL y"
                    ),
                    "now": self._billing_volume(period.volume),
                    "before": "" if last is None else self._billing_volume(last),
                    "is_this": period == now,
                }
            )
        return {
            "chart": bars,
            "chart_width": len(bars) * chart.STEP,
            "chart_height": chart.HEIGHT,
            "chart_step": chart.STEP,
            "has_last_year": any(last is not None for last in before),
        }

    # === COMPARISON === #

    def _billing_comparisons(self, bills, now, unit):
        """Return in words how the invoice differs from earlier ones, and why."""
        bill = next(bill for move, _period, bill in bills if move == self)
        earlier = [entry for entry in bills if entry[0] != self]
        previous = [entry for entry in earlier if entry[1].end < now.start]
        reasons = []
        is_higher = False
        if previous:
            # Of invoices for the same days, the one most like this one.
            _move, _period, before = max(
                previous,
                key=lambda entry: (
                    entry[1].end,
                    -abs(entry[2].total - entry[2].metered - bill.total + bill.metered),
                ),
            )
            reasons.append(self._billing_comparison(before, bill, unit, "previous"))
            is_higher |= bill.total > before.total
        first, last = consumption.last_year(now)
        likeness, same = max(
            (
                (consumption.alike(period, first, last), before)
                for _move, period, before in earlier
            ),
            key=lambda pair: pair[0],
            default=(0, None),
        )
        if same and likeness >= consumption.ALIKE:
            reasons.append(self._billing_comparison(same, bill, unit, "last_year"))
            is_higher |= bill.total > same.total
        return {"reasons": reasons, "is_higher": is_higher}

    def _billing_comparison(self, before, now, unit, with_what):
        """Return one sentence: how much more or less, and for what reasons."""
        difference = now.total - before.total
        if not difference:
            return {
                "previous": self.env._("As much as the invoice before."),
                "last_year": self.env._("As much as for the same time last year."),
            }[with_what]
        parts = [
            self._billing_reason(part, before, now, unit)
            for part in consumption.explain(
                before, now, least=10**self.currency_id.decimal_places
            )
        ]
        values = {
            "amount": self._billing_money(abs(difference)),
            "reasons": format_list(parts, locale=babel_locale_parse(self.env.lang)),
        }
        if with_what == "previous" and difference > 0:
            return self.env._(
                "%(amount)s more than the invoice before: %(reasons)s.", **values
            )
        if with_what == "previous":
            return self.env._(
                "%(amount)s less than the invoice before: %(reasons)s.", **values
            )
        if difference > 0:
            return self.env._(
                "%(amount)s more than for the same time last year: %(reasons)s.",
                **values,
            )
        return self.env._(
            "%(amount)s less than for the same time last year: %(reasons)s.", **values
        )

    def _billing_reason(self, part, before, now, unit):
        """Return one reason of a difference in words, with its figures."""
        values = {
            "amount": self._billing_money(abs(part.amount)),
            "unit": self._billing_unit(unit),
        }
        more = part.amount > 0
        if part.reason == consumption.DAYS:
            values.update(now=now.days, before=before.days)
            if more:
                return self.env._(
                    "%(amount)s more for more days (%(now)s, before %(before)s)",
                    **values,
                )
            return self.env._(
                "%(amount)s less for fewer days (%(now)s, before %(before)s)", **values
            )
        if part.reason == consumption.USAGE:
            values.update(
                now=self._billing_volume(now.volume / max(now.days, 1)),
                before=self._billing_volume(before.volume / max(before.days, 1)),
            )
            if more:
                return self.env._(
                    "%(amount)s more for higher use (%(now)s %(unit)s a day, before "
                    "%(before)s)",
                    **values,
                )
            return self.env._(
                "%(amount)s less for lower use (%(now)s %(unit)s a day, before "
                "%(before)s)",
                **values,
            )
        if part.reason == consumption.PRICE_PART:
            values.update(
                now=self._billing_price(Fraction(now.metered) / now.volume)
                if now.volume
                else self._billing_price(0),
                before=self._billing_price(Fraction(before.metered) / before.volume),
            )
            if more:
                return self.env._(
                    "%(amount)s more for a higher price (%(now)s for one %(unit)s, "
                    "before %(before)s)",
                    **values,
                )
            return self.env._(
                "%(amount)s less for a lower price (%(now)s for one %(unit)s, before "
                "%(before)s)",
                **values,
            )
        if more:
            return self.env._("%(amount)s more for the rest", **values)
        return self.env._("%(amount)s less for the rest", **values)

    # === HOW FIGURES ARE WRITTEN === #

    def _billing_minor(self, amount):
        """Return an amount in the smallest unit of the currency of the invoice."""
        return round(amount * 10**self.currency_id.decimal_places)

    def _billing_money(self, minor):
        """Return an amount of the smallest unit as people write it."""
        return self.currency_id.format(minor / 10**self.currency_id.decimal_places)

    def _billing_price(self, minor):
        """Return a price for one unit, to a hundredth of the smallest coin.

        :param minor: in the smallest unit of the currency
        """
        currency = self.currency_id
        whole = abs(minor - round(minor)) < 0.005
        digits = currency.decimal_places + (0 if whole else 2)
        price = formatLang(
            self.env, float(minor) / 10**currency.decimal_places, digits=digits
        )
        pair = (currency.symbol, price)
        return "\u00a0".join(pair if currency.position == "before" else pair[::-1])

    def _billing_unit(self, unit):
        """Return the name of a unit as people write it."""
        return SYMBOLS.get((unit.name or "").upper(), unit.name or "")

    def _billing_volume(self, volume):
        """Return a quantity as people write it: whole, or with a digit when small."""
        return formatLang(self.env, float(volume), digits=0 if volume >= 100 else 1)

    def _billing_period_text(self, start, end, month="LLLL y"):
        """Return a period in words: a whole month by its name, else its days.

        :param str month: how the name of a month is written, as CLDR has it
        """
        if start.day == 1 and (end + timedelta(days=1)).day == 1:
            if (start.year, start.month) == (end.year, end.month):
                locale = babel_locale_parse(self.env.lang)
                return babel_date(start, month, locale=locale)
        return self.env._(
            "%(start)s to %(end)s",
            start=format_date(self.env, start),
            end=format_date(self.env, end),
        )


def _reading(line):
    """Return what a line of an invoice says of the consumption."""
    return consumption.Reading(
        line.billing_period_start,
        line.billing_period_end,
        Fraction(str(line.quantity)),
        line.billing_installation_id.id,
        line.product_id.product_tmpl_id.billing_consumption or consumption.GUESS,
    )
