from odoo import models
from odoo.exceptions import UserError

from odoo.addons.billing_dynamic_distribution.core.channel import ChannelError


class BillingChannelLetter(models.AbstractModel):
    _inherit = "billing.channel.letter"

    def _letter_files(self, attempt_sudo):
        """Override of `billing_dynamic_distribution`: a reminder is all there is."""
        reminder_sudo = attempt_sudo.reminder_id
        if not reminder_sudo:
            return super()._letter_files(attempt_sudo)
        return "", [("", reminder_sudo.pdf_attachment_id)]


class BillingChannelSms(models.AbstractModel):
    _inherit = "billing.channel.sms"

    def _render(self, attempt):
        """Override of `billing_dynamic_distribution`: the reminder's own words."""
        reminder_sudo = attempt.sudo().reminder_id
        if not reminder_sudo:
            return super()._render(attempt)
        try:
            text = reminder_sudo._get_template()._render_field(
                "billing_sms_text", reminder_sudo.ids, compute_lang=True
            )[reminder_sudo.id]
        except UserError as error:
            raise ChannelError(
                "soft", "template", str(error), address_fault=False
            ) from error
        return text or ""
