from odoo import fields, models

from ..core import state
from .screen import tell


class BillingDistributionAttempt(models.Model):
    _inherit = "billing.distribution.attempt"

    is_resent = fields.Boolean(
        string="Sent Again",
        compute="_compute_is_resent",
        help="It was sent again by hand. To send it once more, take the newer message.",
    )

    # === COMPUTE METHODS === #

    def _compute_is_resent(self):
        keys = {
            item: item._resend_key() for attempt in self for item in attempt.item_ids
        }
        known = set(
            self.env["billing.event"]
            .search([("dedup_key", "in", list(keys.values()))])
            .mapped("dedup_key")
        )
        for attempt in self:
            attempt.is_resent = bool(attempt.item_ids) and all(
                keys[item] in known for item in attempt.item_ids
            )

    # === ACTIONS === #

    def action_resend(self):
        """Send the messages again by the same channels, each once (button).

        :return: what to tell, as an action
        :rtype: dict
        """
        self.check_access("read")
        items = self.item_ids.filtered(lambda item: item.state not in state.UNSETTLED)
        sent = items._resend()
        self.invalidate_recordset(["is_resent"])
        if not sent:
            return tell(
                "warning",
                self.env._(
                    "Nothing is sent: it was sent again already, is paid, or there is "
                    "no address that works."
                ),
            )
        return tell(
            "success",
            self.env._(
                "%(count)s invoices are sent again, within the hours people may be "
                "written to.",
                count=len(sent),
            ),
        )
