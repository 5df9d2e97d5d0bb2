import hmac

from odoo.http import request, route

from odoo.addons.sms_twilio.controllers.controllers import SmsTwilioController
from odoo.addons.sms_twilio.tools.sms_twilio import (
    generate_twilio_sms_callback_signature,
)


class SmsTwilioAttemptController(SmsTwilioController):
    """Twilio's reports, which may be about our messages."""

    @route()
    def update_sms_status(
        self,
        uuid,
        SmsStatus=None,  # noqa: N803 - Twilio's names
        ErrorCode=None,  # noqa: N803
        ErrorMessage=None,  # noqa: N803
        **kwargs,
    ):
        """Override of `sms_twilio`: an attempt's report moves the attempt."""
        attempt_sudo = self._get_billing_attempt(uuid)
        if not attempt_sudo:
            return super().update_sms_status(
                uuid, SmsStatus, ErrorCode, ErrorMessage, **kwargs
            )
        if not self._validate_twilio_signature(request, uuid):
            return request.make_response("Forbidden", status=403)
        request.env["billing.sms.report"].sudo()._receive_twilio(
            uuid, SmsStatus, ErrorCode, ErrorMessage
        )
        return "OK"

    def _validate_twilio_signature(self, request, uuid):
        """Override of `sms_twilio`: core looks for the company in its own SMS."""
        attempt_sudo = self._get_billing_attempt(uuid)
        if not attempt_sudo:
            return super()._validate_twilio_signature(request, uuid)
        company_sudo = attempt_sudo.company_id
        if not company_sudo.sms_twilio_auth_token:
            return False
        expected = generate_twilio_sms_callback_signature(
            company_sudo, uuid, request.httprequest.form.to_dict()
        )
        given = request.httprequest.headers.get("X-Twilio-Signature", "")
        return hmac.compare_digest(expected.encode(), given.encode())

    def _get_billing_attempt(self, uuid):
        return (
            request.env["billing.distribution.attempt"]
            .sudo()
            .search([("key", "=", uuid), ("channel", "=", "sms")])
        )
