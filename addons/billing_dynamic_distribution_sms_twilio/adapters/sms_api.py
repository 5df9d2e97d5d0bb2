"""Twilio as Odoo speaks to it, with an eye on what the network did."""

import requests

from odoo.addons.sms_twilio.tools.sms_api import SmsApiTwilio


class _Watch:
    """Stands in for a session for one call, and keeps what became of it."""

    def __init__(self, session):
        self._session = session
        self.error = None
        self.status = None

    def post(self, *args, **kwargs):
        try:
            response = self._session.post(*args, **kwargs)
        except requests.RequestException as error:
            self.error = error
            raise
        self.status = response.status_code
        return response


class SmsApiTwilioWatched(SmsApiTwilio):
    """Core says «server error» for a refused connection and for a lost answer alike.

    Only the first may be tried again.
    """

    def __init__(self, env, account=None):
        super().__init__(env, account=account)
        #: How the call for each key went.
        self.watches = {}

    def _sms_twilio_send_request(self, session, to_number, body, uuid):
        self.watches[uuid] = watch = _Watch(session)
        return super()._sms_twilio_send_request(watch, to_number, body, uuid)
