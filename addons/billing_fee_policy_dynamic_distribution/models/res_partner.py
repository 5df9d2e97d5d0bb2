from odoo import models


class ResPartner(models.Model):
    """Reminders go the way that invoices go."""

    _inherit = "res.partner"

    def _billing_send_email(self, point, template, record, thread):
        """Override of `billing_base`: a reminder is a message of distribution."""
        if self._is_reminder(template, record):
            return record._queue_attempt(point)
        return super()._billing_send_email(point, template, record, thread)

    def _billing_send_sms(self, point, template, record, thread):
        """Override of `billing_dynamic_distribution`: as with e-mails.

        Only a friendly reminder fits into an SMS.
        """
        if self._is_reminder(template, record):
            return bool(template.billing_sms_text) and record._queue_attempt(point)
        return super()._billing_send_sms(point, template, record, thread)

    def _billing_send_letter(self, point, template, record, thread):
        """Override of `billing_fee_policy`: who prints invoices prints reminders."""
        if self._is_reminder(template, record):
            company = record.company_id
            channel = self.env["billing.channel"]._get("letter")
            if channel._is_available(company):
                posted = company._bank_calendar().add_bank_days(
                    company._billing_today(), company.billing_reminder_print_days
                )
                record._billing_redate(posted)
                if record._queue_attempt(point):
                    return True
        return super()._billing_send_letter(point, template, record, thread)

    def _is_reminder(self, template, record):
        """Whether a message is a reminder itself, and not only speaks of one."""
        return record._name == "billing.reminder" and template == record._get_template()
