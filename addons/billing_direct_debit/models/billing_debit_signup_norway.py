from decimal import Decimal

from odoo import api, fields, models

from ..core import e_agreement
from .billing_debit_signup import AWAITED


class BillingDebitSignup(models.Model):
    """Norway: to the page of the scheme and back, and the bank's record after that."""

    _inherit = "billing.debit.signup"

    # === BUSINESS METHODS === #

    def _form_fields(self, base):
        """Return what the form to the E-Agreement page holds.

        :param str base: address of this Odoo
        :rtype: tuple[tuple[str, str], ...]
        """
        self.ensure_one()
        agreement = self.agreement_id
        move = self.move_id
        # Who came by a link learns nothing of other invoices by it.
        highest = (
            move._billing_highest_amount()
            if self.is_known
            else Decimal(str(move.amount_total))
        )
        return e_agreement.form_fields(
            account=agreement.account_number,
            kid=self.kid,
            return_url=self._return_url(base),
            company_name=agreement._payee_shown(),
            limit=e_agreement.proposed_limit(highest),
            # We tell customers before each debit, unless the bank does.
            no_notice=agreement.bank_notice == "never",
        )

    def _came_back(self, said):
        """Note that the customer is back, and what the bank's page said: no proof.

        :param str said: what it added to the address
        :return: None
        """
        self.ensure_one()
        if self.state == "started":
            self.write({"state": "returned", "hint": said or False})
            self._log("signup.returned", actor="customer")

    @api.model
    def _find_waiting(self, mandate):
        """Return the attempts of a customer since a mandate of theirs was over.

        What the customer stopped, nobody who has but a link begins anew.

        :param mandate: ``billing.mandate`` that is over
        :rtype: billing.debit.signup
        """
        since = fields.Datetime.now() - AWAITED
        return self.sudo().search(
            [
                ("agreement_id", "=", mandate.agreement_id.id),
                ("partner_id", "=", mandate.partner_id.commercial_partner_id.id),
                ("state", "in", ("started", "returned")),
                ("kind", "=", "new"),
                ("is_known", "=", True),
                ("create_date", ">=", max(since, mandate.write_date)),
            ]
        )

    @api.model
    def _claim_mandates(self, mandates):
        """Give mandates that a bank told of to the customers who began here.

        :param mandates: ``billing.mandate`` that are active now
        :return: None
        """
        norwegian = mandates.filtered(
            lambda one: one.scheme == "avtalegiro" and one.kid_part
        )
        if not norwegian:
            return
        since = fields.Datetime.now() - AWAITED
        waiting_sudo = self.sudo().search(
            [
                ("agreement_id", "in", norwegian.agreement_id.ids),
                ("partner_id", "in", norwegian.partner_id.commercial_partner_id.ids),
                ("state", "in", ("started", "returned")),
                ("create_date", ">=", since),
            ]
        )
        by_customer = {}
        for signup_sudo in waiting_sudo:
            key = signup_sudo.agreement_id, signup_sudo.partner_id
            by_customer[key] = by_customer.get(key, self.sudo()) | signup_sudo
        for mandate_sudo in norwegian.sudo():
            key = (
                mandate_sudo.agreement_id,
                mandate_sudo.partner_id.commercial_partner_id,
            )
            found_sudo = by_customer.pop(key, None)
            if not found_sudo:
                continue
            # What the customer wanted last holds, and before it what a link did.
            latest_sudo = (found_sudo.filtered("is_known") or found_sudo)[0]
            found_sudo.write({"state": "done", "mandate_id": mandate_sudo.id})
            if latest_sudo.kind == "new":
                wants_open, is_known = latest_sudo.include_open, latest_sudo.is_known
                mandate_sudo.write(
                    {
                        "origin": "page",
                        "include_open": wants_open and is_known,
                        "include_move_id": wants_open
                        and not is_known
                        and latest_sudo.move_id.id,
                        "signed_at": mandate_sudo.signed_at or latest_sudo.create_date,
                    }
                )
