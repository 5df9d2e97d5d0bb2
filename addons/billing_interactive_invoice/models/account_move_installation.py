from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_installations(self):
        """Override: the lines know which installations they are about."""
        installations = super()._billing_installations()
        rows = self.env["account.move.line"]._read_group(
            [("move_id", "in", self.ids), ("billing_installation_id", "!=", False)],
            ["move_id"],
            ["billing_installation_id:recordset"],
        )
        return installations | {move.id: records for move, records in rows}
