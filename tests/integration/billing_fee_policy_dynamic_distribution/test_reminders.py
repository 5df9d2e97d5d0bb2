"""Reminders as messages of distribution, counted where they arrive."""

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import Command

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_fee_policy_dynamic_distribution.hooks import uninstall_hook

from ...mail_server import MailServer
from ..billing_dynamic_distribution.test_letter import blank_page
from ..billing_fee_policy.letter_common import DAY, DUE, LetterCase

KARI = "kari@kunde.example"


class DistributedCase(LetterCase):
    by_itself = False
    #: Whether letters are printed for real, which takes seconds.
    prints = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "Europe/Oslo"
        cls.env["billing.distribution.plan"].search([]).active = False
        if not cls.prints:
            blank = blank_page()
            cls.startClassPatcher(
                patch.object(
                    cls.env.registry["ir.actions.report"],
                    "_run_wkhtmltopdf",
                    lambda self, *_args, **_values: blank,
                )
            )
        cls.env = cls.env(context={**cls.env.context, "force_report_rendering": True})

    def setUp(self):
        super().setUp()
        # Tests do not commit; what would be committed is flushed.
        self.startPatcher(
            patch.object(
                type(self.env["ir.cron"]),
                "_commit_progress",
                lambda cron, *_args, **_values: cron.env.flush_all() or float("inf"),
            )
        )

    def send(self, reminder):
        return reminder._billing_send()

    def deliver(self, group, day=DAY):
        """Let the job of a group of channels work on a day, at noon."""
        sender = self.env["billing.distribution.sender"].sudo()
        sender.with_context(billing_date=day)._cron_send(group)

    def look_after(self):
        self.env["billing.reminder"].sudo()._cron_undelivered()

    def charges(self, reminder):
        return self.env["billing.charge"].search(
            [("reminder_line_id", "in", reminder.line_ids.ids)]
        )


class TestByEmail(DistributedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailbox = MailServer()
        cls.mailbox.start()
        cls.addClassCleanup(cls.mailbox.stop)
        servers = cls.env["ir.mail_server"]
        servers.search([]).active = False
        servers.create(
            {
                "name": "Test",
                "smtp_host": "127.0.0.1",
                "smtp_port": cls.mailbox.port,
                "smtp_encryption": "none",
            }
        )
        # Odoo sends no mail in tests; these are about nothing else.
        cls.startClassPatcher(
            patch.object(
                cls.env.registry["ir.mail_server"],
                "_disable_send",
                lambda self=None: False,
            )
        )

    def setUp(self):
        super().setUp()
        self.mailbox.forget()

    def test_it_arrives_once_with_its_letter(self):
        reminder = self.prepare("notice")
        self.assertTrue(self.send(reminder))
        [attempt] = reminder.attempt_ids
        self.assertEqual(attempt.origin, "reminder")
        self.assertEqual(attempt.move_ids, self.invoice)
        self.assertFalse(self.mails())
        self.deliver("email")
        self.deliver("email")
        [mail] = self.mailbox.to(KARI)
        self.assertIn("Collection notice", mail.message["Subject"])
        for kind in ("html", "plain"):
            self.assertIn("will be sent to debt collection", mail.body(kind))
        [file] = mail.message.iter_attachments()
        self.assertEqual(file.get_content_type(), "application/pdf")
        self.assertEqual(file.get_content(), reminder.pdf_attachment_id.raw)
        self.assertEqual(attempt.state, state.SENT)
        # The link in it is the message's own: who opens it has got it.
        self.assertIn(attempt.item_ids.page_url, mail.body())
        self.assertEqual(attempt.item_ids.link_id.res_id, attempt.id)

    def test_what_is_paid_before_it_goes_out_costs_nothing(self):
        reminder = self.prepare("reminder")
        self.send(reminder)
        self._register_payment(self.invoice)
        self.deliver("email")
        self.assertFalse(self.mailbox.received)
        self.assertEqual(reminder.attempt_ids.state, state.CANCELLED)
        self.look_after()
        self.assertEqual(reminder.state, "cancelled")
        self.assertEqual(self.charges(reminder).state, "reversed")

    def test_a_bounce_goes_by_the_next_address(self):
        self.customer.street = False
        self.mailbox.answer(KARI, "550 5.1.1 no such user")
        self.env["billing.contact.point"].create(
            {
                "partner_id": self.customer.id,
                "channel": "email",
                "address": "ny@kunde.example",
                "sequence": 90,
            }
        )
        reminder = self.prepare("reminder")
        self.send(reminder)
        self.deliver("email")
        self.assertEqual(reminder.attempt_ids.state, state.FAILED_HARD)
        self.look_after()
        self.deliver("email")
        self.assertEqual(len(self.mailbox.to("ny@kunde.example")), 1)
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.contact_point_id.address, "ny@kunde.example")
        # Once more looked after, it is left alone.
        self.look_after()
        self.assertEqual(len(reminder.attempt_ids), 2)
        self.assertEqual(len(self.charges(reminder)), 1)

    def test_one_that_reached_nobody_charges_nothing(self):
        self.mailbox.answer(KARI, "550 5.1.1 no such user")
        self.customer.write({"street": False, "phone": False})
        reminder = self.prepare("reminder")
        self.send(reminder)
        self.deliver("email")
        self.look_after()
        self.assertEqual(reminder.state, "failed")
        self.assertIn("no address", reminder.failure_reason)
        self.assertEqual(self.charges(reminder).state, "reversed")

    def test_an_email_that_waited_is_dated_on_the_day_it_goes_out(self):
        reminder = self.prepare("reminder")
        self.send(reminder)
        first = reminder.deadline
        self.deliver("email", day=DAY + timedelta(days=1))
        self.assertEqual(reminder.day, DAY + timedelta(days=1))
        self.assertGreater(reminder.deadline, first)
        [mail] = self.mailbox.to(KARI)
        [file] = mail.message.iter_attachments()
        self.assertIn("2026-11-03", file.get_filename())

    def test_what_waits_is_withdrawn_when_the_addon_goes(self):
        reminder = self.prepare("reminder")
        self.send(reminder)
        uninstall_hook(self.env)
        self.assertEqual(reminder.attempt_ids.state, state.CANCELLED)
        self.assertEqual(reminder.state, "cancelled")
        self.assertEqual(self.charges(reminder).state, "reversed")

    def test_staff_cannot_send_an_invoice_in_place_of_its_reminder(self):
        reminder = self.prepare("reminder")
        self.send(reminder)
        self.deliver("email")
        self.assertFalse(reminder.attempt_ids.item_ids._resend())

    def test_invoices_that_came_back_are_not_late_by_the_customers_fault(self):
        self.assertFalse(self.invoice._billing_undelivered())
        attempt = self.invoice._billing_queue_attempts("email")
        self.assertFalse(self.invoice._billing_undelivered())
        attempt._apply(state.FAILED_HARD, reason="no such user")
        self.assertEqual(self.invoice._billing_undelivered(), {self.invoice.id})
        again = self.invoice._billing_queue_attempts("letter")
        again._apply(state.CALLED)
        again._apply(state.SENT)
        self.assertFalse(self.invoice._billing_undelivered())


class TestByLetter(DistributedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.company.write(
            {
                "billing_letter_provider": "directory",
                "billing_letter_directory": str(cls.folder / "letters"),
                "billing_letter_check_window": False,
            }
        )
        cls.customer.email = False

    def test_the_print_house_gets_the_letter_and_nothing_else(self):
        reminder = self.prepare("notice")
        self.assertTrue(self.send(reminder))
        self.assertFalse(reminder.batch_id)
        self.deliver("other")
        [batch] = (self.folder / "letters" / "outbox").iterdir()
        [entry] = json.loads((batch / "manifest.json").read_text())["letters"]
        [file] = entry["files"]
        self.assertEqual(file["invoice"], "")
        self.assertEqual(
            (batch / file["file"]).read_bytes(), reminder.pdf_attachment_id.raw
        )
        self.assertIn("Kari Nordmann", entry["address"])

    def test_the_letter_is_dated_when_it_is_posted(self):
        reminder = self.prepare("notice")
        self.send(reminder)
        self.assertEqual(reminder.day, DAY + timedelta(days=1))
        self.assertGreaterEqual((reminder.deadline - reminder.day).days, 14)
        self.company.billing_reminder_print_days = 0
        other = self._new_partner("Ola", street="Bryggen 6", zip="5003", city="Bergen")
        self.overdue(partner=other)
        second = self.plan()
        self.send(second)
        self.assertEqual(second.day, DAY)

    def test_without_a_print_house_it_waits_to_be_printed(self):
        self.company.billing_letter_provider = False
        reminder = self.prepare("notice")
        self.send(reminder)
        self.assertTrue(reminder.batch_id)
        self.assertFalse(reminder.attempt_ids)


class TestWindow(DistributedCase):
    prints = True

    def test_the_address_shows_in_the_window(self):
        self.company.write(
            {
                "billing_letter_provider": "directory",
                "billing_letter_check_window": True,
            }
        )
        reminder = self.prepare("notice", channel="letter")
        self.assertTrue(self.send(reminder))
        channel = self.env["billing.channel.letter"].with_company(self.company)
        letter = channel._prepare(reminder.attempt_ids).parts
        self.assertEqual(letter.address[0], "Kari Nordmann")
        self.assertEqual(letter.pages, 1)


class TestNotTwice(DistributedCase):
    def plan_of_distribution(self, trigger, days=0):
        plan = self.env["billing.distribution.plan"].create(
            {
                "name": trigger,
                "company_id": self.company.id,
                "trigger": trigger,
                "trigger_days": days,
                "is_reminder": True,
            }
        )
        content = self.env.ref("billing_dynamic_distribution.content_on_due")
        self.env["billing.distribution.version"].create(
            {
                "plan_id": plan.id,
                "step_ids": [
                    Command.create({"channel": "email", "template_id": content.id})
                ],
            }
        )._publish()
        return plan

    def test_a_plans_friendly_reminder_is_the_ladders(self):
        plan = self.plan_of_distribution("on_due")
        [version] = plan.version_ids
        self.env.flush_all()
        self.assertFalse(self.invoice._billing_notices()[self.invoice.id])
        self.env["billing.distribution.run"].sudo().create(
            {
                "move_id": self.invoice.id,
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "plan_id": plan.id,
                "version_id": version.id,
                "trigger_key": f"on_due:{DUE}",
                "started_at": f"{DUE} 08:00:00",
                "state": "waiting",
            }
        )
        [notice] = self.invoice._billing_notices()[self.invoice.id]
        self.assertEqual((notice.kind, notice.sent), ("soft", DUE))
        self.policy("soft")
        self.assertFalse(self.plan())

    def test_a_plan_leaves_alone_what_the_ladder_has_taken_up(self):
        late = self.plan_of_distribution("after_due", 40)
        before = self.plan_of_distribution("before_due", 3)
        moves = self.env["account.move"].sudo()
        mine = [("id", "=", self.invoice.id)]
        self.assertTrue(moves.search([*mine, *late._get_domain()]))
        reminder = self.prepare("soft")
        self.send(reminder)
        self.assertFalse(moves.search([*mine, *late._get_domain()]))
        self.assertTrue(moves.search([*mine, *before._get_domain()]))

    def test_documents_of_fees_are_not_sent_by_themselves(self):
        plan = self.plan_of_distribution("before_due", 3)
        reminder = self.prepare("reminder")
        self.send(reminder)
        document = self.charges(reminder).document_id
        self.assertTrue(document)
        self.assertFalse(
            self.env["account.move"].search(
                [("id", "=", document.id), *plan._get_domain()]
            )
        )


class TestBySms(DistributedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "billing_sms_provider": "http",
                "billing_sms_http_url": "http://127.0.0.1:9/",
            }
        )
        cls.customer.write({"phone": "+47 406 12 345"})
        cls.env["billing.contact.point"].search(
            [("partner_id", "=", cls.customer.id), ("channel", "=", "sms")]
        ).sequence = 1

    def test_a_friendly_reminder_fits_into_an_sms(self):
        reminder = self.prepare("soft")
        self.send(reminder)
        [attempt] = reminder.attempt_ids
        self.assertEqual(attempt.channel, "sms")
        text = self.env["billing.channel.sms"]._render(attempt)
        self.assertIn("costs nothing", text)
        self.assertIn(attempt.item_ids.page_url, text)

    def test_a_reminder_with_a_fee_does_not(self):
        reminder = self.prepare("reminder")
        self.send(reminder)
        self.assertEqual(reminder.attempt_ids.channel, "email")

    def test_an_sms_beside_the_letter_where_the_company_wants_it(self):
        self.company.billing_reminder_sms_too = True
        reminder = self.prepare("reminder")
        self.send(reminder)
        self.assertEqual(reminder.attempt_ids.channel, "email")
        [sms] = self.env["sms.sms"].search([("partner_id", "=", self.customer.id)])
        self.assertIn("we have sent you a letter about", sms.body)
        self.assertIn("access_token=", sms.body)
