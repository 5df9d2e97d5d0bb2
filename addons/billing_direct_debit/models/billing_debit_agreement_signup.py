from urllib.parse import urljoin, urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import e_agreement

#: Our own page in place of the scheme's, for agreements of test.
DEMO_AGREEMENT = "/billing/demo/agreement"


class BillingDebitAgreement(models.Model):
    """How customers sign up on their page."""

    _inherit = "billing.debit.agreement"

    identification = fields.Selection(
        [("demo", "Demo: anybody is anybody")],
        string="Who Signs",
        help="How it is found out who signs a mandate on our page. The demo asks "
        "nobody and works for agreements of test only.",
    )
    answer_days = fields.Integer(
        string="Bank Days Until It Works",
        default=6,
        help="Bank days a new mandate usually takes. Customers are shown the first day "
        "of debit that follows from it.",
    )
    consent_text = fields.Text(
        string="What Customers Agree To",
        translate=True,
        help="Shown above the button and kept with the mandate, word by word. Put in "
        "the text that your bank asks for; without one, customers read a short one.",
    )

    _identification_demo_is_test = models.Constraint(
        "CHECK(is_test OR identification IS DISTINCT FROM 'demo')",
        "The demo of BankID is for agreements of test only.",
    )
    _answer_days_positive = models.Constraint(
        "CHECK(answer_days >= 0)", "A bank cannot answer before it is asked."
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("signup_address", "is_test")
    def _check_signup_address(self):
        """Customers sign up with the bank, over a connection that is safe."""
        for agreement in self:
            address = agreement.signup_address
            if not address or (agreement.is_test and address == DEMO_AGREEMENT):
                continue
            parts = urlsplit(address)
            if parts.scheme != "https" or not parts.hostname:
                raise ValidationError(
                    self.env._(
                        "The E-Agreement page of %(agreement)s needs an address that "
                        "begins with https://.",
                        agreement=agreement.display_name,
                    )
                )

    # === BUSINESS METHODS === #

    def _payee_shown(self):
        """Return the name of the company as customers know it."""
        self.ensure_one()
        return self.payee_name or self.company_id.name

    def _has_signup(self):
        """Return whether customers can begin on their page.

        :rtype: bool
        """
        self.ensure_one()
        if self.scheme == "avtalegiro":
            return bool(self.account_number)
        return bool(self._identification() or self.has_bank_signup)

    def _identification(self):
        """Return the provider by which customers sign on the page, or None.

        :rtype: billing.identification | None
        """
        self.ensure_one()
        name = f"billing.identification.{self.identification}"
        if not self.has_page_signup or not self.identification:
            return None
        if name not in self.env or not self.env[name]._may_be_used(self):
            return None
        return self.env[name]

    def _signup_page(self, base):
        """Return the address of the page that Norwegian customers are handed to.

        :param str base: address of this Odoo, for our own page
        :rtype: str
        """
        self.ensure_one()
        return urljoin(base, self.signup_address or e_agreement.PRODUCTION_ADDRESS)

    def _signup_consent(self):
        """Return what the customer agrees to, in the language of the context.

        :rtype: str
        """
        self.ensure_one()
        return self.consent_text or self.env._(
            "%(payee)s may draw what I owe from my account on the day it is due. I am "
            "told the amount and the day beforehand. The money has to be on the "
            "account when that day begins; otherwise the invoice is not paid. I can "
            "stop this at any time, on this page or in my bank, and a single debit in "
            "my bank until the bank day before. My bank may tell %(payee)s whether it "
            "takes the debit.",
            payee=self._payee_shown(),
        )
