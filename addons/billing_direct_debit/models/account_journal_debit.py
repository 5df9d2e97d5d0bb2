from odoo import models

from odoo.addons.billing_bank_file.models.account_journal import bare_account


class AccountJournal(models.Model):
    """Files on direct debit find their journal by what was agreed with the bank."""

    _inherit = "account.journal"

    def _billing_told_by_day(self, withdrawals=False):
        """Extend: what Autogiro draws and gives back are sums on the statement."""
        agreements_sudo = (
            self.env["billing.debit.agreement"]
            .sudo()
            .search([("journal_id", "in", self.ids), ("scheme", "=", "autogiro")])
        )
        return super()._billing_told_by_day(withdrawals) | self.browse(
            agreements_sudo.journal_id.ids
        )

    def _billing_has_account(self, account):
        """Extend with the account and bankgiro number of the agreements."""
        if super()._billing_has_account(account):
            return True
        agreements_sudo = (
            self.env["billing.debit.agreement"]
            .sudo()
            .search([("journal_id", "=", self.id)])
        )
        return any(agreement._has_account(account) for agreement in agreements_sudo)


class BillingDebitAgreement(models.Model):
    _inherit = "billing.debit.agreement"

    def _has_account(self, account):
        """Whether a file about an account or bankgiro number is for this agreement.

        :param account: as in a bank file, letters and digits only
        """
        self.ensure_one()
        own = (
            self.account_number if self.scheme == "avtalegiro" else self.bankgiro_number
        )
        return bool(own) and bare_account(own) == bare_account(account)
