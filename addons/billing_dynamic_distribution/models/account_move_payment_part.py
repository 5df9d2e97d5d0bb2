import base64

from odoo import models
from odoo.tools.image import image_data_uri

from odoo.addons.billing_base.core import payment_part

#: Side of a QR code, in pixels.
QR_SIZE = 300


class AccountMove(models.Model):
    _inherit = "account.move"

    def _billing_payment_part(self):
        """Return what the payment part of the printed invoice shows, or None.

        :return: account and its kind, reference, amount, due date, page and QR codes
        :rtype: dict | None
        """
        self.ensure_one()
        company_sudo = self.company_id.sudo()
        if (
            not company_sudo.billing_payment_part
            or self.move_type != "out_invoice"
            or self.state != "posted"
            or not self.amount_residual
        ):
            return None
        bank_sudo = self.partner_bank_id.sudo()
        country = company_sudo.country_id.code or ""
        to = payment_part.account(bank_sudo.acc_number, country)
        url = self._billing_printed_link()._url()
        part = {
            "payee": bank_sudo.acc_holder_name or company_sudo.name,
            "account": to,
            "country": country,
            "reference": payment_part.reference_shown(self.payment_reference),
            "amount": self.amount_residual,
            "due": self.invoice_date_due,
            "url": url,
            "page_code": self._billing_qr_code(url),
            "payment_code": "",
        }
        if company_sudo.billing_payment_qr == "usingqr" and to.number:
            part["payment_code"] = self._billing_qr_code(
                payment_part.using_qr(
                    payee=part["payee"],
                    registry=company_sudo.company_registry or company_sudo.vat or "",
                    country=country,
                    reference=self.payment_reference or "",
                    issued=self.invoice_date,
                    due=self.invoice_date_due,
                    amount=self.amount_residual,
                    currency=self.currency_id.name,
                    to=to,
                    bic=bank_sudo.bank_bic or "",
                )
            )
        return part

    def _billing_printed_link(self):
        """Return the personal link that is printed on the invoice.

        One for each invoice, whoever prints it and how often: what is printed on paper
        cannot be told apart.

        :rtype: billing.link
        """
        self.ensure_one()
        return (
            self.env["billing.link"]
            .sudo()
            ._issue(
                [
                    {
                        "move_id": self.id,
                        "key": f"print:{self.id}",
                        "channel": "letter",
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                ]
            )
        )

    def _billing_qr_code(self, text):
        """Return a QR code of a text, as the address of a picture."""
        code = self.env["ir.actions.report"].barcode(
            "QR", text, width=QR_SIZE, height=QR_SIZE, barLevel="M", quiet=0
        )
        return image_data_uri(base64.b64encode(code))
