"""What letters say: all that the law asks for, in the customer's words."""

from datetime import date

from odoo import Command

from .letter_common import DAY, DUE, LetterCase


class TestLetter(LetterCase):
    def test_a_reminder_tells_what_is_to_be_paid_until_when_and_how_to_object(self):
        reminder = self.prepare("reminder")
        self.send(reminder)
        text = self.text(reminder)
        move = reminder.line_ids.move_id
        for words in (
            "Payment reminder",
            "Nordlys Kraft AS",
            "Kari Nordmann",
            f"Invoice {move.name}",
            "September 15, 2026",
            "October 1, 2026",
            "1,249.00",
            "38.00",
            "1,287.00",
            "Pay by November 16, 2026",
            "1503 51 49098",
            "Is something wrong with the invoice? Tell us on the page of the invoice, "
            "by e-mail to faktura@nordlys.example, or by telephone 55 12 34 56.",
        ):
            self.assertIn(words, text)
        self.assertIn(move.payment_reference, text.replace(" ", ""))
        self.assertIn("inkassoforskriften § 1-2", text)
        self.assertNotIn("collection", text)

    def test_a_notice_says_that_the_claim_goes_to_collection(self):
        reminder = self.prepare("notice")
        text = self.text(reminder)
        self.assertIn("Collection notice", text)
        self.assertIn(
            "is not paid by November 16, 2026, the claim will be sent to debt "
            "collection. That may cost you more.",
            text,
        )

    def test_a_demand_tells_rate_and_first_day_of_the_interest_that_runs(self):
        notice = self.prepare("notice", has_fee=False)
        self.send(notice)
        notice.policy_id.write(
            {
                "step_ids": [
                    Command.create(
                        {
                            "kind": "demand",
                            "sequence": 20,
                            "wait_days": 0,
                            "wait_from": "deadline",
                        }
                    )
                ]
            }
        )
        demand = self.plan(date(2026, 11, 20))
        self.assertEqual(demand.kind, "demand")
        text = self.text(demand)
        self.assertIn("Demand for payment", text)
        self.assertIn("or tell us by then what is wrong", text)
        self.assertIn("we may take the claim to legal collection", text)
        self.assertIn(
            "Late interest of 12.25 % a year runs from October 2, 2026 until you pay",
            text,
        )

    def test_interest_that_is_charged_shows_its_base_rate_and_days(self):
        self.company.billing_interest_when = "reminder"
        reminder = self.prepare("notice", has_interest=True)
        self.send(reminder)
        [charge] = reminder.line_ids.move_id._billing_additions()[
            reminder.line_ids.move_id.id
        ][-1:]
        self.assertEqual(charge.kind, "interest")
        self.assertIn(
            "12.25 % a year on kr 1,249.00, from October 2, 2026 through November 2, "
            "2026 (32 days)",
            self.text(reminder).replace("1,249.00 kr", "kr 1,249.00"),
        )

    def test_before_it_is_sent_the_letter_shows_what_it_is_going_to_charge(self):
        reminder = self.prepare("reminder")
        before = self.text(reminder.with_user(self.user))
        self.assertIn("38.00", before)
        self.send(reminder)
        self.assertEqual(self.text(reminder).count("38.00"), before.count("38.00"))

    def test_several_invoices_stand_in_one_letter_each_with_its_own_number(self):
        reminder = self.prepare("reminder", count=3)
        self.assertEqual(len(reminder.line_ids), 3)
        self.send(reminder)
        text = self.text(reminder)
        for move in reminder.line_ids.move_id:
            self.assertIn(f"Invoice {move.name}", text)
            self.assertIn(move.payment_reference, text.replace(" ", ""))
        self.assertIn("Please pay each invoice by itself", text)
        # One fee for the letter.
        self.assertAlmostEqual(reminder.letter_total, 3 * 1249 + 38)
        self.assertEqual(len(reminder.page_urls.split()), 3)

    def test_the_letter_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.customer.lang = "nb_NO"
        reminder = self.prepare("reminder")
        self.assertEqual(reminder.lang, "nb_NO")
        html = self.html(reminder)
        self.assertIn("16. november 2026", html)
        self.assertIn("1 249,00", html.replace("\xa0", " "))
        template = self.env.ref("billing_fee_policy.mail_template_reminder")
        template.with_context(lang="nb_NO").subject = "Betal {{ object.total_text }}"
        self.send(reminder)
        self.assertEqual(self.mails().subject.replace("\xa0", " "), "Betal kr 1 287,00")
        self.assertIn('lang="nb-NO"', self.mails().body_html)

    def test_who_has_no_language_of_ours_gets_the_companys(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        self.company.partner_id.lang = "sv_SE"
        reminder = self.prepare("soft")
        self.customer.lang = False
        self.assertEqual(reminder._get_language(), "sv_SE")

    def test_each_page_has_a_link_that_is_made_once(self):
        reminder = self.prepare("soft", count=2)
        urls = reminder.page_urls
        self.assertEqual(urls, reminder.page_urls)
        self.assertEqual(
            self.env["billing.link"].search_count(
                [("key", "=", f"reminder:{reminder.id}")]
            ),
            2,
        )

    def test_a_company_without_an_account_is_told_what_is_missing(self):
        reminder = self.prepare("reminder")
        reminder.line_ids.move_id.partner_bank_id = False
        self.assertFalse(self.send(reminder))
        self.assertEqual(reminder.state, "failed")
        self.assertIn("account to pay to", reminder.failure_reason)
        self.assertIn("Kari Nordmann", reminder.failure_reason)
        move = reminder.line_ids.move_id
        self.assertFalse(move._billing_additions().get(move.id))
        self.assertFalse(self.mails())

    def test_a_template_that_lost_the_warning_stops_the_letter(self):
        template = self.env.ref("billing_fee_policy.mail_template_notice")
        template.body_html = template.body_html.replace("object.warning_text", "''")
        reminder = self.prepare("notice")
        self.assertFalse(self.send(reminder))
        self.assertIn("that the claim goes to collection", reminder.failure_reason)

    def test_a_friendly_reminder_has_to_say_it_all_in_its_words(self):
        template = self.env.ref("billing_fee_policy.mail_template_soft")
        template.body_html = "<p>Please pay.</p>"
        reminder = self.prepare("soft")
        self.assertFalse(self.send(reminder))
        self.assertIn("account to pay to", reminder.failure_reason)
        self.assertIn("reference number (KID, OCR)", reminder.failure_reason)

    def test_a_failed_one_is_sent_once_it_is_complete(self):
        reminder = self.prepare("reminder")
        move = reminder.line_ids.move_id
        move.partner_bank_id = False
        self.send(reminder)
        move.partner_bank_id = self.bank
        reminder.action_retry()
        self.assertTrue(self.send(reminder))
        self.assertFalse(reminder.failure_reason)


class TestPrintedLetter(LetterCase):
    def test_it_prints(self):
        reminder = self.prepare("notice", count=2).with_context(
            force_report_rendering=True
        )
        self.assertTrue(reminder._billing_send())
        self.assertTrue(reminder.pdf_attachment_id.raw.startswith(b"%PDF-"))
        self.assertIn(reminder.day.isoformat(), reminder.pdf_attachment_id.name)


class TestSwedishLetter(LetterCase):
    """The law of the policy decides what is said, wherever the company keeps books."""

    country = "SE"

    def test_a_collection_demand_asks_to_pay_or_object(self):
        reminder = self.prepare("demand", has_fee=False, deadline_days=10)
        text = self.text(reminder)
        self.assertIn("Collection demand", text)
        self.assertIn("Swedish Enforcement Authority", text)
        self.assertGreaterEqual((reminder.deadline - DAY).days, 8)

    def test_a_notice_is_a_reminder_that_tells_what_comes_next(self):
        reminder = self.prepare("notice", has_fee=False)
        self.assertEqual(reminder.title_text, "Payment reminder before collection")
        self.assertIn("debt collection", reminder.warning_text)
        self.assertLess(DUE, date(2026, 11, 1))
