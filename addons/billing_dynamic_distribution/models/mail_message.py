from odoo import models
from odoo.tools import email_normalize

from ..core import state

#: Status of Odoo's own e-mails that went out, or are about to.
_ON_ITS_WAY = ("ready", "process", "pending", "sent")


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _billing_note_email(self, move):
        """Note that Odoo sends this message with an invoice by e-mail.

        One attempt for each customer it goes to, so that the plans know of it. It
        follows what becomes of Odoo's own e-mail.

        :param move: the ``account.move``, a customer invoice
        :return: the attempts
        :rtype: billing.distribution.attempt
        """
        self.ensure_one()
        attempts_sudo = self.env["billing.distribution.attempt"].sudo()
        points_sudo = self.env["billing.contact.point"].sudo()
        notifications_sudo = self.sudo().notification_ids.filtered(
            lambda notification: (
                notification.notification_type == "email"
                and notification.notification_status in _ON_ITS_WAY
                and notification.res_partner_id.partner_share
            )
        )
        for notification_sudo in notifications_sudo:
            address = email_normalize(
                notification_sudo.mail_email_address
                or notification_sudo.res_partner_id.email
            )
            if not address:
                continue
            point_sudo = points_sudo.search(
                [
                    ("channel", "=", "email"),
                    ("address", "=", address),
                    (
                        "partner_id.commercial_partner_id",
                        "=",
                        move.commercial_partner_id.id,
                    ),
                ],
                limit=1,
            )
            attempts_sudo |= move._billing_record_sent(
                "email",
                contact_point_id=point_sudo.id,
                address=address,
                subject=self.subject,
                mail_message_id=self.id,
            )
        return attempts_sudo

    def _billing_email_failed(self, recipients, kind, reason):
        """Note that Odoo could not send e-mails with invoices.

        :param recipients: ``res.partner`` records
        :param str kind: ``hard`` or ``soft``, of ``core.smtp``
        :param str reason: for staff
        :return: None
        """
        addresses = {email_normalize(partner.email) for partner in recipients}
        attempts_sudo = (
            self.env["billing.distribution.attempt"]
            .sudo()
            .search([("mail_message_id", "in", self.ids), ("origin", "=", "odoo")])
            .filtered(lambda attempt: attempt.address in addresses)
        )
        attempts_sudo._apply(
            state.FAILED_HARD if kind == "hard" else state.FAILED_SOFT,
            reason=reason,
            address_fault=kind == "hard",
        )
