"""The page before the invoices: when there is one, what it says, where it shows."""

import hashlib
import json
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user

from odoo.addons.billing_dynamic_distribution.core.channel import ChannelError

from .test_letter import LetterCase, blank_page

REPORT = "billing_dynamic_distribution.report_cover_letter"


class CoverLetterCase(LetterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reminder = cls.env["billing.distribution.content"].create(
            {
                "name": "Reminder",
                "letter_text": "{{ object.total_text }} is due.\nIt costs nothing.",
            }
        )

    def queue_reminder(self, *moves):
        return (
            self.env["account.move"]
            .concat(*moves)
            ._billing_queue_attempts("letter", content=self.reminder)
        )

    def html(self, attempt):
        report = self.env["ir.actions.report"]
        return report._render_qweb_html(REPORT, attempt.ids)[0].decode()


class TestCoverLetter(CoverLetterCase):
    def test_an_invoice_without_words_goes_alone(self):
        attempt = self.queue(self.create_posted())
        [document] = self.channel._prepare(attempt).parts.documents
        self.assertEqual(document.pdf, attempt.pdf_attachment_ids.raw)
        self.assertFalse(attempt.cover_letter_id)

    def test_words_of_the_content_go_before_the_unchanged_invoice(self):
        move = self.create_posted()
        stored = move._billing_own_pdfs()
        attempt = self.queue_reminder(move)
        cover = blank_page(pages=2)
        report = self.env["ir.actions.report"]
        with patch.object(
            type(report), "_render_qweb_pdf", lambda *_args: (cover, "pdf")
        ):
            prepared = self.channel._prepare(attempt)
        # Printed once, whoever prepares it again.
        with patch.object(type(report), "_render_qweb_pdf", side_effect=OSError):
            self.assertEqual(self.channel._prepare(attempt).parts, prepared.parts)
        self.assertEqual(
            [document.pdf for document in prepared.parts.documents], [cover, stored.raw]
        )
        self.assertEqual(attempt.cover_letter_id.raw, cover)
        self.assertEqual(attempt.file_ids, attempt.cover_letter_id | stored)
        self.assertIn("is due.", prepared.text)
        self.send_letters()
        [batch] = self.batches()
        [entry] = json.loads((batch / "manifest.json").read_text())["letters"]
        self.assertEqual(
            [(file["invoice"], file["sha256"]) for file in entry["files"]],
            [
                ("", hashlib.sha256(cover).hexdigest()),
                (move.name, hashlib.sha256(stored.raw).hexdigest()),
            ],
        )

    def test_it_lists_what_is_left_to_pay_with_references(self):
        moves = [self.create_posted(), self.create_posted()]
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=moves[0].ids
        ).create({"amount": 400})._create_payments()
        attempt = self.queue_reminder(*moves)
        values = attempt._get_cover_letter()
        self.assertEqual(len(values["invoices"]), 2)
        for item, invoice in zip(
            attempt.item_ids.sorted("id"), values["invoices"], strict=True
        ):
            self.assertEqual(invoice["name"], item.move_id.name)
            self.assertEqual(
                invoice["reference"].replace(" ", ""), item.move_id.payment_reference
            )
            # Who scans the code opens this message's own link.
            self.assertEqual(invoice["url"], item.link_id._url())
            self.assertTrue(invoice["code"].startswith("data:image/png"))
        self.assertIn("600", values["invoices"][0]["amount"])
        self.assertIn("600", values["paragraphs"][0].replace("\N{NO-BREAK SPACE}", ""))
        self.assertEqual(values["paragraphs"][1], "It costs nothing.")

    def test_the_customer_reads_it_in_their_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.reminder.with_context(
            lang="nb_NO"
        ).letter_text = "{{ object.total_text }} forfaller."
        self.kari.lang = "nb_NO"
        attempt = self.queue_reminder(self.create_posted())
        self.assertIn("forfaller.", self.html(attempt))
        self.assertIn("forfaller.", self.channel._prepare(attempt).text)

    def test_a_text_that_cannot_be_filled_in_waits_for_its_repair(self):
        self.reminder.letter_text = "{{ object.nothing_of_the_kind }}"
        attempt = self.queue_reminder(self.create_posted())
        with self.assertRaises(ChannelError) as caught:
            self.channel._prepare(attempt)
        self.assertEqual(
            (caught.exception.kind, caught.exception.code), ("soft", "text")
        )
        with self.assertRaisesRegex(UserError, "nothing_of_the_kind"):
            self.reminder.action_preview_letter()

    def test_staff_see_it_before_it_goes_out(self):
        self.create_posted()
        manager = new_test_user(
            self.env,
            "letter-manager",
            "billing_base.group_billing_manager",
            company_id=self.company.id,
        )
        mine = self.reminder.with_user(manager).sudo(False)
        action = mine.action_preview_letter()
        self.assertEqual(action["report_name"], f"{REPORT}_sample")
        html = (
            self.env["ir.actions.report"]
            .with_user(manager)
            ._render_qweb_html(action["report_name"], mine.ids)[0]
        )
        self.assertIn("It costs nothing.", html.decode())
        mine.letter_text = False
        html = (
            self.env["ir.actions.report"]
            .with_user(manager)
            ._render_qweb_html(action["report_name"], mine.ids)[0]
        )
        self.assertIn("In this envelope", html.decode())

    def test_other_places_are_for_who_may_write_templates(self):
        manager = new_test_user(
            self.env, "letter-manager", "billing_base.group_billing_manager"
        )
        mine = self.reminder.with_user(manager).sudo(False)
        mine.letter_text = "Hi {{ object.recipient_id.name }}"
        with self.assertRaises(ValidationError):
            mine.letter_text = "{{ object.env['res.users'] }}"


class TestCoverLetterPrinted(CoverLetterCase):
    prints = True

    def test_its_address_is_in_the_window_and_its_references_can_be_read(self):
        moves = [
            self.env["account.move"].browse(self.create_invoice().id)
            for _number in range(2)
        ]
        for move in moves:
            move.action_post()
        attempt = self.queue_reminder(*moves)
        pdf = attempt._print_cover_letter().raw
        self.channel._check_window(
            pdf,
            self.channel._letter_address(self.kari, self.company),
            self.company,
            self.kari.country_id.name,
        )
        words = "".join(word.text for word in self.channel._words_of_page(pdf))
        plain = words.replace(" ", "")
        for move in moves:
            self.assertIn(move.payment_reference, plain)
            self.assertIn(move.name.replace(" ", ""), plain)
        self.assertIn("2,000", plain)
