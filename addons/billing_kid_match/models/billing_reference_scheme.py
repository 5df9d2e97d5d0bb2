from odoo import models


class BillingReferenceScheme(models.Model):
    """A way from a scheme to the designer."""

    _inherit = "billing.reference.scheme"

    # === ACTIONS === #

    def action_design(self):
        """Open the designer with this scheme beside others.

        :return: action that opens the designer
        :rtype: dict
        """
        self.ensure_one()
        return self.env["billing.reference.designer"]._open(self)
