"""Companies with direct debit, and files of banks over their mandates and claims."""

from datetime import date

from tests.builders import autogiro_files
from tests.builders.bank_files import OcrAssignment, OcrItem, numbered, ocr_file
from tests.integration.billing_bank_file.common import ACCOUNT, BankFileCase

#: The day of the debits, and of the files of Bankgirot.
DAY = autogiro_files.DAY


class DebitAnswerCase(BankFileCase):
    """A customer with a mandate, and invoices whose debits are at the bank."""

    scheme = "avtalegiro"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.answers = cls.env["billing.debit.answer"]
        cls.agreement = cls.env["billing.debit.agreement"].create(cls.agreement_vals())
        cls.mandate = cls.make_mandate(cls.customer)

    @classmethod
    def agreement_vals(cls):
        return {
            "name": "AvtaleGiro",
            "scheme": "avtalegiro",
            "company_id": cls.company.id,
            "journal_id": cls.journal.id,
            "account_number": ACCOUNT,
            "sender_number": "00002222",
            "kid_part_length": 7,
        }

    @classmethod
    def make_mandate(cls, partner, state="active", **values):
        """A mandate of a customer, as the bank knows it."""
        number = cls.number_of(partner)
        return (
            cls.env["billing.mandate"]
            .sudo()
            .create(
                {
                    "agreement_id": cls.agreement.id,
                    "company_id": cls.company.id,
                    "partner_id": partner.id,
                    "state": state,
                    "origin": "import",
                    "active_from": date(2026, 1, 1),
                    **number,
                    **values,
                }
            )
        )

    @classmethod
    def number_of(cls, partner):
        """How the bank knows a customer."""
        kid = cls.invoice(partner=partner).payment_reference
        return {"kid": kid, "kid_part": kid[:7]}

    @classmethod
    def drawn(cls, *amounts, partner=None, state="delivered"):
        """Claims at the bank, one for each amount, drawn on :data:`DAY`."""
        partner = partner or cls.customer
        moves = cls.open_invoices(*((amount, partner) for amount in amounts))
        mandate = cls.env["billing.mandate"].search(
            [("partner_id", "=", partner.id), ("state", "=", "active")], limit=1
        )
        claims = cls.env["billing.debit.claim"].sudo()
        claims.search([("move_id", "in", moves.ids)]).unlink()
        return claims.create(
            [
                {
                    "company_id": cls.company.id,
                    "agreement_id": cls.agreement.id,
                    "mandate_id": mandate.id,
                    "move_id": move.id,
                    "amount": move.amount_residual,
                    "currency_id": move.currency_id.id,
                    "reference": move._billing_claim_reference(cls.agreement),
                    "date": DAY,
                    "state": state,
                }
                for move in moves
            ]
        )

    def states(self, file):
        """What became of the answers of a file, in its order."""
        return file.answer_ids.sorted("line").mapped("state")

    def refused(self, content, name="bank.txt"):
        """The error a file is refused with."""
        from odoo.addons.billing_bank_file.core.errors import BankFileError

        with self.assertRaises(BankFileError) as caught, self.env.cr.savepoint():
            self.files._import(content, name)
        return caught.exception


class Fbo:
    """An assignment of AvtaleGiro mandates, as Nets puts it beside payments."""

    items = ()
    total = 0

    def __init__(self, *records, account=ACCOUNT):
        """
        :param records: tuples of registration, KID and whether notice is wanted
        """
        self.rows = records
        self.mandates = len(records)
        self.account = account

    def records(self):
        yield f"NY212420{0:09d}{2:07d}{self.account}{0:045d}"
        for serial, (registration, kid, notice) in enumerate(self.rows, start=1):
            sign = "J" if notice else "N"
            yield f"NY219470{serial:07d}{registration}{kid:>25}{sign}{0:038d}"
        yield f"NY212488{self.mandates:08d}{self.mandates + 2:08d}{0:056d}"


def nets(*assignments, number=1, newline="\n"):
    """A transmission of Nets.

    :param number: of the transmission
    """
    data = ocr_file(assignments, newline)
    return data.replace(b"NY0000100000808001700310", b"NY00001000008080%07d0" % number)


def credits(*claims, kind="15"):
    """An assignment with the money of claims."""
    return OcrAssignment(
        numbered(
            OcrItem(kind=kind, kid=claim.reference, amount=round(claim.amount * 100))
            for claim in claims
        ),
        account=ACCOUNT,
    )
