from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    billing_debit_no_offers_on = fields.Date(
        string="Wants No Offers Since",
        copy=False,
        groups="billing_base.group_billing_user",
        help="The customer said no to messages that tell of direct debit.",
    )

    # === BUSINESS METHODS === #

    def _billing_decline_offers(self, company, actor="customer", dedup_key=None):
        """Note that customers want no offers, on any address. Safe to call again.

        :param company: the ``res.company`` that hears of it
        :param str actor: who says so, of ``billing.event``
        :param str dedup_key: of the event
        :return: None
        """
        customers_sudo = self.sudo().commercial_partner_id.filtered(
            lambda partner: not partner.billing_debit_no_offers_on
        )
        customers_sudo.billing_debit_no_offers_on = company._billing_today()
        points_sudo = (
            self.env["billing.contact.point"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("partner_id", "child_of", self.commercial_partner_id.ids),
                    ("consent_marketing", "=", True),
                ]
            )
        )
        points_sudo.consent_marketing = False
        self.env["billing.event"]._log(
            [
                {
                    "kind": "debit.offer_declined",
                    "partner_id": customer.id,
                    "company_id": company.id,
                    "actor": actor,
                    "dedup_key": dedup_key,
                }
                for customer in customers_sudo
            ]
        )
