from odoo import models

from .channels.billing_channel_sms import without_tokens

#: In the context: the customer waits for the message, whatever the hour.
AT_ONCE = "billing_at_once"


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _billing_senders(self):
        """Override of `billing_base`: by SMS too, where the company can send any."""
        senders = super()._billing_senders()
        if self.env["billing.channel.sms"]._is_available(self.env.company):
            senders["sms"] = self._billing_send_sms
        return senders

    def _billing_send_sms(self, point, template, record, thread):
        """Put a message to the customer into Odoo's queue of SMS.

        It waits until quiet hours are over, unless the customer asked for it just now.

        :return: False when the message has no words for an SMS, or the number is on
            Odoo's list of those that want nothing
        """
        company = self.env.company
        text = company._billing_sms_tidy(
            template.sudo()._render_field(
                "billing_sms_text", record.ids, compute_lang=True
            )[record.id]
            or ""
        )
        if not text or self.env["billing.channel.sms"]._opted_out(point):
            return False
        now = company._billing_now()
        wait_until = now
        if not self.env.context.get(AT_ONCE):
            wait_until = company._billing_calendars(self)[self.id].next_allowed(now)
        message_sudo = (
            self.env["mail.message"]
            .sudo()
            .create(
                {
                    "message_type": "sms",
                    # For staff: what customers read of a conversation are comments.
                    "subtype_id": self.env.ref("mail.mt_note").id,
                    "model": thread._name,
                    "res_id": thread.id,
                    "author_id": company.partner_id.id,
                    # By this the queue knows who sends it.
                    "record_company_id": company.id,
                    # Whoever may read what was sent may not open the page.
                    "body": without_tokens(text),
                }
            )
        )
        self.env["sms.sms"].sudo().create(
            {
                "mail_message_id": message_sudo.id,
                "partner_id": self.id,
                "number": point.address,
                "body": text,
                "billing_not_before": wait_until if wait_until > now else False,
            }
        )
        return True
