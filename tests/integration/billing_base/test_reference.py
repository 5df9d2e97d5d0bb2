"""KID and OCR numbers: made on posting, unique, and fixed once they are out."""

from psycopg2 import IntegrityError
from stdnum import luhn

from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.billing_base.core import reference

from .common import BillingBaseCase


class TestReference(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kari = cls._new_partner(billing_customer_number="1234")

    def setUp(self):
        super().setUp()
        # A rollback does not take back what a sequence gave out.
        self.scheme = self._use()

    def _other_journal(self, **values):
        return self.journal.copy(
            {"default_account_id": self.journal.default_account_id.id, **values}
        )

    def _core_scheme(self, scheme=None):
        return (scheme or self.scheme)._get_core_scheme()

    def _kid(self, base):
        """Return ``base`` with its check digit, by an implementation not ours."""
        return base + luhn.calc_check_digit(base)

    def _use(self, **values):
        """Let the journal use another scheme."""
        scheme = self._new_scheme(**values)
        self.journal.billing_reference_scheme_id = scheme
        return scheme

    # === GENERATION === #

    def test_posting_gives_customer_part_serial_and_check_digit(self):
        first, second = self._new_invoices(count=2, partner=self.kari)
        self.assertEqual(first.payment_reference, self._kid("00012340000001"))
        self.assertEqual(second.payment_reference, self._kid("00012340000002"))
        self.assertEqual(first.billing_reference_scheme_id, self.scheme)
        receivable = first.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        self.assertEqual(receivable.name, self._kid("00012340000001"))

    def test_every_algorithm_gives_valid_references(self):
        for algorithm in reference.ALGORITHMS:
            scheme = self._use(algorithm=algorithm, customer_length=6, serial_length=5)
            invoices = self._new_invoices(count=12, partner=self.kari)
            with self.subTest(algorithm=algorithm):
                self.assertEqual(len(set(invoices.mapped("payment_reference"))), 12)
                for invoice in invoices:
                    self.assertTrue(
                        reference.is_valid(
                            invoice.payment_reference, self._core_scheme(scheme)
                        )
                    )

    def test_branch_of_a_customer_uses_the_number_of_the_customer(self):
        contact = self._new_partner(parent_id=self.kari.id, type="invoice")
        invoice = self._new_invoices(partner=contact)
        self.assertTrue(invoice.payment_reference.startswith("0001234"))
        self.assertFalse(contact.billing_customer_number)

    def test_reference_put_in_by_hand_stays(self):
        invoice = self._new_invoices(payment_reference="OURS 1")
        self.assertEqual(invoice.payment_reference, "OURS 1")
        self.assertFalse(invoice.billing_reference_scheme_id)

    def test_reference_survives_draft_and_posting_again(self):
        invoice = self._new_invoices(partner=self.kari)
        before = invoice.payment_reference
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(invoice.payment_reference, before)
        self.assertEqual(invoice.billing_reference_scheme_id, self.scheme)

    def test_copy_gets_a_reference_of_its_own(self):
        invoice = self._new_invoices(partner=self.kari)
        copy = invoice.copy({"invoice_date": "2026-11-02"})
        self.assertFalse(copy.payment_reference)
        self.assertFalse(copy.billing_reference_scheme_id)
        copy.action_post()
        self.assertNotEqual(copy.payment_reference, invoice.payment_reference)

    def test_changed_reference_is_no_longer_of_the_scheme(self):
        invoice = self._new_invoices(partner=self.kari)
        invoice.write({"payment_reference": invoice.payment_reference})
        self.assertTrue(invoice.billing_reference_scheme_id)
        invoice.payment_reference = "OURS 1"
        self.assertFalse(invoice.billing_reference_scheme_id)

    def test_only_customer_invoices_get_references(self):
        refund = self._new_invoices(move_type="out_refund")
        self.assertFalse(refund.payment_reference)

    def test_journals_with_other_models_are_left_alone(self):
        journal = self._other_journal(invoice_reference_model="odoo")
        invoice = self._new_invoices(journal=journal)
        self.assertEqual(invoice.payment_reference, invoice.name)
        self.assertFalse(invoice.billing_reference_scheme_id)

    # === REFERENCE OF THE CUSTOMER === #

    def test_reference_of_the_customer_is_the_same_for_all_invoices(self):
        self.journal.invoice_reference_type = "partner"
        invoices = self._new_invoices(count=2, partner=self.kari)
        self.assertEqual(
            set(invoices.mapped("payment_reference")), {self._kid("00012340000000")}
        )
        self.assertFalse(invoices.billing_reference_scheme_id)

    def test_reference_of_the_customer_needs_customer_digits(self):
        self._use(customer_length=0)
        self.journal.invoice_reference_type = "partner"
        with self.assertRaisesRegex(UserError, "no customer digits"):
            self._new_invoices(partner=self.kari)

    # === ROOM AND UNIQUENESS === #

    def test_used_up_scheme_says_so(self):
        self._use(customer_length=4, serial_length=1)
        self._new_invoices(count=9, partner=self.kari)
        with self.assertRaisesRegex(UserError, "KID is used up: number 10"):
            self._new_invoices(partner=self.kari)

    def test_customer_number_without_room_says_so(self):
        self._use(customer_length=3)
        with self.assertRaisesRegex(
            UserError, "Customer number 1234 of Kari Nordmann has no room in the 3"
        ):
            self._new_invoices(partner=self.kari)

    def test_number_of_another_series_is_passed_over(self):
        self._new_invoices(
            partner=self.kari, payment_reference=self._kid("00012340000001")
        )
        twin = self._new_scheme()
        other_journal = self._other_journal(billing_reference_scheme_id=twin.id)
        first = self._new_invoices(partner=self.kari, journal=other_journal)
        second = self._new_invoices(partner=self.kari)
        third = self._new_invoices(partner=self.kari, journal=other_journal)
        self.assertEqual(first.payment_reference, self._kid("00012340000002"))
        self.assertEqual(second.payment_reference, self._kid("00012340000003"))
        self.assertEqual(third.payment_reference, self._kid("00012340000004"))

    def test_series_that_only_produces_used_numbers_gives_up(self):
        self._use(customer_length=0, serial_length=4)
        self._new_invoices(count=25)
        self._use(customer_length=0, serial_length=4)
        with self.assertRaisesRegex(UserError, "keeps producing references"):
            self._new_invoices()
        self.journal.billing_reference_scheme_id.serial_next = 26
        self.assertTrue(self._new_invoices().payment_reference.startswith("0026"))

    @mute_logger("odoo.sql_db")
    def test_database_keeps_references_apart(self):
        first, second = self._new_invoices(count=2, partner=self.kari)
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.cr.execute(
                "UPDATE account_move SET payment_reference = %s WHERE id = %s",
                [first.payment_reference, second.id],
            )

    def test_companies_may_have_equal_references(self):
        own = self._new_invoices(partner=self.kari)
        other = self.setup_other_company(name="Sister")
        sister = self._new_invoices(
            partner=self.kari,
            journal=other["default_journal_sale"],
            company_id=other["company"].id,
            payment_reference=own.payment_reference,
        )
        sister.billing_reference_scheme_id = self.scheme
        self.env.flush_all()
        self.assertEqual(sister.payment_reference, own.payment_reference)

    def test_two_at_once_draw_different_numbers_without_waiting(self):
        """A second transaction gets its number while the first is still open."""
        sequence = self.env.ref("billing_base.sequence_customer_number").sudo()
        self.assertEqual(sequence.implementation, "standard")
        self.assertEqual(
            self.scheme.sudo().serial_sequence_id.implementation, "standard"
        )
        own = sequence.next_by_id()
        with self.registry.cursor() as other_cr:
            other_cr.execute("SET LOCAL lock_timeout = '1s'")
            other = sequence.with_env(
                self.env(cr=other_cr, user=SUPERUSER_ID)
            ).next_by_id()
        self.assertNotEqual(own, other)

    # === SCHEME === #

    def test_example_shows_the_parts(self):
        for values, example, length in (
            ({}, "0001234 0000001 4", 15),
            ({"algorithm": "mod11"}, "0001234 0000001 2", 15),
            ({"algorithm": "ocr_length"}, "0001234 0000001 6 0", 16),
            ({"customer_length": 0, "serial_length": 4}, "0001 8", 5),
            ({"customer_length": 2, "serial_length": 0}, "34 9", 3),
            ({"customer_length": 20, "serial_length": 20}, False, 0),
        ):
            scheme = self.env["billing.reference.scheme"].new(
                {"algorithm": "mod10", "customer_length": 7, "serial_length": 7}
                | values
            )
            with self.subTest(values=values):
                self.assertEqual(scheme.total_length, length)
                self.assertEqual(scheme.example, example)
                if example and values.get("algorithm") != "mod11":
                    text = example.replace(" ", "")
                    self.assertTrue(reference.is_valid(text, scheme._get_core_scheme()))

    def test_impossible_structures_are_refused(self):
        for customer, serial in ((13, 12), (0, 0), (-1, 5), (7, -1)):
            with (
                self.subTest(customer=customer, serial=serial),
                self.assertRaisesRegex(ValidationError, "2 to 25 characters"),
            ):
                self._new_scheme(customer_length=customer, serial_length=serial)

    def test_scheme_that_gave_out_references_keeps_its_structure(self):
        self.scheme.serial_length = 8
        self.scheme.serial_length = 7
        self.assertFalse(self.scheme.is_issued)
        self._new_invoices()
        self.scheme.invalidate_recordset()
        self.assertTrue(self.scheme.is_issued)
        for values in (
            {"algorithm": "mod11"},
            {"customer_length": 6},
            {"serial_length": 8},
            {"company_id": self._other_company().id},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.scheme.write(values)
        self.scheme.write({"name": "Old", "active": False, "algorithm": "mod10"})
        self.assertEqual(self.scheme.name, "Old")

    def test_references_of_customers_also_fix_the_structure(self):
        self.journal.invoice_reference_type = "partner"
        self._new_invoices()
        with self.assertRaises(UserError):
            self.scheme.algorithm = "mod11"

    def test_next_number_can_be_raised_only(self):
        self._new_invoices(count=3, partner=self.kari)
        scheme = self.scheme.with_user(self.manager)
        scheme.invalidate_recordset()
        self.assertEqual(scheme.serial_next, 4)
        scheme.serial_next = 500
        self.assertEqual(
            self._new_invoices(partner=self.kari).payment_reference[:14],
            "00012340000500",
        )
        with self.assertRaises(ValidationError):
            scheme.serial_next = 7

    def test_journal_with_the_kvitt_model_needs_a_scheme(self):
        with self.assertRaises(ValidationError):
            self.journal.billing_reference_scheme_id = False
        with Form(self.journal) as form:
            form.invoice_reference_model = "odoo"
        self.journal.billing_reference_scheme_id = False

    def test_scheme_of_another_company_is_refused(self):
        foreign = self._new_scheme(company_id=self._other_company().id)
        with self.assertRaises(UserError):
            self.journal.billing_reference_scheme_id = foreign
        with self.assertRaises(AccessError):
            foreign.with_user(self.user).read(["name"])

    def test_managers_make_schemes_and_users_read_them(self):
        values = {"name": "x", "company_id": self.company.id}
        schemes = self.env["billing.reference.scheme"]
        with self.assertRaises(AccessError):
            schemes.with_user(self.user).create(values)
        scheme = schemes.with_user(self.manager).create(values)
        self.assertEqual(scheme.with_user(self.user).name, "x")
        sequence = scheme.sudo().serial_sequence_id
        scheme.unlink()
        self.assertFalse(sequence.exists())

    # === CUSTOMER NUMBER === #

    def test_customer_number_is_given_with_the_first_reference(self):
        ola = self._new_partner("Ola")
        self.assertFalse(ola.billing_customer_number)
        self._new_invoices(partner=ola, post=False)
        self.assertFalse(ola.billing_customer_number)
        invoice = self._new_invoices(partner=ola)
        self.assertTrue(ola.billing_customer_number.isdigit())
        self.assertEqual(
            invoice.payment_reference[:7], ola.billing_customer_number.zfill(7)
        )

    def test_number_that_somebody_took_is_passed_over(self):
        sequence = self.env.ref("billing_base.sequence_customer_number").sudo()
        taken = str(sequence.number_next_actual)
        self._new_partner("Early", billing_customer_number=taken, active=False)
        number = self._new_partner("Ola")._billing_get_customer_number()
        self.assertEqual(int(number), int(taken) + 1)

    def test_posting_needs_no_rights_on_customers(self):
        clerk = self._new_user("clerk", "account.group_account_invoice")
        invoice = self._new_invoices(partner=self._new_partner("Ola"), post=False)
        invoice.with_user(clerk).action_post()
        self.assertTrue(invoice.payment_reference)

    def test_number_is_for_managers_to_set_until_it_is_out(self):
        ola = self._new_partner("Ola")
        user = self._new_user(
            "u", "billing_base.group_billing_user,base.group_partner_manager"
        )
        boss = self._new_user(
            "m", "billing_base.group_billing_manager,base.group_partner_manager"
        )
        with self.assertRaises(AccessError):
            ola.with_user(user).billing_customer_number = "77"
        with self.assertRaises(AccessError):
            ola.with_user(user).create({"name": "x", "billing_customer_number": "78"})
        ola.with_user(boss).billing_customer_number = "77"
        ola.with_user(boss).billing_customer_number = "78"
        self._new_invoices(partner=ola)
        with self.assertRaisesRegex(UserError, "cannot change any more"):
            ola.with_user(boss).billing_customer_number = "79"
        ola.with_user(user).write({"billing_customer_number": "78", "city": "Bergen"})

    def test_number_is_digits_and_unique(self):
        for number in ("12a", "-1", "000", "١٢"):
            with self.subTest(number=number), self.assertRaises(ValidationError):
                self._new_partner(billing_customer_number=number)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self._new_partner(billing_customer_number="1234")
        self._new_partner(billing_customer_number="")
        self._new_partner(billing_customer_number="")

    def _merge(self, own_number):
        """Merge a customer with number 501 into one with ``own_number``."""
        old = self._new_partner(
            "Old", email="old@example.no", billing_customer_number="501"
        )
        new = self._new_partner("New", billing_customer_number=own_number)
        invoice = self._new_invoices(partner=old)
        self.env["base.partner.merge.automatic.wizard"].sudo()._merge(
            (old | new).ids, new
        )
        self.assertFalse(old.exists())
        self.assertEqual(invoice.partner_id, new)
        event = self.events.search([("move_id", "=", invoice.id)])
        self.assertEqual(event.partner_id, new)
        return new

    def test_merged_customer_takes_over_the_number(self):
        new = self._merge(own_number=False)
        self.assertEqual(new.billing_customer_number, "501")
        self.assertEqual(
            new.billing_contact_point_ids.mapped("address"), ["old@example.no"]
        )

    def test_merged_customer_keeps_a_number_of_its_own(self):
        self.assertEqual(self._merge("777").billing_customer_number, "777")

    def test_customers_are_found_by_number(self):
        arch = self.env["res.partner"].get_view(
            self.env.ref("base.view_res_partner_filter").id, "search"
        )["arch"]
        self.assertIn('name="billing_customer_number"', arch)

    # === UNINSTALLATION === #

    def test_uninstalling_leaves_core_usable(self):
        self._new_invoices()
        sequences = self.scheme.sudo().serial_sequence_id
        self.env["account.journal"]._billing_leave_reference_model()
        self.env["billing.reference.scheme"]._billing_drop_sequences()
        self.assertEqual(self.journal.invoice_reference_model, "no")
        self.assertFalse(sequences.exists())
        self.assertTrue(
            self._new_invoices(
                invoice_line_ids=[
                    Command.create({"name": "x", "price_unit": 1, "tax_ids": False})
                ]
            ).payment_reference
        )
