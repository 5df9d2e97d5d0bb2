"""A Norwegian company with KID invoices, and files over its book."""

import io
from datetime import date

from odoo import Command

from tests.common import KvittAccountCase
from tools.payment_generator.camt054 import Camt054Writer, Options
from tools.payment_generator.payments import Payment, Truth

ACCOUNT = "99991042764"
BOOKED = date(2026, 11, 2)


class BankFileCase(KvittAccountCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.user.group_ids |= cls.env.ref("billing_base.group_billing_manager")
        cls.journal = cls.company_data["default_journal_bank"]
        cls.journal.bank_account_id = cls.env["res.partner.bank"].create(
            {"acc_number": ACCOUNT, "partner_id": cls.company.partner_id.id}
        )
        scheme = cls.env["billing.reference.scheme"].create(
            {
                "name": "KID 15",
                "company_id": cls.company.id,
                "algorithm": "mod10",
                "customer_length": 7,
                "serial_length": 7,
            }
        )
        cls.company_data["default_journal_sale"].write(
            {
                "invoice_reference_model": "kvitt",
                "billing_reference_scheme_id": scheme.id,
            }
        )
        cls.customer = cls.env["res.partner"].create({"name": "Åse Øgård"})
        cls.files = cls.env["billing.bank.file"]
        cls.payments = cls.env["billing.payment"]

    @classmethod
    def invoice(cls, amount=1000.0, partner=None):
        """A posted invoice over ``amount``, tax left out."""
        return cls.open_invoices((amount, partner or cls.customer))

    @classmethod
    def open_invoices(cls, *wanted):
        """Posted invoices, tax left out; together they cost little more than one.

        :param wanted: pairs of amount and customer
        """
        moves = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": "2026-10-01",
                    "invoice_date_due": "2026-10-15",
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Strøm",
                                "quantity": 1,
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
                for amount, partner in wanted
            ]
        )
        moves.action_post()
        return moves

    @staticmethod
    def payment(reference="", amount=1000.0, message="", name="Åse Øgård", end="1"):
        """A payment to write into a file; ``amount`` in kroner."""
        return Payment(
            amount=round(amount * 100),
            currency="NOK",
            reference=reference,
            message=message,
            payer_name=name,
            payer_account="15035149098",
            end_to_end_id=end,
            truth=Truth("exact", (), (), 0, reference),
        )

    @staticmethod
    def camt(*entries, message_id="M1", account=ACCOUNT, currency="NOK"):
        """A camt.054 file; each entry is a list of payments booked in one sum."""
        stream = io.StringIO()
        writer = Camt054Writer(
            stream,
            Options(
                account=account,
                currency=currency,
                booked=BOOKED,
                message_id=message_id,
            ),
        )
        writer.start()
        for entry in entries:
            writer.entry(entry)
        writer.end()
        return stream.getvalue().encode()

    def load(self, content, name="bank.xml", journal=None):
        """Import a file and decide on its payments.

        :return: (file record, its payments in order)
        """
        file, _seen = self.files._import(content, name, journal)
        while self.payments._process_next(file)[0]:
            pass
        return file, file.payment_ids.sorted("position")
