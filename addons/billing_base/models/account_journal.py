from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AccountJournal(models.Model):
    _inherit = "account.journal"

    invoice_reference_model = fields.Selection(
        selection_add=[("kvitt", "Kvitt KID/OCR")],
        ondelete={"kvitt": lambda journals: journals._billing_leave_reference_model()},
    )
    billing_reference_scheme_id = fields.Many2one(
        "billing.reference.scheme",
        string="Reference Scheme",
        check_company=True,
        ondelete="restrict",
        help="How the KID or OCR number of an invoice is built when it is posted.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("invoice_reference_model", "billing_reference_scheme_id")
    def _check_billing_reference_scheme(self):
        for journal in self:
            if (
                journal.invoice_reference_model == "kvitt"
                and not journal.billing_reference_scheme_id
            ):
                raise ValidationError(
                    self.env._(
                        "Choose a reference scheme for journal %(journal)s.",
                        journal=journal.display_name,
                    )
                )

    # === HELPERS === #

    @api.model
    def _billing_leave_reference_model(self):
        """Give journals with Kvitt references core's model for their country.

        For uninstallation: the selection value goes, the column stays.

        :return: None
        """
        journals = self or self.sudo().with_context(active_test=False).search(
            [("invoice_reference_model", "=", "kvitt")]
        )
        for company, company_journals in journals.grouped("company_id").items():
            # As superuser: whoever uninstalls need not belong to every company.
            own_sudo = self.sudo().with_company(company)
            company_journals.sudo().invoice_reference_model = (
                own_sudo._default_invoice_reference_model()
            )
