"""The HTTP gateway as a provider of Odoo's own SMS."""

from odoo.addons.sms.tools.sms_api import SmsApiBase

from .sms_http import HttpGateway, Message

#: Event of an answer → state in the words of Odoo's providers. What nobody knows is
#: «processing»: Odoo does not send that again, and a delivery report settles it.
STATES = {
    "sent": "success",
    "uncertain": "processing",
    "failed_soft": "server_error",
    "failed_hard": "wrong_number_format",
}


class SmsApiHttpGateway(SmsApiBase):
    """Sends what Odoo queued through the gateway of a company."""

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        """Override of `sms`: one call for each number.

        :param list messages: of Odoo: dicts of ``content`` and ``numbers``
        :param delivery_reports_url: not used, each message has an address of its own
        :return: a dict for each number, with ``uuid``, ``state``, ``failure_reason``
        """
        company = self.company
        todo = [
            Message(
                number["uuid"],
                number["number"] or "",
                company._billing_sms_tidy(message["content"] or ""),
                company._billing_sms_report_url(number["uuid"]),
            )
            for message in messages
            for number in message["numbers"]
        ]
        results = [
            {"uuid": message.key, "state": "sms_number_missing"}
            for message in todo
            if not message.to
        ]
        with HttpGateway(company._billing_sms_gateway_settings()) as gateway:
            for message, answer in gateway.each(
                [m for m in todo if m.to], gateway.send
            ):
                results.append(
                    {
                        "uuid": message.key,
                        "state": STATES[answer.event],
                        "failure_reason": answer.reason or False,
                    }
                )
        return results

    def _get_sms_api_error_messages(self):
        """Override of `sms`: the failures of the gateway in words."""
        return {
            **super()._get_sms_api_error_messages(),
            "server_error": self.env._("The SMS gateway did not take the message."),
            "wrong_number_format": self.env._(
                "The SMS gateway says that the number is wrong."
            ),
            "sms_number_missing": self.env._("There is no number to send to."),
        }
