from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _billing_learned_channels(self, company):
        """Return the channel that reaches each of the customers best, in batch.

        For steps by «the customer's preferred channel». A customer who chose a channel
        is left out: the choice holds, whatever was learned.

        :param company: the ``res.company`` that writes
        :return: code of a channel by id of the commercial partner
        :rtype: dict[int, str]
        """
        preferences_sudo = (
            self.env["billing.distribution.preference"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("company_id", "=", company.id),
                    ("channel", "!=", False),
                ]
            )
        )
        return {
            preference.partner_id.id: preference.channel
            for preference in preferences_sudo
            if not preference.partner_id.with_company(company).invoice_sending_method
        }

    def _billing_learned_bands(self, company):
        """Return the part of the day in which each of the customers opens, in batch.

        :param company: the ``res.company`` that writes
        :return: code of ``core.hours.BANDS`` by id of the commercial partner
        :rtype: dict[int, str]
        """
        preferences_sudo = (
            self.env["billing.distribution.preference"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("company_id", "=", company.id),
                    ("band", "!=", False),
                ]
            )
        )
        return {
            preference.partner_id.id: preference.band for preference in preferences_sudo
        }
