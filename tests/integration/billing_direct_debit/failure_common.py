"""Claims that the bank has, to let them fail; messages go to fake channels."""

from datetime import date, datetime
from unittest.mock import patch

from odoo import Command, api

from ..billing_dynamic_distribution.common import DistributionCase

#: Day on which the invoices are due: a Monday.
DUE = date(2026, 12, 7)


class FailureCase(DistributionCase):
    """One customer with an active mandate, and a live plan for failed debits."""

    scheme = "avtalegiro"
    is_test = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        channel = cls.registry["billing.channel"]
        names = {
            **cls.env["billing.channel"]._registry(),
            "debit": "billing.channel.debit",
        }
        patcher = patch.object(channel, "_registry", api.model(lambda self: names))
        patcher.start()
        cls.addClassCleanup(patcher.stop)
        cls.is_norway = cls.scheme == "avtalegiro"
        cls.currency = cls.env.ref("base.NOK" if cls.is_norway else "base.SEK")
        cls.currency.active = True
        if not cls.is_norway:
            cls.company.account_fiscal_country_id = cls.env.ref("base.se")
            cls.company.partner_id.write(
                {"country_id": cls.env.ref("base.se").id, "tz": "Europe/Stockholm"}
            )
        cls.journal = cls.company_data["default_journal_sale"]
        cls.bank = cls.env["account.journal"].create(
            {
                "name": "Bank of debits",
                "type": "bank",
                "code": "DEBIT",
                "company_id": cls.company.id,
                "currency_id": cls.currency.id,
            }
        )
        cls.journal.write(
            {
                "invoice_reference_model": "kvitt",
                "billing_reference_scheme_id": cls.env["billing.reference.scheme"]
                .create({"name": "KID", "company_id": cls.company.id})
                .id,
            }
        )
        cls.agreement = cls.env["billing.debit.agreement"].create(
            {
                "name": "Bank",
                "scheme": cls.scheme,
                "company_id": cls.company.id,
                "journal_id": cls.bank.id,
                "is_test": cls.is_test,
                **(
                    {"account_number": "99991042764", "sender_number": "00131936"}
                    if cls.is_norway
                    else {"bankgiro_number": "9912346", "customer_number": "471117"}
                ),
            }
        )
        cls.failure_plan = cls.create_plan(
            ("debit", 1, "not_paid", {"wait_unit": "bank_days"}),
            ("sms", 2, "not_paid", {"wait_unit": "bank_days"}),
            trigger="debit_failed",
            name="Direct debit failed",
        )
        cls.mandate = cls.create_mandate(cls.kari)
        cls.claims = cls.env["billing.debit.claim"]

    # === BUILDERS === #

    @classmethod
    def create_mandate(cls, partner, **values):
        """A mandate as the bank's record would have left it."""
        known = (
            {"kid_part": cls.agreement._kid_part_for(partner)}
            if cls.is_norway
            else {"payer_number": str(partner.id), "bank_account": "5000000001234567"}
        )
        mandate = (
            cls.env["billing.mandate"]
            .sudo()
            .create(
                {
                    "company_id": cls.company.id,
                    "agreement_id": cls.agreement.id,
                    "partner_id": partner.id,
                    "origin": "page",
                    **known,
                }
            )
        )
        mandate.write({"state": "active", "active_from": date(2026, 1, 2), **values})
        return mandate

    def sent_claim(self, partner=None, due=DUE, amount=1000):
        """A posted invoice and its claim, which the bank has."""
        move = self.create_invoice(
            partner,
            due,
            amount,
            currency_id=self.currency.id,
            invoice_date=min(due, date(2026, 11, 23)),
        )
        move.action_post()
        claim = move._billing_draw().sudo()
        self.assertEqual(len(claim), 1, move._billing_debit_obstacles())
        claim.write({"state": "delivered", "told_on": move.invoice_date})
        return claim

    def old_claims(self, *rows, mandate=None):
        """Claims of earlier months: (day, amount, state, reason)."""
        claims = self.claims.sudo()
        for day, amount, state, reason in rows:
            move = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": (mandate or self.mandate).partner_id.id,
                    "currency_id": self.currency.id,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Power", "price_unit": amount, "tax_ids": []}
                        )
                    ],
                }
            )
            claims |= claims.create(
                {
                    "company_id": self.company.id,
                    "agreement_id": self.agreement.id,
                    "mandate_id": (mandate or self.mandate).id,
                    "move_id": move.id,
                    "amount": amount,
                    "currency_id": self.currency.id,
                    "date": day,
                    "grace_until": day,
                    "reference": str(move.id),
                    "state": state,
                    "reason_code": reason,
                }
            )
        return claims

    # === ACTS === #

    def bank_says(self, claim, reason, result="failed", code="1"):
        """Let the bank say that a claim failed."""
        found = self.claims._settle(
            [
                {
                    "claim_id": claim.id,
                    "result": result,
                    "code": code,
                    "reason": reason,
                    "date": claim.date,
                    "key": f"test:{claim.id}:{result}",
                }
            ]
        )
        self.assertEqual(found, {claim.id: "done"})

    def send(self, *groups):
        """Let the jobs run: first that of debits, which wakes the others."""
        super().send(*(groups or ("other", "email", "sms")))

    def told(self, move):
        """Channels of the messages about an invoice that went out, and no others'."""
        return [
            attempt.channel
            for attempt in self.attempts_of(move)
            if attempt.channel != "debit" and attempt.state == "sent"
        ]

    def next_of(self, claim):
        """The claim that was made after one that failed."""
        return self.claims.sudo().search([("previous_id", "=", claim.id)])

    def notice_failures(self):
        """Do what the job does, for this company only."""
        self.claims.sudo()._fail_silent(self.company)

    def hear_from_bank(self, day):
        """Let the bank tell of something that came in on a day."""
        self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "date": day,
                "amount": 1,
                "payment_ref": "Interest",
            }
        )

    @staticmethod
    def morning(day):
        """Ten o'clock in Norway and Sweden on a winter day (UTC)."""
        return datetime(day.year, day.month, day.day, 9)
