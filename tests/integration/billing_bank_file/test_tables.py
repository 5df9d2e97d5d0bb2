"""Tables with explained columns, and the Swedish giro numbers of journals."""

import base64

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.table import UnknownTableError

from tests.builders.bank_files import BgPayment, BgSection, Camt, Entry, Tx, bgmax_file

from .common import ACCOUNT, BankFileCase

HEAD = "Konto;{account}\n\n"
TABLE = (
    "Dato;Beløp;Tekst;KID;Navn\n"
    "20.11.2026;1 250,00;Takk;0012345678904;Kari Nordmann\n"
    "21.11.2026;-35,50;Gebyr;;\n"
    ";;Saldo;;\n"
)


class TestTables(BankFileCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(
            cls.env,
            "table clerk",
            groups="billing_base.group_billing_user",
            company_id=cls.company.id,
        )
        cls.formats = cls.env["billing.table.format"]
        cls.other = cls.env["account.journal"].create(
            {
                "name": "Savings",
                "code": "SAV",
                "type": "bank",
                "company_id": cls.company.id,
                "bank_account_id": cls.env["res.partner.bank"]
                .create(
                    {
                        "acc_number": "15035149098",
                        "partner_id": cls.company.partner_id.id,
                    }
                )
                .id,
            }
        )

    def upload(self, *files, journal=None):
        """Upload files as a clerk.

        :return: (upload form, action)
        """
        env = self.env(user=self.clerk)
        form = env["billing.bank.file.upload"].create(
            {
                "journal_id": journal.id if journal else False,
                "attachment_ids": [
                    Command.create(
                        {"name": name, "datas": base64.b64encode(text.encode())}
                    )
                    for name, text in files
                ],
            }
        )
        return form, form.action_upload()

    def mapping(self, action):
        self.assertEqual(action["res_model"], "billing.table.mapping")
        return (
            self.env[action["res_model"]].with_user(self.clerk).browse(action["res_id"])
        )

    def explain(self, text=TABLE, journal=None):
        """Upload a table and accept what is proposed."""
        action = self.upload(("bank.csv", text), journal=journal)[1]
        mapping = self.mapping(action)
        if journal:
            mapping.journal_id = journal
        return mapping.action_import()

    # === EXPLAINING === #

    def test_an_unknown_table_asks_and_is_known_afterwards(self):
        action = self.upload(("bank.csv", TABLE), journal=self.journal)[1]
        self.assertFalse(self.files.search([("name", "=", "bank.csv")]))
        mapping = self.mapping(action)
        self.assertEqual(mapping.journal_id, self.journal)
        self.assertEqual(
            mapping.column_ids.mapped("role"),
            ["booking_date", "amount", "text", "reference", "payer_name"],
        )
        self.assertEqual(mapping.column_ids[0].sample, "20.11.2026 · 21.11.2026")
        self.assertFalse(mapping.problem)
        preview = str(mapping.preview)
        for words in ("2 payments", "20 November 2026", "0012345678904", "Kari"):
            self.assertIn(words, preview)
        action = mapping.action_import()
        file = self.env["billing.bank.file"].browse(action["res_id"])
        self.assertEqual(file.format, "csv")
        self.assertRecordValues(
            file.payment_ids.sorted("position"),
            [
                {
                    "amount": 1250.0,
                    "reference": "0012345678904",
                    "payer_name": "Kari Nordmann",
                    "text": "Takk",
                    "journal_id": self.journal.id,
                },
                {
                    "amount": -35.5,
                    "reference": False,
                    "payer_name": False,
                    "text": "Gebyr",
                    "journal_id": self.journal.id,
                },
            ],
        )
        self.assertEqual(file.summary["skipped"], {"rows without date and amount": 1})
        # the next one overlaps and needs nobody
        following = TABLE + "22.11.2026;10,00;Ny;;\n"
        file, seen = self.files._import(following.encode(), "next.csv")
        self.assertEqual([known for _p, _id, known in seen], [True, True, False])

    def test_a_meaning_that_does_not_fit_is_told_and_nothing_is_kept(self):
        action = self.upload(("bank.csv", TABLE), journal=self.journal)[1]
        mapping = self.mapping(action)
        mapping.date_order = "ymd"
        self.assertIn("expected a date", mapping.problem)
        self.assertIn("bank.csv:2: Dato", str(mapping.preview))
        with self.assertRaises(UserError):
            mapping.action_import()
        mapping.date_order = "dmy"
        mapping.column_ids[1].role = False
        self.assertIn("no column is the amount", mapping.problem)

    def test_several_files_one_of_them_a_table(self):
        ready = self.camt([self.payment("1")]).decode()
        _form, action = self.upload(
            ("a.csv", TABLE),
            ("b.xml", ready),
            ("c.csv", TABLE.replace("Tekst", "Melding")),
            ("d.csv", "no table\n"),
        )
        action = self.mapping(action).action_import()
        self.assertEqual(self.mapping(action).file_name, "c.csv")
        action = self.mapping(action).action_import()
        files = self.env["billing.bank.file"].search(action["domain"])
        self.assertEqual(
            {(file.name, file.state) for file in files},
            {
                ("a.csv", "imported"),
                ("b.xml", "imported"),
                ("c.csv", "imported"),
                ("d.csv", "refused"),
            },
        )

    def test_the_account_above_the_headings_finds_the_journal(self):
        text = HEAD.format(account="1503.51.49098") + TABLE
        mapping = self.mapping(self.upload(("bank.csv", text))[1])
        self.assertEqual(mapping.journal_id, self.other)
        self.assertEqual(mapping.heading_line, 3)

    def test_two_journals_of_one_bank(self):
        self.explain(journal=self.journal)
        # a named journal reads the same table without asking
        _file, seen = self.files._import(TABLE.encode(), "o.csv", self.other)
        self.assertEqual(len(seen), 2)
        # unnamed, the only journal that knows it gets it
        longer = TABLE + "22.11.2026;1,00;z;;\n"
        file, _seen = self.files._import(longer.encode(), "n.csv")
        self.assertEqual(file.payment_ids.journal_id, self.journal)
        # until both know it: then the account above the headings tells, or nobody
        self.formats.sudo().search([("journal_id", "=", self.journal.id)]).copy(
            {"journal_id": self.other.id}
        )
        rest = TABLE + "24.11.2026;1,00;z;;\n"
        with self.assertRaisesRegex(BankFileError, "name the journal"):
            self.files._import(rest.encode(), "w.csv")
        named = HEAD.format(account="1503.51.49098") + rest
        file, _seen = self.files._import(named.encode(), "v.csv")
        self.assertEqual(file.payment_ids.journal_id, self.other)

    def test_the_table_of_another_account_is_refused(self):
        self.explain(journal=self.journal)
        text = HEAD.format(account="15035149098") + TABLE
        with self.assertRaisesRegex(BankFileError, "account of journal SAV"):
            self.files._import(text.encode(), "x.csv", self.journal)
        text = HEAD.format(account=ACCOUNT) + TABLE
        self.assertTrue(self.files._import(text.encode(), "x.csv", self.journal)[0])

    def test_a_table_with_an_account_column_feeds_several_journals(self):
        text = (
            "Konto;Dato;Beløp\n"
            f"{ACCOUNT};20.11.2026;1,00\n"
            "1503.51.49098;20.11.2026;2,00\n"
        )
        action = self.upload(("bank.csv", text), journal=self.journal)[1]
        mapping = self.mapping(action)
        self.assertEqual(mapping.column_ids[0].role, "own_account")
        mapping._keep_format()
        file, _seen = self.files._import(text.encode(), "x.csv")
        self.assertEqual(
            {(p.journal_id.code, p.amount) for p in file.payment_ids},
            {(self.journal.code, 1.0), ("SAV", 2.0)},
        )

    def test_without_a_person_an_unknown_table_is_refused(self):
        with self.assertRaises(UnknownTableError):
            self.files._import(TABLE.encode(), "x.csv", self.journal)

    def test_explaining_again_replaces(self):
        self.explain(journal=self.journal)
        mapping = self.mapping(
            self.upload(("new.csv", TABLE.replace("KID", "Nr")), journal=self.journal)[
                1
            ]
        )
        mapping._keep_format()
        mapping._keep_format()
        self.assertEqual(
            self.formats.search_count([("journal_id", "=", self.journal.id)]), 2
        )

    # === GIRO NUMBERS === #

    def test_giro_numbers_are_checked(self):
        self.journal.billing_giro_numbers = "991-2346, 5050-1055"
        with self.assertRaises(ValidationError):
            self.journal.billing_giro_numbers = "991-2347"

    def test_bgmax_finds_its_journal_by_the_giro_number(self):
        data = bgmax_file([BgSection((BgPayment(name="Kalles Plåt AB"),))])
        with self.assertRaisesRegex(BankFileError, "bankgiro number"):
            self.files._import(data, "x.txt")
        self.other.currency_id = self.env.ref("base.SEK")
        self.env.ref("base.SEK").active = True
        self.other.billing_giro_numbers = "991-2346"
        file, _seen = self.files._import(data, "x.txt")
        self.assertRecordValues(
            file.payment_ids,
            [
                {
                    "journal_id": self.other.id,
                    "reference": "0072019122420063",
                    "payer_account": "3783511",
                    "bank_collective": True,
                }
            ],
        )

    def test_camt_finds_its_journal_by_the_giro_number(self):
        transaction = Tx("10.00", creditor_account="Prtry/BGNR/9912346")
        data = Camt(
            entries=(Entry("10.00", transactions=(transaction,)),),
            account="SE4550000000058398257466",
        ).bytes()
        with self.assertRaisesRegex(BankFileError, "giro number 9912346"):
            self.files._import(data, "x.xml")
        self.other.billing_giro_numbers = "9912346"
        file, _seen = self.files._import(data, "x.xml")
        self.assertEqual(file.payment_ids.journal_id, self.other)

    def test_a_swedish_iban_is_its_account_number(self):
        self.other.bank_account_id = self.env["res.partner.bank"].create(
            {
                "acc_number": "SE45 5000 0000 0583 9825 7466",
                "partner_id": self.company.partner_id.id,
            }
        )
        self.assertTrue(self.other._billing_has_account("58398257466"))
        self.assertFalse(self.other._billing_has_account("58398257467"))
