from itertools import pairwise

from odoo import models
from odoo.tools import formatLang

from ..core.section import Section

#: Lines shown at once; the others are one tap away.
LINES_AT_ONCE = 6


class AccountMove(models.Model):
    """What the invoice is for."""

    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: lines, sums, and how much was used."""
        sections = super()._billing_page_sections(visitor)
        sections.append(
            Section(
                "lines",
                "billing_interactive_invoice.page_lines",
                {
                    **self._billing_lines_values(),
                    "used": self._billing_consumption(visitor),
                },
                sequence=40,
            )
        )
        return sections

    def _billing_page_words(self):
        """Override: what the chart says of a bar."""
        return {
            **super()._billing_page_words(),
            "bars_both": self.env._("{period}: {now}, the year before {before}"),
            "bars_now": self.env._("{period}: {now}"),
        }

    def _billing_lines_values(self):
        """Return what the lines and sums are drawn from."""
        self.ensure_one()
        lines = self._billing_shown_lines()
        for before, line in reversed(list(pairwise(lines))):
            # What is the same as on the line above need not be said again.
            for name in ("period", "installation"):
                if line.get(name) and line[name] == before.get(name):
                    line[name] = ""
        money = self.currency_id.format
        received = self.amount_total - self.amount_residual
        is_void = self.state == "cancel"
        return {
            "lines": lines[:LINES_AT_ONCE],
            "more_lines": lines[LINES_AT_ONCE:],
            "is_refund": self.move_type == "out_refund",
            "total": money(self.amount_total),
            "tax": money(self.amount_tax) if self.amount_tax else "",
            # Paid or credited: which of them, the history tells.
            "settled": money(received)
            if not is_void and self.currency_id.compare_amounts(received, 0) > 0
            else "",
            "left": money(self.amount_residual),
        }

    def _billing_shown_lines(self):
        """Return what the lines are drawn from, but for those that staff folded away.

        A section whose lines are folded shows their sum instead. Core's own way to tell
        which these are writes to lines and invoice while it reads.
        """
        shown = []
        section = subsection = None
        for line in self.invoice_line_ids.sorted("sequence"):
            kind = line.display_type
            if kind in ("line_section", "line_subsection"):
                values = {
                    "kind": kind,
                    "text": line.name or "",
                    "is_folded": line.collapse_composition or line.collapse_prices,
                    "sum": 0.0,
                }
                if kind == "line_section":
                    section, subsection = values, None
                elif section and section["is_folded"]:
                    continue
                else:
                    subsection = values
                shown.append(values)
                continue
            folded = [s for s in (section, subsection) if s and s["is_folded"]]
            if folded:
                folded[0]["sum"] += line.price_total
            elif kind == "product":
                shown.append(self._billing_line_values(line))
            else:
                shown.append({"kind": kind, "text": line.name or ""})
        for values in shown:
            if values.get("is_folded"):
                values["amount"] = self.currency_id.format(values["sum"])
        return shown

    def _billing_line_values(self, line):
        """Return what a line about a product is drawn from."""
        start, end = line.billing_period_start, line.billing_period_end
        return {
            "kind": "product",
            "text": line.name or line.product_id.name or "",
            "period": self._billing_period_text(start, end) if start and end else "",
            "installation": line.billing_installation_id.number or "",
            "quantity": self._billing_quantity_text(line),
            "amount": self.currency_id.format(line.price_total),
        }

    def _billing_quantity_text(self, line):
        """Return how much of what at which price, or nothing for one of a kind."""
        if line.quantity in (0, 1):
            return ""
        decimals = self.env["decimal.precision"].precision_get("Product Unit")
        quantity = formatLang(self.env, line.quantity, digits=decimals)
        return self.env._(
            "%(quantity)s %(unit)s at %(price)s",
            # 2.00 hours are two hours.
            quantity=formatLang(self.env, line.quantity, digits=0)
            if line.quantity == round(line.quantity)
            else quantity,
            unit=self._billing_unit(line.product_uom_id),
            price=self._billing_price(
                self._billing_minor(line.price_total) / line.quantity
            ),
        )
