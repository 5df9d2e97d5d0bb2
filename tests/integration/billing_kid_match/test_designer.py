"""The KID designer on the books of a company."""

import base64
import csv
import io
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.billing_base.core import reference

from ..billing_base.common import BillingBaseCase

DESIGNER = "odoo.addons.billing_kid_match.wizards.billing_reference_designer"


class TestDesigner(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("nb_NO")
        cls.kari = cls._new_partner(billing_customer_number="12345678")
        cls.invoices = cls._new_invoices(count=3, partner=cls.partner_a)

    def _open(self, scheme=None):
        designers = self.env["billing.reference.designer"].with_user(self.manager)
        if scheme:
            action = scheme.with_user(self.manager).action_design()
        else:
            action = designers.action_open()
        self.assertEqual(action["res_model"], designers._name)
        return designers.browse(action["res_id"])

    def _add(self, designer, **values):
        designer.design_ids = [
            Command.clear(),
            Command.create(
                {"algorithm": "mod10", "customer_length": 8, "serial_length": 6}
                | values
            ),
        ]
        return designer.design_ids

    # === THE BOOK === #

    def test_book_is_counted(self):
        self._new_invoices(partner=self.partner_b, post=False)
        self._new_invoices(partner=self.partner_b, invoice_date="2020-01-01")
        designer = self._open()
        self.assertEqual(designer.company_id, self.company)
        self.assertEqual(designer.market, "kid")
        self.assertEqual(designer.open_count, 4)
        self.assertEqual(designer.customer_count, 2)
        self.assertEqual(designer.customer_digits, 8)
        self.assertEqual(set(designer.amounts), {10_000})
        self.assertFalse(designer.is_expected)

    def test_large_book_is_estimated(self):
        self._new_invoices(partner=self.partner_b, invoice_date="2020-01-01")
        with patch(f"{DESIGNER}.COUNTED", 3), patch(f"{DESIGNER}.SAMPLE", 10**9):
            designer = self._open()
        # the sample is the whole book here, so nothing is missed
        self.assertEqual(designer.open_count, 4)
        self.assertEqual(designer.issued_count, 4)
        self.assertEqual(designer.customer_count, 2)
        self.assertEqual(set(designer.amounts), {10_000})

    def test_foreign_books_do_not_count(self):
        company = self.setup_other_company(name="Sister")["company"]
        self.manager.company_ids = [Command.link(company.id)]
        designers = self.env["billing.reference.designer"].with_user(self.manager)
        action = designers.with_company(company).action_open()
        designer = designers.browse(action["res_id"])
        self.assertEqual(designer.company_id, company)
        self.assertTrue(designer.is_expected)
        self.assertEqual(designer.open_count, 1000)
        self.assertFalse(designer.amounts)
        self.assertTrue(designer.comparison)

    def test_swedish_company_designs_ocr_numbers(self):
        sweden = self.env.ref("base.se")
        self.company.country_id = sweden
        self.company.account_fiscal_country_id = sweden
        designer = self._open()
        self.assertEqual(designer.market, "ocr")
        self.assertTrue(
            all(line.algorithm.startswith("ocr") for line in designer.design_ids)
        )
        self.assertEqual(self._open(self.scheme).market, "kid")

    # === WHAT IT TELLS === #

    def test_designs_to_begin_with(self):
        designer = self._open(self.scheme)
        structures = [line._get_structure() for line in designer.design_ids]
        self.assertEqual(
            structures[0],
            {"algorithm": "mod10", "customer_length": 7, "serial_length": 7},
        )
        self.assertIn(designer.recommended, structures)
        self.assertEqual(designer.recommended["customer_length"], 8)
        self.assertFalse(designer.is_recommendation_new)
        self.assertIn(
            ("mod11", 0), [(s["algorithm"], s["customer_length"]) for s in structures]
        )
        self.assertEqual(designer.design_ids[0].example, "0001234 0000001 4")
        self.assertIn("In use: ", designer.comparison)
        self.assertIn("Safe. ", designer.comparison)

    def test_running_numbers_alone_are_dangerous_in_a_dense_book(self):
        designer = self._open()
        designer.write(
            {
                "open_count": 20_000,
                "issued_count": 20_000,
                "customer_count": 15_000,
                "growth": 1.0,
            }
        )
        line = self._add(designer, customer_length=0, serial_length=5)
        book = designer._get_book()
        dense = line._get_card(book)
        self.assertEqual(dense["grade"], "poor")
        self.assertRegex(
            dense["verdict"][0], r"Of 10?,000 slips, \d+(\.\d)? hit another"
        )
        swapped = next(row for row in dense["rows"] if row["kind"] == "swapped digits")
        self.assertTrue(swapped["is_silent"])
        self.assertEqual(dense["rows"][0]["silent"], "0")
        self.assertEqual(dense["rows"][0]["caught"], "100%")
        safe = self._add(designer)._get_card(book)
        self.assertEqual(safe["grade"], "good")
        self.assertIn("not one hits another", safe["verdict"][0])
        self.assertEqual(len(safe["rows"]), 6)

    def test_norwegian_reader(self):
        designer = self._open().with_context(lang="nb_NO")
        designer.silent_limit = 0.5
        self.assertIn("0,5", designer.recommendation)
        self.assertEqual(designer._percent(0.9991).replace("\xa0", "")[:4], "99,9")
        self.assertEqual(designer._percent(0.00001).replace("\xa0", "")[:3], "0,1")
        first, second = designer.design_ids[0]._get_card(designer._get_book())[
            "verdict"
        ]
        self.assertTrue(first and second)

    def test_recommendation_follows_the_wishes(self):
        designer = self._open()
        designer.write({"issued_count": 900_000, "years": 10, "growth": 1.0})
        self.assertEqual(designer.recommended["serial_length"], 7)
        designer.years = 100
        self.assertEqual(designer.recommended["serial_length"], 8)
        designer.write({"needs_customer": False, "silent_limit": 10_000.0})
        self.assertEqual(
            designer.recommended,
            {"algorithm": "mod10", "customer_length": 0, "serial_length": 8},
        )
        self.assertTrue(designer.is_recommendation_new)
        before = designer.design_ids
        designer.action_add_recommended()
        added = designer.design_ids - before
        self.assertEqual(added._get_structure(), designer.recommended)
        designer.action_add_recommended()
        self.assertEqual(designer.design_ids, before | added)

    def test_warnings(self):
        designer = self._open()
        designer.write({"issued_count": 900_000, "growth": 1.0})

        def notes(**values):
            line = self._add(designer, **values)
            card = line._get_card(designer._get_book())
            return {text for is_warning, text in card["notes"] if is_warning}

        self.assertEqual(notes(serial_length=8), set())
        self.assertEqual(
            notes(customer_length=6, serial_length=9),
            {
                "Customer numbers need 8 digits.",
                "KID is one digit longer or shorter: a missing or extra digit may give "
                "a valid reference. Choose lengths two apart.",
            },
        )
        self.assertIn(
            "KID has this length too; in one agreement each structure has another "
            "length.",
            notes(algorithm="mod11"),
        )
        self.assertEqual(
            notes(customer_length=0, serial_length=6),
            {
                "No customer number: not for direct debit.",
                "Running numbers last 1.1 years only.",
            },
        )
        for name, length in (("A", 9), ("B", 11)):
            self._new_scheme(name=name, customer_length=0, serial_length=length)
        self.assertIn(
            "A KID agreement holds at most 3 structures, each of another length.",
            notes(serial_length=11),
        )

    def test_change_is_seen_while_editing(self):
        with Form(self._open()) as form:
            before = form.comparison
            with form.design_ids.edit(0) as line:
                line.serial_length = 11
            self.assertNotEqual(form.comparison, before)
            self.assertIn("(7 + 11 + 1)", form.comparison)
            form.open_count = 0
            self.assertNotIn("(7 + 11 + 1)", form.comparison)
            form.open_count = 10

    def test_impossible_structure(self):
        designer = self._open()
        line = self._add(designer, customer_length=20, serial_length=20)
        self.assertIn("2 to 25 characters", designer.comparison)
        self.assertFalse(line.example)
        with self.assertRaises(UserError):
            line.action_show_tests()
        with self.assertRaises(ValidationError):
            line.action_create_scheme()

    def test_numbers_are_above_zero(self):
        designer = self._open()
        for values in ({"open_count": 0}, {"growth": 0.5}, {"years": 0}):
            with (
                self.subTest(values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                designer.write(values)
                designer.flush_recordset()
        with self.assertRaises(ValidationError):
            designer.design_ids = [
                Command.create({"serial_length": length}) for length in range(1, 8)
            ]

    # === WHAT IT DOES === #

    def test_scheme_is_made_once(self):
        designer = self._open()
        line = self._add(designer)
        action = line.action_create_scheme()
        scheme = self.env["billing.reference.scheme"].browse(action["res_id"])
        self.assertRecordValues(
            scheme,
            [
                {
                    "name": "KID 15",
                    "company_id": self.company.id,
                    "algorithm": "mod10",
                    "customer_length": 8,
                    "serial_length": 6,
                    "serial_next": 1,
                }
            ],
        )
        self.assertEqual(line.action_create_scheme()["res_id"], scheme.id)
        self.journal.billing_reference_scheme_id = scheme
        invoice = self._new_invoices(partner=self.kari)
        self.assertTrue(invoice.payment_reference.startswith("12345678000001"))

    def test_references_for_the_bank(self):
        line = self._add(self._open(), algorithm="mod11")
        self.assertEqual(line.action_show_tests()["res_id"], line.id)
        core_scheme = reference.Scheme("mod11", 8, 6)
        text = base64.b64decode(line.test_file).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text), delimiter=";"))
        self.assertEqual(rows[0], ["Reference", "Expected", "Why"])
        self.assertGreater(len(rows), 15)
        for row in rows[1:]:
            with self.subTest(row=row):
                self.assertEqual(
                    reference.is_valid(row[0], core_scheme), row[1] == "valid"
                )
        self.assertIn("dash as check digit", [row[2] for row in rows])
        self.assertEqual(
            [line_.split("\t") for line_ in line.test_text.split("\n")], rows[1:]
        )
        self.assertEqual(line.test_file_name, "test-mod11-15.csv")

    # === RIGHTS === #

    def test_managers_only(self):
        designers = self.env["billing.reference.designer"].with_user(self.user)
        with self.assertRaises(AccessError):
            designers.action_open()
        with self.assertRaises(AccessError):
            self.scheme.with_user(self.user).action_design()
        designer = self._open()
        with self.assertRaises(AccessError):
            designer.design_ids[0].with_user(self.user).action_create_scheme()

    def test_designs_are_ones_own(self):
        other = self._new_user("boss", "billing_base.group_billing_manager")
        designer = self._open()
        designer.invalidate_recordset()
        with self.assertRaises(AccessError):
            designer.with_user(other).read(["open_count"])
        with self.assertRaises(AccessError):
            designer.design_ids.with_user(other).read(["algorithm"])
