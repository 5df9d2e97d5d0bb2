"""Collection: somebody approves, it goes out once, and it comes back when it must."""

import base64
import os
from decimal import Decimal
from unittest.mock import patch

from odoo import sql_db
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.billing_base.adapters.drop_box import DropBox
from odoo.addons.billing_base.core.claim import Debit
from odoo.addons.billing_fee_policy.core import agency_answer, agency_file
from odoo.addons.billing_fee_policy.models.billing_collection_batch_deliver import LOCK

from .collection_common import READY, CollectionCase
from .planner_common import after

LOGGER = "odoo.addons.billing_fee_policy.models.billing_collection_batch_deliver"


class Killed(BaseException):
    """The worker is gone: nobody cleans up after it."""


@tagged("post_install", "-at_install")
class TestHandover(CollectionCase):
    def test_two_persons_decide_and_the_claim_goes_out_whole(self):
        move = self.ripe()
        self.env["billing.installation"].create(
            {"partner_id": self.kari.id, "number": "707057500012345678"}
        )
        self.env["billing.charge"]._book(
            [{"key": "t", "kind": "fee", "move_id": move.id, "amount": 38}]
        )
        batch = self.prepared(move)
        self.assertEqual(batch.state, "draft")
        self.assertEqual(batch.case_ids.added, 38)
        self.exchange()
        self.assertFalse(
            self.fake.path.exists(), "nothing leaves before it is approved"
        )
        with self.assertRaises(AccessError):
            batch.with_user(self.user).action_approve()
        batch.with_user(self.manager).action_approve()
        self.exchange()
        self.assertEqual(batch.state, "delivered")
        [sent] = self.outbox()
        [case] = sent.cases
        self.assertEqual(case.invoice, move.name)
        self.assertEqual(case.principal, Decimal("1249.00"))
        self.assertEqual(case.added("fee"), Decimal("38.00"))
        self.assertEqual(case.total, Decimal("1287.00"))
        self.assertEqual(case.reference, move.payment_reference)
        self.assertEqual(case.installations, ("707057500012345678",))
        self.assertEqual(case.debtor.name, "Kari Nordmann")
        self.assertEqual(case.debtor.address, ("Storgata 1", "0155 Oslo"))
        self.assertFalse(case.debtor.is_business)
        self.assertEqual(
            [(letter.kind, letter.sent, letter.deadline) for letter in case.letters],
            [("reminder", after(15), after(29)), ("notice", after(33), after(47))],
        )
        self.assertEqual(case.document.data, b"%PDF " + move.name.encode())
        self.assertEqual(case.interest.base, Decimal("1249.00"))
        self.assertEqual(sent.creditor.number, "F-17")
        collection = move._billing_collections()[move.id]
        self.assertEqual(collection.agency, "Sanden Inkasso")
        self.assertEqual(collection.since, READY)
        self.assertEqual(
            self.kinds(move), ["collection.approved", "collection.handed_over"]
        )
        # Nothing more is sent by the ladder, and nobody puts it in again.
        self.assertFalse(self.plan(70))
        self.assertFalse(self.batches._ready(self.company))

    def test_who_prepared_it_approves_it_only_where_one_person_is_enough(self):
        move = self.ripe()
        own = self.batches.with_user(self.manager)._prepare(move)
        with self.assertRaisesRegex(UserError, "Somebody else"):
            own.action_approve()
        self.company.billing_collection_two_persons = False
        own.invalidate_recordset()
        own.action_approve()
        self.assertEqual(own.state, "approved")
        with self.assertRaisesRegex(UserError, "decided already"):
            own.action_approve()

    def test_everything_that_is_ready_goes_into_a_batch(self):
        ready, held = self.ripe(2)
        held._billing_place_hold("Ask first")
        fresh = self.new()
        action = self.batches.with_user(self.user).action_prepare()
        batch = self.batches.browse(action["res_id"])
        self.assertEqual(batch.case_ids.move_id, ready)
        self.assertNotIn(fresh, batch.case_ids.move_id)
        with self.assertRaisesRegex(UserError, "Nothing is ready"):
            self.batches.with_user(self.user).with_context(
                billing_date=after(45)
            ).action_prepare()

    def test_without_an_agency_somebody_is_told(self):
        move = self.ripe()
        self.agency.active = False
        with self.assertRaisesRegex(UserError, "no collection agency"):
            self.batches.with_user(self.user)._prepare(move)

    def test_what_stands_against_it_is_said(self):
        move = self.ripe()

        def against(day=READY):
            one = move.with_context(billing_date=day)
            return one._billing_handover_obstacles()[move.id]

        self.assertEqual(against(), [])
        with self.subTest("the last day to pay and the bank days after it"):
            self.assertTrue(against(after(47)))
            self.assertRegex(against(after(48))[0], "may still be on its way")
        with self.subTest("below the smallest"):
            self.company.billing_collection_minimum = 2000
            self.assertRegex(against()[0], "below")
            self.company.billing_collection_minimum = 0
        with (
            self.subTest("a direct debit"),
            patch.object(
                self.registry["account.move"],
                "_billing_debits",
                lambda moves: {move.id: Debit(READY, 1249.0, "AvtaleGiro")},
            ),
        ):
            self.assertRegex(against()[0], "drawn")
        with self.subTest("no notice was sent"):
            fresh = self.new().with_env(self.env)
            self.assertTrue(fresh._billing_handover_obstacles()[fresh.id])
        with self.subTest("open credits"):
            self.credit(1249.0)
            self.assertRegex("\n".join(against()), "Open credits")
        with self.subTest("staff read the same"), self.assertRaises(UserError):
            move.with_user(self.user).action_billing_hand_over()
        with self.subTest("paid"):
            self.pay(move)
            self.assertEqual(against(), ["Nothing is owed."])

    def test_obstacles_are_asked_with_the_same_queries_for_many(self):
        moves = self.ripe(6)
        moves._billing_handover_obstacles()
        self.env.invalidate_all()
        few = self.count(moves[:2])
        self.assertLessEqual(self.count(moves), few + 2)

    def count(self, moves):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        moves._billing_handover_obstacles()
        return self.env.cr.sql_log_count - before

    def test_what_changed_since_it_was_approved_stays_behind(self):
        paid, disputed, good = self.ripe(3)
        batch = self.approved(paid + disputed + good)
        self.pay(paid)
        self.hold(disputed, "dispute")
        self.exchange()
        states = {case.move_id: case.state for case in batch.case_ids}
        self.assertEqual(
            states, {paid: "dropped", disputed: "dropped", good: "offered"}
        )
        [sent] = self.outbox()
        self.assertEqual([case.invoice for case in sent.cases], [good.name])
        self.assertIn("collection.dropped", self.kinds(paid))

    def test_staff_leave_out_and_cancel(self):
        one, other = self.ripe(2)
        batch = self.prepared(one + other)
        batch.case_ids.filtered(lambda case: case.move_id == one).action_drop()
        self.assertEqual(batch.case_count, 1)
        batch.with_user(self.user).action_cancel()
        self.assertEqual(set(batch.case_ids.mapped("state")), {"dropped"})
        self.exchange()
        self.assertFalse(self.fake.path.exists())
        # They can be put in again.
        self.assertEqual(self.batches._ready(self.company), one + other)
        with self.assertRaisesRegex(UserError, "no claim"):
            empty = self.prepared(one)
            empty.case_ids.action_drop()
            empty.with_user(self.manager).action_approve()

    def test_other_companies_see_nothing(self):
        batch = self.prepared(self.ripe())
        stranger = self._new_user(
            "stranger", "billing_base.group_billing_manager", self._other_company()
        )
        self.assertFalse(self.batches.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            batch.with_user(stranger).action_approve()
        with self.assertRaises(AccessError):
            batch.case_ids.with_user(stranger).action_drop()

    def test_what_an_agency_got_is_kept(self):
        batch = self.handed_over(self.ripe())
        with self.assertRaisesRegex(UserError, "is kept"):
            batch.unlink()
        with self.assertRaisesRegex(UserError, "decided already"):
            batch.case_ids.action_drop()
        with self.assertRaisesRegex(UserError, "has the batch"):
            batch.action_cancel()


@tagged("post_install", "-at_install")
class TestWithTheAgency(CollectionCase):
    shared = 5

    # === ONCE: A WORKER MAY DIE ANYWHERE === #

    def die(self):
        """Have the job die; what it committed until then stays."""
        try:
            self.exchange()
        except Killed:
            return
        self.fail("it lives")

    def test_killed_before_it_was_out_it_goes_out_later(self):
        batch = self.approved(self.ripe())
        with patch.object(os, "rename", side_effect=Killed):
            self.die()
        self.assertEqual(batch.state, "delivering")
        self.assertEqual(self.outbox(), [])
        self.exchange()
        self.assertEqual(batch.state, "delivered")
        self.assertEqual(len(self.outbox()), 1)

    def test_killed_after_it_was_out_it_is_only_written_down(self):
        move = self.ripe()
        batch = self.approved(move)
        with patch.object(DropBox, "settle", side_effect=Killed):
            self.die()
        self.assertEqual(batch.state, "delivering")
        # Fetched and paid meanwhile: it went out all the same.
        [first] = self.fake.work(self.company._billing_now())
        self.pay(move)
        self.exchange()
        self.assertEqual(batch.state, "delivered")
        case = batch.case_ids
        self.assertEqual(first.cases[0].key, case.key)
        # The same round read that the agency took it; the next calls it back.
        self.exchange()
        self.assertEqual(case.state, "recalling")
        [news] = self.outbox()
        self.assertFalse(news.cases)
        self.assertEqual(news.messages[0].reason, "paid")

    def test_two_workers_do_not_hand_the_same_batch_over(self):
        batch = self.approved(self.ripe())
        with sql_db.db_connect(self.env.cr.dbname).cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, batch.id])
            self.exchange()
            self.assertEqual(batch.state, "approved")
        self.exchange()
        self.assertEqual(batch.state, "delivered")
        self.assertEqual(len(self.outbox()), 1)

    def test_a_directory_that_does_not_answer_keeps_the_others_going(self):
        batch = self.approved(self.ripe())
        other = self.agency.copy(
            {"name": "Other", "directory": str(self.fake.path / "o")}
        )
        moves = self.ripe(due=after(-1))
        second = self.batches.with_user(self.user)._prepare(moves, other)
        second.with_user(self.manager).action_approve()
        real = DropBox.publish_files

        def broken(box, name, keys, files):
            if box.path == self.fake.path:
                raise OSError("no space left")
            return real(box, name, keys, files)

        with (
            patch.object(DropBox, "publish_files", broken),
            patch.object(self.env.cr, "rollback"),
            self.assertLogs(LOGGER, "WARNING"),
        ):
            self.exchange()
        self.assertEqual(batch.state, "delivering")
        self.assertEqual(second.sudo().state, "delivered")
        self.assertTrue(self.events.search([("kind", "=", "job.failed")]))
        self.exchange()
        self.assertEqual(batch.state, "delivered")

    # === ANSWERS === #

    def answer(self, *rows):
        """Put an answer into the directory, and read it."""
        self.fake.answer("answer", rows, self.company._billing_now())
        self.exchange()

    def test_a_try_out_answers_by_itself(self):
        self.agency.is_tryout = True
        move = self.ripe()
        homeless = self.ripe(
            partner=self._new_partner("Ola Utenadresse", country_id=False)
        )
        batch = self.approved(move + homeless)
        self.exchange()
        states = {case.move_id: case for case in batch.case_ids}
        self.assertEqual(states[move].state, "accepted")
        self.assertTrue(states[move].reference)
        self.assertEqual(states[homeless].state, "rejected")
        self.assertIn("address", states[homeless].reason)
        self.assertNotIn(homeless.id, homeless._billing_collections())

    def test_a_claims_life_with_the_agency(self):
        move = self.ripe()
        case = self.accepted(move)
        self.answer((case.key, "paid", "", "K-1", "500"))
        self.assertEqual((case.state, case.paid_amount), ("accepted", 500))
        self.answer((case.key, "paid", "", "K-1", "1249"))
        self.assertEqual((case.state, case.paid_amount), ("paid", 1249))
        # It is not owed to anybody any more, though the money is not here yet.
        self.assertEqual(
            [hold.code for hold in move._billing_holds()[move.id]],
            ["collection.remittance"],
        )
        self.assertFalse(self.plan(80))
        self.answer((case.key, "closed"))
        self.assertEqual(case.state, "closed")
        self.assertEqual(
            self.kinds(move)[-4:],
            [
                "collection.accepted",
                "collection.paid",
                "collection.paid",
                "collection.closed",
            ],
        )

    def test_the_same_file_twice_is_as_once(self):
        case = self.accepted(self.ripe())
        at = self.company._billing_now()
        rows = [(case.key, "paid", "", "", "100"), (case.key, "closed", "Gone away")]
        self.fake.answer("one", rows, at)
        self.exchange()
        events = self.kinds(case.move_id)
        self.fake.answer("again", rows, at)
        self.exchange()
        self.assertEqual(self.kinds(case.move_id), events)
        self.assertEqual(case.state, "closed")
        self.assertEqual(case.paid_amount, 100)
        read = self.fake.path / "answers" / "read"
        self.assertIn("again.csv", [file.name for file in read.iterdir()])

    def test_a_bad_line_refuses_the_file_by_name(self):
        case = self.accepted(self.ripe())
        strange = "f" * 32
        for text, problem in (
            (
                f"id;status\n{case.key};closed\n{strange};paid\n",
                rf"answer\.csv:3: id: .* was given no case {strange}",
            ),
            (f"id;status\n{case.key};eaten\n", r"answer\.csv:2: status: «eaten»"),
        ):
            with self.assertRaisesRegex(UserError, problem):
                self.upload(text)
            self.assertEqual(case.state, "accepted", "whole or not at all")
        self.upload(f"id;status\n{case.key};closed\n")
        self.assertEqual(case.state, "closed")

    def upload(self, text):
        wizards = self.env["billing.collection.answer"].with_user(self.user)
        return wizards.create(
            {
                "agency_id": self.agency.id,
                "file": base64.b64encode(text.encode()),
                "file_name": "answer.csv",
            }
        ).action_read()

    @mute_logger("odoo.addons.billing_fee_policy.models.billing_collection_answers")
    def test_a_bad_file_stays_and_the_managers_are_told(self):
        case = self.accepted(self.ripe())
        with patch.object(self.env.cr, "rollback"):
            self.answer((case.key, "eaten"))
        self.assertEqual(case.state, "accepted")
        self.assertTrue((self.fake.path / "answers" / "answer.csv").exists())
        event = self.events.search([("kind", "=", "job.failed")], limit=1)
        self.assertIn("answer.csv:2: status", event.payload["error"])

    def test_news_that_does_not_fit_changes_nothing_and_somebody_asks(self):
        move = self.ripe()
        case = self.accepted(move)
        self.answer((case.key, "recalled"))
        self.assertEqual(case.state, "recalled")
        self.answer((case.key, "paid", "", "", "1249"))
        self.assertEqual(case.state, "recalled")
        self.assertIn("collection.unexpected", self.kinds(move))
        self.assertEqual(len(move.activity_ids), 1)
        self.assertIn("Paid to the Agency", move.activity_ids.note)

    def test_what_was_proposed_only_is_no_ones_to_answer(self):
        case = self.prepared(self.ripe()).case_ids.sudo()
        with self.assertRaisesRegex(ValueError, "was given no case"):
            self.agency._apply_answers(f"id;status\n{case.key};paid\n".encode())

    # === CALLING BACK === #

    def test_paid_disputed_credited_and_held_claims_are_called_back(self):
        paid, disputed, credited, held, stays = self.ripe(5)
        cases = self.accepted(paid + disputed + credited + held + stays)
        self.pay(paid)
        self.hold(disputed, "dispute", {"fee", "reminder", "handover"})
        held._billing_place_hold("Somebody died")
        credited._reverse_moves([{"invoice_date": READY, "date": READY}], cancel=True)
        self.exchange()
        [news] = self.outbox()
        self.assertFalse(news.cases)
        by_key = {case.key: case.move_id for case in cases}
        told = {by_key[message.key]: message.reason for message in news.messages}
        self.assertEqual(
            told,
            {
                paid: "paid",
                disputed: "disputed",
                credited: "credited",
                held: "held",
            },
        )
        self.assertEqual({message.kind for message in news.messages}, {"withdraw"})
        self.assertTrue(news.messages[0].reference)
        self.assertNotIn(paid.id, paid._billing_collections())
        self.assertIn(
            "collection.recall", [hold.code for hold in held._billing_holds()[held.id]]
        )
        self.exchange()
        self.assertEqual(len(self.outbox()), 1, "told once")
        self.fake.work(self.company._billing_now())
        self.exchange()
        states = {case.move_id: case.state for case in cases}
        self.assertEqual(states.pop(stays), "accepted")
        self.assertEqual(set(states.values()), {"recalled"})

    def test_a_hold_that_passes_calls_nothing_back(self):
        move = self.ripe()
        case = self.accepted(move)
        self.hold(move, "payments.pending", {"fee", "reminder", "handover"})
        self.exchange()
        self.assertEqual(case.state, "accepted")
        self.assertEqual(self.outbox(), [])

    def test_a_part_payment_is_told_and_so_is_its_return(self):
        move = self.ripe()
        self.accepted(move)
        payment = self.pay(move, 249)
        self.exchange()
        [news] = self.fake.work(self.company._billing_now())
        [message] = news.messages
        self.assertEqual(
            (message.kind, message.principal), (agency_file.AMOUNT, Decimal("1000.00"))
        )
        self.exchange()
        self.assertEqual(self.outbox(), [])
        payment.move_id.line_ids.remove_move_reconcile()
        self.exchange()
        self.assertEqual(self.outbox()[0].messages[0].principal, Decimal("1249.00"))

    def test_a_fee_that_is_dropped_is_told(self):
        move = self.ripe()
        charge = self.env["billing.charge"]._book(
            [{"key": "t", "kind": "fee", "move_id": move.id, "amount": 38}]
        )
        case = self.accepted(move)
        self.assertIn(charge.document_id.id, charge.document_id._billing_collections())
        charge._waive("Our mistake")
        self.exchange()
        [message] = self.outbox()[0].messages
        self.assertEqual((message.principal, message.added), (1249, 0))
        self.assertEqual((case.principal, case.added), (1249, 0))

    def test_staff_call_back_what_was_a_mistake_and_hand_over_again(self):
        move = self.ripe()
        case = self.accepted(move)
        case.with_user(self.user).action_recall()
        self.exchange()
        self.assertEqual(self.outbox()[0].messages[0].reason, "mistake")
        with self.assertRaisesRegex(UserError, "not with an agency"):
            case.action_recall()
        self.fake.work(self.company._billing_now())
        self.exchange()
        self.assertEqual(case.state, agency_answer.RECALLED)
        again = self.handed_over(move).case_ids
        self.assertNotEqual(again.key, case.key)
        self.assertEqual(move.billing_collection_count, 2)
