"""Mandates on paper, and those of an old supplier."""

import base64
import io
from datetime import date
from pathlib import Path
from unittest.mock import patch

import openpyxl
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.billing_direct_debit.core.autogiro_records import RegisteredMandate

from tests.builders import autogiro_files

from .mandate_common import ACCOUNT, IDENTITY, TODAY, MandateCase

NETS = Path("tests/data/refused/netsgiro_avtalegiro_agreements.txt")
ROOT = Path(__file__).parents[3]


class TestPaper(MandateCase):
    def form(self, **values):
        wizard = self.env["billing.mandate.new"].with_user(self.user)
        known = {
            "agreement_id": self.autogiro.id,
            "partner_id": self.lars.id,
            "clearing": "8327-9",
            "account": "123 456 789-0",
            "identity": "811218-9876",
            "signed_on": date(2026, 10, 28),
        }
        return wizard.create({**known, **values})

    def test_an_autogiro_form(self):
        wizard = self.form(scan=base64.b64encode(b"%PDF"), scan_name="form.pdf")
        action = wizard.action_create()
        mandate = self.mandates.browse(action["res_id"])
        self.assertEqual(
            (mandate.state, mandate.origin, mandate.payer_number),
            ("draft", "paper", "10024"),
        )
        mandate_sudo = mandate.sudo()
        self.assertEqual(mandate_sudo.bank_account, "8327001234567890")
        self.assertEqual(mandate_sudo.payer_identity, IDENTITY)
        self.assertEqual(mandate.signed_at.date(), date(2026, 10, 28))
        self.assertEqual(base64.b64decode(mandate_sudo.scan), b"%PDF")
        self.assertEqual(self.asked(mandate), [("new", "waiting")])
        # Nothing personal stays in the form.
        for name in ("clearing", "account", "identity", "scan"):
            self.assertFalse(wizard[name], name)
        # Forgotten with the mandate, the scan too.
        mandate_sudo._end(by="payer")
        mandate_sudo._forget(TODAY)
        self.assertFalse(mandate_sudo.scan)

    def test_what_was_written_wrong(self):
        for wrong in (
            {"clearing": "50"},
            {"account": "12x"},
            {"account": ""},
            {"identity": "811218-9875"},
            {"identity": ""},
            {"known_by": "bankgiro", "bankgiro": "5050-1056"},
        ):
            with self.subTest(wrong), self.assertRaises(UserError):
                self.form(**wrong).action_create()
        self.assertFalse(self.mandate_of(self.lars, self.autogiro))

    def test_the_customer_has_one_already(self):
        mandate = self.active()
        wizard = self.form()
        self.assertEqual(wizard.found_id, mandate)
        with self.assertRaises(UserError):
            wizard.action_create()
        wizard.write({"replace": True, "account": "7654321098"})
        second = self.mandates.browse(wizard.action_create()["res_id"])
        self.assertEqual(second.replaces_id, mandate)
        self.assertEqual(mandate.state, "active")
        # The one before ends when the bank has the new one.
        second.request_ids._sent()
        self.advise(second.payer_number, "04", "32")
        self.assertEqual((second.state, mandate.state), ("active", "ended"))

    def test_a_company_by_its_bankgiro(self):
        wizard = self.form(known_by="bankgiro", bankgiro="5050-1055")
        mandate = self.mandates.browse(wizard.action_create()["res_id"])
        self.assertEqual(mandate.payer_number, "50501055")
        self.autogiro.has_bankgiro_signup = False
        with self.assertRaises(UserError):
            self.form(
                partner_id=self.kari.id, known_by="bankgiro", bankgiro="5050-1055"
            ).action_create()

    def test_a_norwegian_form_waits_for_the_bank(self):
        form = Form(self.env["billing.mandate.new"].with_user(self.user))
        form.agreement_id = self.avtalegiro
        form.partner_id = self.kari
        mandate = self.mandates.browse(form.save().action_create()["res_id"])
        self.assertEqual((mandate.state, mandate.kid_part), ("sent", "0010023"))
        self.assertFalse(mandate.request_ids)
        self.tell(("00100230000017", 1))
        self.assertEqual(mandate.state, "active")

    def test_another_payer_number(self):
        mandate = self.active()
        wizard = (
            self.env["billing.mandate.renumber"]
            .with_user(self.user)
            .with_context(active_id=mandate.id)
            .create({"number": "000555"})
        )
        wizard.action_ask()
        self.assertIn(("renumber", "waiting"), self.asked(mandate))

    def test_a_mandate_of_another_company_shows_no_number(self):
        mandate = self.active()
        stranger = self._new_user(
            "elsewhere", "billing_base.group_billing_user", self._other_company()
        )
        forms = self.env["billing.mandate.renumber"]
        values = {"mandate_id": mandate.id, "number": "555"}
        with self.assertRaises(AccessError):
            forms.with_user(stranger).create(values)
        form = forms.create(values)
        form.sudo().create_uid = stranger
        form.invalidate_recordset()
        with self.assertRaises(AccessError):
            form.with_user(stranger).read(["payer_number"])

    def test_forms_are_not_for_everybody(self):
        wizard = self.form()
        with self.assertRaises(AccessError):
            wizard.with_user(self.manager).action_create()
        clerk = self._new_user("clerk", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["billing.mandate.new"].with_user(clerk).create({})


class TestImport(MandateCase):
    def load(self, data, agreement=None, name="list.csv", **values):
        """The import of a list, at its preview."""
        if isinstance(data, str):
            data = data.encode()
        wizard = (
            self.env["billing.mandate.import"]
            .with_user(self.manager)
            .create(
                {
                    "agreement_id": (agreement or self.avtalegiro).id,
                    "file": base64.b64encode(data),
                    "file_name": name,
                    **values,
                }
            )
        )
        wizard.action_preview()
        return wizard

    def states(self, wizard):
        return wizard.line_ids.mapped("state")

    def nets(self, *records):
        """A transmission with the bank's list: (KID, J or N)."""
        lines = [
            "NY000010000080801091949000102000" + "0" * 48,
            "NY21242000000000000000029999104276" + "4" + "0" * 45,
            *(
                f"NY219470{number:07d}0{kid:>25}{notice}" + "0" * 38
                for number, (kid, notice) in enumerate(records, 1)
            ),
            f"NY212488{len(records):08d}{len(records) + 2:08d}" + "0" * 56,
            f"NY000089{len(records):08d}{len(records) + 4:08d}"
            + "0" * 17
            + "190417"
            + "0" * 33,
        ]
        return "".join(f"{line}\n" for line in lines)

    def test_the_banks_list_in_norway(self):
        self.tell(("00100240000016", 1))  # Lars has one, without notice
        missing = self._new_customer("Gone", "10025")
        self.tell(("00100250000015", 1))
        wizard = self.load(
            self.nets(
                ("00100230000017", "J"),
                ("00100240000016", "J"),
                ("00100230000025", "N"),
                ("00999990000011", "N"),
            )
        )
        self.assertEqual(self.states(wizard), ["new", "changed", "twice", "unknown"])
        self.assertEqual(wizard.line_ids[1].words, "The customer wants notice.")
        self.assertEqual((wizard.kind, wizard.missing_count), ("bank", 1))
        self.assertFalse(self.mandate_of(self.kari))  # nothing has happened yet
        wizard.action_import()
        self.assertEqual(wizard.made_count, 2)
        mandate = self.mandate_of(self.kari)
        self.assertEqual(
            (mandate.state, mandate.origin, mandate.kid_part, mandate.written_notice),
            ("active", "import", "0010023", True),
        )
        self.assertTrue(mandate.at_bank)
        self.assertTrue(self.mandate_of(self.lars).written_notice)
        # Who is not in the list is left to people.
        self.assertEqual(self.mandate_of(missing).state, "active")
        # Once more: all of it is there.
        again = self.load(self.nets(("00100230000017", "J"), ("00100240000016", "J")))
        self.assertEqual(self.states(again), ["known", "known"])

    def test_the_official_list(self):
        data = (ROOT / NETS).read_bytes()
        customer = self._new_customer("Sample", "1120")
        wizard = self.load(data, name=NETS.name)
        self.assertEqual(len(wizard.line_ids), 16)
        self.assertEqual(self.states(wizard), ["new"] + ["unknown"] * 15)
        self.assertEqual(wizard.line_ids[0].partner_id, customer)
        line = wizard.line_ids[1]
        line.partner_id = self.lars
        wizard.action_judge()
        # The KIDs of this customer are others, so nothing could be drawn.
        self.assertEqual(line.state, "wrong")
        self.assertIn("0010024", line.words)

    def test_the_register_of_bankgirot(self):
        def entry(number, pending=False, identity=IDENTITY):
            return RegisteredMandate(
                1, "9912346", identity, number, "payee", date(2024, 3, 1), None,
                pending, ACCOUNT,
            )  # fmt: skip

        waiting = self._new_customer("Waiting", "10025")
        data = "".join(
            f"{line}\r\n"
            for line in autogiro_files.register(
                [entry("10024"), entry("10025", pending=True), entry("77777")]
            )
        )
        wizard = self.load(data, self.autogiro, name="register.txt")
        self.assertEqual(self.states(wizard), ["new", "new", "unknown"])
        wizard.action_import()
        mandate = self.mandate_of(self.lars, self.autogiro)
        self.assertEqual((mandate.state, mandate.payer_number), ("active", "10024"))
        self.assertEqual(mandate.active_from, date(2024, 3, 1))
        self.assertEqual(mandate.sudo().bank_account, ACCOUNT)
        self.assertEqual(self.mandate_of(waiting, self.autogiro).state, "sent")
        # The bank has them: nothing is sent to it.
        self.assertFalse(mandate.request_ids)
        for line in wizard.line_ids:
            self.assertFalse(line.bank_account or line.payer_identity)

    def test_a_table_of_another_system(self):
        wizard = self.load(
            "Kundenr;KID;Varsel;Avtaledato;Beløpsgrense\n"
            "10023;00100230000017;Ja;15.03.2024;5 000\n"
            "10024;;Nei;;\n"
            "10023;00100230000025;;;\n"
            "99999;00999990000011;;;\n"
            "10024;0010024X;;;\n"
            ";;;;\n"
            "10025;00777770000011;;;\n"
        )
        self.assertEqual(
            self.states(wizard), ["new", "new", "twice", "unknown", "wrong", "unknown"]
        )
        self.assertEqual(wizard.line_ids.mapped("line"), [2, 3, 4, 5, 6, 8])
        self.assertIn("line 2", wizard.line_ids[2].words)
        self.assertEqual(
            (wizard.new_count, wizard.known_count, wizard.left_count), (2, 1, 3)
        )
        wizard.action_import()
        mandate = self.mandate_of(self.kari)
        self.assertEqual(mandate.signed_at.date(), date(2024, 3, 15))
        self.assertEqual(mandate.active_from, date(2024, 3, 15))
        self.assertEqual(mandate.limit_amount, 5000)
        self.assertEqual(mandate.sudo().evidence["line"], 2)
        self.assertEqual(self.mandate_of(self.lars).kid_part, "0010024")

    def test_a_workbook_of_those_that_the_bank_has_not(self):
        """Another bank: they are sent to it."""
        self.kari.ref = "K-7"
        book = openpyxl.Workbook()
        sheet = book.active
        for row in (
            ["Autogiro 2026"],
            ["Kundnummer", "Clearing", "Konto", "Personnummer"],
            ["K-7", 5000, 1234567, "19811218-9876"],
            [10024, None, None, None],
        ):
            sheet.append(row)
        data = io.BytesIO()
        book.save(data)
        wizard = self.load(
            data.getvalue(), self.autogiro, name="list.xlsx", are_active=False
        )
        self.assertEqual(self.states(wizard), ["new", "wrong"])
        wizard.action_import()
        mandate = self.mandate_of(self.kari, self.autogiro)
        self.assertEqual((mandate.state, mandate.payer_number), ("draft", "10023"))
        self.assertEqual(self.asked(mandate), [("new", "waiting")])

    def test_who_has_one_already(self):
        self.active()
        other = self._sign(self.kari)
        wizard = self.load(
            "Betalarnummer,Kundnummer\n10024,10024\n888,10023\n10023,10024\n",
            self.autogiro,
        )
        self.assertEqual(self.states(wizard), ["known", "known", "wrong"])
        self.assertIn(other.display_name, wizard.line_ids[1].words)
        self.assertIn("Kari", wizard.line_ids[2].words)

    def test_stopped_here_stays_stopped(self):
        self.active()._end(by="payer")
        wizard = self.load("Betalarnummer\n10024\n", self.autogiro)
        self.assertEqual(self.states(wizard), ["stopped"])
        self.assertEqual(wizard.left_count, 1)

    def test_what_a_list_does_not_say_stays(self):
        self.tell(("00100230000017", 1, True))
        wizard = self.load("KID\n00100230000025\n")
        self.assertEqual(wizard.line_ids.words, "Another KID of the customer.")
        wizard.action_import()
        mandate = self.mandate_of(self.kari)
        self.assertEqual(
            (mandate.kid, mandate.written_notice), ("00100230000025", True)
        )

    def test_nothing_half_done(self):
        """A list with something wrong at its end takes over nothing, or all it can."""
        wizard = self.load("KID\n00100230000017\n00100240000016\n")
        # Meanwhile the bank told of one of them.
        self.tell(("00100240000016", 1))
        wizard.action_import()
        self.assertEqual(self.states(wizard), ["new", "known"])
        self.assertEqual(wizard.made_count, 1)

    def test_the_log_quotes_no_account(self):
        wizard = self.load(
            f"Betalarnummer;Konto;Personnummer\n10024;{ACCOUNT};{IDENTITY}\n",
            self.autogiro,
        )
        self.assertEqual(self.states(wizard), ["new"])
        # Made between the look at the list and the writing.
        self._sign()
        with (
            patch.object(type(wizard.line_ids), "_judge"),
            self.assertNoLogs("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            wizard.action_import()

    def test_a_list_that_is_too_large_is_not_unpacked(self):
        target = "odoo.addons.billing_direct_debit.wizards.billing_mandate_import"
        with (
            patch(f"{target}.MAX_BYTES", 30),
            patch(f"{target}.base64.b64decode") as decode,
            self.assertRaisesRegex(UserError, "at most 30 bytes"),
        ):
            self.load("KID\n" + "00100230000017\n" * 4)
        decode.assert_not_called()

    def test_what_is_no_list(self):
        for data, agreement in (
            ("Name;Town\nKari;Oslo\n", self.avtalegiro),
            ("", self.avtalegiro),
            ("KID\n", self.avtalegiro),
            (b"\x00\x01\x02", self.avtalegiro),
            (self.nets(("00100230000017", "J")), self.autogiro),
            (self.nets(("00100230000017", "J"))[:-90], self.avtalegiro),
            (
                self.nets(("00100230000017", "J")).replace("99991042764", "1" * 11),
                self.avtalegiro,
            ),
        ):
            with self.subTest(data=data[:30]), self.assertRaises(UserError):
                self.load(data, agreement)

    def test_only_managers_import(self):
        with self.assertRaises(AccessError):
            self.env["billing.mandate.import"].with_user(self.user).create({})
