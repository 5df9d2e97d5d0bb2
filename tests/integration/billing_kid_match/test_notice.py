"""Customers hear of repaired references and are asked about unclear payments: once,
where they want it, and never at the expense of booking."""

from datetime import date
from unittest.mock import patch

from odoo import SUPERUSER_ID

from odoo.addons.billing_kid_match.models.billing_payment_notice import (
    ASK_UNTIL_DAYS,
)

from tests.integration.billing_bank_file.common import BOOKED

from .test_match import MatchCase, swap_digit

#: Three bank days after the payments of the files (a Monday).
LATER = date(2026, 11, 5)


class NoticeCase(MatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "email": "faktura@fjordlys.example",
                "billing_match_tell_repaired": True,
                "billing_match_tell_needed": True,
                "billing_match_tell_days": 3,
            }
        )
        cls.notices = cls.env["billing.payment.notice"]
        cls.customer.email = "kari@kunde.example"
        cls.other.email = "ola@kunde.example"

    def setUp(self):
        super().setUp()
        # A test may not commit.
        self.startPatcher(
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda *args, **values: float("inf"),
            )
        )

    def send(self, day=LATER):
        # As the scheduler does: in no company in particular.
        notices = self.env(user=SUPERUSER_ID, context={})["billing.payment.notice"]
        notices.with_context(billing_date=day)._cron_send()
        self.env.invalidate_all()

    def mails(self, address="kari@kunde.example"):
        return self.env["mail.mail"].search([("email_to", "=", address)])

    def notices_of(self, payments):
        return self.notices.search([("payment_id", "in", payments.ids)])

    def links_of(self, payment):
        key = f"notice:{self.notices_of(payment).id}"
        return self.env["billing.link"].sudo().search([("key", "=", key)])

    def repaired(self, invoice=None, **values):
        invoice = invoice or self.target
        payment = self.pay(
            swap_digit(invoice.payment_reference, 5), invoice.amount_residual, **values
        )
        self.assertEqual(payment.state, "reconciled", payment.reason_text)
        return payment

    def events(self, kind):
        return self.env["billing.event"].search([("kind", "=", kind)])


class TestRepaired(NoticeCase):
    def test_the_customer_hears_what_was_wrong_and_that_all_is_well(self):
        payment = self.repaired()
        self.assertEqual(self.notices_of(payment).state, "waiting")
        self.assertFalse(self.mails())
        self.send()
        mail = self.mails()
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("has arrived", mail.subject)
        body = str(mail.body_html)
        self.assertIn(payment.reference, body)
        self.assertIn(self.reference, body)
        self.assertIn(self.target.name, body)
        # By a link of its own, that expires; never with the invoice's own token.
        link = self.links_of(payment)
        self.assertEqual((link.move_id, link.channel), (self.target, "email"))
        self.assertIn(link._url(), body)
        self.assertNotIn(self.target._portal_ensure_token(), body)
        self.assertEqual((mail.model, mail.res_id), ("account.move", self.target.id))
        self.assertEqual(mail.author_id, self.company.partner_id)
        notice = self.notices_of(payment)
        self.assertEqual((notice.state, notice.channel), ("sent", "email"))

    def test_the_history_tells_it_to_staff_and_customer(self):
        payment = self.repaired()
        self.send()
        event = self.events("payment.told_repaired")
        self.assertEqual(event.move_id, self.target)
        self.assertEqual(event.partner_id, self.customer)
        self.assertEqual(event.payload["payment_id"], payment.id)
        self.assertIn("kari@kunde.example", event.display_text)
        customers = event.with_context(billing_customer_view=True)
        self.assertTrue(customers.customer_visible)
        self.assertIn("We told you", customers.display_text)
        self.assertNotIn("kunde.example", customers.display_text)

    def test_once_however_often_the_job_runs_and_the_match_is_made(self):
        payment = self.repaired()
        self.send()
        self.send()
        payment.action_undo()
        payment.action_accept()
        self.send()
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(len(self.events("payment.told_repaired")), 1)

    def test_what_a_person_accepts_was_repaired_too(self):
        self.company.billing_match_repair = False
        payment = self.pay(swap_digit(self.reference, 5))
        self.send(day=BOOKED)
        self.assertFalse(self.mails())
        payment.action_accept()
        self.send(day=BOOKED)
        self.assertEqual(len(self.mails()), 1)

    def test_what_was_undone_before_is_not_told(self):
        payment = self.repaired()
        payment.action_undo()
        self.send(day=BOOKED)
        self.assertFalse(self.mails())
        self.assertFalse(self.notices_of(payment))

    def test_exact_references_are_no_news(self):
        payment = self.pay(self.reference)
        zeros = self.pay(
            self.invoices[6].payment_reference.lstrip("0"),
            self.invoices[6].amount_residual,
            end="2",
        )
        self.assertEqual(set((payment | zeros).mapped("state")), {"reconciled"})
        self.send()
        self.assertFalse(self.notices_of(payment))
        self.assertFalse(self.mails())

    def test_switched_off_nothing_is_noted(self):
        self.company.billing_match_tell_repaired = False
        payment = self.repaired()
        self.assertFalse(self.notices_of(payment))

    def test_switched_off_meanwhile_nothing_is_sent(self):
        payment = self.repaired()
        self.company.billing_match_tell_repaired = False
        self.send()
        self.assertFalse(self.mails())
        self.assertFalse(self.notices_of(payment))

    def test_the_customer_who_said_no_is_left_in_peace(self):
        self.customer.billing_contact_point_ids.consent_billing = False
        payment = self.repaired()
        self.send()
        self.assertFalse(self.mails())
        self.assertEqual(self.notices_of(payment).state, "unreachable")
        self.assertFalse(self.events("payment.told_repaired"))

    def test_a_text_that_staff_look_at_opens_nothing(self):
        payment = self.repaired()
        self.assertTrue(
            self.notices_of(payment).page_url.endswith(f"/my/invoices/{self.target.id}")
        )
        self.assertFalse(self.links_of(payment))

    def test_staff_can_try_again_when_there_is_an_address(self):
        self.customer.email = False
        payment = self.repaired()
        self.send()
        notice = self.notices_of(payment)
        self.assertEqual(notice.state, "unreachable")
        self.customer.email = "kari@kunde.example"
        notice.with_user(self.user).action_retry()
        self.send()
        self.assertEqual(notice.state, "sent")
        self.assertEqual(len(self.mails()), 1)

    def test_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.customer.lang = "nb_NO"
        template = self.env.ref("billing_kid_match.mail_template_repaired")
        template.with_context(lang="nb_NO").subject = "Betalingen er kommet frem"
        self.repaired()
        self.send()
        mail = self.mails()
        self.assertEqual(mail.subject, "Betalingen er kommet frem")
        self.assertIn('lang="nb-NO"', mail.body_html)
        self.assertIn("2. november 2026", mail.body_html)

    def test_one_that_fails_stops_neither_the_others_nor_the_booking(self):
        first, second = self.repaired(), self.repaired(self.invoices[7], end="2")
        partner = self.env.registry["res.partner"]
        original = partner._billing_tell

        def _billing_tell(customer, *args, **values):
            if customer == self.customer:
                raise ValueError("the mail server is upset")
            return original(customer, *args, **values)

        with (
            patch.object(partner, "_billing_tell", _billing_tell),
            self.assertLogs("odoo.addons.billing_kid_match", "ERROR"),
        ):
            self.send()
        self.assertEqual(self.notices_of(first).state, "failed")
        self.assertIn("upset", self.notices_of(first).error)
        self.assertEqual(self.notices_of(second).state, "sent")
        self.assertEqual(first.state, "reconciled")
        self.assertTrue(self.events("job.failed"))
        self.notices_of(first).action_retry()
        self.send()
        self.assertEqual(self.notices_of(first).state, "sent")

    def test_a_batch_that_fails_leaves_no_notice(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            payment = self.repaired()
            self.assertTrue(self.notices_of(payment))
            raise ZeroDivisionError
        self.assertFalse(self.notices.search([("company_id", "=", self.company.id)]))

    def test_noting_costs_one_statement_for_a_whole_batch(self):
        def queries(invoices, message_id):
            file, _seen = self.files._import(
                self.camt(
                    [
                        self.payment(
                            swap_digit(move.payment_reference, 5),
                            move.amount_residual,
                            end=str(move.id),
                        )
                        for move in invoices
                    ],
                    message_id=message_id,
                ),
                "bank.xml",
            )
            self.env.flush_all()
            self.env.invalidate_all()
            statements = []
            original = type(self.env.cr).execute

            def execute(cursor, query, *args, **values):
                statements.append(str(query))
                return original(cursor, query, *args, **values)

            with patch.object(type(self.env.cr), "execute", execute):
                self.payments._process_next(file)
            self.assertEqual(set(file.payment_ids.mapped("state")), {"reconciled"})
            return sum("billing_payment_notice" in query for query in statements)

        self.assertEqual(queries(self.invoices[:1], "Q1"), 1)
        self.assertEqual(queries(self.invoices[2:6], "Q2"), 1)


class TestNeeded(NoticeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_match_repair = False

    def unclear(self, partner=None, **values):
        """A payment of a customer who is certain, for an invoice that is not."""
        payment = self.pay(swap_digit(self.reference, 5), **values)
        self.assertEqual(payment.state, "proposed")
        payment.candidate_ids.sudo().unlink()
        self.env["billing.payment.candidate"].sudo().create(
            [
                {
                    "payment_id": payment.id,
                    "sequence": sequence,
                    "move_id": invoice.id,
                    "probability": 0.497,
                }
                for sequence, invoice in enumerate(self.invoices[4:8:2])
            ]
        )
        return payment

    def test_asked_after_some_bank_days_with_the_invoices_it_may_be(self):
        payment = self.unclear()
        self.send(day=date(2026, 11, 4))
        self.assertFalse(self.mails())
        self.send()
        mail = self.mails()
        self.assertEqual(len(mail), 1)
        self.assertIn("What is your payment of", mail.subject)
        body = str(mail.body_html)
        links = self.links_of(payment).grouped("move_id")
        for invoice in self.invoices[4:8:2]:
            self.assertIn(invoice.name, body)
            self.assertIn(links[invoice.sudo()]._url(), body)
        self.assertIn("Until then we send no reminder", body)
        self.assertEqual((mail.model, mail.res_id), ("account.move", self.target.id))
        event = self.events("payment.told_needed")
        self.assertEqual(event.payload["payment_id"], payment.id)
        self.send()
        self.assertEqual(len(self.mails()), 1)

    def test_no_promise_that_is_not_kept(self):
        self.company.billing_match_shield_threshold = 0.6
        self.unclear()
        self.send()
        self.assertNotIn("no reminder", self.mails().body_html)

    def test_nobody_is_asked_about_what_may_be_another_persons_payment(self):
        payment = self.unclear()
        payment.candidate_ids[1].sudo().move_id = self.invoices[5]
        self.assertEqual(len(payment.candidate_ids.partner_id), 2)
        self.send()
        self.assertFalse(self.notices_of(payment))

    def test_money_on_the_customers_account_is_asked_about(self):
        payment = self.unclear()
        payment._assign(self.customer)
        self.send()
        self.assertEqual(len(self.mails()), 1)

    def test_decided_parked_and_old_payments_are_not(self):
        decided = self.unclear()
        decided._accept(self.invoices[8])
        parked = self.unclear(end="2")
        parked._park("the bank is asked")
        self.send()
        self.assertFalse(self.notices_of(decided | parked))
        self.unclear(end="3")
        self.send(day=date.fromordinal(BOOKED.toordinal() + ASK_UNTIL_DAYS + 1))
        self.assertFalse(self.mails())

    def test_decided_between_noting_and_sending(self):
        payment = self.unclear()
        self.notices.with_context(billing_date=LATER)._queue_needed(
            self.company.with_context(billing_date=LATER)
        )
        self.assertTrue(self.notices_of(payment))
        payment._accept(self.target)
        self.company.billing_match_tell_repaired = False
        self.send()
        self.assertFalse(self.mails())
        self.assertFalse(self.notices_of(payment))

    def test_switched_off(self):
        self.company.billing_match_tell_needed = False
        payment = self.unclear()
        self.send()
        self.assertFalse(self.notices_of(payment))


class TestRights(NoticeCase):
    def test_clerks_look_and_cannot_write(self):
        notice = self.notices_of(self.repaired())
        clerk = self.env["res.users"].create(
            {
                "name": "Clerk",
                "login": "notice_clerk",
                "group_ids": [
                    (6, 0, self.env.ref("billing_base.group_billing_user").ids)
                ],
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
            }
        )
        self.assertEqual(notice.with_user(clerk).state, "waiting")
        self.assertFalse(notice.with_user(clerk).has_access("write"))
        other = self.env["res.company"].create({"name": "Elsewhere"})
        clerk.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.assertFalse(self.notices.with_user(clerk).search([]))
