"""Payments of the same day that the bank gives no identity of their own."""

import io
import re
from datetime import date

from odoo.addons.billing_bank_file.core.recognise import open_bank_file

from tools.payment_generator.camt054 import Camt054Writer, Options
from tools.payment_generator.payments import Payment, Truth


def notification(entry_reference, message_id):
    """A collective entry of two payments that only the entry's reference identifies."""
    stream = io.StringIO()
    writer = Camt054Writer(
        stream,
        Options(
            account="99991042764",
            currency="NOK",
            booked=date(2026, 11, 2),
            message_id=message_id,
        ),
    )
    writer.start()
    writer.entry(
        [
            Payment(
                amount=49900,
                currency="NOK",
                reference="0000017",
                message="",
                payer_name="Åse Øgård",
                payer_account="15035149098",
                end_to_end_id=str(number),
                truth=Truth("exact", (), (), 0, "0000017"),
            )
            for number in range(2)
        ]
    )
    writer.end()
    text = re.sub(r"<Refs>.*?</Refs>", "", stream.getvalue(), flags=re.S)
    return re.sub(
        r"<AcctSvcrRef>[^<]*<", f"<AcctSvcrRef>{entry_reference}<", text
    ).encode()


def fingerprints(content):
    return [item.fingerprint for item in open_bank_file(io.BytesIO(content), "n.xml")]


def test_another_entry_of_the_day_brings_other_payments():
    morning = fingerprints(notification("E1", "M1"))
    evening = fingerprints(notification("E2", "M2"))
    assert len({*morning, *evening}) == 4


def test_the_same_entry_sent_again_brings_the_same():
    assert fingerprints(notification("E1", "M1")) == fingerprints(
        notification("E1", "M9")
    )
