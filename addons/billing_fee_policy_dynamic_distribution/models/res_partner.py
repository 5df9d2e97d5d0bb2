from odoo import models


class ResPartner(models.Model):
    """Reminders go the way that invoices go."""

    _inherit = "res.partner"

    def _billing_send_email(self, point, template, record, thread):
        """Override of `billing_base`: a reminder is a message of distribution."""
        if self._billing_is_distributed(template, record, "email"):
            return record._queue_attempt(point)
        return super()._billing_send_email(point, template, record, thread)

    def _billing_send_sms(self, point, template, record, thread):
        """Override of `billing_dynamic_distribution`: as with e-mails.

        Only a friendly reminder fits into an SMS.
        """
        if self._billing_is_distributed(template, record, "sms"):
            return bool(template.billing_sms_text) and record._queue_attempt(point)
        return super()._billing_send_sms(point, template, record, thread)

    def _billing_send_letter(self, point, template, record, thread):
        """Override of `billing_fee_policy`: who prints invoices prints reminders."""
        if not self._billing_is_distributed(template, record, "letter"):
            return super()._billing_send_letter(point, template, record, thread)
        company = record.company_id
        posted = company._bank_calendar().add_bank_days(
            company._billing_today(), company.billing_reminder_print_days
        )
        record._billing_redate(posted)
        return record._queue_attempt(point)

    def _billing_is_distributed(self, template, record, code):
        """Whether a message goes out as one of distribution.

        A reminder does, where the company has what its channel needs; what only speaks
        of one does not.

        :param str code: of the channel
        :rtype: bool
        """
        if record._name != "billing.reminder" or template != record._get_template():
            return False
        channel = self.env["billing.channel"]._get(code)
        return channel is not None and channel._is_available(record.company_id)
