from odoo import models


class BillingPayment(models.Model):
    _inherit = "billing.payment"

    def _record_decisions(self, decisions, actor="system"):
        """Extend: the OCA's screen forgets what it filled in before the decision."""
        res = super()._record_decisions(decisions, actor)
        lines_sudo = self.sudo().statement_line_id
        lines_sudo.filtered("reconcile_data").reconcile_data = False
        return res
