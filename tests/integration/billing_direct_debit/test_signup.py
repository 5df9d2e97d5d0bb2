"""Signing up, stopping and changing, as the models do it."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_direct_debit.core import identification
from odoo.addons.billing_direct_debit.models import billing_debit_signup

from ..billing_base.common import LinkCase
from .signup_common import (
    CLEARING,
    NUMBER,
    PERSON,
    IdentificationContract,
    SignupCase,
)


class TestNorway(SignupCase, LinkCase):
    def test_the_return_proves_nothing_and_the_record_does(self):
        self.assertEqual(self.stage(self.invoice), "offer")
        signup = self.begin(self.invoice, include_open=True)
        self.assertEqual(self.stage(self.invoice), "waiting")
        # The customer's other invoices say the same.
        self.assertEqual(self.stage(self.other), "waiting")
        signup._came_back("status=OK")
        self.assertEqual(signup.state, "returned")
        self.assertFalse(self.mandates.search([("partner_id", "=", self.kari.id)]))
        self.assertEqual(self.stage(self.invoice), "waiting")

        [result] = self.bank_says(self.invoice)
        self.assertEqual(result["state"], "applied")
        mandate = self.mandates.browse(result["mandate_id"])
        self.assertEqual(self.stage(self.invoice), "active")
        self.assertEqual(mandate.origin, "page")
        self.assertTrue(mandate.include_open)
        self.assertTrue(mandate.signed_at)
        self.assertEqual(signup.state, "done")
        self.assertEqual(signup.mandate_id, mandate)

    def test_a_mandate_of_the_bank_stays_the_banks(self):
        [result] = self.bank_says(self.invoice)
        mandate = self.mandates.browse(result["mandate_id"])
        self.assertNotEqual(mandate.origin, "page")
        self.assertFalse(mandate.tell)

    def test_the_same_form_twice_is_one_beginning(self):
        first = self.begin(self.invoice)
        self.assertEqual(self.begin(self.invoice), first)
        # Going to the bank once more is the same attempt, with what is wanted now.
        again = self.begin(
            self.invoice, "another-form", include_open=True, begun_ids=first.ids
        )
        self.assertEqual(again, first)
        self.assertTrue(first.include_open)
        events = self.events.search(
            [("move_id", "=", self.invoice.id), ("kind", "=", "signup.started")]
        )
        self.assertEqual(len(events), 1)

    def test_who_has_it_has_it(self):
        self.bank_says(self.invoice)
        with self.assertRaisesRegex(UserError, "already"):
            self.begin(self.invoice)
        # Account and limit are changed at the bank, by the same way.
        change = self.begin(self.invoice, kind="change")
        self.bank_says(self.invoice)
        self.assertEqual(self.stage(self.invoice), "active")
        self.assertEqual(change.kind, "change")

    def test_who_stopped_here_comes_back_by_the_bank(self):
        self.bank_says(self.invoice)
        self.invoice._billing_debit_stop()
        self.assertEqual(self.stage(self.invoice), "ended")
        # The bank goes on as if nothing had been: staff have to look.
        [result] = self.bank_says(self.invoice)
        self.assertEqual(result["state"], "worklist")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            self.begin(self.invoice)
            [result] = self.bank_says(self.invoice)
        self.assertEqual(result["state"], "applied")
        self.assertEqual(self.stage(self.invoice), "active")

    def test_what_the_customer_stopped_begins_anew_by_nobody_else(self):
        self.bank_says(self.invoice)
        self.invoice._billing_debit_stop()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            # Somebody with the link of the invoice, and the next record of the bank.
            self.begin(self.invoice, is_known=False)
            [result] = self.bank_says(self.invoice)
            self.assertEqual(result["state"], "worklist")
            # A list of what there is, is no answer to the customer either.
            self.begin(self.invoice, "another-form")
            [result] = self.bank_says(self.invoice, registration=0)
            self.assertEqual(result["state"], "worklist")
            self.assertEqual(self.stage(self.invoice), "waiting")
            [result] = self.bank_says(self.invoice)
        self.assertEqual(result["state"], "applied")

    def test_a_link_decides_about_its_own_invoice(self):
        self.begin(self.invoice, is_known=False, include_open=True)
        [result] = self.bank_says(self.invoice)
        mandate = self.mandates.browse(result["mandate_id"])
        self.assertFalse(mandate.include_open)
        self.assertEqual(mandate.include_move_id, self.invoice)
        mandate.active_from = max(
            (self.invoice | self.other).mapped("invoice_date")
        ) + timedelta(days=1)
        self.assertFalse(self.invoice._billing_age_obstacles(mandate))
        self.assertTrue(self.other._billing_age_obstacles(mandate))
        found = self.env["billing.debit.planner"]._find_candidates(self.company)
        found = [move_id for ids in found for move_id in ids]
        self.assertIn(self.invoice.id, found)
        self.assertNotIn(self.other.id, found)

    def test_a_link_changes_nothing_of_what_the_customer_wants(self):
        for nth, wanted in enumerate((True, False)):
            partner = self._new_partner(f"Customer {nth}")
            move = self._new_invoices(1, partner=partner)
            own = self.begin(move, include_open=wanted)
            for known in (False, True):
                # Another browser, and one that says to be this one.
                other = self.begin(
                    move,
                    f"form-of-another-{known}",
                    is_known=False,
                    include_open=not wanted,
                    begun_ids=own.ids if known else (),
                )
                self.assertNotEqual(other, own)
            self.assertEqual(own.include_open, wanted)
            [result] = self.bank_says(move)
            mandate = self.mandates.browse(result["mandate_id"])
            self.assertEqual(mandate.include_open, wanted)
            self.assertFalse(mandate.include_move_id)

    def test_what_is_begun_by_programs_has_an_end(self):
        self.patch(billing_debit_signup, "MOST", 2)
        for nth in range(2):
            self.begin(self.invoice, f"form-number-{nth}", is_known=False)
        with self.assertRaisesRegex(UserError, "just now"), self.cr.savepoint():
            self.begin(self.invoice, "one-form-more", is_known=False)
        # The customer does not suffer by it.
        self.assertTrue(self.begin(self.invoice, "form-of-the-customer"))

    def test_stopping_while_nobody_has_answered(self):
        self.begin(self.invoice)
        self.invoice._billing_debit_stop()
        self.assertEqual(self.stage(self.invoice), "offer")

    def test_an_attempt_is_not_waited_for_for_ever(self):
        self.begin(self.invoice)
        with freeze_time(fields.Datetime.now() + timedelta(days=31)):
            self.assertEqual(self.stage(self.invoice), "offer")

    def test_the_form_holds_what_the_bank_asks_for(self):
        signup = self.begin(self.invoice)
        form = dict(signup._form_fields("https://kvitt.example/"))
        self.assertEqual(form["companyAccountNo"], self.norwegian.account_number)
        self.assertEqual(form["kid"], self.invoice.payment_reference)
        self.assertEqual(form["amountLimit"], "10000")
        self.assertEqual(form["notificationDisabled"], "true")
        # What the bank learns opens nothing.
        token = self.invoice._portal_ensure_token()
        self.assertNotIn(token, form["returnUrl"])
        self.assertTrue(
            form["returnUrl"].startswith(
                f"https://kvitt.example/my/invoices/{self.invoice.id}/debit_back?key="
            )
        )

    def test_the_limit_tells_who_has_a_link_nothing_of_other_invoices(self):
        self.init_invoice(
            "out_invoice", partner=self.kari, amounts=[90000.0], post=True
        )
        limits = [
            dict(
                self.begin(
                    self.invoice, f"form-{is_known}-1", is_known=is_known
                )._form_fields("https://kvitt.example/")
            )["amountLimit"]
            for is_known in (False, True)
        ]
        self.assertEqual(limits[0], "10000")
        self.assertGreater(int(limits[1]), 90000)

    def test_invoices_that_cannot_be_drawn_have_no_card(self):
        self.assertIsNone(self.stage(self._new_invoices(1, post=False)))
        refund = self.invoice._reverse_moves()
        refund.action_post()
        self.assertIsNone(self.stage(refund))
        self.norwegian.active = False
        self.assertIsNone(self.stage(self.invoice))
        with self.assertRaises(UserError):
            self.begin(self.invoice)

    def test_the_first_debit_is_a_bank_day_after_the_bank_and_the_due_date(self):
        with freeze_time("2026-11-02 10:00:00"):
            values = self.card(self.invoice)
            calendar = self.company._bank_calendar()
            ready = calendar.add_bank_days(
                self.company._billing_today(), self.norwegian.answer_days
            )
            self.assertGreater(values["first"], ready)
            self.assertGreaterEqual(values["first"], self.invoice.invoice_date_due)
            self.assertTrue(calendar.is_bank_day(values["first"]))
            self.invoice.invoice_date_due = "2027-03-01"
            self.invoice.invalidate_recordset()
            self.assertEqual(str(self.card(self.invoice)["first"]), "2027-03-01")

    def test_many_cards_cost_what_one_does(self):
        moves = self.invoice | self.other | self._new_invoices(8, partner=self.kari)
        self.env.flush_all()

        def cards(records):
            self.env.invalidate_all()
            self.env.registry.clear_cache()
            before = self.cr.sql_log_count
            found = records._billing_debit_stages()
            self.assertEqual(len(found), len(records))
            return self.cr.sql_log_count - before

        cards(self.invoice)
        self.assertLessEqual(cards(moves), cards(self.invoice))

    def card(self, move):
        cards = move._billing_ordered_customer_cards()[move.id]
        return next(card for card in cards if card.code == "direct_debit").values


class TestSweden(SignupCase, LinkCase):
    def test_signed_on_the_page_and_asked_of_the_bank(self):
        signup = self.begin_swedish(include_open=True)
        self.assertEqual(signup._collect(), "pending")
        self.assertEqual(self.stage(self.swedish_invoice), "offer")
        # The provider is not asked all the time.
        self.assertEqual(self.sign(signup), "pending")
        with freeze_time(fields.Datetime.now() + timedelta(seconds=3)):
            self.assertEqual(signup._collect(), "done")
        mandate = signup.mandate_id
        self.assertEqual(self.stage(self.swedish_invoice), "waiting")
        self.assertEqual(mandate.bank_account, f"{CLEARING}00000{NUMBER}")
        self.assertEqual(mandate.payer_identity, PERSON)
        self.assertEqual(mandate.signer, "Tolvan Tolvansson")
        self.assertEqual(mandate.evidence["consent"], signup.consent)
        self.assertEqual(mandate.evidence["provider"], "demo")
        self.assertTrue(mandate.include_open)
        self.assertEqual(mandate.request_ids.mapped("kind"), ["new"])
        # Nothing of it is kept twice.
        self.assertFalse(signup.bank_account or signup.provider_data)

    def test_coming_back_twice_signs_once(self):
        signup = self.begin_swedish()
        self.sign(signup)
        mandate = signup.mandate_id
        self.assertEqual(signup._collect(), "done")
        self.assertEqual(self.sign(signup, "194001016789"), "done")
        self.assertEqual(
            self.mandates.search([("partner_id", "=", self.kari.id)]), mandate
        )
        self.assertEqual(mandate.payer_identity, PERSON)
        self.assertEqual(len(mandate.request_ids), 1)

    def test_nothing_is_signed_without_account_and_consent(self):
        for missing in ("bank_account", "consent"):
            signup = self.begin_swedish(nonce=f"nonce-without-{missing}")
            signup[missing] = False
            self.assertEqual(self.sign(signup), "failed")
        self.assertFalse(self.mandates.search([("partner_id", "=", self.kari.id)]))

    def test_what_was_begun_before_a_stop_is_signed_no_more(self):
        signup = self.begin_swedish()
        self.sign(signup)
        self.bankgirot_says(signup.mandate_id)
        pending = self.begin_swedish(
            nonce="second-form", kind="change", account="0000019"
        )
        self.swedish_invoice._billing_debit_stop()
        self.assertEqual(pending.state, "failed")
        self.assertEqual(self.sign(pending), "failed")
        # Nor where it was not stopped here.
        pending.write(
            {
                "state": "started",
                "bank_account": "5000000000000019",
                "consent": "Yes",
                "provider_data": False,
            }
        )
        self.assertEqual(self.sign(pending), "failed")
        self.assertEqual(
            self.mandates.search([("partner_id", "=", self.kari.id)]), signup.mandate_id
        )

    def test_two_windows_make_one_mandate(self):
        first = self.begin_swedish()
        second = self.begin_swedish(nonce="another-form")
        self.sign(first)
        self.sign(second)
        self.assertEqual(first.mandate_id, second.mandate_id)
        self.assertEqual(len(first.mandate_id.request_ids), 1)

    def test_who_does_not_sign_has_signed_nothing(self):
        signup = self.begin_swedish()
        self.assertEqual(self.sign(signup, identity=""), "cancelled")
        self.assertEqual(signup.state, "failed")
        self.assertFalse(signup.bank_account)
        # And cannot do it afterwards.
        self.assertEqual(self.sign(signup), "failed")
        self.assertFalse(self.mandates.search([("partner_id", "=", self.kari.id)]))

    def test_whoever_takes_too_long_begins_anew(self):
        signup = self.begin_swedish()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=61)):
            self.assertEqual(self.sign(signup), "failed")
        self.assertFalse(signup.mandate_id)

    def test_says_what_is_wrong_with_an_account(self):
        signup = self.begin(self.swedish_invoice)
        for clearing, number, words in (
            ("", "", "type the clearing number"),
            ("12", NUMBER, "no clearing number"),
            (CLEARING, "123", "too short or too long"),
            (CLEARING, "1234567", "do not fit together"),
            (CLEARING, "12x4567", "digits only"),
        ):
            with self.assertRaisesRegex(UserError, words):
                signup._set_account(clearing, number, "")
        self.assertFalse(signup.bank_account)

    def test_companies_by_bankgiro_and_by_account(self):
        signup = self.begin(self.swedish_invoice)
        # Somebody who is no company has no bankgiro.
        with self.assertRaisesRegex(UserError, "type the clearing number"):
            signup._set_account("", "", "5050-1055")
        self.kari.is_company = True
        with self.assertRaisesRegex(UserError, "no bankgiro number"):
            signup._set_account("", "", "5050-1056")
        with self.assertRaisesRegex(UserError, "organisation number"):
            signup._set_account(CLEARING, NUMBER, "")
        self.kari.company_registry = "556036-0793"
        signup._set_account(CLEARING, NUMBER, "")
        self.assertTrue(signup.bank_account)
        signup.bank_account = False
        signup._set_account("", "", "5050-1055")
        signup.consent = self.swedish._signup_consent()
        self.sign(signup)
        mandate = signup.mandate_id
        self.assertEqual(mandate.payer_bankgiro, "50501055")
        self.assertFalse(mandate.bank_account or mandate.payer_identity)

    def test_a_bankgiro_that_has_a_mandate_is_not_signed_again(self):
        owner = self._new_partner("Owner", is_company=True)
        self.mandates._sign(self.swedish, owner, payer_bankgiro="50501055")
        self.kari.is_company = True
        signup = self.begin(self.swedish_invoice)
        signup._set_account("", "", "5050-1055")
        signup.consent = self.swedish._signup_consent()
        signup._identify("https://kvitt.example/")
        self.assertEqual(self.sign(signup), identification.FAILED)
        self.assertEqual(signup.state, "failed")
        self.assertFalse(signup.mandate_id)
        self.assertEqual(self.mandates._live_of(self.swedish, owner).state, "draft")

    def test_another_account_takes_over_when_it_works(self):
        signup = self.begin_swedish()
        self.sign(signup)
        before = signup.mandate_id
        with self.assertRaisesRegex(UserError, "already"):
            self.begin_swedish(nonce="second-form")
        with self.assertRaisesRegex(UserError, "nothing to change"):
            self.begin_swedish(nonce="second-form", kind="change")
        self.bankgirot_says(before)
        self.assertEqual(self.stage(self.swedish_invoice), "active")

        change = self.begin_swedish(
            nonce="third-form", kind="change", account="0000019"
        )
        self.sign(change)
        after = change.mandate_id
        self.assertNotEqual(after, before)
        self.assertNotEqual(after.payer_number, before.payer_number)
        # Until the bank has confirmed it, all stays as it was.
        self.assertEqual((before.state, after.state), ("active", "draft"))
        self.assertEqual(
            self.swedish_invoice._billing_mandates()[self.swedish_invoice.id], before
        )
        self.bankgirot_says(after)
        self.assertEqual((before.state, after.state), ("ended", "active"))
        self.assertIn("end", before.request_ids.mapped("kind"))
        self.assertEqual(after.tell, "active")
        self.assertFalse(before.tell)

    def test_stopping_tells_the_bank_and_stays_stopped(self):
        signup = self.begin_swedish()
        self.sign(signup)
        mandate = signup.mandate_id
        self.bankgirot_says(mandate)
        for _nth in range(2):
            self.swedish_invoice._billing_debit_stop()
            self.assertEqual(mandate.state, "ended")
            self.assertEqual(mandate.ended_by, "payer")
        self.assertEqual(
            mandate.request_ids.filtered(lambda one: one.kind == "end").mapped("kind"),
            ["end"],
        )
        events = self.events.search(
            [("move_id", "=", self.swedish_invoice.id), ("kind", "=", "signup.stopped")]
        )
        self.assertEqual(len(events), 1)

    def test_what_the_bank_refuses_is_said_in_words(self):
        signup = self.begin_swedish()
        self.sign(signup)
        self.bankgirot_says(signup.mandate_id, comment="23")
        self.assertEqual(self.stage(self.swedish_invoice), "refused")
        self.assertEqual(
            signup.mandate_id._customer_words(), "The account number is wrong."
        )
        # And may be tried again.
        self.begin_swedish(nonce="next-form")


class TestMessages(SignupCase, LinkCase):
    def told(self):
        return self.env["mail.mail"].search([("email_to", "=", self.kari.email)])

    def run_job(self):
        self.mandates._tell_company(self.company)

    def test_who_signed_up_hears_that_it_works_and_that_it_is_over(self):
        self.patch(self.registry["ir.cron"], "_commit_progress", lambda *a, **k: 1)
        self.begin(self.invoice)
        [result] = self.bank_says(self.invoice)
        self.assertFalse(self.told())
        self.run_job()
        mail = self.told()
        self.assertEqual(mail.subject, "AvtaleGiro is on")
        self.assertIn("access_token=", mail.body_html)
        self.run_job()
        self.assertEqual(self.told(), mail)
        mandate = self.mandates.browse(result["mandate_id"])
        self.invoice._billing_debit_stop()
        self.assertEqual(mandate.tell, "ended")
        self.run_job()
        self.assertIn("You stopped it.", (self.told() - mail).body_html)

    def test_a_mandate_is_shown_on_an_invoice_of_its_customer(self):
        self.kari.is_company = True
        below = self._new_partner("Kari Under AS", is_company=True)
        below.parent_id = self.kari
        self.assertEqual(below.commercial_partner_id, below)
        self._new_invoices(1, partner=below)
        [result] = self.bank_says(self.invoice)
        mandate = self.mandates.browse(result["mandate_id"])
        newest = mandate._newest_invoice()
        self.assertEqual(newest.commercial_partner_id, self.kari)


class TestDemo(IdentificationContract, SignupCase, LinkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env["billing.identification.demo"]

    def finish(self, signup):
        self.provider._say(signup, PERSON, "Tolvan Tolvansson")

    def cancel(self, signup):
        self.provider._say(signup, "", "")

    def test_works_nowhere_where_money_moves(self):
        signup = self.begin_swedish()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self.swedish.is_test = False
            self.swedish.flush_recordset()
        self.swedish.invalidate_recordset()
        # Even if somebody got that into the table.
        self.patch(
            type(self.provider), "_may_be_used", lambda provider, agreement: False
        )
        self.assertIsNone(self.swedish._identification())
        with self.assertRaises(UserError):
            self.provider._start(signup, "https://kvitt.example/")
        self.finish(signup)
        self.assertFalse(signup.provider_data)
        self.assertEqual(self.provider._collect(signup).state, "failed")

    def test_the_page_of_the_bank_is_the_banks_when_money_moves(self):
        for address in ("/billing/demo/agreement", "http://bank.example/x", "bank"):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.norwegian.write({"is_test": False, "signup_address": address})
        self.norwegian.write(
            {"is_test": False, "signup_address": "https://bank.example/start"}
        )
        self.assertEqual(
            self.norwegian._signup_page("https://kvitt.example/"),
            "https://bank.example/start",
        )


class TestAccess(SignupCase, LinkCase):
    def test_staff_read_and_change_nothing(self):
        signup = self.begin_swedish()
        staff = signup.with_user(self.user)
        self.assertEqual(staff.state, "started")
        for name in ("bank_account", "payer_bankgiro", "provider_data"):
            with self.assertRaises(AccessError):
                staff.read([name])
        for user in (self.user, self.manager):
            with self.assertRaises(AccessError):
                signup.with_user(user).write({"state": "done"})
        portal = new_test_user(self.env, "signup_portal", "base.group_portal")
        with self.assertRaises(AccessError):
            self.signups.with_user(portal).sudo(False).search([])

    def test_other_companies_see_none_of_it(self):
        signup = self.begin_swedish()
        stranger = self._new_user(
            "elsewhere", "billing_base.group_billing_user", self._other_company()
        )
        self.assertNotIn(
            signup, self.signups.with_user(stranger).sudo(False).search([])
        )

    def test_keys_cannot_be_made_up(self):
        signup = self.begin(self.invoice)
        self.assertEqual(self.signups._find(signup._key()), signup)
        number, _dash, signature = signup._key().partition("-")
        for key in (
            None,
            "",
            number,
            f"{number}-",
            f"{number}-{signature[::-1]}",
            f"{int(number) + 1}-{signature}",
            f"-{signature}",
            f"{'9' * 12}-{signature}",
        ):
            self.assertFalse(self.signups._find(key), key)

    def test_what_was_never_signed_is_forgotten(self):
        signup = self.begin_swedish()
        with freeze_time(fields.Datetime.now() + timedelta(hours=3)):
            self.signups._gc_signups()
            signup.invalidate_recordset()
            self.assertEqual(signup.state, "failed")
            self.assertFalse(signup.bank_account)
        with freeze_time(fields.Datetime.now() + timedelta(days=91)):
            self.signups._gc_signups()
        self.assertFalse(signup.exists())
