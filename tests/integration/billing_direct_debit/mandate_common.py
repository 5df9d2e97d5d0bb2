"""A Norwegian company with an agreement in both countries, and customers."""

from datetime import date

from odoo import Command

from ..billing_base.common import BillingBaseCase

TODAY = date(2026, 11, 2)
ACCOUNT = "5000000001234567"
IDENTITY = "198112189876"


class MandateCase(BillingBaseCase):
    """Agreements on AvtaleGiro and Autogiro, and a customer who wants either."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "billing_date": TODAY})
        cls.company = cls.company.with_env(cls.env)
        cls.mandates = cls.env["billing.mandate"]
        cls.requests = cls.env["billing.mandate.request"].sudo()
        cls.agreements = cls.env["billing.debit.agreement"]
        cls.bank = cls.company_data["default_journal_bank"]
        for name in ("NOK", "SEK"):
            cls.env.ref(f"base.{name}").active = True
        cls.nok_bank = cls._new_bank("NOK")
        cls.sek_bank = cls._new_bank("SEK")
        cls.avtalegiro = cls.agreements.create(
            {
                "name": "AvtaleGiro",
                "scheme": "avtalegiro",
                "journal_id": cls.nok_bank.id,
                "account_number": "9999 10 42764",
                "sender_number": "00131936",
            }
        )
        cls.autogiro = cls.agreements.create(
            {
                "name": "Autogiro",
                "scheme": "autogiro",
                "journal_id": cls.sek_bank.id,
                "bankgiro_number": "991-2346",
                "customer_number": "471117",
                "has_bank_signup": True,
                "has_bankgiro_signup": True,
            }
        )
        cls.kari = cls._new_customer("Kari Nordmann", "10023")
        cls.lars = cls._new_customer("Lars Svensson", "10024")

    @classmethod
    def _new_bank(cls, currency):
        return cls.env["account.journal"].create(
            {
                "name": f"Bank {currency}",
                "code": f"B{currency}",
                "type": "bank",
                "company_id": cls.company.id,
                "currency_id": cls.env.ref(f"base.{currency}").id,
            }
        )

    @classmethod
    def _new_customer(cls, name, number):
        return cls._new_partner(name, billing_customer_number=number)

    # === BUILDERS === #

    @classmethod
    def _sign(cls, partner=None, agreement=None, **values):
        """A mandate asked for on our page; its number is what the bank knows."""
        mandate, _is_new = cls.mandates._sign(
            agreement or cls.autogiro,
            partner or cls.lars,
            **{
                "origin": "page",
                "bank_account": ACCOUNT,
                "payer_identity": IDENTITY,
                "signer": "Lars Svensson",
                "evidence": {"kind": "test"},
                **values,
            },
        )
        return mandate

    def active(self, partner=None, **values):
        """An Autogiro mandate that the bank has."""
        mandate = self._sign(partner, **values)
        mandate.request_ids._sent()
        self.advise(mandate.payer_number, "04", "32")
        self.assertEqual(mandate.state, "active")
        return mandate

    # === THE BANK === #

    def tell(self, *records, agreement=None):
        """Records NY219470: (KID, registration) or (KID, registration, notice)."""
        return self.mandates._apply(
            [
                {
                    "scheme": "avtalegiro",
                    "agreement_id": (agreement or self.avtalegiro).id,
                    "kid": record[0],
                    "registration": record[1],
                    "written_notice": record[2] if len(record) > 2 else False,
                }
                for record in records
            ]
        )

    def advise(self, number, information, comment, day=TODAY, **values):
        """A record TK73; returns what became of it."""
        [result] = self.mandates._apply(
            [
                {
                    "scheme": "autogiro",
                    "agreement_id": self.autogiro.id,
                    "payer_number": number,
                    "account": "",
                    "identity": "",
                    "information": information,
                    "comment": comment,
                    "day": day,
                    **values,
                }
            ]
        )
        return result

    def e_mandate(self, number, account=ACCOUNT, **values):
        """A record TK52; returns what became of it."""
        return self.advise(
            number,
            "",
            "",
            account=account,
            identity=IDENTITY,
            emandate=True,
            signer="Lars Svensson",
            **values,
        )

    # === LOOKING === #

    def mandate_of(self, partner, agreement=None):
        """The customer's latest mandate."""
        return self.mandates.search(
            [
                ("partner_id", "=", partner.id),
                ("agreement_id", "=", (agreement or self.avtalegiro).id),
            ],
            order="id desc",
            limit=1,
        )

    def asked(self, mandate):
        """Kinds and states of the messages about a mandate."""
        requests = mandate.sudo().request_ids.sorted("id")
        return [(request.kind, request.state) for request in requests]

    def kinds(self, partner):
        """What the history of a customer tells of mandates."""
        return self.events.search(
            [("partner_id", "=", partner.id), ("kind", "=like", "mandate.%")],
            order="id",
        ).mapped("kind")

    def invoice(self, partner, currency="NOK", **values):
        [move] = self._new_invoices(
            1,
            partner=partner,
            currency_id=self.env.ref(f"base.{currency}").id,
            invoice_line_ids=[
                Command.create({"name": "Power", "price_unit": 100, "tax_ids": False})
            ],
            **values,
        )
        return move
