from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..core.errors import BankFileError
from ..core.table import UnknownTableError

# Payments booked while the user waits; the schedule does the rest.
AT_ONCE = 200


class BillingBankFileUpload(models.TransientModel):
    """Takes bank files from the browser."""

    _name = "billing.bank.file.upload"
    _description = "Upload Bank Files"

    journal_id = fields.Many2one(
        comodel_name="account.journal",
        domain=[("type", "=", "bank")],
        help="Leave empty to find the journal by the account number in the file.",
    )
    attachment_ids = fields.Many2many(
        comodel_name="ir.attachment", string="Bank Files", required=True
    )
    # While tables wait for an explanation of their columns
    unknown_ids = fields.Many2many(
        comodel_name="ir.attachment", relation="billing_bank_file_upload_unknown_rel"
    )
    file_ids = fields.Many2many(comodel_name="billing.bank.file")
    newest_file = fields.Integer()

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "account.journal":
            values["journal_id"] = self.env.context.get("active_id")
        return values

    # === ACTIONS === #

    def action_upload(self):
        """Import the files; each is read whole or refused whole.

        :raises AccessError: for others than billing users
        :raises UserError: when there is no file
        """
        self.ensure_one()
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff can import bank files."))
        if not self.attachment_ids:
            raise UserError(self.env._("Choose at least one file."))
        files_sudo = self.env["billing.bank.file"].sudo()
        newest = files_sudo.search([], order="id desc", limit=1).id
        results, unknown = files_sudo, self.attachment_ids.browse()
        for attachment in self.attachment_ids:
            content = attachment.raw or b""
            try:
                with self.env.cr.savepoint():
                    file, _seen = files_sudo._import(
                        content, attachment.name, self.journal_id
                    )
            except UnknownTableError:
                unknown |= attachment
                continue
            except BankFileError as error:
                file = files_sudo._refuse(attachment.name, content, error)
            results |= file.sudo()
        self.write(
            {
                "file_ids": results.ids,
                "unknown_ids": unknown.ids,
                "newest_file": newest,
            }
        )
        return self._next()

    # === BUSINESS METHODS === #

    def _go_on(self, file, attachment):
        """Continue after a table was explained and imported.

        :param file: its ``billing.bank.file``
        :param attachment: the table
        :return: action
        """
        self.write(
            {
                "file_ids": [fields.Command.link(file.id)],
                "unknown_ids": [fields.Command.unlink(attachment.id)],
            }
        )
        return self._next()

    def _next(self):
        """Ask about the next table that nobody explained, or show what came in.

        :return: action
        """
        files_sudo = self.env["billing.bank.file"].sudo()
        if self.unknown_ids and self.file_ids:
            # The form may never be answered; what came in does not wait for it.
            self.env.ref("billing_bank_file.ir_cron_process").sudo()._trigger()
        while self.unknown_ids:
            attachment = self.unknown_ids[0]
            try:
                return self.env["billing.table.mapping"]._open(self, attachment)
            except BankFileError as error:
                file = files_sudo._refuse(attachment.name, attachment.raw, error)
                self.write(
                    {
                        "file_ids": [fields.Command.link(file.id)],
                        "unknown_ids": [fields.Command.unlink(attachment.id)],
                    }
                )
        return self._finish()

    def _finish(self):
        """Match what came in, tidy up, and show the files.

        :return: action
        """
        results = self.sudo().file_ids
        _done, remaining = (
            self.env["billing.payment"].sudo()._process_next(results, AT_ONCE)
        )
        if remaining:
            self.env.ref("billing_bank_file.ir_cron_process").sudo()._trigger()
        # Only what was uploaded here: ids can be made up, and belong elsewhere.
        self.attachment_ids.filtered(lambda item: not item.res_id).unlink()
        action = {
            "type": "ir.actions.act_window",
            "res_model": "billing.bank.file",
            "view_mode": "list,kanban,form",
            "domain": [("id", "in", results.ids)],
            **(
                {"res_id": results.id, "view_mode": "form"} if len(results) == 1 else {}
            ),
            "name": self.env._("Bank Files"),
        }
        repeated = results.filtered(lambda file: file.id <= self.newest_file)
        return self._tell_repeated(repeated, action) if repeated else action

    # === HELPERS === #

    def _tell_repeated(self, files, action):
        """Say that files had been imported, then go on with what ``action`` shows."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "message": self.env._(
                    "Imported before, so nothing was imported again: %(files)s",
                    files=", ".join(files.mapped("name")),
                ),
                "sticky": True,
                # Nobody completes an action that is part of another one.
                "next": {
                    **action,
                    "views": [[False, m] for m in action["view_mode"].split(",")],
                },
            },
        }
