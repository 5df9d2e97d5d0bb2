"""Files to the bank: approved, frozen, delivered once, received or refused."""

import base64
import os
from datetime import date, timedelta
from unittest.mock import patch

from odoo import sql_db
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.billing_base.adapters.drop_box import DropBox
from odoo.addons.billing_direct_debit.core import autogiro_in, avtalegiro_reader
from odoo.addons.billing_direct_debit.models.billing_debit_batch_deliver import LOCK

from tests.unit.billing_direct_debit.field_tables import wrong_fields

from .claim_common import ISSUED, SENT, ClaimCase
from .failure_common import DUE

LOGGER = "odoo.addons.billing_direct_debit.models.billing_debit_planner"


class Killed(BaseException):
    """The worker is gone: nobody cleans up after it."""


class TestBatchesNorway(ClaimCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = "billing_base.group_billing_"
        cls.user, cls.manager = (
            new_test_user(
                cls.env,
                f"debit {role}",
                f"{group}{role},account.group_account_invoice",
                company_id=cls.company.id,
            )
            for role in ("user", "manager")
        )

    def batch_of(self, claim):
        return claim.batch_id.sudo()

    # === WHAT GOES === #

    def test_the_file_says_what_the_claims_say(self):
        moves = [self.issue(amount=1000), self.issue(amount=249.5)]
        self.run_on(ISSUED)
        self.assertEqual(self.fetch(), [], "two bank days before the last moment")
        self.run_on(SENT)
        [records] = self.fetch()
        for record in records:
            self.assertEqual(list(wrong_fields(record)), [], record)
        self.assertEqual(records[0][:8], "NY000010")
        self.assertEqual(records[1][:8], "NY210020")
        items = [record for record in records if record[6:8] == "30"]
        for number, (move, item) in enumerate(zip(moves, items, strict=True), 1):
            self.assertEqual(item[:8], "NY210230")
            self.assertEqual(int(item[8:15]), number)
            self.assertEqual(item[15:21], DUE.strftime("%d%m%y"))
            self.assertEqual(int(item[32:49]), round(move.amount_total * 100))
            self.assertEqual(item[49:74].strip(), move.payment_reference)
        self.assertEqual(int(records[-2][24:41]), 124950)
        claim = self.claim_of(moves[0])
        batch = self.batch_of(claim)
        self.assertEqual((batch.count, batch.total), (2, 1249.5))
        self.assertEqual(batch.number, 1)
        self.assertEqual(batch.assignment_number, 1)
        self.assertEqual(batch.state, "delivered")
        self.assertEqual(claim.transaction_number, 1)
        self.assertIn("debit.delivered", self.kinds(moves[0]))
        self.assertEqual(
            batch.with_user(self.manager).preview.splitlines(), records[:60]
        )

    def test_the_banks_notice_comes_with_what_the_invoice_is_about(self):
        self.agreement.write({"bank_notice": "always", "has_specification": True})
        due = date(2026, 12, 16)
        move = self.issue(due=due)
        # By the last bank day of November, two of them before.
        self.run_on(date(2026, 11, 26))
        [records] = self.fetch()
        kinds = [record[4:8] for record in records]
        self.assertEqual(
            kinds, ["0010", "0020", "2130", "2131", "2149", "0088", "0089"]
        )
        for record in records:
            self.assertEqual(list(wrong_fields(record)), [], record)
        self.assertIn("Strøm: ", records[4])
        self.assertIn(move.name, records[3])

    def test_a_claim_that_no_file_can_hold_keeps_no_other_back(self):
        bad, good = self.issue(), self.issue()
        claim = self.claim_of(bad)
        claim.reference = "no KID"
        self.run_on(SENT)
        [records] = self.fetch()
        self.assertEqual(
            [r[49:74].strip() for r in records if r[6:8] == "30"],
            [good.payment_reference],
        )
        self.assertEqual(
            (claim.state, claim.cancel_reason), ("cancelled", "unwritable")
        )
        self.assertIn("debit.unwritable", self.kinds(bad))
        self.assertEqual(self.batch_of(self.claim_of(good)).number, 1)

    def test_what_a_test_agreement_writes_is_not_where_the_bank_fetches(self):
        with patch.object(type(self.agreement), "_check_scheme_kept"):
            self.agreement.is_test = True
        move = self.issue()
        self.run_on(SENT)
        self.assertFalse(self.outbox.exists())
        [folder] = (self.folder / "bank" / "test" / "outbox").iterdir()
        [file] = folder.iterdir()
        self.assertTrue(file.name.startswith("TEST-"))
        self.assertEqual(self.claim_of(move).state, "delivered")

    # === APPROVAL === #

    def test_somebody_looks_at_it_before_it_goes(self):
        self.agreement.delivery = "approve"
        move = self.issue()
        self.run_on(SENT)
        self.assertEqual(self.fetch(), [])
        claim = self.claim_of(move)
        batch = self.batch_of(claim)
        self.assertEqual((claim.state, batch.state), ("batched", "draft"))
        self.assertEqual((batch.count, batch.number), (1, 0))
        # Tuesday 1 December at two o'clock in Norway.
        self.assertEqual(str(batch.cut_off_at), "2026-12-01 13:00:00")
        self.assertIn(move.payment_reference, batch.with_user(self.manager).preview)
        with self.assertRaises(AccessError):
            batch.with_user(self.user).action_approve()
        with self.assertRaises(AccessError):
            _preview = batch.with_user(self.user).preview
        # What is issued meanwhile joins it.
        other = self.issue()
        self.run_on(SENT)
        self.assertEqual(self.batch_of(self.claim_of(other)), batch)
        batch.with_user(self.manager).action_approve()
        self.assertEqual(batch.approved_by_id, self.manager)
        with self.assertRaisesRegex(UserError, "decided already"):
            batch.with_user(self.manager).action_approve()
        self.run_on(SENT)
        self.assertEqual(len(self.fetch()), 1)
        self.assertEqual(batch.count, 2)

    def test_managers_hear_of_a_batch_whose_time_runs_out(self):
        self.agreement.delivery = "approve"
        self.issue()
        self.run_on(SENT)
        events = self.env["billing.event"]
        failed = [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
        self.assertFalse(events.search_count(failed))
        self.run_on(date(2026, 12, 1))
        self.assertEqual(events.search_count(failed), 1)

    def test_approved_too_late_it_gets_another_day_and_another_file(self):
        self.agreement.delivery = "approve"
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        batch = self.batch_of(claim)
        batch.with_user(self.manager).action_approve()
        # Two days after the last moment.
        self.run_on(date(2026, 12, 3))
        self.assertEqual(self.fetch(), [])
        self.assertEqual((batch.state, batch.number), ("cancelled", 0))
        self.run_on(date(2026, 12, 3))
        self.assertEqual(claim.date, date(2026, 12, 9))
        self.assertIn("debit.moved", self.kinds(move))
        self.assertEqual(claim.state, "batched")

    def test_a_batch_that_is_not_sent_gives_back_what_is_in_it(self):
        self.agreement.delivery = "approve"
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        batch = self.batch_of(claim)
        batch.with_user(self.manager).action_cancel()
        self.assertEqual((claim.state, batch.state), ("planned", "cancelled"))
        self.run_on(SENT)
        self.assertNotEqual(self.batch_of(claim), batch)
        self.assertEqual(claim.state, "batched")

    # === ONCE === #

    def die(self):
        """Have the job die; what it committed until then stays."""
        try:
            self.run_on(SENT)
        except Killed:
            return
        self.fail("it lives")

    def test_killed_before_it_was_out_the_same_bytes_go_out_later(self):
        move = self.issue()
        with patch.object(os, "rename", side_effect=Killed):
            self.die()
        claim = self.claim_of(move)
        batch = self.batch_of(claim)
        self.assertEqual((batch.state, batch.number), ("delivering", 1))
        frozen = batch.file_hash
        self.assertEqual(self.fetch(), [])
        # What happens meanwhile changes nothing of it.
        with self.on(SENT):
            move.ref = "changed"
        self.run_on(SENT)
        self.assertEqual((batch.state, batch.file_hash), ("delivered", frozen))
        [records] = self.fetch()
        self.assertEqual(
            "\r\n".join(records) + "\r\n",
            base64.b64decode(batch.with_context(bin_size=False).file).decode("latin1"),
        )
        self.run_on(SENT)
        self.assertEqual(self.fetch(), [])

    def test_killed_after_it_was_out_it_is_only_written_down(self):
        move = self.issue()
        with patch.object(DropBox, "settle", side_effect=Killed):
            self.die()
        batch = self.batch_of(self.claim_of(move))
        self.assertEqual(batch.state, "delivering")
        self.assertEqual(len(self.fetch()), 1)
        self.run_on(SENT)
        self.assertEqual(batch.state, "delivered")
        self.assertEqual(self.fetch(), [], "the bank would draw it twice")

    def test_paid_between_file_and_bank_it_is_called_back(self):
        move = self.issue()
        with patch.object(os, "rename", side_effect=Killed):
            self.die()
        claim = self.claim_of(move)
        self.assertEqual(claim.state, "batched")
        with self.on(SENT):
            self.pay(move)
        # Its bytes are fixed: it goes out with it, and the cancellation follows.
        self.run_on(SENT)
        self.assertEqual(claim.state, "delivered")
        self.run_on(SENT + timedelta(days=3))
        self.assertEqual(
            [records[1][:8] for records in self.fetch()], ["NY210020", "NY213620"]
        )
        self.assertEqual(claim.state, "cancelled")

    def test_two_workers_do_not_send_the_same_batch(self):
        self.agreement.delivery = "approve"
        move = self.issue()
        self.run_on(SENT)
        batch = self.batch_of(self.claim_of(move))
        batch._approve()
        with sql_db.db_connect(self.env.cr.dbname).cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, batch.id])
            self.run_on(SENT)
            self.assertEqual(batch.state, "approved")
        self.run_on(SENT)
        self.assertEqual(batch.state, "delivered")

    def test_a_file_that_was_changed_behind_our_back_is_not_sent(self):
        move = self.issue()
        with patch.object(os, "rename", side_effect=Killed):
            self.die()
        batch = self.batch_of(self.claim_of(move))
        batch.file = base64.b64encode(b"somebody else's money")
        with mute_logger(LOGGER), patch.object(self.env.cr, "rollback"):
            self.run_on(SENT)
        self.assertEqual(self.fetch(), [])
        self.assertEqual(batch.state, "delivering")

    def test_numbers_have_no_gaps_and_never_come_again(self):
        for nth in range(3):
            self.issue()
            self.run_on(SENT + timedelta(days=3 * nth and nth))
        numbers = self.batches.search(
            [("agreement_id", "=", self.agreement.id), ("number", ">", 0)]
        ).mapped("number")
        self.assertEqual(sorted(numbers), list(range(1, len(numbers) + 1)))
        sent = [int(records[0][16:23]) for records in self.fetch()]
        self.assertEqual(sorted(sent), sorted(numbers))

    # === RECEIPTS === #

    def test_the_bank_says_that_it_has_it(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        batch = self.batch_of(claim)
        self.receipt(f"{batch.number};accepted;L226")
        self.run_on(SENT)
        self.assertEqual((batch.state, batch.receipt), ("received", "L226"))
        self.assertEqual(claim.state, "accepted")
        self.receipt(f"{batch.number};accepted;again")
        self.run_on(SENT)
        self.assertEqual(batch.receipt, "L226")

    def test_what_the_bank_refuses_goes_with_another_number(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        batch = self.batch_of(claim)
        self.fetch()
        self.receipt(f"{batch.number};refused;L200 wrong sender")
        self.run_on(SENT)
        self.assertEqual((batch.state, claim.state), ("refused", "planned"))
        self.run_on(SENT)
        again = self.batch_of(claim)
        self.assertEqual((again.number, again.state), (2, "delivered"))
        self.assertEqual(batch.number, 1)
        self.assertEqual(len(self.fetch()), 1)

    def test_a_cancellation_that_is_refused_is_sent_again(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        with self.on(SENT):
            self.pay(move)
        self.run_on(date(2026, 11, 30))
        batch = claim.cancel_batch_id.sudo()
        self.assertEqual((claim.state, batch.state), ("cancelled", "delivered"))
        with self.on(date(2026, 11, 30)):
            batch.with_user(self.manager).action_refused()
        self.assertEqual((claim.state, claim.cancel_state), ("delivered", "waiting"))
        self.run_on(date(2026, 12, 1))
        self.assertEqual(claim.state, "cancelled")
        self.assertNotEqual(claim.cancel_batch_id, batch)

    def test_a_receipt_that_cannot_be_read_is_applied_not_at_all(self):
        move = self.issue()
        self.run_on(SENT)
        batch = self.batch_of(self.claim_of(move))
        self.receipt(f"{batch.number};accepted;", "4711;accepted;")
        with mute_logger(LOGGER), patch.object(self.env.cr, "rollback"):
            self.run_on(SENT)
        self.assertEqual(batch.state, "delivered")
        self.assertEqual(len(list((self.folder / "bank" / "answers").glob("*.csv"))), 1)

    def test_what_went_to_the_bank_is_kept(self):
        move = self.issue()
        self.run_on(SENT)
        claim = self.claim_of(move)
        with self.assertRaisesRegex(UserError, "is kept"):
            claim.unlink()
        with self.assertRaisesRegex(UserError, "is kept"):
            self.batch_of(claim).unlink()
        with self.assertRaisesRegex(UserError, "has the batch"):
            self.batch_of(claim).with_user(self.manager).action_cancel()

    def test_a_batch_takes_as_many_queries_whatever_is_in_it(self):
        self.agreement.delivery = "approve"
        counts = []
        for count in (1, 2, 8):
            for _nth in range(count):
                self.issue()
            self.run_on(SENT)
            batch = self.batches.search(
                [("agreement_id", "=", self.agreement.id), ("state", "=", "draft")]
            )
            batch._approve()
            with self.on(SENT):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                batch._deliver()
                self.env.flush_all()
                counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])

    def test_a_file_of_ours_can_be_read_back(self):
        self.issue()
        self.run_on(SENT)
        [file] = self.outbox.glob("*/*")
        reader = avtalegiro_reader.read_transmission(file, file.name)
        [read] = list(reader)
        self.assertEqual(read.claim.amount_ore, 100000)
        self.assertEqual(reader.summary.number, 1)


class TestBatchesSweden(ClaimCase):
    scheme = "autogiro"

    def orders(self):
        """What stands in the files in the outbox."""
        found = []
        for file in sorted(self.outbox.glob("*/*")):
            found += list(
                autogiro_in.open_autogiro(
                    file, file.name, key="1234567890ABCDEF1234567890ABCDEF"
                )
            )
        return found

    def test_an_order_goes_sealed_once_the_customer_was_told(self):
        move = self.issue(due=date(2026, 12, 10))
        claim = self.claim_of(move)
        self.assertEqual((claim.notice, claim.date), ("us", date(2026, 12, 10)))
        self.run_on(date(2026, 12, 4))
        self.assertEqual(claim.state, "planned")
        # Nobody told in time: eight bank days from the day somebody does.
        self.assertEqual(claim.date, date(2026, 12, 16))
        claim._set_told(date(2026, 12, 4), "staff")
        self.run_on(date(2026, 12, 11))
        self.assertEqual(claim.state, "delivered")
        [order] = self.orders()
        self.assertEqual(order.day, date(2026, 12, 16))
        self.assertEqual(order.amount_ore, 100000)
        self.assertEqual(order.payer_number, self.mandate.payer_number)
        self.assertEqual(order.reference, move.payment_reference)
        [records] = self.fetch()
        self.assertEqual(records[0][:2] + records[0][8:12], "00HMAC")
        self.assertEqual(records[-1][:2], "99")

    def test_without_a_key_nothing_goes_to_bankgirot(self):
        self.agreement.sudo().seal_key = False
        move = self.issue(due=date(2026, 12, 10))
        claim = self.claim_of(move)
        claim._set_told(ISSUED, "staff")
        with mute_logger(LOGGER), patch.object(self.env.cr, "rollback"):
            self.run_on(date(2026, 12, 8))
        self.assertEqual(self.orders(), [])
        self.assertEqual(claim.batch_id.number, 0)

    def test_a_cancellation_waits_for_the_answer(self):
        move = self.issue(due=date(2026, 12, 10))
        claim = self.claim_of(move)
        claim._set_told(ISSUED, "staff")
        self.run_on(date(2026, 12, 7))
        self.assertEqual(claim.state, "delivered")
        self.fetch()
        with self.on(date(2026, 12, 7)):
            self.pay(move)
        self.run_on(date(2026, 12, 8))
        [order] = self.orders()
        self.assertEqual(order.day, date(2026, 12, 10))
        self.assertEqual(order.reference, move.payment_reference)
        self.assertEqual((claim.state, claim.cancel_state), ("delivered", "sent"))
        answer = {"claim_id": claim.id, "result": "cancelled", "code": "12"}
        self.assertEqual(self.claims._settle([answer]), {claim.id: "done"})
        self.assertEqual((claim.state, claim.cancel_state), ("cancelled", "done"))
        self.assertEqual(claim.cancel_reason, "paid")

    def test_a_cancellation_nobody_answers_is_done_when_nothing_came(self):
        move = self.issue(due=date(2026, 12, 10))
        claim = self.claim_of(move)
        claim._set_told(ISSUED, "staff")
        self.run_on(date(2026, 12, 7))
        with self.on(date(2026, 12, 7)):
            self.pay(move)
        self.run_on(date(2026, 12, 8))
        self.run_on(claim.grace_until + timedelta(days=1))
        self.assertEqual(claim.state, "cancelled")

    def test_messages_about_mandates_go_with_a_file_of_their_own(self):
        self.mandate.write({"bank_account": "5000000001234567"})
        request = self.env["billing.mandate.request"].sudo()._ask(self.mandate, "end")
        self.run_on(ISSUED)
        [order] = self.orders()
        self.assertEqual(order.payer_number, self.mandate.payer_number)
        self.assertEqual(request.state, "sent")
        self.assertEqual(request.batch_id.kind, "mandates")
        self.run_on(ISSUED)
        self.assertEqual(len(self.orders()), 1)
        # What it says of the payer goes when the payer is forgotten.
        batch = request.batch_id
        self.assertTrue(batch.file)
        self.mandate._forget(ISSUED)
        self.assertFalse(batch.file)
        self.assertTrue(batch.file_hash)

    def test_a_message_that_no_file_can_hold_keeps_no_claim_back(self):
        requests = self.env["billing.mandate.request"].sudo()
        good = requests._ask(self.mandate, "end")
        bad_mandate = self.create_mandate(self.create_customer("Ola"), state="draft")
        bad_mandate.bank_account = False
        bad_mandate.payer_identity = "198112189876"
        bad = requests._ask(bad_mandate, "new")
        move = self.issue(due=date(2026, 12, 10))
        self.claim_of(move)._set_told(ISSUED, "staff")
        self.run_on(date(2026, 12, 7))
        self.assertEqual((good.state, bad.state), ("sent", "refused"))
        self.assertFalse(bad.batch_id)
        self.assertEqual(self.claim_of(move).state, "delivered")
        alert = self.env["billing.event"].search(
            [("kind", "=", "job.failed"), ("company_id", "=", self.company.id)]
        )
        self.assertIn(bad_mandate.payer_number, alert.payload["error"])
        self.assertNotIn("9876", alert.payload["error"])
        self.run_on(date(2026, 12, 8))
        self.assertEqual(bad.state, "refused", "once is enough")

    def test_who_stops_everything_stops_what_is_drawn_first(self):
        move = self.issue(due=date(2026, 12, 10))
        self.claim_of(move)._set_told(ISSUED, "staff")
        self.run_on(date(2026, 12, 7))
        self.fetch()
        with self.on(date(2026, 12, 7)):
            self.mandate.at_bank = True
            self.mandate._end(by="payer")
        self.run_on(date(2026, 12, 8))
        kinds = self.batches.search(
            [("agreement_id", "=", self.agreement.id)], order="number"
        ).mapped("kind")
        self.assertEqual(kinds, ["claims", "cancellations", "mandates"])

    def test_a_reference_that_is_too_long_becomes_one_that_fits(self):
        move = self.issue()
        move.payment_reference = "A reference much too long for Autogiro"
        self.assertEqual(move._billing_claim_reference(self.agreement), f"M{move.id}")
