from odoo import fields, models
from odoo.exceptions import UserError

#: Invoices that the preview of a letter without a text of its own shows.
SAMPLE_INVOICES = 3


class BillingDistributionContent(models.Model):
    """The cover letter of a content."""

    _inherit = "billing.distribution.content"

    letter_text = fields.Text(
        help="Stands on a page of its own before the invoices, which go out as they "
        "are. Places for values are written {{ object.field }}; object is the message. "
        "Without a text there is such a page only where several invoices share an "
        "envelope.",
    )

    # === ACTIONS === #

    def action_preview_letter(self):
        """Print the cover letter with the newest invoice of the company (button)."""
        self.ensure_one()
        self._get_sample_letter()
        return self.env.ref(
            "billing_dynamic_distribution.action_report_cover_letter_sample"
        ).report_action(self, config=False)

    # === HELPERS === #

    def _get_sample_letter(self):
        """Return a message, not stored, that the letter is shown with.

        :rtype: billing.distribution.attempt
        :raises UserError: there is no invoice to show it with, or the text cannot be
            filled in
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        sample = self._new_sample_attempt(
            company, "letter", most=1 if self.letter_text else SAMPLE_INVOICES
        )
        if not sample.recipient_id:
            raise UserError(
                self.env._("There is no issued invoice yet to show the letter with.")
            )
        sample.content_id = self
        try:
            sample._get_letter_text()
        except Exception as error:
            # Whatever safe_eval meets.
            raise UserError(
                self.env._(
                    "The places of the text cannot be filled in: %(problem)s",
                    problem=error,
                )
            ) from error
        return sample
