from odoo import api, models
from odoo.fields import Domain

#: How the words of customers and staff reach an invoice.
SAID_TYPES = ("comment", "email")


class MailMessage(models.Model):
    """Which messages are the conversation with a customer, and which are not."""

    _inherit = "mail.message"

    @api.model
    def _billing_said_domain(self):
        """Return what tells the conversation from all else that is noted on an invoice.

        Internal notes are not among it, nor are logs, nor what is sent from a template,
        such as the invoice itself.

        :rtype: odoo.fields.Domain
        """
        return Domain(
            [
                ("message_type", "in", SAID_TYPES),
                (
                    "subtype_id",
                    "=",
                    self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_comment"),
                ),
                ("is_internal", "=", False),
                ("email_layout_xmlid", "=", False),
            ]
        )

    @api.model
    def _billing_written_domain(self):
        """Return what somebody wrote by hand, internal notes included.

        :rtype: odoo.fields.Domain
        """
        return Domain(
            [("message_type", "in", SAID_TYPES), ("email_layout_xmlid", "=", False)]
        )

    @api.model
    def _billing_of_move_domain(self, move):
        """Return what is noted on an invoice.

        :param move: the ``account.move``
        :rtype: odoo.fields.Domain
        """
        return Domain([("model", "=", move._name), ("res_id", "=", move.id)])

    def _billing_is_said(self):
        """Return whether the message is part of the conversation with the customer.

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.sudo().filtered_domain(self._billing_said_domain()))

    def _billing_is_by_staff(self):
        """Return whether staff wrote the message, and not the customer.

        Whoever is not known, such as the sender of an e-mail, is not staff; and what
        came by e-mail is nobody's of staff, since it could say so whoever sent it.

        :rtype: bool
        """
        self.ensure_one()
        message_sudo = self.sudo()
        move_sudo = self.env["account.move"].sudo().browse(message_sudo.res_id)
        return message_sudo.message_type == "comment" and move_sudo._billing_is_staff(
            message_sudo.author_id
        )

    def _portal_message_format(self, properties_names, options=None):
        """Override of `portal`: staff is called as the company chooses."""
        vals_list = super()._portal_message_format(properties_names, options)
        if self.env.user._is_internal():
            return vals_list
        moves_sudo = self.env["account.move"].sudo()
        for message, values in zip(self, vals_list, strict=True):
            if message.model != "account.move" or not message._billing_is_by_staff():
                continue
            company_sudo = moves_sudo.browse(message.res_id).company_id
            name = company_sudo._billing_staff_name(message.sudo().author_id)
            values["author_id"] = {"id": company_sudo.partner_id.id, "name": name}
            if "author_avatar_url" in values:
                values["author_avatar_url"] = f"/logo.png?company={company_sudo.id}"
        return vals_list
