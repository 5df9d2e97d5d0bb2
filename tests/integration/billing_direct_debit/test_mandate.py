"""Mandates: signed, sent, active, changed, ended, and never twice."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError, UserError

from odoo.addons.billing_direct_debit.core.autogiro_records import (
    EndMandate,
    MandateOrder,
    Renumber,
)

from .mandate_common import ACCOUNT, IDENTITY, TODAY, MandateCase

KID = "00100230000017"


class TestSignUp(MandateCase):
    """What customers and staff begin."""

    def test_asked_twice_there_is_one(self):
        mandate, is_new = self.mandates._sign(
            self.autogiro, self.lars, bank_account=ACCOUNT, payer_identity=IDENTITY
        )
        self.assertTrue(is_new)
        again, is_new = self.mandates._sign(
            self.autogiro, self.lars, bank_account=ACCOUNT, payer_identity=IDENTITY
        )
        self.assertFalse(is_new)
        self.assertEqual(again, mandate)
        self.assertEqual(self.asked(mandate), [("new", "waiting")])

    def test_asked_twice_at_the_same_moment(self):
        """Neither sees the other's; the database lets one through, and one retries."""
        mandate = self._sign()
        blind = self.mandates.browse()
        number = {"payer_number": mandate.payer_number}
        cls = self.registry["billing.mandate"]
        with (
            patch.object(cls, "_live_of", lambda *args: blind),
            patch.object(cls, "_new_number", lambda *args: number),
            self.assertRaises(ConcurrencyError),
        ):
            self._sign()
        self.assertEqual(self._sign(), mandate)
        self.assertEqual(self.asked(mandate), [("new", "waiting")])

    def test_the_bank_is_told_and_answers(self):
        mandate = self._sign()
        self.assertEqual(mandate.state, "draft")
        self.assertEqual(mandate.payer_number, "10024")
        request = mandate.sudo().request_ids
        self.assertEqual(request._line(), MandateOrder("10024", ACCOUNT, IDENTITY))
        request._sent()
        self.assertEqual(mandate.state, "sent")
        result = self.advise("10024", "04", "32")
        self.assertEqual(result["state"], "applied")
        self.assertEqual(result["mandate_id"], mandate.id)
        self.assertEqual(result["request_id"], request.id)
        self.assertEqual(mandate.state, "active")
        self.assertEqual(mandate.active_from, TODAY)
        self.assertEqual(self.asked(mandate), [("new", "answered")])
        self.assertEqual(
            self.kinds(self.lars), ["mandate.signed", "mandate.sent", "mandate.active"]
        )
        # The file comes again.
        self.assertEqual(self.advise("10024", "04", "32")["state"], "ignored")

    def test_the_bank_says_no(self):
        mandate = self._sign()
        mandate.request_ids._sent()
        self.advise("10024", "42", "05")
        self.assertEqual(mandate.state, "rejected")
        self.assertEqual(
            mandate.end_words, "The account does not belong to the personal number."
        )
        self.assertEqual(self.asked(mandate), [("new", "refused")])
        # Nothing is in the way of another try, with the same number.
        self.assertEqual(self._sign().payer_number, "10024")

    def test_stopped_before_the_bank_heard_of_it(self):
        mandate = self._sign()
        mandate._end(by="payer")
        self.assertEqual(mandate.state, "ended")
        self.assertEqual(self.asked(mandate), [("new", "cancelled")])
        self.assertEqual(self._sign().payer_number, "10024")

    def test_stopped_when_the_bank_has_it(self):
        mandate = self.active()
        mandate._end(by="payer")
        mandate._end(by="payee")  # another click
        self.assertEqual((mandate.state, mandate.ended_by), ("ended", "payer"))
        self.assertEqual(mandate.ended_on, TODAY)
        self.assertEqual(self.asked(mandate), [("new", "answered"), ("end", "waiting")])
        end = mandate.sudo().request_ids.filtered(lambda one: one.kind == "end")
        self.assertEqual(end._line(), EndMandate("10024"))
        # Another one meanwhile needs a number that the bank does not have.
        second = self._sign()
        self.assertEqual(second.payer_number, "9020000000010024")
        end._sent()
        self.advise("10024", "03", "33")
        self.assertFalse(mandate.at_bank)
        self.assertEqual(end.state, "answered")
        self.assertEqual(mandate.ended_by, "payer")

    def test_stopped_while_it_is_on_its_way(self):
        mandate = self._sign()
        mandate.request_ids._sent()
        mandate._end(by="payer")
        self.assertEqual(self.asked(mandate), [("new", "sent"), ("end", "waiting")])

    def test_another_account(self):
        """The one before stays until the new one works."""
        mandate = self.active()
        second, is_new = self.mandates._sign(
            self.autogiro,
            self.lars,
            replaces=mandate,
            bank_account="6000000000000012",
            payer_identity=IDENTITY,
        )
        self.assertTrue(is_new)
        self.assertEqual(second.payer_number, "9020000000010024")
        self.assertEqual(mandate.state, "active")

    def test_a_company_is_known_by_its_bankgiro(self):
        mandate = self._sign(
            payer_bankgiro="50501055", bank_account=False, payer_identity=False
        )
        self.assertEqual(mandate.payer_number, "50501055")
        self.assertEqual(mandate.account_shown, "50501055")
        # The number is public, so somebody looks first.
        self.assertTrue(mandate.is_to_approve)
        self.assertFalse(mandate.sudo().request_ids)
        [task] = self.lars.activity_ids
        self.assertIn(task.user_id, self.company._billing_managers())
        self.assertIn(mandate.display_name, task.note)
        for _click in range(2):
            mandate.with_user(self.user).action_approve()
        self.assertFalse(mandate.is_to_approve)
        self.assertEqual(mandate.sudo().request_ids._line(), MandateOrder("50501055"))

    def test_a_bankgiro_has_one_mandate(self):
        bankgiro = {
            "payer_bankgiro": "50501055",
            "bank_account": False,
            "payer_identity": False,
        }
        mandate = self._sign(origin="paper", **bankgiro)
        self.assertEqual(self.asked(mandate), [("new", "waiting")])
        with self.assertRaisesRegex(UserError, "has a mandate already") as caught:
            self._sign(self.kari, **bankgiro)
        self.assertNotIn(self.lars.name, str(caught.exception))
        mandate.request_ids._sent()
        self.advise("50501055", "04", "32")
        mandate._end(by="payer")
        with self.assertRaises(UserError):
            self._sign(self.kari, **bankgiro)

    def test_another_payer_number(self):
        mandate = self.active()
        self.active(self.kari)
        with self.assertRaises(UserError):
            mandate._renumber("10023")
        with self.assertRaises(UserError):
            mandate._renumber("12x")
        mandate._renumber("555")
        mandate._renumber("555")
        request = mandate.sudo().request_ids.filtered(
            lambda one: one.kind == "renumber"
        )
        self.assertEqual(request._line(), Renumber("10024", "555"))
        request._sent()
        # The bank tells of both numbers, in any order.
        self.assertEqual(self.advise("555", "05", "32")["mandate_id"], mandate.id)
        self.assertEqual(mandate.payer_number, "555")
        self.assertEqual(self.advise("10024", "05", "33")["state"], "ignored")
        self.assertEqual(mandate.state, "active")
        self.assertEqual(request.state, "answered")

    def test_a_change_that_the_bank_refuses(self):
        mandate = self.active()
        mandate._renumber("555")
        request = mandate.sudo().request_ids.filtered(
            lambda one: one.kind == "renumber"
        )
        request._sent()
        result = self.advise("10024", "05", "21")
        self.assertEqual((result["state"], result["reason"]), ("worklist", "kept"))
        self.assertEqual(request.state, "refused")
        self.assertEqual(request.answer_words, "The payer number is wrong.")
        self.assertEqual(mandate.payer_number, "10024")
        request.action_send_again()
        self.assertEqual(request.state, "waiting")


class TestToldByTheBank(MandateCase):
    """What stands in files."""

    def test_agreed_in_the_bank(self):
        """A customer of ours that nobody knew of becomes active by the record."""
        [result] = self.tell((KID, 1, True))
        mandate = self.mandate_of(self.kari)
        self.assertEqual(result["state"], "applied")
        self.assertEqual(result["mandate_id"], mandate.id)
        self.assertEqual(
            (mandate.state, mandate.origin, mandate.kid, mandate.kid_part),
            ("active", "bank", KID, "0010023"),
        )
        self.assertTrue(mandate.written_notice)
        self.assertEqual(self.kinds(self.kari), ["mandate.active"])
        # Twice in the same file, and again the next day.
        results = self.tell((KID, 1, True), (KID, 0, True))
        self.assertEqual([one["state"] for one in results], ["ignored", "ignored"])

    def test_notice_wanted_or_not(self):
        self.tell((KID, 1, True))
        self.tell((KID, 1, False))
        mandate = self.mandate_of(self.kari)
        self.assertFalse(mandate.written_notice)
        self.assertEqual(self.kinds(self.kari), ["mandate.active", "mandate.changed"])

    def test_another_kid_of_the_same_customer(self):
        self.tell((KID, 1))
        self.tell(("00100230000025", 1))
        mandate = self.mandate_of(self.kari)
        self.assertEqual(mandate.kid, "00100230000025")

    def test_ended_and_begun_again(self):
        """What is over stays; records in one file count in their order."""
        self.tell((KID, 1))
        first = self.mandate_of(self.kari)
        results = self.tell((KID, 2), (KID, 1, True), (KID, 1, False))
        self.assertEqual([one["state"] for one in results], ["applied"] * 3)
        self.assertEqual((first.state, first.ended_by), ("ended", "payer"))
        second = self.mandate_of(self.kari)
        self.assertNotEqual(second, first)
        self.assertEqual((second.state, second.written_notice), ("active", False))
        self.assertEqual(self.tell((KID, 2), (KID, 2))[1]["state"], "ignored")

    def test_whose_is_known_by_an_invoice(self):
        """A KID without customer number, from before the scheme had one."""
        move = self.invoice(self.lars)
        self.env.cr.execute(
            "UPDATE account_move SET payment_reference = %s WHERE id = %s",
            ["99887760000011", move.id],
        )
        self.tell(("99887760000011", 1))
        mandate = self.mandate_of(self.lars)
        self.assertEqual(mandate.kid_part, "9988776")

    def test_nobodys(self):
        for kid in ("09999990000012", "00000000000000", "123", ""):
            [result] = self.tell((kid, 1))
            self.assertEqual(
                (result["state"], result["reason"]), ("worklist", "unknown")
            )
            self.assertEqual(self.tell((kid, 2))[0]["state"], "worklist")
        self.assertIn(
            "09999990000012",
            self.mandates._reason_words("unknown", {"number": "09999990000012"}),
        )
        # Until a person says whose.
        [result] = self.mandates._apply(
            [
                {
                    "scheme": "avtalegiro",
                    "agreement_id": self.avtalegiro.id,
                    "kid": "09999990000012",
                    "registration": 1,
                    "written_notice": False,
                    "partner_id": self.lars.id,
                }
            ]
        )
        self.assertEqual(result["state"], "applied")
        self.assertEqual(self.mandate_of(self.lars).kid_part, "0999999")

    def test_a_customer_of_another_company(self):
        self.kari.sudo().company_id = self._other_company()
        self.assertEqual(self.tell((KID, 1))[0]["reason"], "unknown")

    def test_stopped_here(self):
        """The bank keeps it. That it tells of it again starts nothing."""
        self.tell((KID, 1))
        mandate = self.mandate_of(self.kari)
        mandate._end(by="payer")
        self.assertTrue(mandate.at_bank)
        self.assertFalse(mandate.sudo().request_ids)
        [result] = self.tell((KID, 1, True))
        self.assertEqual(
            (result["state"], result["reason"], result["mandate_id"]),
            ("worklist", "stopped_here", mandate.id),
        )
        self.assertEqual(self.tell((KID, 2))[0]["state"], "applied")
        self.assertFalse(mandate.at_bank)
        # From now on it is a new one.
        self.assertEqual(self.tell((KID, 1))[0]["state"], "applied")

    def test_old_news(self):
        mandate = self.active()
        before = date(2026, 10, 1)
        result = self.advise("10024", "93", "33", day=before)
        self.assertEqual(result["reason"], "outdated")
        self.assertEqual(mandate.state, "active")

    def test_ended_in_the_bank(self):
        mandate = self.active()
        self.advise("10024", "46", "01")
        self.assertEqual((mandate.state, mandate.ended_by), ("ended", "bank"))
        self.assertEqual(mandate.end_words, "Ended by the bank.")
        # It is not told what it said itself.
        self.assertEqual(self.asked(mandate), [("new", "answered")])

    def test_codes_that_nobody_can_act_on(self):
        mandate = self.active()
        for information, comment, reason in (
            ("04", "77", "code"),
            ("93", "11", "payer_stop"),
            ("42", "05", "active"),
        ):
            result = self.advise("10024", information, comment)
            self.assertEqual((result["state"], result["reason"]), ("worklist", reason))
            self.assertTrue(self.mandates._reason_words(reason, result["values"]))
        self.assertEqual(mandate.state, "active")

    def test_asked_for_in_the_internet_bank(self):
        result = self.e_mandate("0000000000010024")
        mandate = self.mandate_of(self.lars, self.autogiro)
        self.assertEqual(result["mandate_id"], mandate.id)
        self.assertEqual((mandate.state, mandate.origin), ("draft", "internet_bank"))
        self.assertEqual(mandate.sudo().bank_account, ACCOUNT)
        # The answer names neither account nor person.
        request = mandate.sudo().request_ids
        self.assertEqual(request._line(), MandateOrder("10024"))
        # The bank reminds; later the customer asks from another account.
        self.assertEqual(self.e_mandate("10024")["state"], "ignored")
        result = self.e_mandate("10024", account="6000000000000012")
        self.assertEqual(result["reason"], "already")
        self.assertEqual(self.asked(mandate), [("approve", "waiting")])
        request._sent()
        # Again: our answer did not arrive, so it goes once more.
        self.assertEqual(self.e_mandate("10024", reminder=1)["state"], "applied")
        self.assertEqual(self.asked(mandate), [("approve", "waiting")])
        request._sent()
        self.advise("10024", "04", "32")
        self.assertEqual(mandate.state, "active")

    def test_an_e_mandate_that_we_do_not_want(self):
        self.e_mandate("10024")
        mandate = self.mandate_of(self.lars, self.autogiro)
        mandate.with_user(self.user).action_end()
        self.assertEqual(
            self.asked(mandate), [("approve", "cancelled"), ("reject", "waiting")]
        )
        reject = mandate.sudo().request_ids.filtered(lambda one: one.kind == "reject")
        self.assertEqual(reject._line(), MandateOrder("10024", reject=True))

    def test_an_e_mandate_of_a_stranger(self):
        self.assertEqual(self.e_mandate("77777")["reason"], "unknown")
        first = self.requests._reject_emandate(self.autogiro, "77777", "file:3")
        again = self.requests._reject_emandate(self.autogiro, "77777", "file:3")
        self.assertEqual(first, again)
        self.assertEqual(first._line(), MandateOrder("77777", reject=True))

    def test_e_mandates_that_were_not_agreed_on(self):
        self.autogiro.has_bank_signup = False
        self.assertEqual(self.e_mandate("10024")["reason"], "off")
        self.assertFalse(self.mandate_of(self.lars, self.autogiro))

    def test_as_many_queries_for_many(self):
        partners = [self._new_customer(f"C{n}", f"{20000 + n}") for n in range(40)]
        kids = [f"{20000 + n:07d}0000017" for n in range(40)]

        def queries(*records):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            results = self.tell(*records)
            self.env.flush_all()
            self.assertEqual({one["state"] for one in results}, {"applied"})
            return self.env.cr.sql_log_count - before

        queries((kids[0], 1))  # what is read once
        few = queries((kids[1], 1), (kids[2], 1))
        many = queries(*((kid, 1) for kid in kids[3:]))
        self.assertLessEqual(many, few + 3)
        few = queries((kids[0], 2), (kids[1], 2))
        many = queries(*((kid, 2) for kid in kids[2:]))
        self.assertLessEqual(many, few + 3)
        self.assertEqual(
            len(self.mandates.search([("partner_id", "in", [p.id for p in partners])])),
            40,
        )


class TestWhoMay(MandateCase):
    """What staff see and do, and what nobody does."""

    def test_account_and_number_are_for_managers(self):
        mandate = self._sign()
        seen = mandate.with_user(self.user)
        self.assertEqual(seen.account_shown, "•••• 4567")
        for name in ("bank_account", "payer_identity", "evidence", "scan"):
            with self.assertRaises(AccessError):
                seen.read([name])
        self.assertEqual(mandate.with_user(self.manager).bank_account, ACCOUNT)

    def test_nobody_changes_a_mandate_by_hand(self):
        mandate = self._sign()
        for user in (self.user, self.manager):
            own = mandate.with_user(user)
            with self.assertRaises(AccessError):
                own.write({"state": "active"})
            with self.assertRaises(AccessError):
                own.unlink()
            with self.assertRaises(AccessError):
                own.request_ids.write({"state": "answered"})
            with self.assertRaises(AccessError):
                own.create(
                    {
                        "agreement_id": self.autogiro.id,
                        "company_id": self.company.id,
                        "partner_id": self.kari.id,
                    }
                )

    def test_customers_have_no_access(self):
        mandate = self._sign()
        portal = self._new_user("portal_kari", "base.group_portal")
        for record in (mandate, mandate.request_ids, self.autogiro):
            with self.assertRaises(AccessError):
                record.with_user(portal).read(["id", "display_name"])

    def test_other_companies_are_not_seen(self):
        mandate = self._sign()
        other = self._new_user(
            "elsewhere", "billing_base.group_billing_manager", self._other_company()
        )
        for model in ("billing.mandate", "billing.mandate.request"):
            self.assertFalse(self.env[model].with_user(other).search_count([]))
        self.assertFalse(self.agreements.with_user(other).search_count([]))
        with self.assertRaises(AccessError):
            mandate.with_user(other).action_end()

    def test_staff_end_mandates(self):
        mandate = self.active()
        mandate.with_user(self.user).action_end_for_customer()
        self.assertEqual((mandate.state, mandate.ended_by), ("ended", "payer"))
        event = self.events.search(
            [("kind", "=", "mandate.ended"), ("partner_id", "=", self.lars.id)]
        )
        self.assertEqual((event.actor, event.user_id), ("staff", self.user))
        self.assertIn("Ended by the customer.", event.display_text)
        customer = event.with_context(billing_customer_view=True)
        self.assertIn("Autogiro is stopped", customer.display_text)

    def test_the_customer_and_the_invoice_show_it(self):
        self.tell((KID, 1))
        mandate = self.mandate_of(self.kari)
        kari = self.kari.with_user(self.user)
        self.assertEqual(
            (kari.billing_mandate_count, kari.billing_mandate_state), (1, "active")
        )
        domain = [("id", "in", (self.kari | self.lars).ids)]
        for state, found in (("active", self.kari), ("none", self.lars)):
            self.assertEqual(
                self.env["res.partner"].search(
                    [*domain, ("billing_mandate_state", "=", state)]
                ),
                found,
            )
        move = self.invoice(self.kari)
        self.assertEqual(move.with_user(self.user).billing_mandate_id, mandate)
        self.assertEqual(move.action_billing_mandate()["res_id"], mandate.id)
        # Autogiro waits: the Swedish bank has said nothing.
        self._sign(self.kari)
        self.assertFalse(self.invoice(self.kari, "SEK").billing_mandate_id)

    def test_what_a_mandate_draws(self):
        """Its own currency, and AvtaleGiro only what the bank can know."""
        self.tell((KID, 1))
        autogiro = self.active(self.kari)
        moves = self.invoice(self.kari) | self.invoice(self.kari, "SEK")
        foreign = self.invoice(self.kari)
        foreign.sudo().payment_reference = "99999990000017"
        other = self.invoice(self.lars)
        found = (moves | foreign | other)._billing_mandates()
        self.assertEqual(
            found,
            {moves[0].id: self.mandate_of(self.kari), moves[1].id: autogiro},
        )

    def test_a_merged_customer_keeps_the_mandate(self):
        mandate = self.active()
        merged = self.env["base.partner.merge.automatic.wizard"].create({})
        merged._merge((self.lars | self.kari).ids, self.kari)
        self.assertEqual(mandate.partner_id, self.kari)
        self.assertEqual(mandate.state, "active")

    def test_forgotten_when_nobody_can_ask_any_more(self):
        mandate, kept = self.active(), self._sign(self.kari)
        self.company.billing_mandate_months = 14
        mandate._end(by="payer")
        patcher = patch.object(
            self.registry["ir.cron"], "_commit_progress", return_value=float("inf")
        )
        patcher.start()
        self.addCleanup(patcher.stop)
        for day, forgotten in ((date(2028, 1, 2), False), (date(2028, 1, 3), True)):
            cron = self.mandates.with_context(billing_date=day).sudo()
            cron._cron_forget()
            mandate.invalidate_recordset()
            self.assertEqual(bool(mandate.forgotten_on), forgotten)
        for name in ("bank_account", "payer_identity", "signer", "evidence"):
            self.assertFalse(mandate.sudo()[name], name)
            self.assertTrue(kept.sudo()[name], name)
        # That there was one stays.
        self.assertEqual((mandate.state, mandate.payer_number), ("ended", "10024"))
        self.assertIn("mandate.forgotten", self.kinds(self.lars))
