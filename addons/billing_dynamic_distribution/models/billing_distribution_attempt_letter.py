from odoo import api, fields, models
from odoo.tools import format_date

from odoo.addons.billing_base.core import payment_part

#: What the texts of letters are made of, for everybody who may write one.
LETTER_PLACES = (
    "object.company_id.name",
    "object.recipient_id.name",
    "object.invoice_names",
    "object.total_text",
    "object.due_text",
)
#: Invoices on a cover letter that get a code for their page: more would fill sheets.
CODES_AT_MOST = 8
REPORT = "billing_dynamic_distribution.report_cover_letter"


class BillingDistributionAttempt(models.Model):
    """The cover letter: what an envelope says besides its invoices."""

    _inherit = "billing.distribution.attempt"

    cover_letter_id = fields.Many2one(
        "ir.attachment",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The page before the invoices, as it was printed.",
    )
    file_ids = fields.Many2many(
        "ir.attachment",
        string="Files",
        compute="_compute_file_ids",
        help="What went along, in the order of its pages.",
    )

    # === COMPUTE METHODS === #

    @api.depends("cover_letter_id", "pdf_attachment_ids")
    def _compute_file_ids(self):
        for attempt in self:
            attempt.file_ids = attempt.cover_letter_id | attempt.pdf_attachment_ids

    # === BUSINESS METHODS - COVER LETTER === #

    def _get_cover_letter(self):
        """Return what the cover letter says, in the language of the environment.

        :return: the day, the text in paragraphs, and a list of the invoices
        :rtype: dict
        """
        self.ensure_one()
        invoices = [
            {**values, "reference": payment_part.reference_shown(values["reference"])}
            for values in self._get_invoice_values()
        ]
        company_sudo = self.company_id.sudo()
        country = company_sudo.country_id.code or ""
        for values in invoices:
            values["account"] = payment_part.account(values["account"], country)
            values["code"] = ""
            if values["url"] and len(invoices) <= CODES_AT_MOST:
                values["code"] = self.env["account.move"]._billing_qr_code(
                    values["url"]
                )
        accounts = {values["account"].shown for values in invoices}
        return {
            "day": format_date(
                self.env, company_sudo._billing_today(), date_format="long"
            ),
            "paragraphs": self._get_letter_text().splitlines(),
            "invoices": invoices,
            "total": self.total_text,
            "country": country,
            # Said once below, or with each invoice where they differ.
            "account": invoices[0]["account"] if len(accounts) == 1 else None,
            "has_codes": any(values["code"] for values in invoices),
        }

    def _get_letter_text(self):
        """Return what the letter says in words, in the language of the environment.

        Whatever ``safe_eval`` raises comes through.

        :rtype: str
        """
        self.ensure_one()
        content_sudo = self.content_id.sudo()
        if content_sudo.letter_text:
            return content_sudo._fill_in("letter_text", self)
        if len(self.item_ids) > 1:
            return self.env._(
                "In this envelope you find %(count)s invoices from %(company)s. Please "
                "pay each of them by itself, with its own reference number.",
                count=len(self.item_ids),
                company=self.company_id.name,
            )
        return self.env._(
            "In this envelope you find your invoice from %(company)s.",
            company=self.company_id.name,
        )

    def _needs_cover_letter(self):
        """Whether an envelope gets a page of its own before the invoices."""
        self.ensure_one()
        return bool(self.content_id.sudo().letter_text) or len(self.item_ids) > 1

    def _print_cover_letter(self):
        """Return the PDF of the cover letter, printed once for each message.

        :return: none where the invoices go alone
        :rtype: ir.attachment
        :raises UserError: it cannot be printed
        """
        self.ensure_one()
        attempt_sudo = self.sudo()
        if not attempt_sudo._needs_cover_letter():
            return attempt_sudo.cover_letter_id.browse()
        if not attempt_sudo.cover_letter_id:
            pdf, _kind = (
                self.env["ir.actions.report"]
                .sudo()
                .with_company(attempt_sudo.company_id)
                ._render_qweb_pdf(REPORT, attempt_sudo.ids)
            )
            attempt_sudo.cover_letter_id = (
                self.env["ir.attachment"]
                .sudo()
                .create(
                    {
                        "name": self.env._(
                            "Letter %(invoices)s.pdf",
                            invoices=attempt_sudo.invoice_names,
                        ),
                        "raw": pdf,
                        "mimetype": "application/pdf",
                        "res_model": self._name,
                        "res_id": attempt_sudo.id,
                    }
                )
            )
        return attempt_sudo.cover_letter_id
