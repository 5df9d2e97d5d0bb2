from odoo import fields, models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    """Who has paid for a customer, and the right to have it forgotten."""

    _inherit = "res.partner"

    billing_payer_memory_ids = fields.One2many(
        "billing.payer.memory",
        "partner_id",
        string="Remembered Payers",
        groups="billing_base.group_billing_user",
    )

    billing_forget_payers = fields.Boolean(
        string="Never Remember Payers",
        help="For customers who object: what is remembered is erased, and payments "
        "teach nothing about this customer from now on.",
        groups="billing_base.group_billing_manager",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Extend: an objection erases what is there."""
        res = super().write(vals)
        if vals.get("billing_forget_payers"):
            self._billing_forget_payers()
        return res

    # === ACTIONS === #

    def action_billing_forget_payers(self):
        """Erase which accounts and names have paid for the customers, and when they
        usually pay, in the companies the user works in.

        What the bank reported stays: it is part of the books.

        :raises AccessError: for others than billing managers
        """
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise AccessError(
                self.env._("Only billing managers erase what is remembered of payers.")
            )
        self.check_access("read")
        self._billing_forget_payers()
        return True

    # === BUSINESS METHODS === #

    def _billing_forget_payers(self):
        """Erase what is remembered of who pays for the customers, and note it."""
        memory = self.env["billing.payer.memory"]
        events = []
        for customer in self.commercial_partner_id:
            counts = memory._forget_customers(customer, self.env.companies)
            events += [
                {
                    "kind": "payer.forgotten",
                    "partner_id": customer.id,
                    "company_id": company_id,
                    "actor": "staff",
                    "payload": {"count": count},
                }
                for company_id, count in counts.items()
            ]
        self.env["billing.event"]._log(events)
