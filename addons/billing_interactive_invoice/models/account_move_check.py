from odoo import api, models

from ..core import invoice_check

#: References are nearly unique; more than these with one are looked at by nobody.
MOST = 20


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _billing_check_genuine(self, reference, amount, account=""):
        """Return whether an invoice that somebody holds is one of ours.

        All of it must be right at once, so that nothing can be found out piece by
        piece: not whether there is such a reference, nor what is to pay on it.

        :param str reference: KID, OCR or other payment reference, as typed
        :param str amount: the total, or what is left to pay, as typed
        :param str account: to which it should be paid, as typed; may be empty
        :return: ``yes``; ``account``: it is ours, but not the account; or ``no``
        :rtype: str
        """
        references = invoice_check.references(reference)
        value = invoice_check.amount(amount)
        if not references or value is None:
            return "no"
        companies_sudo = self.env["res.company"].sudo().search([])
        moves_sudo = self.sudo().search(
            [
                # All of them: the index begins with the company.
                ("company_id", "in", companies_sudo.ids),
                ("payment_reference", "in", references),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ],
            limit=MOST,
        )
        moves_sudo = moves_sudo.filtered(
            lambda move: any(
                move.currency_id.compare_amounts(float(value), owed) == 0
                for owed in (move.amount_total, move.amount_residual)
            )
        )
        if not moves_sudo:
            return "no"
        typed = invoice_check.account(account)
        if not typed:
            return "yes"
        accounts_sudo = (
            moves_sudo.partner_bank_id | moves_sudo.company_id.partner_id.bank_ids
        )
        ours = any(
            invoice_check.is_same_account(bank.sanitized_acc_number or "", typed)
            for bank in accounts_sudo
        )
        return "yes" if ours else "account"
