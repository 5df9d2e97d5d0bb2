from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_own_pdfs(self):
        """Return the invoices' own PDFs, made for those that have none yet.

        Each is made once, alone in its call, and stored by Odoo as the invoice's PDF;
        whatever is sent later, by any channel, is that very file.

        :return: in the order of the invoices
        :rtype: ir.attachment
        :raises UserError: one cannot be made
        """
        pdfs_sudo = self.env["ir.attachment"].sudo()
        for move_sudo in self.sudo():
            if not move_sudo.invoice_pdf_report_id:
                self.env["account.move.send"].sudo()._generate_and_send_invoices(
                    move_sudo, sending_methods=[], extra_edis=set()
                )
            pdf_sudo = move_sudo.invoice_pdf_report_id
            if not pdf_sudo:
                raise UserError(
                    self.env._(
                        "The PDF of %(invoice)s could not be made.",
                        invoice=move_sudo.name,
                    )
                )
            pdfs_sudo += pdf_sudo
        return pdfs_sudo
