from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_debits(self):
        """Return what will be drawn from customers' accounts for the invoices.

        Addons that draw money extend it: call ``super()`` and put in what is on its
        way to the bank or agreed to go there, with a constant number of queries.

        :return: by id of the invoice, without those that the customer pays
        :rtype: dict[int, core.claim.Debit]
        """
        return {}

    def _billing_collections(self):
        """Return which of the invoices have been handed over for collection.

        Addons that hand over extend it: call ``super()`` and put in what is with an
        agency today, with a constant number of queries.

        :return: by id of the invoice, without those that have not
        :rtype: dict[int, core.claim.Collection]
        """
        return {}
