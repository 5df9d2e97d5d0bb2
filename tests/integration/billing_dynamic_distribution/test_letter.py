"""Letters: the invoice's own PDF in a print house's directory, counted there."""

import base64
import csv
import hashlib
import io
import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pypdfium2
from reportlab.pdfgen.canvas import Canvas

from odoo.exceptions import UserError

from odoo.addons.billing_base.printing import chromium
from odoo.addons.billing_dynamic_distribution.adapters.letter_box import LetterBox
from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import ChannelError

from .channel_contract import ChannelContract
from .common import DistributionCase


def blank_page(pages=1):
    """A PDF with nothing on its pages."""
    with io.BytesIO() as buffer:
        canvas = Canvas(buffer)
        for _number in range(pages):
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()


class LetterCase(DistributionCase):
    #: Whether invoices are printed for real, which takes seconds.
    prints = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert chromium.binary(), "Chromium is needed for this test"
        if not cls.prints:
            blank = blank_page()
            patcher = patch.object(
                cls.registry["ir.actions.report"],
                "_run_wkhtmltopdf",
                lambda self, *_args, **_values: blank,
            )
            patcher.start()
            cls.addClassCleanup(patcher.stop)
        cls.env = cls.env(context=dict(cls.env.context, force_report_rendering=True))
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        names = {"letter": "billing.channel.letter"}
        patcher = patch.object(
            cls.registry["billing.channel"], "_registry", lambda self: names
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.company.write(
            {
                "billing_letter_provider": "directory",
                "billing_letter_directory": str(cls.folder / "letters"),
                "billing_letter_price_domestic": 15,
                "billing_letter_price_abroad": 30,
                "billing_letter_check_window": cls.prints,
            }
        )
        cls.company.partner_id.write(
            {"street": "Kraftverksvegen 1", "zip": "6899", "city": "Lysvik"}
        )
        cls.channel = cls.env["billing.channel.letter"]
        cls.env["ir.config_parameter"].set_param("billing_base.pdf_engine", "chromium")

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.folder / "letters", ignore_errors=True)
        self.outbox = self.folder / "letters" / "outbox"

    def create_posted(self, partner=None):
        move = self.env["account.move"].browse(self.create_invoice(partner).id)
        move.action_post()
        return move

    def queue(self, move):
        return move._billing_queue_attempts("letter")

    def batches(self):
        return sorted(self.outbox.iterdir()) if self.outbox.is_dir() else []

    def send_letters(self):
        self.sender.with_env(self.env(su=True))._cron_send("other")


class TestLetterContract(ChannelContract, LetterCase):
    channel_code = "letter"
    # A directory takes every letter.
    test_contract_what_is_refused_for_good_is_a_hard_failure = None

    def contract_invoice(self):
        return self.create_posted(
            self.create_customer(f"Kari {self.env['account.move'].search_count([])}")
        )

    @contextmanager
    def provider(self, behaviour):
        if behaviour == "down":
            # A file where the directory is to be.
            (self.folder / "letters").write_text("in the way")
            try:
                yield
            finally:
                (self.folder / "letters").unlink()
        elif behaviour == "silent":
            with patch.object(LetterBox, "settle", side_effect=OSError("disk")):
                yield
        else:
            yield


class TestLetterBatch(LetterCase):
    def test_the_stored_pdf_goes_out_byte_for_byte(self):
        moves = self.create_posted() | self.create_posted(
            self.create_customer("Ola Hansen")
        )
        pdfs = moves._billing_own_pdfs()
        stored = {move.name: pdf.raw for move, pdf in zip(moves, pdfs, strict=True)}
        attempts = self.queue(moves)
        with patch.object(
            type(self.env["ir.actions.report"]),
            "_run_wkhtmltopdf",
            side_effect=AssertionError("a letter is never printed anew"),
        ):
            self.send_letters()
        self.assertEqual(attempts.mapped("state"), ["sent", "sent"])
        [batch] = self.batches()
        self.assertEqual(set(attempts.mapped("provider_reference")), {batch.name})
        content = json.loads((batch / "manifest.json").read_text())
        self.assertEqual(content["batch"], batch.name)
        self.assertEqual(
            {entry["id"] for entry in content["letters"]}, set(attempts.mapped("key"))
        )
        for entry in content["letters"]:
            [file] = entry["files"]
            data = (batch / file["file"]).read_bytes()
            self.assertEqual(data, stored[file["invoice"]])
            self.assertEqual(hashlib.sha256(data).hexdigest(), file["sha256"])
            self.assertEqual(file["pages"], 1)
        kari = next(e for e in content["letters"] if "Kari" in e["address"][0])
        self.assertEqual(
            kari["address"], ["Kari Nordmann", "Fjellveien 12", "6899 Lysvik"]
        )
        self.assertEqual(attempts.mapped("cost"), [15, 15])
        self.assertEqual(len(list(batch.iterdir())), 3)

    def test_several_invoices_of_a_customer_share_an_envelope(self):
        moves = self.create_posted() | self.create_posted()
        attempt = self.queue(moves)
        self.assertEqual(len(attempt), 1)
        self.company.billing_letter_manifest = "csv"
        self.send_letters()
        [batch] = self.batches()
        text = (batch / "manifest.csv").read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        self.assertEqual([row["part"] for row in rows], ["1", "2", "3"])
        # The cover letter is of no invoice.
        self.assertEqual([row["invoice"] for row in rows], ["", *moves.mapped("name")])
        self.assertEqual({row["id"] for row in rows}, {attempt.key})

    def test_after_a_crash_the_directory_tells(self):
        attempt = self.queue(self.create_posted())
        prepared = self.channel._prepare(attempt)
        attempt._apply(state.CALLED)
        # Published, fetched and removed, and then the worker died.
        list(self.channel._call_batch([(attempt, prepared)]))
        [batch] = self.batches()
        shutil.rmtree(batch)
        found = self.channel._look_up(attempt)
        self.assertEqual((found.event, found.reference), (state.SENT, batch.name))

    def test_a_letter_abroad_costs_more_and_names_the_country(self):
        partner = self.create_customer(
            "Åsa Öberg",
            street="Drottninggatan 7",
            zip="111 51",
            city="Stockholm",
            country_id=self.env.ref("base.se").id,
        )
        attempt = self.queue(self.create_posted(partner))
        prepared = self.channel._prepare(attempt)
        self.assertEqual(prepared.expected_cost, 30)
        self.assertEqual(prepared.parts.address[-1], "SWEDEN")
        self.assertEqual(prepared.parts.country, "SE")

    def test_an_address_that_is_not_complete_is_a_hard_failure(self):
        attempt = self.queue(self.create_posted())
        attempt.recipient_id.city = False
        with self.assertRaises(ChannelError) as caught:
            self.channel._prepare(attempt)
        self.assertEqual(caught.exception.code, "address")
        self.assertTrue(caught.exception.address_fault)


class TestLetterWindow(LetterCase):
    prints = True

    def failure(self):
        attempt = self.queue(self.create_posted())
        with self.assertRaises(ChannelError) as caught:
            self.channel._prepare(attempt)
        self.assertEqual(caught.exception.code, "window")
        self.assertFalse(caught.exception.address_fault)
        return caught.exception.reason

    def test_the_address_of_a_new_pdf_is_in_the_window(self):
        self.channel._prepare(self.queue(self.create_posted()))

    def test_abroad_with_a_long_head_of_letter(self):
        details = ["Street 1", "Postal 2", "Phone 3", "Mail 4", "Number 5", "Bank 6"]
        self.company.company_details = "<p>" + "<br/>".join(details) + "</p>"
        partner = self.create_customer(
            "Åsa Öberg",
            street="Drottninggatan 7",
            zip="111 51",
            city="Stockholm",
            country_id=self.env.ref("base.se").id,
        )
        attempt = self.queue(self.create_posted(partner))
        self.channel._prepare(attempt)
        # The sender's details gave way, and are all to be seen.
        pdf = attempt.pdf_attachment_ids.raw
        words = self.channel._words_of_page(pdf)
        [last] = [word for word in words if "Bank 6" in word.text]
        self.assertGreater(last.x, 120)
        picture = pypdfium2.PdfDocument(pdf)[0].render(scale=4 * 25.4 / 72).to_pil()
        box = [round(4 * side) for side in last.box]
        ink = picture.convert("L").crop(box).histogram()
        self.assertGreater(sum(ink[:160]), 0.05 * sum(ink))

    def test_another_window_moves_the_address(self):
        self.company.write(
            {
                "billing_letter_window_left": 110,
                "billing_letter_window_top": 55,
                "billing_letter_window_width": 85,
                "billing_letter_window_height": 35,
            }
        )
        self.channel._prepare(self.queue(self.create_posted()))

    def test_an_address_elsewhere_is_not_sent(self):
        self.company.billing_letter_place_address = False
        self.assertIn("Kari Nordmann", self.failure())

    def test_without_the_check_it_is(self):
        self.company.write(
            {
                "billing_letter_place_address": False,
                "billing_letter_check_window": False,
            }
        )
        self.channel._prepare(self.queue(self.create_posted()))

    def test_a_window_over_the_title_shows_too_much(self):
        self.company.billing_letter_place_address = True
        move = self.create_posted()
        move._billing_own_pdfs()
        self.company.billing_letter_window_height = 90
        with self.assertRaisesRegex(ChannelError, "would show"):
            self.channel._prepare(self.queue(move))


class TestLetterAnswers(LetterCase):
    def sent(self):
        attempt = self.queue(self.create_posted())
        self.send_letters()
        self.assertEqual(attempt.state, "sent")
        return attempt

    def answer(self, text):
        self.env["billing.letter.answer"]._apply_answers(self.company, text.encode())

    def test_printed_is_delivered_and_returned_is_a_bounce(self):
        printed, returned = self.sent(), self.sent()
        text = (
            "id;status;at;reason;cost\n"
            f"{printed.key};printed;2026-11-24;;14,50\n"
            f"{returned.key};returned;2026-11-30;Ukjent adressat;\n"
        )
        for _time in range(2):
            self.answer(text)
            self.assertEqual(printed.state, "delivered")
            self.assertEqual(printed.cost, 14.5)
            self.assertEqual(returned.state, "failed_hard")
            self.assertEqual(returned.failure_reason, "Ukjent adressat")
        self.assertEqual(returned.contact_point_id.state, "blocked")
        self.assertEqual(self.kinds(returned.move_ids).count("delivery.bounced"), 1)

    def test_an_answer_about_a_strange_letter_counts_not_at_all(self):
        attempt = self.sent()
        wizard = self.env["billing.letter.answer"].create(
            {
                "company_id": self.company.id,
                "file_name": "answer.csv",
                "file": base64.b64encode(
                    f"id;status\n{attempt.key};printed\n{'0' * 32};printed\n".encode()
                ),
            }
        )
        with self.assertRaisesRegex(UserError, r"answer.csv:3: id: .*0000"):
            wizard.action_read()
        self.assertEqual(attempt.state, "sent")

    def test_the_job_reads_the_directory_and_puts_away(self):
        attempt = self.sent()
        answers = self.folder / "letters" / "answers"
        (answers / "1-bad.csv").write_text("nothing")
        (answers / "2-good.csv").write_text(f"id;status\n{attempt.key};printed\n")
        with (
            patch.object(self.env.cr, "rollback", lambda: None),
            self.assertLogs("odoo.addons.billing_dynamic_distribution", "WARNING"),
        ):
            self.env["billing.letter.answer"]._cron_read()
        self.assertEqual(attempt.state, "delivered")
        self.assertEqual(
            [file.name for file in answers.iterdir() if file.is_file()], ["1-bad.csv"]
        )
        self.assertTrue((answers / "read" / "2-good.csv").exists())

    def test_who_scans_the_printed_code_has_opened_the_letter(self):
        attempt = self.sent()
        move = attempt.move_ids
        link = move._billing_printed_link()
        self.assertIn(f"/my/invoices/{move.id}?access_token=", link._url())
        link._opened_by_person(self.env["billing.link.visit"].sudo())
        self.assertEqual(attempt.state, "opened")


class TestPaymentPart(LetterCase):
    prints = True

    def test_reference_account_and_page_are_printed(self):
        bank = self.env["res.partner.bank"].create(
            {"acc_number": "15035149098", "partner_id": self.company.partner_id.id}
        )
        move = self.env["account.move"].browse(self.create_invoice().id)
        move.partner_bank_id = bank
        move.action_post()
        part = move._billing_payment_part()
        self.assertEqual(part["account"].shown, "1503 51 49098")
        self.assertEqual(part["reference"].replace(" ", ""), move.payment_reference)
        words = "".join(
            word.text
            for word in self.channel._words_of_page(move._billing_own_pdfs().raw)
        ).replace(" ", "")
        self.assertIn("15035149098", words)
        self.assertIn("access_token=", words)

    def test_a_draft_a_refund_and_a_paid_invoice_have_none(self):
        move = self.env["account.move"].browse(self.create_invoice().id)
        self.assertIsNone(move._billing_payment_part())
        move.action_post()
        self.assertTrue(move._billing_payment_part())
        self.pay(move)
        self.assertIsNone(move._billing_payment_part())
        self.company.billing_payment_part = False
        self.assertIsNone(self.create_posted()._billing_payment_part())
