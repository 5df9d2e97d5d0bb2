from odoo import models

from ..core import smtp

#: What Odoo calls a failure that is the address's own fault.
_ADDRESS_FAILURES = ("mail_email_invalid", "mail_email_missing")


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Extended: invoices whose e-mail Odoo could not send go another way."""
        if failure_type:
            sent = self.env["res.partner"].union(*success_pids)
            for mail_sudo in self.sudo():
                if mail_sudo.model != "account.move":
                    continue
                mail_sudo.mail_message_id._billing_email_failed(
                    mail_sudo.recipient_ids - sent,
                    smtp.HARD if failure_type in _ADDRESS_FAILURES else smtp.SOFT,
                    smtp.one_line(failure_reason or failure_type),
                )
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason, failure_type
        )
