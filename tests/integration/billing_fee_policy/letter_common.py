"""What the tests of letters share: a company whose customers are late."""

from datetime import date
from unittest.mock import patch

from odoo import Command

from odoo.addons.billing_fee_policy.models.billing_reminder_letter import text_of

from ..billing_base.common import BillingBaseCase

REPORT = "billing_fee_policy.report_reminder"
ISSUED = date(2026, 9, 15)
DUE = date(2026, 10, 1)
DAY = date(2026, 11, 2)


class LetterCase(BillingBaseCase):
    """A policy of one step of each kind, from which tests take one."""

    country = "NO"
    #: Whether sending is what it is without other addons; bridges have tests of theirs.
    by_itself = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "billing_date": DAY})
        cls.company = cls.company.with_env(cls.env)
        cls.company.write(
            {
                "name": "Nordlys Kraft AS",
                "email": "faktura@nordlys.example",
                "phone": "55 12 34 56",
                "street": "Strandgaten 1",
                "zip": "5013",
                "city": "Bergen",
                "billing_reminder_approval": "automatic",
            }
        )
        cls.bank = cls.env["res.partner.bank"].create(
            {"acc_number": "15035149098", "partner_id": cls.company.partner_id.id}
        )
        cls.customer = cls._new_partner(
            email="kari@kunde.example",
            street="Bryggen 5",
            zip="5003",
            city="Bergen",
        )
        if cls.by_itself:
            cls.startClassPatcher(
                patch.object(
                    cls.env.registry["res.partner"],
                    "_billing_is_distributed",
                    lambda *_args: False,
                    create=True,
                )
            )
        cls.env["billing.dunning.policy"].search(
            [("company_id", "=", cls.company.id)]
        ).state = "retired"

        cls.invoice = cls.overdue()

    def policy(self, kind, **values):
        """Return a live policy that begins with a letter of ``kind``."""
        policy = self.env["billing.dunning.policy"].create(
            {
                "name": kind,
                "company_id": self.company.id,
                "country_id": self.env.ref(f"base.{self.country.lower()}").id,
                "step_ids": [
                    Command.create(
                        {
                            "kind": kind,
                            "wait_days": 14 if kind != "soft" else 3,
                            "deadline_days": 14 if kind != "soft" else 0,
                            "has_fee": kind != "soft",
                            **values,
                        }
                    )
                ],
            }
        )
        policy.state = "active"
        return policy

    @classmethod
    def overdue(cls, count=1, **values):
        """Return posted invoices of the customer that are late."""
        return cls._new_invoices(
            count,
            **{
                "partner": cls.customer,
                "invoice_date": ISSUED,
                "invoice_date_due": DUE,
                "invoice_payment_term_id": False,
                "partner_bank_id": cls.bank.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Power", "price_unit": 1249.0, "tax_ids": False}
                    )
                ],
                **values,
            },
        )

    def prepare(self, kind, count=1, **values):
        """Return the reminder that is prepared about late invoices."""
        self.policy(kind, **values)
        if count > 1:
            self.overdue(count - 1)
        return self.plan()

    def plan(self, day=DAY):
        return (
            self.env["billing.dunning.planner"]
            ._plan(self.company, day)
            .with_env(self.env)
        )

    def send(self, reminder):
        """Send a reminder without an engine that prints."""
        report = self.env.registry["ir.actions.report"]
        with patch.object(
            report, "_render_qweb_pdf", lambda *_args, **_kwargs: (b"%PDF-", "pdf")
        ):
            return reminder._billing_send()

    def html(self, reminder):
        content, _kind = self.env["ir.actions.report"]._render_qweb_html(
            REPORT, reminder.ids
        )
        return content.decode()

    def text(self, reminder):
        """Return what the letter says, with plain spaces."""
        return " ".join(text_of(self.html(reminder)).split())

    def mails(self):
        return self.env["mail.mail"].search(
            [("email_to", "=", "kari@kunde.example")], order="id"
        )
