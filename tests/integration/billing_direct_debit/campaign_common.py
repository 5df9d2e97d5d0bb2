"""What the tests of campaigns and of the analysis share."""

from datetime import date, timedelta

from odoo import Command

from ..billing_base.common import BillingBaseCase

#: A Wednesday at the end of a month.
TODAY = date(2026, 9, 30)


class DebitFigures(BillingBaseCase):
    """A Norwegian company with AvtaleGiro, whose customers pay by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "billing_date": TODAY})
        cls.company = cls.company.with_env(cls.env)
        cls.company.email = "faktura@fjordlys.example"
        cls.agreement = cls.env["billing.debit.agreement"].create(
            {
                "name": "AvtaleGiro",
                "scheme": "avtalegiro",
                "company_id": cls.company.id,
                "journal_id": cls.company_data["default_journal_bank"].id,
                "account_number": "99991042764",
                "sender_number": "00131936",
            }
        )
        cls.mandates = cls.env["billing.mandate"]
        cls.claims = cls.env["billing.debit.claim"]

    @classmethod
    def customer(cls, name, offers=True, **values):
        """A customer with an e-mail address, who agreed to offers or did not."""
        partner = cls._new_partner(
            name,
            **{
                "email": f"{name.split()[0].lower()}@kunde.example",
                "lang": "en_US",
                "tz": "Europe/Oslo",
                **values,
            },
        )
        partner.billing_contact_point_ids.consent_marketing = offers
        return partner

    @classmethod
    def bills(cls, *partners, count=3, late=0, since=date(2026, 4, 1)):
        """Invoices of months in a row, paid on the due date or so many late."""
        days = [since + timedelta(days=31 * nth) for nth in range(count)]
        moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "journal_id": cls.journal.id,
                    "invoice_date": day,
                    "invoice_payment_term_id": False,
                    "invoice_date_due": day + timedelta(days=14),
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Power", "price_unit": 500.0, "tax_ids": False}
                        )
                    ],
                }
                for partner in partners
                for day in days
            ]
        )
        moves.action_post()
        paid = {}
        for move in moves:
            is_late = days.index(move.invoice_date) < late
            day = move.invoice_date_due + timedelta(days=9 if is_late else 0)
            paid.setdefault(day, []).append(move)
        for day, own in paid.items():
            cls.pay(moves.browse().union(*own), day)
        return moves

    @classmethod
    def pay(cls, moves, day):
        """Have invoices paid on a day."""
        cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=moves.ids
        ).create({"payment_date": day})._create_payments()

    @classmethod
    def mandate(cls, partner, state="active", **values):
        """A mandate as the bank's records would have left it."""
        mandate = cls.mandates.sudo().create(
            {
                "company_id": cls.company.id,
                "agreement_id": cls.agreement.id,
                "partner_id": partner.id,
                "kid_part": partner._billing_get_customer_number(),
                "origin": "page",
            }
        )
        mandate.write(
            {
                "state": state,
                "signed_at": "2026-05-04 08:00:00",
                "active_from": "2026-05-06" if state in ("active", "ended") else False,
                **values,
            }
        )
        return mandate
