from odoo import Command, fields, models
from odoo.exceptions import UserError

#: Account of the chart that late interest belongs on, by country.
INTEREST_CODES = {"NO": "8055", "SE": "8310"}
#: Code after which an account for fees is opened, by country.
FEE_CODES = {"NO": "3900", "SE": "3900"}
#: The same where the chart is another one.
ANY_CODE = "450000"


class ResCompany(models.Model):
    """Where fees and interest stand in the books."""

    _inherit = "res.company"

    billing_fee_journal_id = fields.Many2one(
        "account.journal",
        string="Journal for Fees and Interest",
        domain="[('type', '=', 'sale')]",
        check_company=True,
        help="Made when the first fee is booked, unless you choose one.",
    )
    billing_fee_account_id = fields.Many2one(
        "account.account",
        string="Account for Fees",
        check_company=True,
        help="Income outside of VAT. Opened when the first fee is booked, unless you "
        "choose one.",
    )
    billing_interest_account_id = fields.Many2one(
        "account.account",
        string="Account for Late Interest",
        check_company=True,
        help="Interest from customers. Chosen from the chart when the first interest "
        "is booked, unless you choose one.",
    )
    billing_fee_reference = fields.Selection(
        [
            ("claim", "The one of the invoice, so that one payment settles both"),
            ("own", "One of its own, from the journal for fees and interest"),
        ],
        string="Payment Reference of Fees",
        required=True,
        default="claim",
    )
    billing_fee_paid_waiver = fields.Selection(
        [
            ("credit", "Stays as the customer's credit"),
            ("refund", "Is paid back: somebody gets a task"),
        ],
        string="A Paid Fee That Is Dropped",
        required=True,
        default="credit",
    )
    billing_interest_when = fields.Selection(
        [
            ("never", "Never"),
            ("reminder", "With reminders that ask for it"),
            ("payment", "When an invoice was paid late"),
            ("both", "With reminders, and the rest when it was paid"),
        ],
        string="Late Interest Is Charged",
        required=True,
        default="reminder",
    )
    billing_interest_minimum = fields.Monetary(
        string="Least Interest",
        default=10.0,
        help="Interest below this is not charged. It goes on running, and may be part "
        "of a later charge.",
    )

    billing_objection_user_id = fields.Many2one(
        "res.users",
        string="Objections to Fees Go To",
        domain="[('share', '=', False), ('company_ids', 'in', id)]",
        help="Empty: to the salesperson of the invoice, else to a billing manager.",
    )

    _billing_interest_minimum_positive = models.Constraint(
        "CHECK(billing_interest_minimum >= 0)",
        "The least interest cannot be below zero.",
    )

    # === BUSINESS METHODS === #

    def _billing_prepare_charges(self):
        """Give the companies the journal and the accounts that fees stand on.

        What a manager has chosen stays. Called before each booking, so that a company
        needs no set-up; also a button in the settings.

        :return: None
        :raises UserError: a company has no chart of accounts
        """
        for company_sudo in self.sudo():
            company_sudo = company_sudo.with_company(company_sudo)
            if not company_sudo.billing_fee_account_id:
                company_sudo.billing_fee_account_id = company_sudo._open_fee_account()
            if not company_sudo.billing_interest_account_id:
                company_sudo.billing_interest_account_id = (
                    company_sudo._find_interest_account()
                    or company_sudo.billing_fee_account_id
                )
            if not company_sudo.billing_fee_journal_id:
                company_sudo.billing_fee_journal_id = company_sudo._open_fee_journal()

    def _billing_charge_account(self, kind):
        """Return the account that a charge of ``kind`` is income on.

        :param str kind: of ``billing.charge``
        :rtype: account.account
        """
        self.ensure_one()
        if kind == "interest":
            return self.billing_interest_account_id
        return self.billing_fee_account_id

    def _billing_objection_staff(self, move):
        """Return who answers an objection to a fee.

        :param move: the invoice it came on top of
        :rtype: res.users
        """
        self.ensure_one()
        company_sudo = self.sudo()
        users_sudo = (
            company_sudo.billing_objection_user_id | move.sudo().invoice_user_id
        )
        # Invoices that were made by a job are the robot's, which reads no tasks.
        users_sudo = users_sudo.filtered(
            lambda user: (
                user.active and user._is_internal() and not user._is_superuser()
            )
        )
        if users_sudo:
            return users_sudo[0]
        managers = self.env.ref("billing_base.group_billing_manager")
        return (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", managers.ids),
                    ("company_ids", "in", self.ids),
                    ("share", "=", False),
                ],
                order="id",
                limit=1,
            )
        )

    # === HELPERS === #

    def _books_lang(self):
        """Return the environment's translations in the company's own language."""
        return self.with_context(lang=self.partner_id.lang or self.env.lang).env

    def _open_fee_account(self):
        """Open an account for fees, beside the other income of the chart."""
        self.ensure_one()
        accounts = self.env["account.account"]
        income = accounts.search(
            [
                *accounts._check_company_domain(self),
                ("account_type", "in", ("income", "income_other")),
            ],
            limit=1,
        )
        if not income:
            raise UserError(
                self.env._(
                    "%(company)s has no chart of accounts, so that no fee can be "
                    "booked.",
                    company=self.name,
                )
            )
        start = FEE_CODES.get(self.account_fiscal_country_id.code) or income.code
        return accounts.create(
            {
                "name": self._books_lang()._("Reminder fees"),
                "code": accounts._search_new_account_code(start or ANY_CODE),
                "account_type": "income_other",
                "company_ids": [Command.link(self.id)],
                # Fees and late interest are outside of VAT (in Norway
                # merverdiavgiftsloven § 4-1 second paragraph b and c).
                "tax_ids": [Command.clear()],
            }
        )

    def _find_interest_account(self):
        """Return the chart's account for interest from customers, if it has one."""
        self.ensure_one()
        accounts = self.env["account.account"]
        code = INTEREST_CODES.get(self.account_fiscal_country_id.code)
        if not code:
            return accounts
        return accounts.search(
            [*accounts._check_company_domain(self), ("code", "=like", f"{code}%")],
            order="code",
            limit=1,
        )

    def _open_fee_journal(self):
        """Make the journal for fees and interest, with references as invoices have."""
        self.ensure_one()
        journals = self.env["account.journal"].with_context(active_test=False)
        own = journals.search(journals._check_company_domain(self))
        taken = set(own.mapped("code"))
        codes = ("FEE", *(f"FEE{number}" for number in range(2, 100)))
        # References of fees are built as those of invoices, when the scheme is ours.
        model = own.filtered(
            lambda journal: (
                journal.type == "sale" and journal.invoice_reference_model == "kvitt"
            )
        )[:1]
        vals = {
            "name": self._books_lang()._("Fees and Interest"),
            "code": next(code for code in codes if code not in taken),
            "type": "sale",
            "company_id": self.id,
            "default_account_id": self.billing_fee_account_id.id,
            "show_on_dashboard": False,
        }
        if model and model.invoice_reference_type == "invoice":
            vals |= {
                "invoice_reference_model": "kvitt",
                "invoice_reference_type": "invoice",
                "billing_reference_scheme_id": model.billing_reference_scheme_id.id,
            }
        return journals.create(vals)
