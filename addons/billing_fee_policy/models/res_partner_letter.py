from odoo import models

from .billing_reminder_send import CHANNELS


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _billing_senders(self):
        """Override of `billing_base`: reminders go out as letters, too.

        The context may name the channels there are to be, see :data:`CHANNELS`.
        """
        senders = super()._billing_senders()
        allowed = self.env.context.get(CHANNELS)
        if allowed is None:
            return senders
        senders = {**senders, "letter": self._billing_send_letter}
        return {
            code: senders[code] for code in senders if not allowed or code in allowed
        }

    def _billing_send_letter(self, point, template, record, thread):
        """Put a reminder among the letters that somebody is going to print.

        :return: False for all that is no reminder: it has no page to print
        """
        if record._name != "billing.reminder":
            return False
        record.batch_id = self.env["billing.letter.batch"]._get_open(self.env.company)
        return True

    def _billing_message_files(self, record):
        """Override of `billing_base`: the letter itself goes along with its e-mail."""
        files = super()._billing_message_files(record)
        if record._name == "billing.reminder" and record.kind != "soft":
            files |= record.pdf_attachment_id
        return files
