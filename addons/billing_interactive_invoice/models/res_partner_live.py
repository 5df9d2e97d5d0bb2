from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    billing_visit_count = fields.Integer(
        string="Visits",
        compute="_compute_billing_visits",
        groups="billing_base.group_billing_user",
        help="How often the customer has had pages of invoices before them.",
    )
    billing_last_visit_at = fields.Datetime(
        string="Last Visit",
        compute="_compute_billing_visits",
        groups="billing_base.group_billing_user",
    )

    def _compute_billing_visits(self):
        """The visits to the invoices of the customer, whoever in their house came."""
        readers = self.env["billing.page.reader"]
        for partner in self:
            [(visits, last)] = readers._read_group(
                partner._billing_readers_domain(), [], ["visits:sum", "seen_at:max"]
            )
            partner.billing_visit_count = visits or 0
            partner.billing_last_visit_at = last

    def action_billing_readers(self):
        """Open what was seen of the customer's invoices."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_interactive_invoice.billing_page_reader_action"
        )
        action["domain"] = self._billing_readers_domain()
        return action

    def _billing_readers_domain(self):
        return [
            ("move_id.commercial_partner_id", "=", self.commercial_partner_id.id),
        ]
