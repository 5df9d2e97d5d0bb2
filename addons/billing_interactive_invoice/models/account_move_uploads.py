from odoo import models
from odoo.exceptions import UserError

from ..core import upload

MEGABYTE = 1024 * 1024


class AccountMove(models.Model):
    """Files that customers send from the page of an invoice."""

    _inherit = "account.move"

    def _billing_check_uploads(self, files):
        """Return what may be kept of the files that a customer sent.

        What a file is, its first bytes say; its name is made harmless and ends as its
        content does. A form without files sends an empty one, which is passed over.

        :param files: what the request holds (``files.getlist(…)``), or pairs of name
            and content
        :return: name and content of each, as ``message_post`` takes attachments
        :rtype: list[tuple[str, bytes]]
        :raises UserError: too many, too large, of a kind that is not taken, or found
            to do harm
        """
        self.ensure_one()
        megabytes = self.company_id.billing_page_upload_mb
        kept = []
        for file in files:
            # One byte more than is taken tells that it is too large.
            name, content = (
                file
                if isinstance(file, tuple)
                else (file.filename, file.read(megabytes * MEGABYTE + 1))
            )
            if not name and not content:
                continue
            try:
                if len(kept) == upload.MAX_FILES:
                    raise upload.UploadError("count")
                name, kind = upload.check(name, content, megabytes * MEGABYTE)
            except upload.UploadError as error:
                raise UserError(self._billing_upload_refused(error)) from None
            self._billing_scan_upload(name, content, kind)
            kept.append((name, content))
        return kept

    def _billing_store_uploads(self, files, record=None):
        """Keep files that a customer sent.

        :param files: as for :meth:`_billing_check_uploads`
        :param record: the record they belong to; the invoice when left out
        :return: in superuser mode
        :rtype: ir.attachment
        :raises UserError: see :meth:`_billing_check_uploads`
        """
        self.ensure_one()
        record = self if record is None else record
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                [
                    {
                        "name": name,
                        "raw": content,
                        "mimetype": upload.sniff(content),
                        "res_model": record._name,
                        "res_id": record.id,
                        "company_id": self.company_id.id,
                    }
                    for name, content in self._billing_check_uploads(files)
                ]
            )
        )

    def _billing_scan_upload(self, name, content, mimetype):
        """Called with each file before it is kept; extend it to have it scanned.

        :param str name: harmless name of the file
        :param bytes content: the file
        :param str mimetype: what it is by its content
        :return: None
        :raises UserError: it does harm; the text is shown to the customer
        """

    def _billing_upload_refused(self, error):
        """Return what the customer is told of a file that is not taken."""
        if error.code == "count":
            return self.env._(
                "Please send %(count)s files at most with one message.",
                count=upload.MAX_FILES,
            )
        if error.code == "size":
            return self.env._(
                "«%(name)s» is too large. A file may have %(size)s MB.",
                name=error.name,
                size=self.company_id.billing_page_upload_mb,
            )
        if error.code == "empty":
            return self.env._("«%(name)s» is empty.", name=error.name)
        return self.env._(
            "We cannot take «%(name)s». Please send a PDF or a picture.",
            name=error.name,
        )
