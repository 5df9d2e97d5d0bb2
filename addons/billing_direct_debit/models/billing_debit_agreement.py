from odoo import api, fields, models

#: Sequences of an agreement: field → what it numbers.
SEQUENCES = {
    "transmission_sequence_id": "transmissions",
    "assignment_sequence_id": "assignments",
}


class BillingDebitAgreement(models.Model):
    """What a company and its bank agreed on: AvtaleGiro or Autogiro, and how."""

    _name = "billing.debit.agreement"
    _description = "Direct Debit Agreement"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    scheme = fields.Selection(
        [("avtalegiro", "AvtaleGiro"), ("autogiro", "Autogiro")], required=True
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Bank",
        required=True,
        domain="[('type', '=', 'bank')]",
        check_company=True,
        ondelete="restrict",
        help="Where the money comes in.",
    )
    payee_name = fields.Char(
        string="Name Shown", help="As customers and their banks see the company."
    )
    is_test = fields.Boolean(
        string="Test",
        default=True,
        help="Files are marked as tests, and customers are sent to the bank's test "
        "pages. No money moves.",
    )
    # AvtaleGiro
    account_number = fields.Char(
        string="Account", help="11 digits, with AvtaleGiro and OCR giro agreements."
    )
    sender_number = fields.Char(
        string="Data Sender", help="8 digits: our number as sender of files."
    )
    recipient_number = fields.Char(
        string="Data Recipient", default="00008080", help="8 digits, of the bank side."
    )
    kid_part_length = fields.Integer(
        string="Fixed Digits of the KID",
        help="First digits of the KID that are the same on all invoices of a "
        "customer. The bank knows a mandate by them.",
    )
    bank_notice = fields.Selection(
        [
            ("never", "Never: we tell the customer"),
            ("asked", "When the customer asked the bank for it"),
            ("always", "Always"),
        ],
        string="Notice From the Bank",
        required=True,
        default="never",
    )
    has_specification = fields.Boolean(
        string="Specification Lines",
        help="Tell the bank what the invoice is about, for its notice.",
    )
    signup_address = fields.Char(
        string="E-Agreement Page",
        help="Page of the scheme on which customers agree with BankID.",
    )
    # Autogiro
    bankgiro_number = fields.Char(string="Bankgiro", help="Digits only.")
    customer_number = fields.Char(
        string="Customer Number", help="6 digits: our number at Bankgirot."
    )
    seal_key = fields.Char(
        groups=fields.NO_ACCESS,
        copy=False,
        help="32 characters 0-9 and A-F, with which files are sealed.",
    )
    has_page_signup = fields.Boolean(string="On Our Page")
    has_bank_signup = fields.Boolean(string="In the Internet Bank")
    has_bankgiro_signup = fields.Boolean(string="By Bankgiro, for Companies")
    has_bank_retries = fields.Boolean(
        string="The Bank Tries Again",
        help="Without money on the account, the bank tries again on the next days.",
    )
    # Files
    delivery = fields.Selection(
        [
            ("approve", "After somebody has approved them"),
            ("automatic", "By themselves"),
        ],
        string="Files Go Out",
        required=True,
        default="approve",
    )
    directory = fields.Char(
        groups="base.group_system",
        help="Where files are put for the bank to fetch, by SFTP or otherwise. Empty: "
        "in Odoo's data directory.",
    )
    transmission_sequence_id = fields.Many2one(
        "ir.sequence", readonly=True, copy=False, ondelete="restrict"
    )
    assignment_sequence_id = fields.Many2one(
        "ir.sequence", readonly=True, copy=False, ondelete="restrict"
    )

    # === BUSINESS METHODS === #

    @api.model
    def _drop_sequences(self):
        """Delete the number series of all agreements (at uninstallation).

        :return: None
        """
        agreements_sudo = self.sudo().with_context(active_test=False).search([])
        for name in SEQUENCES:
            sequences_sudo = agreements_sudo[name]
            agreements_sudo[name] = False
            sequences_sudo.unlink()
