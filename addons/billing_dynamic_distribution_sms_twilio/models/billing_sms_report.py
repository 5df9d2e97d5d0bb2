from odoo import api, models

#: Status in Twilio's words → status as an HTTP gateway would report it.
STATUSES = {
    "accepted": "8",
    "queued": "8",
    "sending": "8",
    "sent": "8",
    "delivered": "1",
    "undelivered": "2",
    "failed": "2",
}
#: Error code of Twilio → status and words, where they say more than Twilio's own do.
#: https://www.twilio.com/docs/messaging/guides/debugging-tools#error-codes
ERRORS = {
    "21211": ("2", "invalid number"),
    "21610": ("2", "opted out"),
    "21614": ("2", "not a mobile number"),
    "30002": ("16", "account suspended"),
    "30003": ("2", "absent: handset cannot be reached"),
    "30004": ("16", "message blocked"),
    "30005": ("2", "unknown destination"),
    "30006": ("2", "landline"),
    "30007": ("16", "filtered by the operator"),
}


class BillingSmsReport(models.Model):
    _inherit = "billing.sms.report"

    @api.model
    def _receive_twilio(self, key, status, error_code, error_message):
        """Take in a report of Twilio on an attempt.

        :param str key: of the attempt
        :param str status: in Twilio's words; those nobody acts on are passed over
        :param str error_code: Twilio's number of a failure, or None
        :param str error_message: a failure in words, or None
        :return: None
        """
        if status not in STATUSES:
            return
        words = " ".join(filter(None, [error_code, error_message]))
        if STATUSES[status] == "2" and error_code in ERRORS:
            kannel_status, meaning = ERRORS[error_code]
            words = " ".join(filter(None, [error_code, meaning]))
        else:
            kannel_status = STATUSES[status]
        self._receive(key, kannel_status, words)
