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
        customers = self.commercial_partner_id
        memory = self.env["billing.payer.memory"]
        events = []
        for customer in customers:
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
        return True
