from markupsafe import Markup

from odoo import api, models
from odoo.tools import formatLang

from ..core import learning
from ..core.edits import EXTRA, MISSING, SWAPPED, WRONG
from ..core.weights import (
    ACCOUNT_NEW,
    ACCOUNT_OTHER,
    ACCOUNT_SAME,
    DELAY_STEPS,
    NAME_EXACT,
    NAME_INITIALS,
    NAME_OTHER,
    NAME_PART,
    NAME_SURNAME,
    NAME_TYPO,
    SAID_STEPS,
)


class BillingMatchWeights(models.Model):
    """Versions of the weights in words, for people to read."""

    _inherit = "billing.match.weights"

    def _group_words(self):
        """What the groups of weights are called, in the reader's language."""
        _ = self.env._
        return {
            "reference": _("How a reference arrives"),
            "kinds": _("What is wrong with a reference"),
            "names": _("The payer's name"),
            "accounts": _("The payer's account"),
            "remembered": _("Customers with a known account"),
            "delays": _("Days from the due date"),
            "amounts": _("The amount"),
            "part": _("Paid less than was open"),
            "more": _("Paid more than was open"),
            "several": _("Several invoices at once"),
            "bare": _("No reference of ours"),
            "foreign": _("A reference that is nothing of ours"),
            "stale": _("Reference of another invoice of the customer"),
            "told": _("The customer set on the statement line is the payer"),
            "calibrated": _("How often the likeliest invoice is right"),
        }

    def _category_words(self):
        """What the members of the groups are called, by group and category."""
        _ = self.env._
        days = [int(step) for step in DELAY_STEPS]
        delays = {
            str(upper): _("%(first)s to %(last)s", first=lower + 1, last=upper)
            for lower, upper in zip(days, days[1:], strict=False)
        }
        delays[str(days[0])] = _("up to %(last)s", last=days[0])
        delays[str(days[-1])] = _("from %(first)s", first=days[-2] + 1)
        for lower, upper in zip(days, days[1:], strict=False):
            if upper == lower + 1:
                delays[str(upper)] = str(upper)
        return {
            "reference": {
                learning.EXACT: _("as issued"),
                learning.ZEROS: _("leading zeros lost or added"),
                learning.ONE: _("one slip"),
                learning.TWO: _("two slips"),
            },
            "kinds": {
                WRONG: _("a digit is wrong"),
                MISSING: _("a digit is missing"),
                EXTRA: _("a digit is too many"),
                SWAPPED: _("two digits are swapped"),
            },
            "names": {
                NAME_EXACT: _("the customer's own"),
                NAME_PART: _("a word more or less"),
                NAME_INITIALS: _("initials"),
                NAME_TYPO: _("misspelt"),
                NAME_SURNAME: _("the same surname"),
                NAME_OTHER: _("another name"),
            },
            "accounts": {
                ACCOUNT_SAME: _("has paid for the customer before"),
                ACCOUNT_OTHER: _("has paid for others only"),
                ACCOUNT_NEW: _("never seen"),
            },
            "delays": delays,
            "calibrated": {
                str(said): _("evidence says %(share)s", share=self._written(said))
                for said in SAID_STEPS
            },
            "amounts": {
                learning.EQUAL: _("just what was open"),
                "other": _("another amount"),
            },
        }

    @api.model
    def _words(self, group, category):
        """A weight by name, in the reader's language.

        :return: (name of the group, name within the group)
        """
        within = self._category_words().get(group, {}).get(category, "")
        return self._group_words().get(group, group), within

    @api.model
    def _written(self, share):
        """A share in percent, with two significant digits or more of it and of what is
        missing to the whole.

        >>> self._written(0.00025), self._written(0.9995)
        ('0.025%', '99.95%')
        """
        percent = min(share, 1 - share) * 100
        digits = 1 if percent >= 10 or share > 0.9 else 2 if percent >= 1 else 3
        if share > 0.99:
            digits = 2
        if 0 < percent < 0.01:
            digits = 4
        percent = share * 100
        return f"{formatLang(self.env, percent, digits=digits)}%"

    @api.model
    def _as_table(self, rows, headings):
        """Rows of (group, category, texts…) as a table, each group named once."""
        if not rows:
            return Markup("")
        lines = Markup("")
        last = None
        for group, category, *texts in rows:
            group_text, within = self._words(group, category)
            cells = Markup("").join(
                Markup('<td class="text-end">%s</td>') % text for text in texts
            )
            if not within:
                # A share of all payments stands alone in its group.
                within, group_text = group_text, self.env._("Shares of all payments")
                group = ""
            if group != last:
                lines += Markup(
                    '<tr><th scope="rowgroup" colspan="%s">%s</th></tr>'
                ) % (len(texts) + 1, group_text)
                last = group
            lines += Markup('<tr><td class="ps-4">%s</td>%s</tr>') % (within, cells)
        head = Markup("").join(
            Markup('<th scope="col" class="text-end">%s</th>') % heading
            for heading in headings
        )
        return Markup(
            '<table class="table table-sm"><thead><tr><td></td>%s</tr></thead>'
            "<tbody>%s</tbody></table>"
        ) % (head, lines)

    @api.model
    def _summary(self, changes):
        """The change that matters most of each group, as a list for the chatter."""
        lines = Markup("")
        by_group = {}
        for change in changes:
            best = by_group.get(change.group)
            if not best or abs(change.after - change.before) > abs(
                best.after - best.before
            ):
                by_group[change.group] = change
        for change in by_group.values():
            group, within = self._words(change.group, change.category)
            name = f"{group}: {within}" if within else group
            lines += Markup("<li>%s</li>") % self.env._(
                "%(name)s: %(before)s, now %(after)s (%(count)s payments)",
                name=name,
                before=self._written(change.before),
                after=self._written(change.after),
                count=change.sample,
            )
        return Markup("<ul>%s</ul>") % lines
