"""A company that draws money in Norway and Sweden, and a customer who may sign up."""

from odoo.addons.billing_direct_debit.core import identification

ACCOUNT = "86011117947"
BANKGIRO = "50501055"
#: An account at SEB, and somebody who might have it.
CLEARING, NUMBER = "5000", "0000027"
PERSON = "191212121212"


class SignupCase:
    """Comes before a class with ``company``, ``kari`` and her ``invoice``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agreements = cls.env["billing.debit.agreement"].sudo()
        cls.agreements.search([]).active = False
        cls.signups = cls.env["billing.debit.signup"].sudo()
        cls.mandates = cls.env["billing.mandate"].sudo()
        bank = cls.company_data["default_journal_bank"]
        crowns = cls.env.ref("base.SEK")
        crowns.active = True
        cls.norwegian = cls.agreements.create(
            {
                "name": "AvtaleGiro",
                "scheme": "avtalegiro",
                "company_id": cls.company.id,
                "journal_id": bank.id,
                "account_number": ACCOUNT,
                "sender_number": "00002222",
                "kid_part_length": cls.scheme.customer_length,
                "signup_address": "/billing/demo/agreement",
            }
        )
        cls.swedish = cls.agreements.create(
            {
                "name": "Autogiro",
                "scheme": "autogiro",
                "company_id": cls.company.id,
                "journal_id": cls.env["account.journal"]
                .create(
                    {
                        "name": "Bank in Sweden",
                        "code": "BSE",
                        "type": "bank",
                        "company_id": cls.company.id,
                        "currency_id": crowns.id,
                    }
                )
                .id,
                "bankgiro_number": BANKGIRO,
                "customer_number": "123456",
                "has_page_signup": True,
                "has_bank_signup": True,
                "has_bankgiro_signup": True,
                "identification": "demo",
            }
        )
        cls.swedish_invoice, cls.swedish_other = cls._new_invoices(
            2, partner=cls.kari, currency_id=crowns.id
        )

    def stage(self, move):
        """How direct debit stands on the page of an invoice; None without a place."""
        stage = move._billing_debit_stages().get(move.id)
        return stage and stage.code

    def begin(self, move, nonce="nonce-of-a-form", **values):
        values = {"kind": "new", "is_known": True, **values}
        return self.signups._begin(move, nonce, **values)[0]

    def begin_swedish(
        self, nonce="nonce-of-a-form", move=None, account=NUMBER, **values
    ):
        """Somebody has typed account and consent."""
        signup = self.begin(move or self.swedish_invoice, nonce, **values)
        signup._set_account(CLEARING, account, "")
        signup.consent = self.swedish._signup_consent()
        signup._identify("https://kvitt.example/")
        return signup

    def sign(self, signup, identity=PERSON, name="Tolvan Tolvansson"):
        """Somebody says on the demo's page who they are, and comes back."""
        self.swedish._identification()._say(signup, identity, name)
        return signup._collect()

    def bank_says(self, move, registration=1):
        """A record NY219470 comes."""
        return self.mandates._apply(
            [
                {
                    "scheme": "avtalegiro",
                    "agreement_id": self.norwegian.id,
                    "kid": move.payment_reference,
                    "registration": registration,
                    "written_notice": False,
                }
            ]
        )

    def bankgirot_says(self, mandate, information="04", comment="32"):
        """A record TK73 comes."""
        return self.mandates._apply(
            [
                {
                    "scheme": "autogiro",
                    "agreement_id": self.swedish.id,
                    "payer_number": mandate.payer_number,
                    "account": mandate.bank_account,
                    "identity": mandate.payer_identity,
                    "information": information,
                    "comment": comment,
                    "day": self.company._billing_today(),
                }
            ]
        )


class IdentificationContract:
    """What every provider of electronic identification has to pass.

    Comes before a class with :class:`SignupCase`. ``provider`` is the model;
    :meth:`finish` and :meth:`cancel` do what a person would do at the provider.
    """

    def test_begins_at_an_address_and_goes_on_at_the_same(self):
        signup = self.begin_swedish()
        address = self.provider._start(signup, "https://kvitt.example/back")
        self.assertTrue(address)
        self.assertEqual(
            self.provider._start(signup, "https://kvitt.example/back"), address
        )

    def test_knows_nobody_before_it_is_done(self):
        signup = self.begin_swedish()
        for _nth in range(2):
            outcome = self.provider._collect(signup)
            self.assertEqual(outcome.state, identification.PENDING)
            self.assertFalse(outcome.identity)

    def test_says_who_it_is_as_often_as_it_is_asked(self):
        signup = self.begin_swedish()
        self.finish(signup)
        first, second = (self.provider._collect(signup) for _nth in range(2))
        self.assertEqual(first, second)
        self.assertEqual(first.state, identification.DONE)
        self.assertEqual(first.identity, PERSON)
        self.assertTrue(first.evidence.get("reference"))

    def test_who_does_not_go_on_is_nobody(self):
        signup = self.begin_swedish()
        self.cancel(signup)
        self.assertEqual(self.provider._collect(signup).state, identification.CANCELLED)

    def test_one_attempt_says_nothing_of_another(self):
        signup = self.begin_swedish()
        other = self.begin_swedish(nonce="nonce-of-another")
        self.finish(signup)
        self.assertEqual(self.provider._collect(other).state, identification.PENDING)

    def test_has_a_name_for_customers(self):
        self.assertTrue(self.provider._label())
