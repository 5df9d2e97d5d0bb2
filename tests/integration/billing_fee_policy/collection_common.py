"""What the tests of collection share."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import Command

from odoo.addons.billing_base.core import hold as core_hold
from odoo.addons.billing_fee_policy.adapters.fake_agency import FakeAgency
from odoo.addons.billing_fee_policy.core import agency_file

from .planner_common import PlannerCase, after

#: Both letters were sent, and the deadline of the last and the bank days after it are
#: over.
READY = after(60)


class CollectionCase(PlannerCase):
    """A company with an agency, and claims whose turn is collection."""

    #: How many claims are made for all tests of the class together.
    shared = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, folder)
        context = {**cls.env.context, "billing_date": READY}
        cls.env = cls.env(context=context)
        cls.company = cls.company.with_env(cls.env)
        cls.kari.write(
            {"street": "Storgata 1", "zip": "0155", "city": "Oslo", "phone": "22334455"}
        )
        cls.agency = cls.env["billing.collection.agency"].create(
            {
                "name": "Sanden Inkasso",
                "company_id": cls.company.id,
                "contact": "22 00 00 00",
                "customer_number": "F-17",
                "directory": str(folder / "agency"),
            }
        )
        cls.fake = FakeAgency(folder / "agency")
        cls.batches = cls.env["billing.collection.batch"]
        cls.cases = cls.env["billing.collection.case"]
        # Printing an invoice takes seconds, and what the PDF says is another test's.
        patcher = patch.object(
            cls.registry["account.move"],
            "_billing_own_pdfs",
            lambda moves: (
                moves.env["ir.attachment"]
                .sudo()
                .create(
                    [
                        {"name": "x.pdf", "raw": b"%PDF " + m.name.encode()}
                        for m in moves
                    ]
                )
            ),
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        # Tests are rolled back as a whole.
        patcher = patch.object(
            cls.registry["ir.cron"], "_commit_progress", return_value=float("inf")
        )
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.claims = cls._ripe(cls.shared)

    def ripe(self, count=1, **values):
        """Claims that were reminded of and noticed, unpaid past the last deadline."""
        if count <= self.shared and not values:
            return self.claims[:count]
        return self._ripe(count, **values)

    @classmethod
    def _ripe(cls, count, **values):
        moves = cls.new(count=count, **values).with_env(cls.env)
        for kind, day, deadline in (("reminder", 15, 29), ("notice", 33, 47)):
            cls.reminders.sudo().create(
                [
                    {
                        "company_id": move.company_id.id,
                        "currency_id": move.currency_id.id,
                        "partner_id": move.partner_id.id,
                        "commercial_partner_id": move.commercial_partner_id.id,
                        "kind": kind,
                        "day": after(day),
                        "deadline": after(deadline),
                        "state": "sent",
                        "channel": "email",
                        "key": f"test:{move.id}:{kind}",
                        "line_ids": [
                            Command.create(
                                {
                                    "move_id": move.id,
                                    "kind": kind,
                                    "principal": move.amount_residual,
                                }
                            )
                        ],
                    }
                    for move in moves
                ]
            )
        return moves

    def setUp(self):
        super().setUp()
        # What a test put on the disk is not rolled back.
        self.addCleanup(shutil.rmtree, self.fake.path, ignore_errors=True)

    def prepared(self, moves):
        """A batch that a member of the staff prepared."""
        return self.batches.with_user(self.user)._prepare(moves.with_user(self.user))

    def approved(self, moves):
        batch = self.prepared(moves)
        batch.with_user(self.manager).action_approve()
        return batch.sudo()

    def handed_over(self, moves):
        batch = self.approved(moves)
        self.exchange()
        self.assertEqual(batch.state, "delivered", batch.case_ids.mapped("reason"))
        return batch

    def exchange(self, day=READY):
        """One round of the job, on a day."""
        company = self.company.with_context(billing_date=day)
        self.batches.with_env(company.env)._exchange(company)

    def accepted(self, moves):
        """Cases that the agency took."""
        batch = self.handed_over(moves)
        self.fake.work(self.company._billing_now())
        self.exchange()
        self.assertEqual(set(batch.case_ids.mapped("state")), {"accepted"})
        return batch.case_ids

    def outbox(self):
        """What lies in the agency's outbox, read as the agency does."""
        return [
            agency_file.read(
                {file.name: file.read_bytes() for file in folder.iterdir()}
            )
            for folder in sorted((self.fake.path / "outbox").iterdir())
        ]

    def kinds(self, move):
        return self.events.search(
            [("move_id", "=", move.id), ("kind", "=like", "collection.%")], order="id"
        ).mapped("kind")

    def hold(self, move, code, blocks=core_hold.BLOCKS):
        """Have an addon say that a claim waits; lasts as long as the test."""
        real = self.registry["account.move"]._billing_holds

        def holds(moves):
            found = real(moves)
            if move.id in found:
                found[move.id].append(
                    core_hold.Hold(code, "Says the test", READY, None, None, blocks)
                )
            return found

        self.patch(self.registry["account.move"], "_billing_holds", holds)

    def pay(self, move, amount=None):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "payment_date": READY,
                    **({} if amount is None else {"amount": amount}),
                }
            )
        )
        return wizard._create_payments()

    def later(self, days):
        return READY + timedelta(days=days)
