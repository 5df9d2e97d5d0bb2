from odoo import models

from odoo.addons.billing_dynamic_distribution.adapters.sms_http import (
    before_handing_over,
)
from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import Outcome

from ..adapters.sms_api import SmsApiTwilioWatched


class BillingChannelSms(models.AbstractModel):
    """SMS through Twilio, where Odoo's own SMS of the company go that way."""

    _inherit = "billing.channel.sms"

    def _is_available(self, company):
        company_sudo = company.sudo()
        if self._uses_twilio(company_sudo):
            return bool(
                company_sudo.sms_twilio_account_sid
                and company_sudo.sms_twilio_auth_token
                and company_sudo.sms_twilio_number_ids
            )
        return super()._is_available(company)

    def _get_odoo_provider(self, company):
        if not self._uses_twilio(company):
            return super()._get_odoo_provider(company)
        provider = SmsApiTwilioWatched(self.env)
        provider._set_company(company)
        return provider

    def _outcome_of_odoo(self, provider, result):
        if not isinstance(provider, SmsApiTwilioWatched):
            return super()._outcome_of_odoo(provider, result)
        if result["state"] == "sent":
            return Outcome(state.SENT, reference=result.get("sms_twilio_sid"))
        watch = provider.watches.get(result["uuid"])
        if watch and watch.error and not before_handing_over(watch.error):
            return Outcome(
                state.UNCERTAIN,
                code="gateway_broken",
                reason=type(watch.error).__name__,
            )
        if watch and watch.status and watch.status >= 500 and watch.status != 503:
            return Outcome(
                state.UNCERTAIN,
                code=f"gateway_{watch.status}",
                reason=result.get("failure_reason") or None,
            )
        return super()._outcome_of_odoo(provider, result)

    def _uses_twilio(self, company):
        return (
            company.billing_sms_provider == "odoo" and company.sms_provider == "twilio"
        )
