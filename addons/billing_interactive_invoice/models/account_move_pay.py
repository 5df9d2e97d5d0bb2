import pytz

from odoo import models
from odoo.tools import formatLang

from odoo.addons.billing_base.core import payment_part

from ..core import qr
from ..core.section import Section, digest

#: Providers of Odoo that only tell how to pay, and whose payments nobody checks.
TELLING_PROVIDERS = ("none", "custom")
#: What a code on the page is for.
CODE_PAYMENT = "payment"
CODE_PAGE = "page"


class AccountMove(models.Model):
    """How the customer pays: online, by what is typed into a bank, or by a code."""

    _inherit = "account.move"

    def _billing_page_sections(self, visitor):
        """Override: how to pay, while there is something to pay."""
        sections = super()._billing_page_sections(visitor)
        standing = self._billing_standings()[self.id]
        if self._billing_is_open() and standing.code != "collection":
            sections.append(
                Section(
                    "pay",
                    "billing_interactive_invoice.page_pay",
                    self._billing_pay_values(standing),
                    sequence=20,
                )
            )
        return sections

    def _billing_is_open(self):
        """Whether something of the invoice is left to pay, now or later.

        :rtype: bool
        """
        self.ensure_one()
        return bool(
            self.move_type in ("out_invoice", "out_receipt")
            and self.state == "posted"
            and self.payment_state not in ("paid", "reversed")
            and self.currency_id.compare_amounts(self.amount_residual, 0) > 0
        )

    def _billing_payable(self):
        """Return those of the invoices that customers are to pay now, in batch.

        :rtype: account.move
        """
        standings = self._billing_standings()
        return self.filtered(
            lambda move: move._billing_is_open() and standings[move.id].is_payable
        )

    def _billing_payments_under_way(self):
        """Return the online payments that are not in the books yet.

        Their providers have not confirmed them, or did so just now.

        :rtype: payment.transaction
        """
        return self.transaction_ids.filtered(
            lambda tx: (
                tx.provider_code not in TELLING_PROVIDERS
                if tx.state in ("pending", "authorized")
                else tx.state == "done" and not tx.is_post_processed
            )
        )

    def _billing_failed_payment_day(self):
        """Return the day on which the last online payment failed, or nothing.

        :return: in words of the page's language; nothing when a later one did not fail
        :rtype: Markup | str
        """
        tried = self.transaction_ids.filtered(lambda tx: tx.state != "draft")
        last = tried.sorted("id")[-1:]
        if last.state != "error":
            return ""
        moment = pytz.utc.localize(last.last_state_change or last.create_date)
        day = moment.astimezone(self.company_id._billing_zone()).date()
        return self._billing_day(day, weekday=False)

    def _billing_pay_choices(self, standing=None):
        """Return what the customer can choose to pay now, the usual first.

        What is due by the first sentence of the page, and all that is left; less a
        discount for paying early.

        :param core.standing.Standing standing: how the invoice stands, when known
        :return: ``part`` or ``all`` and the amount in the currency of the invoice
        :rtype: list[tuple[str, float]]
        """
        self.ensure_one()
        standing = standing or self._billing_standings()[self.id]
        terms = self._get_invoice_next_payment_values()
        everything = terms.get("amount_due", self.amount_residual)
        part = self.currency_id.round(standing.amount) if standing.is_payable else 0.0
        choices = [("all", everything)]
        compare = self.currency_id.compare_amounts
        if compare(part, 0) > 0 and compare(part, everything) < 0:
            choices.insert(0, ("part", part))
        return choices

    def _billing_pays_online(self):
        """Whether the customer can pay through one of Odoo's payment providers.

        :rtype: bool
        """
        self.ensure_one()
        if not self._has_to_be_paid() or self._billing_payments_under_way():
            return False
        providers_sudo = (
            self.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                self.company_id.id,
                self.partner_id.id,
                self.amount_residual,
                currency_id=self.currency_id.id,
            )
            # The page is drawn as superuser, to whom those for staff are shown too.
            .filtered("is_published")
        )
        return bool(
            self.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers_sudo.ids, self.partner_id.id, currency_id=self.currency_id.id
            )
        )

    # === WHAT IS SHOWN === #

    def _billing_pay_values(self, standing):
        """Return what the section about paying is drawn from.

        :param core.standing.Standing standing: how the invoice stands
        """
        choices = self._billing_pay_choices(standing)
        _which, amount = choices[0]
        code = self._billing_payment_code_text(amount)
        money = self.currency_id.format
        under_way = sum(self._billing_payments_under_way().mapped("amount"))
        return {
            "amount": money(amount),
            "is_payable": standing.is_payable,
            "is_online": standing.is_payable and self._billing_pays_online(),
            "under_way": money(under_way) if under_way else "",
            "failed_day": self._billing_failed_payment_day(),
            "rows": self._billing_pay_rows(amount),
            "payee": self._billing_payee(),
            "parts": [
                {
                    "number": part.number,
                    "day": self._billing_day(part.day, weekday=False),
                    "amount": money(part.amount),
                    "rest": money(part.amount - part.paid)
                    if part.paid and part.state != "paid"
                    else "",
                    "state": part.state,
                }
                for part in self._billing_payment_plans().get(self.id, ())
            ],
            "code": CODE_PAYMENT if code else CODE_PAGE,
            # Another amount is another picture.
            "code_version": digest(code) if code else None,
        }

    def _billing_payee(self):
        """Return the name that the account to pay to is held in."""
        bank_sudo = self.partner_bank_id.sudo()
        return bank_sudo.acc_holder_name or self.company_id.name

    def _billing_pay_account(self):
        """Return the account to pay to, as people in its country write it.

        :rtype: payment_part.Account
        """
        return payment_part.account(
            self.partner_bank_id.sudo().acc_number,
            self.company_id.country_id.code or "",
        )

    def _billing_pay_rows(self, amount):
        """Return what is typed into a bank, each with what a button copies.

        :param float amount: to pay
        :return: dicts of ``code``, ``label``, ``text`` and ``copy``
        :rtype: list[dict]
        """
        account = self._billing_pay_account()
        rows = []
        if self.payment_reference:
            rows.append(
                {
                    "code": "reference",
                    "label": self.env._("Reference number"),
                    "text": payment_part.reference_shown(self.payment_reference),
                    "copy": self.payment_reference,
                }
            )
        else:
            rows.append(
                {
                    "code": "reference",
                    "label": self.env._("Message"),
                    "text": self.name,
                    "copy": self.name,
                }
            )
        if account.number:
            labels = {
                payment_part.BANKGIRO: self.env._("Bankgiro"),
                payment_part.PLUSGIRO: self.env._("Plusgiro"),
                payment_part.IBAN: self.env._("IBAN"),
            }
            rows.append(
                {
                    "code": "account",
                    "label": labels.get(account.kind, self.env._("Account number")),
                    "text": account.shown,
                    "copy": account.number,
                }
            )
        rows.append(
            {
                "code": "amount",
                "label": self.env._("Amount"),
                "text": self.currency_id.format(amount),
                # Without the signs between thousands, which banks do not take.
                "copy": formatLang(
                    self.env,
                    amount,
                    digits=self.currency_id.decimal_places,
                    grouping=False,
                ),
            }
        )
        return rows

    # === CODES === #

    def _billing_payment_code_text(self, amount):
        """Return what a bank's app reads in a code, or nothing when there is none.

        Odoo's own code where the account has one, else the one that the company chose.

        :param float amount: to pay, in the currency of the invoice
        :rtype: str
        """
        self.ensure_one()
        bank_sudo = self.partner_bank_id.sudo()
        reference = self.payment_reference or self.name
        if self.display_qr_code and bank_sudo:
            chosen = bank_sudo._build_qr_code_vals(
                amount,
                reference,
                self.payment_reference,
                self.currency_id,
                self.partner_id,
                qr_method=self.qr_code_method or None,
            )
            params = chosen and bank_sudo._get_qr_code_generation_params(**chosen)
            # Codes with a picture in them are more than their text.
            if params and params.get("barcode_type") == "QR" and not params.get("mask"):
                return params["value"]
        account = self._billing_pay_account()
        if self.company_id.billing_payment_qr == "usingqr" and account.number:
            company = self.company_id
            return payment_part.using_qr(
                payee=self._billing_payee(),
                registry=company.company_registry or company.vat or "",
                country=company.country_id.code or "",
                reference=reference,
                issued=self.invoice_date,
                due=self.invoice_date_due,
                amount=amount,
                currency=self.currency_id.name,
                to=account,
                bic=bank_sudo.bank_bic or "",
            )
        return ""

    def _billing_code_svg(self, kind, page):
        """Return a code of the page as a picture.

        :param str kind: ``payment``, which a bank's app reads, or ``page``, which opens
            the page on the telephone that reads it
        :param core.page.Page page: addresses of the page
        :return: SVG, or nothing when there is no such code
        :rtype: str
        """
        self.ensure_one()
        if not self._billing_is_open():
            return ""
        text = ""
        if kind == CODE_PAYMENT:
            _which, amount = self._billing_pay_choices()[0]
            text = self._billing_payment_code_text(amount)
        elif kind == CODE_PAGE:
            text = self.get_base_url() + page.url()
        try:
            return qr.svg(text) if text else ""
        except ValueError:
            # A name of thousands of letters: the numbers are there all the same.
            return ""
