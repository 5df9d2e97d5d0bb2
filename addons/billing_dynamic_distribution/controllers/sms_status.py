from odoo.http import request, route

from odoo.addons.sms.controllers.main import SmsController


class SmsStatusController(SmsController):
    """Reports of Odoo's own SMS service, which may be about our messages."""

    @route()
    def update_sms_status(self, message_statuses):
        """Override of `sms`: attempts that went through Odoo's service move too."""
        result = super().update_sms_status(message_statuses)
        reports_sudo = request.env["billing.sms.report"].sudo()
        for status in message_statuses:
            reports_sudo._receive_odoo(status["uuids"], status["sms_status"])
        return result
