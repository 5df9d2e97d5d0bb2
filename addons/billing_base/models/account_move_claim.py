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

    def _billing_installations(self):
        """Return which installations the invoices are about, in batch.

        All of the customer's with the company; addons that know better which lines
        are about what extend it.

        :return: by id of the invoice, without those of customers who have none
        :rtype: dict[int, billing.installation]
        """
        rows = self.env["billing.installation"]._read_group(
            [
                ("partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ],
            ["partner_id", "company_id"],
            ["id:recordset"],
        )
        found = {(partner, company): records for partner, company, records in rows}
        return {
            move.id: found[move.commercial_partner_id, move.company_id]
            for move in self
            if (move.commercial_partner_id, move.company_id) in found
        }
