from odoo import Command, fields, models

from odoo.addons.billing_dynamic_distribution.models.res_partner_tell import AT_ONCE


class BillingReminder(models.Model):
    """Reminders as messages of distribution."""

    _inherit = "billing.reminder"

    attempt_ids = fields.One2many(
        "billing.distribution.attempt",
        "reminder_id",
        string="Messages",
        readonly=True,
    )

    # === BUSINESS METHODS === #

    def _queue_attempt(self, point):
        """Hand the reminder to distribution, which sends it when it may.

        :param point: the contact point it goes to, as superuser
        :return: False when the address is on a list of those who want nothing
        :rtype: bool
        """
        self.ensure_one()
        channel = self.env["billing.channel"]._get(point.channel)
        company = self.company_id
        if channel._opted_out(point):
            return False
        reminder_sudo = self.sudo()
        recipient = reminder_sudo.partner_id
        planned_at = company._billing_now()
        if channel._is_intrusive and not self.env.context.get(AT_ONCE):
            calendar = company._billing_calendars(recipient)[recipient.id]
            planned_at = calendar.next_allowed(planned_at)
        is_letter = self.kind != "soft" or point.channel == "letter"
        attempt_sudo = self.env["billing.distribution.attempt"]._make(
            [
                {
                    "company_id": company.id,
                    "partner_id": reminder_sudo.commercial_partner_id.id,
                    "recipient_id": recipient.id,
                    "channel": point.channel,
                    "contact_point_id": point.id,
                    "address": point.address,
                    "origin": "reminder",
                    "reminder_id": self.id,
                    "attach_pdf": is_letter,
                    "pdf_attachment_ids": [
                        Command.set(
                            reminder_sudo.pdf_attachment_id.ids if is_letter else []
                        )
                    ],
                    "lang": self._get_language(),
                    "planned_at": planned_at,
                    "items": [
                        {"move_id": move.id, "company_id": company.id}
                        for move in reminder_sudo.line_ids.move_id
                    ],
                }
            ]
        )
        # The links that are printed in the letter are the message's own: who opens one
        # has got the message.
        links = self._get_links()
        for item_sudo in attempt_sudo.item_ids:
            item_sudo.link_id = links[item_sudo.move_id.id]
            item_sudo.link_id.write(
                {
                    "channel": point.channel,
                    "res_model": attempt_sudo._name,
                    "res_id": attempt_sudo.id,
                }
            )
        self.env["billing.distribution.sender"]._trigger({point.channel})
        return True

    def _refresh_before_sending(self, attempt):
        """Let a letter that waited say the day it goes out, and as many days to pay.

        :param attempt: the message it goes out in, as superuser
        :return: None
        """
        self.ensure_one()
        before = self.pdf_attachment_id
        self._billing_redate(self.company_id._billing_today())
        if attempt.attach_pdf and self.pdf_attachment_id != before:
            attempt.pdf_attachment_ids = self.pdf_attachment_id
