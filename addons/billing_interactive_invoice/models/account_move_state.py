from markupsafe import Markup

from odoo import models
from odoo.tools import formatLang
from odoo.tools.misc import babel_locale_parse, get_lang

from ..core import standing as core_standing
from ..core.section import Section
from ..core.wording import long_day


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS - HOW IT STANDS === #

    def _billing_standings(self):
        """Return how the invoices stand, as their customers see it, in batch.

        :return: by id
        :rtype: dict[int, core.standing.Standing]
        """
        return {
            move_id: core_standing.judge(facts)
            for move_id, facts in self._billing_standing_facts().items()
        }

    def _billing_standing_facts(self):
        """Return what is known of the invoices today, in batch.

        :return: by id
        :rtype: dict[int, core.standing.Facts]
        """
        debits = self._billing_debits()
        collections = self._billing_collections()
        agreements = self._billing_agreements()
        return {
            move.id: core_standing.Facts(
                today=move.company_id._billing_today(),
                total=move.amount_total,
                residual=0.0 if move.state == "cancel" else move.amount_residual,
                terms=move._billing_open_terms(),
                unit=move.currency_id.rounding,
                cancelled=move.state == "cancel",
                reversed_=move.payment_state == "reversed",
                refund=move.move_type == "out_refund",
                blocked=move.payment_state == "blocked",
                debit=debits[move.id].day if move.id in debits else None,
                collection=move.id in collections,
                **move._billing_settled(),
                **move._billing_agreed(agreements.get(move.id, ())),
            )
            for move in self
        }

    def _billing_open_terms(self):
        """Return the parts of the invoice by due date, with what is open of each.

        :rtype: tuple[core.standing.Term, ...]
        """
        self.ensure_one()
        return tuple(
            core_standing.Term(
                line.date_maturity or self.invoice_date_due or None,
                abs(line.amount_residual_currency),
            )
            for line in self.line_ids
            if line.display_type == "payment_term"
        )

    def _billing_agreed(self, agreements):
        """Return what the customer arranged, objects to, or has paid unseen.

        :param agreements: ``core.self_service.Agreement`` objects in force
        :return: of the fields of ``core.standing.Facts``
        :rtype: dict
        """
        self.ensure_one()
        # Paid online, and not confirmed by the provider yet.
        under_way = sum(self._billing_payments_under_way().mapped("amount"))
        result = {"disputed": 0.0}
        for agreement in agreements:
            # What is said about none of it in particular is said about all of it.
            amount = min(agreement.amount or self.amount_residual, self.amount_residual)
            match agreement.kind, agreement.state:
                case "dispute", _:
                    whole = agreement.is_whole
                    result["disputed"] += self.amount_residual if whole else amount
                case "claim", _ if amount < self.amount_residual:
                    under_way += amount
                case "claim", _:
                    result["claim_checked"] = True
                case "promise", "active":
                    result["promised"] = agreement.day
                case "split", "active" if agreement.next_part:
                    part = agreement.next_part
                    result["part_due"] = part.day
                    result["part"] = part.amount - part.paid
                case _, "waiting":
                    result["asked"] = True
        return {**result, "under_way": under_way}

    def _billing_settled(self):
        """Return what of the invoice has been paid and what has been credited.

        :return: ``received`` and ``credited``, in the currency of the invoice
        :rtype: dict[str, float]
        """
        self.ensure_one()
        result = {"received": 0.0, "credited": 0.0}
        for partial, counterpart in self._billing_partials():
            credit = counterpart.move_type in ("out_refund", "out_invoice")
            result["credited" if credit else "received"] += (
                partial.debit_amount_currency
                if self.move_type == "out_invoice"
                else partial.credit_amount_currency
            )
        return result

    def _billing_partials(self):
        """Return what the invoice was reconciled with, without exchange differences.

        :return: pairs of ``account.partial.reconcile`` and the move on the other side
        :rtype: list[tuple]
        """
        self.ensure_one()
        return [
            (partial, other.move_id)
            # One by one, each with the lines of all invoices at its back: so they
            # are read at once.
            for line in self.line_ids
            if line.display_type == "payment_term"
            for partials, side in (
                (line.matched_credit_ids, "credit_move_id"),
                (line.matched_debit_ids, "debit_move_id"),
            )
            for partial in partials
            for other in partial[side]
            if other.move_id != partial.exchange_move_id
        ]

    # === BUSINESS METHODS - WORDS === #

    def _billing_page_sections(self, visitor):
        """Override: the first section says how the invoice stands."""
        return [
            *super()._billing_page_sections(visitor),
            self._billing_state_section(),
        ]

    def _billing_state_section(self):
        """Return the section that says how the invoice stands.

        :rtype: core.section.Section
        """
        facts = self._billing_standing_facts()[self.id]
        standing = core_standing.judge(facts)
        return Section(
            "state",
            "billing_interactive_invoice.page_state",
            {
                "standing": standing,
                "title": self._billing_state_title(standing, facts),
                "lines": self._billing_state_lines(standing, facts),
                "rows": self._billing_state_rows(standing, facts),
                "facts": facts,
            },
            sequence=10,
        )

    def _billing_amount(self, amount, name=""):
        """Return an amount of the invoice in words of the page's language.

        :param float amount: in the currency of the invoice
        :param str name: of the value, by which a page that is open sees that it changed
        :rtype: Markup
        """
        text = formatLang(self.env, amount, currency_obj=self.currency_id)
        return Markup('<span class="k-nowrap" data-value="%s">%s</span>') % (name, text)

    def _billing_day(self, day, name="", weekday=True):
        """Return a day in words of the page's language: «Tuesday 1 December».

        :param date day: to say
        :param str name: of the value, as for :meth:`_billing_amount`
        :param bool weekday: whether to say the day of the week
        :rtype: Markup
        """
        text = long_day(
            day,
            self.company_id._billing_today(),
            babel_locale_parse(get_lang(self.env).code),
            weekday=weekday,
        )
        return Markup('<time datetime="%s" data-value="%s">%s</time>') % (
            day.isoformat(),
            name,
            text,
        )

    def _billing_state_title(self, standing, facts):
        """Return the one sentence that the page begins with.

        :rtype: Markup
        """
        code = standing.code
        paid_on = self._billing_paid_on() if code == "paid" else None
        collection = self._billing_collections().get(self.id)
        if code == "paid" and paid_on:
            code = "paid_on"
        if code == "open" and not standing.day:
            code = "undated"
        elif code in ("open", "today", "overdue") and not facts.is_nothing(
            facts.received
        ):
            code = f"{code}_rest"
        day = standing.day or paid_on
        # What is open of it all goes by one name wherever it stands.
        name = "amount" if facts.is_nothing(standing.rest) else "to_pay"
        return Markup.escape(self._billing_state_titles()[code]) % {
            "amount": self._billing_amount(standing.amount, name),
            "received": self._billing_amount(facts.received, "received"),
            "day": self._billing_day(day, "due", weekday=not paid_on) if day else "",
            "agency": collection.agency if collection else "",
        }

    def _billing_state_titles(self):
        """Return the sentences there are, by code of the state."""
        _ = self.env._
        return {
            "cancelled": _("This invoice is cancelled."),
            "credited": _("This invoice is credited."),
            "refund": _("You get %(amount)s back."),
            "refunded": _("This credit note for %(amount)s is settled."),
            "nothing": _("There is nothing to pay."),
            "paid": _("Paid. Thank you!"),
            "paid_on": _("Paid on %(day)s. Thank you!"),
            "collection": _("This invoice is with %(agency)s for collection."),
            "disputed": _("You told us that something is wrong. We are looking at it."),
            "paused": _("You do not have to pay this invoice now."),
            "checking": _("Your payment of %(amount)s is being checked."),
            "debit": _("%(amount)s is drawn from your account on %(day)s."),
            "claimed": _(
                "You told us that you have paid. We are looking for your payment."
            ),
            "promised": _("You have promised to pay %(amount)s by %(day)s."),
            "asked": _(
                "You have asked for more time to pay %(amount)s. We answer soon."
            ),
            "plan": _("The next part to pay is %(amount)s, by %(day)s."),
            "overdue": _("%(amount)s was due on %(day)s."),
            "overdue_rest": _(
                "We have received %(received)s. %(amount)s was due on %(day)s."
            ),
            "today": _("You have %(amount)s to pay today."),
            "today_rest": _(
                "We have received %(received)s. %(amount)s is left to pay today."
            ),
            "undated": _("You have %(amount)s to pay."),
            "open": _("You have %(amount)s to pay by %(day)s."),
            "open_rest": _(
                "We have received %(received)s. %(amount)s is left to pay by %(day)s."
            ),
        }

    def _billing_state_lines(self, standing, facts):
        """Return what the sentence means for the customer, and what comes besides.

        :rtype: list[Markup]
        """
        _ = self.env._
        meanings = {
            "cancelled": _(
                "You do not have to pay it. If you have paid it already, write to us "
                "and we put it right."
            ),
            "credited": _("You do not have to pay it."),
            "refund": _("This is a credit note: there is nothing to pay."),
            "refunded": _("There is nothing you have to do."),
            "paid": _("There is nothing more to pay on this invoice."),
            "collection": _("Please pay to them, and talk to them about it."),
            "disputed": _(
                "You need not pay before you have our answer, and we send no reminder "
                "while we look."
            ),
            "paused": _("We have put it on hold. You hear from us before it goes on."),
            "checking": _(
                "There is nothing you have to do. This page tells you when it has "
                "arrived."
            ),
            "debit": _(
                "You have %(scheme)s, so there is nothing you have to do. Just see "
                "that there is enough on the account."
            ),
            "claimed": _(
                "It can take two bank days before we see a payment. There is nothing "
                "you have to do."
            ),
            "promised": _("We send no reminder before that."),
            "overdue": _(
                "Please pay it now, or choose below what suits you better. If you "
                "paid in the last days, it may still be on its way."
            ),
        }
        debit = self._billing_debits().get(self.id)
        collection = self._billing_collections().get(self.id)
        values = {
            "scheme": debit.scheme if debit else "",
            "contact": collection.contact if collection else "",
            "reference": collection.reference if collection else "",
            "amount": self._billing_amount(facts.disputed, "disputed"),
        }
        lines = [meanings[standing.code]] if standing.code in meanings else []
        if standing.code == "collection":
            if collection.contact:
                lines.append(_("How to reach them: %(contact)s"))
            if collection.reference:
                lines.append(_("Number of your case: %(reference)s"))
        lines = [Markup.escape(line) % values for line in lines]
        if standing.is_payable:
            lines += self._billing_state_besides(standing, facts)
        return lines

    def _billing_state_besides(self, standing, facts):
        """Return what there is to know besides what has to be paid now.

        :rtype: list[Markup]
        """
        lines = []
        later = standing.rest
        if not facts.is_nothing(facts.disputed):
            later -= facts.disputed
            lines.append(
                self.env._(
                    "You need not pay the %(amount)s that you object to before you "
                    "have our answer.",
                    amount=self._billing_amount(facts.disputed, "disputed"),
                )
            )
        if not facts.is_nothing(facts.under_way):
            later -= facts.under_way
            lines.append(
                self.env._(
                    "Your payment of %(amount)s is being checked.",
                    amount=self._billing_amount(facts.under_way, "under_way"),
                )
            )
        if not facts.is_nothing(facts.credited):
            lines.append(
                self.env._(
                    "We have taken off %(amount)s.",
                    amount=self._billing_amount(facts.credited, "credited"),
                )
            )
        if not facts.is_nothing(later):
            lines.append(
                self.env._(
                    "After that, %(amount)s is left to pay.",
                    amount=self._billing_amount(later, "later"),
                )
            )
        return lines

    def _billing_state_rows(self, standing, facts):
        """Return the figures of the invoice: what they are called, and what they are.

        :rtype: list[tuple[str, Markup]]
        """
        _ = self.env._
        refund = facts.refund
        taken = facts.credited + (facts.received if refund else 0.0)
        rows = [(_("Credit note") if refund else _("Invoice"), self.name)]
        if self.invoice_date:
            issued = self._billing_day(self.invoice_date, "date", weekday=False)
            rows.append((_("Date"), issued))
        rows.append((_("Amount"), self._billing_amount(facts.total, "total")))
        if not refund and not facts.is_nothing(facts.received):
            rows.append((_("Paid"), self._billing_amount(facts.received, "received")))
        if not facts.is_nothing(taken):
            label = _("Settled") if refund else _("Taken off")
            rows.append((label, self._billing_amount(taken, "credited")))
        if not facts.is_nothing(facts.residual):
            rows.append((_("Left"), self._billing_amount(facts.residual, "amount")))
            if standing.day and not refund:
                due = self._billing_day(standing.day, "due", weekday=False)
                rows.append((_("Due date"), due))
        return rows

    def _billing_paid_on(self):
        """Return the day on which the last payment came, or None.

        :rtype: date | None
        """
        self.ensure_one()
        days = [other.date for _partial, other in self._billing_partials()]
        return max(days, default=None)
