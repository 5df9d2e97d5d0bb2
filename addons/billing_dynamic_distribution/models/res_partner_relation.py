from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

#: Comparisons that come down to «at least so many days».
_AT_LEAST = {">=": 0, ">": 1}
_LESS = {"<": 0, "<=": 1}


class ResPartner(models.Model):
    """How long somebody has been a customer: plans choose invoices by it."""

    _inherit = "res.partner"

    billing_relation_days = fields.Integer(
        string="Customer for Days",
        compute="_compute_billing_relation_days",
        search="_search_billing_relation_days",
        help="Days since the first invoice your company issued to the customer.",
    )

    # === COMPUTE METHODS === #

    @api.depends_context("company", "billing_date")
    def _compute_billing_relation_days(self):
        today = self.env.company._billing_today()
        first = dict(
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    *self._billing_issued_domain(),
                    ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                ],
                ["commercial_partner_id"],
                ["invoice_date:min"],
            )
        )
        for partner in self:
            since = first.get(partner.commercial_partner_id.sudo())
            partner.billing_relation_days = max((today - since).days, 0) if since else 0

    @api.model
    def _search_billing_relation_days(self, comparison, value):
        if comparison in _AT_LEAST:
            return self._billing_related_for(value + _AT_LEAST[comparison])
        if comparison in _LESS:
            return ~self._billing_related_for(value + _LESS[comparison])
        if comparison == "in":
            return Domain.OR(
                self._billing_related_for(days) & ~self._billing_related_for(days + 1)
                for days in value
            )
        return NotImplemented

    @api.model
    def _billing_related_for(self, days):
        """Return who has been a customer for so many days, as a domain.

        One invoice that is old enough says it; nothing has to be summed up.
        """
        if days <= 0:
            return Domain.TRUE
        before = self.env.company._billing_today() - timedelta(days=days)
        old = (
            self.env["account.move"]
            .sudo()
            ._search([*self._billing_issued_domain(), ("invoice_date", "<=", before)])
        )
        return Domain(
            "commercial_partner_id", "in", old.subselect("commercial_partner_id")
        )

    @api.model
    def _billing_issued_domain(self):
        return [
            ("company_id", "=", self.env.company.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("commercial_partner_id", "!=", False),
        ]
