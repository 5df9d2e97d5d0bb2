from odoo import SUPERUSER_ID, models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_page_files(self, visitor):
        """Return the files that a visitor may download from the page.

        Subjects with files extend it: call ``super()`` and add theirs. What is not
        among them is not served, whoever made it.

        :param core.visitor_rights.Visitor visitor: who looks
        :return: in superuser mode
        :rtype: ir.attachment
        """
        self.ensure_one()
        return self.env["ir.attachment"].sudo()

    def _billing_page_file(self, visitor, file_id):
        """Return one of those files, unless it is staff's own after all.

        Records with a conversation of their own hold files of notes, and what staff
        keep with them, beside what customers sent: those are not for customers,
        whoever named the record.

        :param core.visitor_rights.Visitor visitor: who looks
        :param int file_id: id of the file
        :return: in superuser mode; none when the visitor may not have it
        :rtype: ir.attachment
        """
        file_sudo = self._billing_page_files(visitor).filtered(
            lambda attachment: attachment.id == file_id
        )
        messages_sudo = (
            self.env["mail.message"]
            .sudo()
            .search([("attachment_ids", "in", file_sudo.ids)])
        )
        if messages_sudo:
            said = all(message._billing_is_said() for message in messages_sudo)
            return file_sudo if said else file_sudo.browse()
        # What comes through the page is kept by the server itself.
        author_sudo = file_sudo.create_uid
        by_staff = author_sudo.id != SUPERUSER_ID and not author_sudo.share
        return file_sudo.browse() if file_sudo and by_staff else file_sudo
