from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """Read at once, for all entries, what Odoo reads when it names each.

        By then the entries have changed, and reading has every item written first.
        """
        if self.env.context.get("billing_plain_items"):
            self.mapped("journal_line_ids")
        return super()._post(soft)
