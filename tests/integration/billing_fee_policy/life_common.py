"""What tests of a claim's whole life share: days go by, and jobs work on each."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, Command

from ..billing_base.common import BillingBaseCase

#: A Monday; Easter and the change of the half-year are far away.
DUE = date(2026, 2, 2)
JOBS = (
    "ir_cron_reminder_plan_0",
    "ir_cron_reminder_plan_1",
    "ir_cron_reminder_send",
    "ir_cron_closing_interest",
    "ir_cron_collection",
)


class Life:
    """The jobs of a day, and what customer, books and events say afterwards.

    Goes before a class that has a ``company``.
    """

    #: Code of the shipped policy that customers are reminded by.
    shipped_policy = "no_standard"
    #: Whether sending is what it is without distribution.
    by_itself = True

    @classmethod
    def set_the_stage(cls):
        """Let the company remind by one shipped policy, and nobody else remind."""
        cls.reminders = cls.env["billing.reminder"].sudo()
        policies = cls.env["billing.dunning.policy"].sudo()
        policies._create_shipped_policies(cls.company)
        policies.search([("state", "=", "active")]).state = "retired"
        cls.reminders.search([("state", "!=", "sent")]).state = "cancelled"
        cls.policies = {
            policy.shipped_code: policy
            for policy in policies.search([("company_id", "=", cls.company.id)])
        }
        cls.policy = cls.policies[cls.shipped_policy]
        cls.policy.state = "active"
        cls.env["billing.waiver.rule"].sudo().search([]).active = False
        # Interest of demo customers is closed elsewhere.
        cls.env.flush_all()
        cls.env.cr.execute("UPDATE billing_charge SET state = 'reversed'")
        cls.company.sudo().write(
            {
                "email": "faktura@nordlys.example",
                "phone": "55 12 34 56",
                "street": "Strandgaten 1",
                "zip": "5013",
                "city": "Bergen",
                "billing_reminder_approval": "automatic",
                "billing_reminder_hours": False,
            }
        )
        cls.company._billing_prepare_charges()
        cls.bank = cls.company.bank_ids[:1] or cls.env["res.partner.bank"].create(
            {"acc_number": "15035149098", "partner_id": cls.company.partner_id.id}
        )
        patches = [
            # Printing has tests of its own.
            (
                "ir.actions.report",
                "_render_qweb_pdf",
                lambda *_args, **_values: (b"%PDF-", "pdf"),
            ),
            ("ir.actions.report", "barcode", lambda *_args, **_values: b""),
            # Tests do not commit; what would be committed is flushed.
            (
                "ir.cron",
                "_commit_progress",
                lambda cron, *_args, **_values: cron.env.flush_all() or float("inf"),
            ),
        ]
        if cls.by_itself:
            patches.append(
                ("res.partner", "_billing_is_distributed", lambda *_args: False)
            )
        for model, name, instead in patches:
            cls.startClassPatcher(
                patch.object(cls.env.registry[model], name, instead, create=True)
            )

    @classmethod
    def customer_of(cls, name="Kari Nordmann", **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "email": f"{name.split()[0].lower()}@kunde.example",
                "lang": "en_US",
                "street": "Bryggen 5",
                "zip": "5003",
                "city": "Bergen",
                "country_id": cls.company.country_id.id,
                **values,
            }
        )

    @classmethod
    def bill(cls, partner, due=DUE, amount=1249.0, **values):
        """A posted invoice or credit note."""
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "invoice_date": due - timedelta(days=14),
                "invoice_payment_term_id": False,
                "invoice_date_due": due,
                "partner_bank_id": cls.bank.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Power", "price_unit": amount, "tax_ids": False}
                    )
                ],
                **values,
            }
        )
        move.action_post()
        return move

    # === DAYS === #

    def day(self, count, due=DUE):
        """A day, so many days after the due date."""
        return due + timedelta(days=count)

    def work(self, day):
        """Let each of the jobs run once, as on a day."""
        for name in JOBS:
            job = self.env.ref(f"billing_fee_policy.{name}").with_user(SUPERUSER_ID)
            job.ir_actions_server_id.with_context(billing_date=day).run()

    def live(self, move, day):
        """Let the jobs work on a day.

        :return: what was sent about an invoice on that day: kind, fee, interest and
            deadline; None where nothing was
        """
        day = self.day(day) if isinstance(day, int) else day
        before = self.lines(move)
        self.work(day)
        failed = self.reminders.search(
            [("line_ids.move_id", "=", move.id), ("state", "=", "failed")]
        )
        self.assertFalse(failed, failed.mapped("failure_reason"))
        line = self.lines(move) - before
        if not line:
            return None
        self.assertEqual(len(line), 1)
        self.assertEqual(line.day, day)
        return line.kind, line.fee_amount, line.interest_amount, line.deadline

    def ready(self, day):
        """The claims of the company whose turn is collection."""
        day = self.day(day) if isinstance(day, int) else day
        self.env.flush_all()
        planner = self.env["billing.dunning.planner"].sudo()
        return planner._handover_ready(self.company, day)

    def settle(self, moves, day, **values):
        """A payment of invoices or of documents of fees, as on a day."""
        return (
            self.env["account.payment.register"]
            .with_context(
                active_model="account.move",
                active_ids=moves.ids,
                billing_date=day,
            )
            .create({"payment_date": day, "group_payment": True, **values})
            ._create_payments()
        )

    # === WHAT CAME OF IT === #

    def lines(self, move):
        return (
            self.env["billing.reminder.line"]
            .sudo()
            .search([("move_id", "=", move.id), ("state", "=", "sent")], order="id")
        )

    def messages(self, partner):
        """E-mails that a customer got, the first one first."""
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("email_to", "=", partner.email)], order="id")
        )

    def charges(self, move, state="booked"):
        return (
            self.env["billing.charge"]
            .sudo()
            .search([("move_id", "=", move.id), ("state", "=", state)], order="id")
        )

    def books(self, partner):
        """What a customer owes, and what fees and interest earned with them."""
        self.env.flush_all()
        company = self.company
        accounts = (
            company.billing_fee_account_id.id,
            company.billing_interest_account_id.id,
        )
        self.env.cr.execute(
            """SELECT SUM(line.amount_residual)
                          FILTER (WHERE account.account_type = 'asset_receivable'),
                      -SUM(line.balance) FILTER (WHERE account.id = %s),
                      -SUM(line.balance) FILTER (WHERE account.id = %s)
                 FROM account_move_line AS line
                 JOIN account_account AS account ON account.id = line.account_id
                WHERE line.partner_id = %s AND line.company_id = %s
                  AND line.parent_state = 'posted'""",
            [*accounts, partner.id, company.id],
        )
        return tuple(round(float(amount or 0), 2) for amount in self.env.cr.fetchone())

    def story(self, move, *kinds):
        """Kinds of the events about an invoice, the first one first."""
        kinds = kinds or ("reminder.sent", "charge.", "collection.", "waiver.")
        events = self.env["billing.event"].sudo()
        return [
            kind
            for kind in events.search([("move_id", "=", move.id)], order="id").mapped(
                "kind"
            )
            if kind.startswith(kinds)
        ]


class LifeCase(Life, BillingBaseCase):
    """A Norwegian company and one customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_the_stage()
        cls.kari = cls.customer_of()
