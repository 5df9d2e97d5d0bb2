from odoo import Command, models

from ..core import contact


class ResPartner(models.Model):
    """Telling customers something, where it will reach them best."""

    _inherit = "res.partner"

    # === BUSINESS METHODS - MESSAGES === #

    def _billing_senders(self):
        """Return who can carry a message to the customer, by channel.

        A sender is called as ``send(point, template, record, thread)`` with what
        :meth:`_billing_tell` got, and returns whether the message is on its way: an
        addon whose channel has no text for ``template`` returns False, and the next
        contact point is tried. Senders only queue, so that a message goes out when
        what it tells is committed, and not before.

        Extended by addons with further channels.

        :rtype: dict[str, Callable]
        """
        return {"email": self._billing_send_email}

    def _billing_tell(self, template, record, thread=None):
        """Tell the customer something, where it will reach them best.

        The contact points are tried in the order of :func:`core.contact.preferred`;
        those of the commercial partner when a contact has none that works. When nobody
        can be reached, an event says so, once for each message.

        :param template: the ``mail.template`` that says it
        :param record: what it is rendered on, of the template's model
        :param thread: the record with the conversation that the message, and the
            answer to it, belong to; ``record`` when left out
        :return: the contact point that got it, or none
        :rtype: billing.contact.point
        """
        self.ensure_one()
        senders = self._billing_senders()
        for partner in self | self.commercial_partner_id:
            points_sudo = (
                self.env["billing.contact.point"]
                .sudo()
                .search(
                    [
                        ("partner_id", "=", partner.id),
                        ("channel", "in", list(senders)),
                    ]
                )
            )
            for point_sudo in contact.preferred(points_sudo):
                send = senders[point_sudo.channel]
                if send(point_sudo, template, record, thread or record):
                    return point_sudo.sudo(self.env.su)
            if not all(points_sudo.mapped("consent_billing")):
                # Who said no is not told through somebody else either.
                break
        self.env["billing.event"]._log(
            [
                {
                    "kind": "contact.unreachable",
                    "partner_id": self.commercial_partner_id.id,
                    "payload": {"message": template.name},
                    "dedup_key": "contact.unreachable:"
                    f"{template.id}:{record._name}:{record.id}",
                }
            ]
        )
        return self.env["billing.contact.point"]

    def _billing_message_files(self, record):
        """Return files that go along with an e-mail about ``record``.

        Besides those of the message's template. Extended by addons whose records have
        a document of their own.

        :param record: what the message is rendered on
        :rtype: ir.attachment
        """
        return self.env["ir.attachment"]

    def _billing_send_email(self, point, template, record, thread):
        """Put a message to the customer into Odoo's queue of e-mails.

        :return: False when the address is on Odoo's list of those who want no mail
        """
        blacklisted_sudo = (
            self.env["mail.blacklist"]
            .sudo()
            .search_count([("email", "=", point.address)], limit=1)
        )
        if blacklisted_sudo:
            return False
        company = self.env.company
        files_sudo = self._billing_message_files(record).sudo()
        template.sudo().send_mail(
            record.id,
            force_send=False,
            email_layout_xmlid="billing_base.mail_layout",
            email_values={
                "author_id": company.partner_id.id,
                # This address and no other, whatever the template says.
                "email_to": point.address,
                "email_cc": False,
                "recipient_ids": [],
                "attachment_ids": [
                    Command.link(file_sudo.id)
                    for file_sudo in template.sudo().attachment_ids | files_sudo
                ],
                # The answer lands where the conversation is.
                "model": thread._name,
                "res_id": thread.id,
                "reply_to": thread._notify_get_reply_to(
                    default=company.email_formatted
                )[thread.id],
            },
        )
        return True
