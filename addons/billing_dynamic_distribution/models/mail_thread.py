from odoo import api, models
from odoo.tools import email_split

from ..core import mail_key


class MailThread(models.AbstractModel):
    """The mail gateway: what comes back of the e-mails we sent."""

    _inherit = "mail.thread"

    @api.model
    def _detect_is_bounce(self, message, message_dict):
        """Extended: what comes to the return address of one of our e-mails."""
        return super()._detect_is_bounce(message, message_dict) or any(
            mail_key.untagged_address(address) != address
            for address in email_split(message_dict["to"])
        )

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        """Extended: reports about our e-mails reach the messages they are about.

        What failed goes on to Odoo's own handling of bounces. What did not, such as a
        report of a delay or an automatic answer to the return address, is no bounce
        and goes nowhere else.
        """
        is_done = self.env["billing.email.report"]._receive(message, message_dict)
        if is_done:
            return []
        return super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
