from datetime import timedelta

import psycopg2

from odoo import models
from odoo.exceptions import UserError
from odoo.tools.misc import babel_locale_parse, get_lang

from ..core import self_service
from ..core.wording import long_day


class AccountMove(models.Model):
    """What customers arrange, report and object to: the forms of the page.

    Each method takes the visitor and what was typed, checks it against the rules as
    they are now, and returns the sentence that confirms it.
    """

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _billing_defer(self, visitor, day):
        """Move the due date, or ask to.

        :param core.visitor_rights.Visitor visitor: who asks
        :param date day: the new due date; None when it could not be read
        :return: confirmation
        :rtype: str
        :raises UserError: it is not offered, or the day lies outside
        """
        self.ensure_one()
        offer = self._billing_take_offer("deferral", day)
        before = self.invoice_date_due
        # Moved again: the last move is what counts.
        self._billing_requests_in_force().filtered(
            lambda request: request.kind == "deferral" and request.state == "active"
        )._close("done")
        request_sudo = self._billing_add_request(
            visitor,
            "deferral",
            day=day,
            old_day=before,
            amount=self.amount_residual,
            state="active" if offer.allowed else "waiting",
            check_on=day + timedelta(days=1),
        )
        if not offer.allowed:
            return self._billing_ask_staff(request_sudo, "deferral.asked")
        self._billing_set_due_date(day)
        request_sudo._log("deferral.granted", actor="customer")
        return self.env._(
            "Done. The new due date is %(day)s.", day=self._billing_in_words(day)
        )

    def _billing_split(self, visitor, count):
        """Pay in parts, or ask to.

        :param core.visitor_rights.Visitor visitor: who asks
        :param int count: number of parts; None when none was chosen
        :return: confirmation
        :rtype: str
        :raises UserError: it is not offered
        """
        self.ensure_one()
        offer = self._billing_self_service_offers()["split"]
        self._billing_refuse_offer(offer)
        plan = next((plan for plan in offer.plans if len(plan) == count), None)
        if not plan:
            raise UserError(self.env._("Choose in how many parts you want to pay."))
        unit = 10**self.currency_id.decimal_places
        request_sudo = self._billing_add_request(
            visitor,
            "split",
            day=plan[-1].day,
            amount=self.amount_residual,
            state="active" if offer.allowed else "waiting",
            part_ids=[
                (
                    0,
                    0,
                    {
                        "number": part.number,
                        "day": part.day,
                        "amount": part.amount / unit,
                    },
                )
                for part in plan
            ],
        )
        if not offer.allowed:
            return self._billing_ask_staff(request_sudo, "instalment.asked")
        request_sudo._plan_checks()
        request_sudo._log("instalment.planned", actor="customer")
        return self.env._(
            "Done. You pay %(amount)s by %(day)s, and the rest in the months after.",
            amount=self.currency_id.format(plan[0].amount / unit),
            day=self._billing_in_words(plan[0].day),
        )

    def _billing_promise(self, visitor, day):
        """Promise to pay on a day, or ask for a later one.

        :param core.visitor_rights.Visitor visitor: who promises
        :param date day: by when it is paid; None when it could not be read
        :return: confirmation
        :rtype: str
        :raises UserError: it is not offered, or the day lies outside
        """
        self.ensure_one()
        offer = self._billing_self_service_offers()["promise"]
        if not offer.allowed:
            raise UserError(self._billing_refusal(offer.reason))
        self._billing_refuse_day(offer, day)
        company = self.company_id
        hold_until = company._bank_calendar().add_bank_days(
            day, company.billing_page_grace_days
        )
        request_sudo = self._billing_add_request(
            visitor,
            "promise",
            day=day,
            amount=self.amount_residual,
            hold_until=hold_until,
            check_on=hold_until + timedelta(days=1),
        )
        request_sudo._log("promise.made", actor="customer")
        return self.env._(
            "Thank you. You pay by %(day)s, and until then you get no reminders.",
            day=self._billing_in_words(day),
        )

    def _billing_claim(self, visitor, day, amount, files=()):
        """Report that the invoice, or a part of it, is paid.

        :param core.visitor_rights.Visitor visitor: who says so
        :param date day: when; None when it could not be read
        :param int amount: minor units; None when it could not be read
        :param files: receipts, as ``_billing_store_uploads`` takes them
        :return: confirmation
        :rtype: str
        :raises UserError: it cannot be true, or a file is not taken
        """
        self.ensure_one()
        if not self._billing_may_claim():
            raise UserError(self._billing_refusal(self_service.NOTHING_OPEN))
        if not day:
            raise UserError(self.env._("Choose the day you paid on."))
        company = self.company_id
        today = company._billing_today()
        reason = self_service.refuse_paid(
            day, amount or 0, self.invoice_date or day, today
        )
        if reason:
            raise UserError(self._billing_refusal(reason))
        check_on = company._bank_calendar().add_bank_days(
            today, company.billing_page_claim_days
        )
        unit = 10**self.currency_id.decimal_places
        request_sudo = self._billing_add_request(
            visitor, "claim", day=day, amount=amount / unit, check_on=check_on
        )
        if files:
            self._billing_store_uploads(files, record=request_sudo)
        request_sudo._log("claim_paid.reported", actor="customer")
        request_sudo._look_for_payment()
        if request_sudo.state == "done":
            return self.env._("Thank you. We have found your payment.")
        return self.env._(
            "Thank you. We look for your payment, and until it is found you get no "
            "reminders."
        )

    def _billing_dispute(self, visitor, reason, text, amount=None, files=()):
        """Object to the invoice.

        :param core.visitor_rights.Visitor visitor: who objects
        :param str reason: of the reasons of ``billing.request``
        :param str text: in the customer's words
        :param int amount: what is wrong of it, minor units; None: all of it
        :param files: as ``_billing_store_uploads`` takes them
        :return: confirmation
        :rtype: str
        :raises UserError: something is missing, or a file is not taken
        """
        self.ensure_one()
        if not self._billing_may_dispute():
            raise UserError(self._billing_refusal(self_service.OFF))
        reasons = self.env["billing.request"]._fields["reason"].get_values(self.env)
        if reason not in reasons:
            raise UserError(self.env._("Choose what is wrong."))
        text = (text or "").strip()[:_LONGEST_TEXT]
        if not text:
            raise UserError(self.env._("Tell us in a few words what is wrong."))
        unit = 10**self.currency_id.decimal_places
        total = round(self.amount_total * unit)
        is_whole = amount is None or amount == total
        if not is_whole:
            refusal = self_service.refuse_dispute(amount, total)
            if refusal:
                raise UserError(self._billing_refusal(refusal))
        request_sudo = self._billing_add_request(
            visitor,
            "dispute",
            state="waiting",
            reason=reason,
            text=text,
            is_whole=is_whole,
            amount=(total if is_whole else amount) / unit,
        )
        if files:
            self._billing_store_uploads(files, record=request_sudo)
        request_sudo._log("dispute.opened", actor="customer")
        request_sudo._wait_for_staff()
        return self.env._(
            "Thank you for telling us. Somebody looks into it and answers you here. "
            "Until then you get no reminders."
        )

    def _billing_withdraw(self, visitor, request_id):
        """Take back what was asked for, reported or objected to.

        :param core.visitor_rights.Visitor visitor: who takes it back
        :param int request_id: id of the ``billing.request``
        :return: confirmation
        :rtype: str
        :raises UserError: it cannot be taken back (any more)
        """
        self.ensure_one()
        request_sudo = self._billing_requests_in_force().filtered(
            lambda request: request.id == request_id
        )
        if not request_sudo or not request_sudo._may_withdraw():
            raise UserError(self.env._("This has been answered already."))
        request_sudo._withdraw()
        return self.env._("Done. You have taken it back.")

    # === HELPERS === #

    def _billing_in_words(self, day, weekday=True):
        """Return a day as a sentence says it, in the language of the page.

        :param date day: to say
        :param bool weekday: whether to say the day of the week
        :rtype: str
        """
        return long_day(
            day,
            self.company_id._billing_today(),
            babel_locale_parse(get_lang(self.env).code),
            weekday=weekday,
        )

    def _billing_take_offer(self, kind, day):
        """Return the offer that ``day`` was chosen of.

        :raises UserError: it is not offered, or the day lies outside
        """
        offer = self._billing_self_service_offers()[kind]
        self._billing_refuse_offer(offer)
        self._billing_refuse_day(offer, day)
        return offer

    def _billing_refuse_offer(self, offer):
        """Raise when something is neither offered nor may be asked for."""
        if not (offer.allowed or offer.may_ask):
            raise UserError(self._billing_refusal(offer.reason))

    def _billing_refuse_day(self, offer, day):
        """Raise when a day lies outside of what is offered."""
        if not day:
            raise UserError(self.env._("Choose a day."))
        if offer.refuse_day(day):
            raise UserError(
                self.env._(
                    "Choose a day from %(first)s to %(last)s.",
                    first=self._billing_in_words(offer.earliest),
                    last=self._billing_in_words(offer.latest),
                )
            )

    def _billing_add_request(self, visitor, kind, **vals):
        """Create a request in superuser mode.

        :raises UserError: there is one like it
        """
        company = self.company_id
        requests_sudo = self.env["billing.request"].sudo()
        user_sudo = company.sudo().billing_page_case_user_id or self.invoice_user_id
        try:
            with self.env.cr.savepoint():
                request_sudo = requests_sudo.with_context(
                    mail_create_nolog=True
                ).create(
                    {
                        "kind": kind,
                        "move_id": self.id,
                        "company_id": company.id,
                        "partner_id": self.commercial_partner_id.id,
                        "currency_id": self.currency_id.id,
                        "asked_on": company._billing_today(),
                        "asked_by": visitor.kind,
                        "open_amount": self.amount_residual,
                        "user_id": user_sudo.id,
                        **vals,
                    }
                )
        except psycopg2.errors.UniqueViolation:
            raise UserError(self._billing_refusal(self_service.ARRANGED)) from None
        return request_sudo.with_context(mail_create_nolog=False)

    def _billing_ask_staff(self, request_sudo, event):
        """Let somebody decide on a request.

        :return: confirmation
        """
        request_sudo._log(event, actor="customer")
        request_sudo._wait_for_staff()
        return self.env._(
            "We have got your question. Somebody answers you here, and until then you "
            "get no reminders."
        )

    def _billing_refusal(self, reason):
        """Return a reason of ``core.self_service`` in the customer's words."""
        rules = self.company_id
        texts = {
            self_service.OFF: self.env._("This is not possible here."),
            self_service.NOTHING_OPEN: self.env._("There is nothing left to pay."),
            self_service.HANDED_OVER: self.env._(
                "Somebody else collects this invoice for us. Please ask them."
            ),
            self_service.DEBITED: self.env._(
                "The amount will be drawn from your account."
            ),
            self_service.DISPUTED: self.env._(
                "You have told us about this invoice, and we look into it first."
            ),
            self_service.ARRANGED: self.env._(
                "You have arranged or asked for something about this invoice already."
            ),
            self_service.OVERDUE: self.env._(
                "You have an invoice that is overdue. When it is paid, you can do "
                "this by yourself again."
            ),
            self_service.AMOUNT: self.env._(
                "The amount is larger than what you can arrange by yourself."
            ),
            self_service.SMALL: self.env._(
                "The amount is too small to be paid in parts of at least %(amount)s.",
                amount=rules.currency_id.format(rules.billing_page_split_least),
            ),
            self_service.TIMES: self.env._(
                "You have done this as often as you can by yourself."
            ),
            self_service.BROKEN: self.env._(
                "Something was arranged about this invoice before, and the payment "
                "did not arrive in time."
            ),
            self_service.LATE: self.env._("There is no later day you could choose."),
            self_service.IN_FUTURE: self.env._("Choose a day that is not to come."),
            self_service.TOO_OLD: self.env._(
                "That day lies long before the invoice was made. Choose the day you "
                "paid on."
            ),
            self_service.NO_AMOUNT: self.env._("Write the amount, such as 1249.50."),
            self_service.TOO_MUCH: self.env._(
                "That is more than the invoice, which is %(amount)s.",
                amount=self.currency_id.format(self.amount_total),
            ),
        }
        return texts[reason]


#: Characters of a text that are kept.
_LONGEST_TEXT = 4000
