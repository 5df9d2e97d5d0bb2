"""What tests of direct debit over months share: days, jobs, and a bank that answers."""

import shutil
import tempfile
from datetime import date, datetime, time
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import freeze_time

from ..billing_dynamic_distribution.common import DistributionCase

#: Jobs of the addon, in the order in which they run by themselves.
OWN_JOBS = "billing_direct_debit"


class DebitLife(DistributionCase):
    """A company whose customers pay by direct debit, and the jobs of a day."""

    #: Code of the country, as in the demo.
    market = "no"
    journal_name = "journal_OCR_no"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._keep_channel()
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls._settle_in()
        cls._one_agreement()
        plans = cls.env["billing.distribution.plan"].sudo()
        plans._create_shipped_plans(cls.company)
        cls.plan = plans.with_context(active_test=False).search(
            [("company_id", "=", cls.company.id), ("trigger", "=", "debit_failed")],
            order="id desc",
            limit=1,
        )
        cls.plan.active = True
        if not cls.plan.live_version_id:
            cls.plan.version_ids[:1]._publish()
        cls.claims = cls.env["billing.debit.claim"].sudo()
        cls.mandates = cls.env["billing.mandate"].sudo()
        cls.answers = cls.env["billing.debit.answer"].sudo()
        cls.files = cls.env["billing.bank.file"].sudo()
        cls.payments = cls.env["billing.payment"].sudo()
        cls.jobs = cls._own_jobs()

    @classmethod
    def _keep_channel(cls):
        """Let there be the channel of debits beside those that only take notes."""
        channel = cls.registry["billing.channel"]
        names = {code: f"billing.channel.test.{code}" for code in ("email", "sms")}
        names |= {
            "letter": "billing.channel.test.letter",
            "debit": "billing.channel.debit",
        }
        cls.startClassPatcher(
            patch.object(channel, "_registry", api.model(lambda self: names))
        )

    @classmethod
    def _settle_in(cls):
        """Make ``company``, its bank ``journal`` and its references ready."""
        raise NotImplementedError

    @classmethod
    def _own_jobs(cls):
        names = cls.env["ir.model.data"].sudo()
        crons = cls.env["ir.cron"].browse(
            names.search([("module", "=", OWN_JOBS), ("model", "=", "ir.cron")]).mapped(
                "res_id"
            )
        )
        return crons.sorted(lambda job: (job.priority, job.id)).with_user(SUPERUSER_ID)

    @classmethod
    def _one_agreement(cls):
        """Let there be the agreement of the test, and none of the demo."""
        agreements = cls.env["billing.debit.agreement"].sudo()
        agreements.search([]).active = False
        cls.agreement = agreements.create(
            {
                **cls._agreement_values(),
                "company_id": cls.company.id,
                "journal_id": cls.journal.id,
                "delivery": "automatic",
                "directory": cls.folder,
                "is_test": False,
            }
        )

    # === DAYS === #

    def at(self, day, hour=9):
        """Freeze the clock on a day, at an hour by UTC."""
        return freeze_time(datetime.combine(day, time(hour)))

    def live(self, *days):
        """Let the jobs of each of the days run."""
        for day in days:
            with self.at(day):
                for job in self.jobs:
                    job.ir_actions_server_id.run()
                for group in ("other", "sms", "email"):
                    self.sender._cron_send(group)
                self.env.flush_all()
                self.env.invalidate_all()

    def read(self, day, data, name=None):
        """Let a file of the bank come on a day."""
        with self.at(day, 17):
            file, _seen = self.files._import(
                data, name or f"bank-{day}-{len(data)}-{hash(data)}", self.journal
            )
            while self.payments._process_next(file)[0]:
                pass
            self.env.flush_all()
            self.env.invalidate_all()
        return file

    # === BOOKS === #

    def bill(self, partner, issued, due, amount=500.0):
        """Issue an invoice."""
        with self.at(issued, 6):
            move = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "company_id": self.company.id,
                    "partner_id": partner.id,
                    "invoice_date": issued,
                    "invoice_payment_term_id": False,
                    "invoice_date_due": due,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Power", "price_unit": amount, "tax_ids": False}
                        )
                    ],
                }
            )
            move.action_post()
            return move

    def of(self, move):
        """The claims of an invoice, the first attempt first."""
        return self.claims.search([("move_id", "=", move.id)], order="attempt, id")

    def is_held(self, move, on):
        """Whether the invoice is not reminded of on a day, as it is being drawn."""
        with self.at(on, 10):
            self.env.invalidate_all()
            return bool(move._billing_blocked("reminder"))

    def states(self, move):
        return self.of(move).mapped("state")

    def story(self, move, *prefixes):
        """Kinds of the events about an invoice, the first one first."""
        events = (
            self.env["billing.event"]
            .sudo()
            .search([("move_id", "=", move.id)], order="occurred_at, id")
        )
        return [kind for kind in events.mapped("kind") if kind.startswith(prefixes)]

    def mails(self, partner):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("email_to", "=", partner.email)], order="id")
        )

    def waiting(self):
        """What the bank said and nobody could place, in words."""
        return self.answers.search(
            [("agreement_id", "=", self.agreement.id), ("state", "=", "worklist")]
        ).mapped("reason")


def day(text):
    """A day of 2026: «4 May» is ``day("05-04")``."""
    return date.fromisoformat(f"2026-{text}")
