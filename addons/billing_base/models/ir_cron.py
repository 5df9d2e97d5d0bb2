from odoo import models


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _notify_admin(self, message):
        """Override of `base`: core only writes to the log when it gives up a job.

        A job that stopped for good means reminders or bank files standing still, so
        the billing managers hear of it. Only jobs of the billing addons count.
        """
        result = super()._notify_admin(message)
        for cron in self:
            module = cron.sudo().get_external_id().get(cron.id, "").split(".")[0]
            if module.startswith("billing_"):
                cron.env.company._billing_alert(cron.name, message)
        return result
