"""What a company and its bank agreed on."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import file_open

from odoo.addons.billing_direct_debit.core import e_agreement

from .mandate_common import MandateCase

KEY = "1234567890ABCDEF1234567890ABCDEF"


class TestAgreement(MandateCase):
    def new(self, scheme="avtalegiro", **values):
        known = {
            "avtalegiro": {
                "journal_id": self.nok_bank.id,
                "account_number": "99991042764",
                "sender_number": "00131937",
            },
            "autogiro": {
                "journal_id": self.sek_bank.id,
                "bankgiro_number": "9912346",
                "customer_number": "471117",
            },
        }[scheme]
        return self.agreements.create(
            {"name": "Bank", "scheme": scheme, **known, **values}
        )

    def test_numbers_are_kept_as_files_have_them(self):
        self.assertEqual(self.avtalegiro.account_number, "99991042764")
        self.assertEqual(self.avtalegiro.recipient_number, "00008080")
        self.assertEqual(self.autogiro.bankgiro_number, "9912346")
        self.autogiro.bankgiro_number = "5050-1055"
        self.assertEqual(self.autogiro.bankgiro_number, "50501055")

    def test_wrong_numbers_are_refused(self):
        for scheme, wrong in (
            ("avtalegiro", {"account_number": "9999104276"}),
            ("avtalegiro", {"account_number": "99991042765"}),  # check digit
            ("avtalegiro", {"sender_number": "131937"}),
            ("avtalegiro", {"sender_number": False}),
            ("avtalegiro", {"kid_part_length": 25}),
            ("avtalegiro", {"journal_id": self.sek_bank.id}),
            ("avtalegiro", {"payee_name": "AS"}),
            ("autogiro", {"bankgiro_number": "9912347"}),
            ("autogiro", {"customer_number": "47111"}),
            ("autogiro", {"journal_id": self.nok_bank.id}),
        ):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                self.new(scheme, **wrong)

    def test_what_is_known_is_proposed(self):
        self.nok_bank.bank_account_id = self.env["res.partner.bank"].create(
            {
                "acc_number": "NO93 9999 1042 764",
                "partner_id": self.company.partner_id.id,
            }
        )
        self.sek_bank.billing_giro_numbers = "991-2346, 5050-1055"
        agreement = self.agreements.create(
            {
                "name": "Bank",
                "scheme": "avtalegiro",
                "journal_id": self.nok_bank.id,
                "sender_number": "00131937",
            }
        )
        self.assertEqual(agreement.account_number, "99991042764")
        self.assertEqual(agreement.kid_part_length, self.scheme.customer_length)
        self.assertEqual(agreement.payee_name, self.company.name)
        swedish = self.agreements.create(
            {
                "name": "Bank",
                "scheme": "autogiro",
                "journal_id": self.sek_bank.id,
                "customer_number": "471117",
            }
        )
        self.assertEqual(swedish.bankgiro_number, "9912346")

    def test_customers_go_to_the_test_page_until_it_is_for_good(self):
        agreement = self.new()
        self.assertIn("//mtf.pvu.", agreement.signup_address)
        agreement.is_test = False
        self.assertEqual(
            agreement.signup_address, "https://pvu.avtalegiro.no/ecsa/start"
        )
        with self.assertRaises(ValidationError):
            agreement.signup_address = "http://somewhere.example"

    def test_what_was_signed_for_a_test_is_never_drawn_in_earnest(self):
        self._sign()
        for agreement, is_test in ((self.autogiro, False), (self.new(), True)):
            agreement.name = "Another name"
            if agreement != self.autogiro:
                agreement.is_test = False
                self._sign(self.kari, agreement)
            with self.assertRaisesRegex(UserError, "Make a new agreement"):
                agreement.is_test = is_test
            agreement.is_test = not is_test

    def test_a_copy_of_the_database_asks_no_bank(self):
        self.autogiro.sudo().write({"seal_key_new": KEY, "directory": "/srv/bank"})
        earnest = self.new(is_test=False, delivery="automatic")
        self.env.flush_all()
        with file_open("billing_direct_debit/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.env.invalidate_all()
        self.assertFalse(self.autogiro._seal_key())
        self.assertFalse(self.autogiro.sudo().directory)
        self.assertFalse(self.autogiro.signup_address)
        self.assertTrue(earnest.is_test)
        self.assertEqual(earnest.delivery, "approve")
        self.assertEqual(earnest.signup_address, e_agreement.TEST_ADDRESS)

    def test_the_key_is_never_shown(self):
        agreement = self.autogiro.with_user(self.manager)
        agreement.seal_key_new = KEY.lower()
        self.assertFalse(agreement.seal_key_new)
        # The same that Bankgirot has for this key.
        self.assertEqual(agreement.seal_check, "FF365893D899291C3BF505FB3175E880")
        self.assertEqual(agreement._seal_key(), KEY)
        for user in (self.manager, self.user):
            with self.assertRaises(AccessError):
                agreement.with_user(user).read(["seal_key"])
        with self.assertRaises(AccessError):
            agreement.with_user(self.user).read(["seal_check"])
        self.assertNotIn(KEY, str(agreement.read()))
        self.assertFalse(agreement.copy().sudo().seal_key)
        with self.assertRaises(ValidationError):
            agreement.seal_key_new = "12345"
        # Left empty, the key stays.
        agreement.seal_key_new = False
        self.assertEqual(agreement._seal_key(), KEY)

    def test_staff_read_and_managers_configure(self):
        agreement = self.autogiro
        self.assertEqual(agreement.with_user(self.user).name, "Autogiro")
        with self.assertRaises(AccessError):
            agreement.with_user(self.user).delivery = "automatic"
        agreement.with_user(self.manager).delivery = "automatic"
        with self.assertRaises(AccessError):
            agreement.with_user(self.manager).directory = "/etc"

    def test_numbers_have_no_gaps(self):
        agreement = self.avtalegiro
        self.assertEqual(agreement._next_transmission_number(), 1)
        self.assertEqual(agreement._next_assignment_number(), 1)
        savepoint = self.env.cr.savepoint(flush=False)
        self.assertEqual(agreement._next_transmission_number(), 2)
        savepoint.rollback()
        savepoint.close(rollback=False)
        agreement.invalidate_recordset()
        self.assertEqual(agreement._next_transmission_number(), 2)
        self.assertEqual(agreement._next_assignment_number(), 2)
        agreement.transmission_number = 40
        self.assertEqual(agreement._next_transmission_number(), 41)
        with self.assertRaises(UserError):
            agreement.transmission_number = 40

    def test_a_sender_counts_its_files_together(self):
        """The bank refuses two files of one sender with the same number."""
        other = self.new(sender_number=self.avtalegiro.sender_number)
        alone = self.new()
        self.assertEqual(self.avtalegiro._next_transmission_number(), 1)
        self.assertEqual(other._next_transmission_number(), 2)
        self.assertEqual(self.avtalegiro._next_transmission_number(), 3)
        self.assertEqual(alone._next_transmission_number(), 1)
        self.assertEqual(other._next_assignment_number(), 1)
        # One in place of another, which is archived.
        self.assertEqual(self.autogiro._next_transmission_number(), 1)
        self.autogiro.active = False
        self.assertEqual(self.new("autogiro")._next_transmission_number(), 2)

    def test_what_mandates_are_under_stays(self):
        self._sign()
        with self.assertRaises(UserError):
            self.autogiro.scheme = "avtalegiro"
        with self.assertRaises(UserError):
            self.autogiro.unlink()
        self.autogiro.name = "Another name"
        self.autogiro.active = False

    def test_the_settings(self):
        settings = self.env["res.config.settings"]
        self.assertEqual(settings.create({}).billing_mandate_months, 14)
        settings.create({"billing_mandate_months": 20})
        self.assertEqual(self.env.company.billing_mandate_months, 20)
