"""Every sample file is read with its own totals, damaged ones are refused in order."""

import os
import random
import re
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_direct_debit.core.autogiro_codes import advice
from odoo.addons.billing_direct_debit.core.autogiro_in import open_autogiro
from odoo.addons.billing_direct_debit.core.autogiro_records import (
    DEBIT,
    PAYOUT,
    Change,
    Deposit,
    EMandate,
    PaymentResult,
    Refund,
    RegisteredMandate,
    WaitingOrder,
    reference_key,
)

from .autogiro_fields import DATA
from .test_seal import KEY


def _folders():
    yield DATA
    extra = os.environ.get("KVITT_SAMPLES")
    if extra:
        yield Path(extra)


FILES = [
    path
    for folder in _folders()
    for kind in ("autogiro", "autogiro_seal")
    for path in sorted((folder / kind).glob("*.txt"))
]
NAMES = {
    "spec": "bankgirot_autogiro_exempelfil_bet-spec-o-tk_sv",
    "old_spec": "bankgirot_autogiro_gl_betalningsspec-stoppadebetalningar-"
    "tackningskontroll_fran-bankgirot-medgivanden-bankgironummer_exempelfil_sv",
    "rejected": "bankgirot_autogiro_exempelfilavvisade_betalningsuppdrag_sv",
    "changes": "bankgirot_autogiro_exempelfilermakuleringar_andringar-av-"
    "betalningar_sv",
    "advice": "bankgirot_autogiro_exempelfiler_medgivandeavisering_sv",
    "emandates": "bankgirot_autogiro_exempelfil_nya_medgivanden_via_internetbank_sv",
    "register": "bankgirot_autogiro_exempelfil-utdrag-ur-medgivanderegistret_sv",
    "waiting": "bankgirot_autogiro_exempelfilutdrag-ur-bevakningsregistret_sv",
}


def _sample(name):
    reader = open_autogiro(DATA / f"autogiro/{NAMES[name]}.txt", name)
    return list(reader), reader


def _lines(data):
    return [line.decode("iso-8859-1") for line in data.splitlines() if line.strip()]


def _declared(data):
    """What a file says of itself, read in another way: number and sums by record."""
    lines = _lines(data)
    end = lines[-1]
    new = lines[0].startswith("01AUTOGIRO")
    if end.startswith("59"):
        return {"59": int(end[14:21])}, {}
    if not end.startswith("09"):
        return None
    if "AG-MEDAVI" in lines[0]:
        return {"73": int(end[14:21])}, {}
    if "BET. SPEC" in lines[0]:
        sums = {}
        for line in lines:
            if line[:2] in ("15", "16", "17"):
                kind = {"15": "82", "16": "32", "17": "77"}[line[:2]]
                sums[kind] = sums.get(kind, 0) + int(line[50:68])
        widths = (("15", 14, 20), ("82", 20, 32), ("16", 32, 38), ("32", 38, 50))
        widths += (("17", 50, 56), ("77", 56, 68))
        return {kind: int(end[start:stop]) for kind, start, stop in widths}, sums
    if new and "AVVISADE" in lines[0] or "FELLISTA" in lines[0]:
        numbers = {"32": int(end[14:20]), "82": int(end[32:38])}
        return numbers, {"32": int(end[20:32]), "82": int(end[38:50])}
    numbers = {"32": int(end[40:46]), "82": int(end[46:52])}
    return numbers, {"32": int(end[28:40]), "82": int(end[56:68])}


def _plain(values):
    return {key: value for key, value in values.items() if value}


def _as_declared(data, reader):
    """Whether what was counted is what the file says; True when it says nothing."""
    declared = _declared(data)
    if declared is None:
        return True
    numbers, amounts = declared
    records = {
        key: value for key, value in reader.summary.records.items() if key in numbers
    }
    return (_plain(records), _plain(reader.summary.amounts)) == (
        _plain(numbers),
        _plain(amounts),
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[-60:])
def test_sample(path):
    key = KEY if "signed" in path.name else None
    reader = open_autogiro(path, path.name, key=key)
    items = list(reader)
    data = path.read_bytes()
    assert items and _as_declared(data, reader)
    lines = [line for line in data.splitlines() if line.strip()]
    if reader.opening.kind in ("orders", "register", "mandates", "waiting"):
        envelope = sum(line[:2] in (b"01", b"09") for line in lines)
        seal = 2 if reader.opening.sealed else 0
        assert len(items) == len(lines) - seal - (
            0 if reader.opening.kind == "register" else envelope
        )


# --- what the examples of Bankgirot say -----------------------------------------------


def test_payment_specification():
    items, reader = _sample("spec")
    assert reader.opening.stamp == "20091110193055123456"
    assert (reader.opening.customer_number, reader.opening.bankgiro) == (
        "471117",
        "9912346",
    )
    deposit = Deposit(
        2, "15", "8901003232323232", date(2009, 11, 10), "00001", 1500000, 5
    )
    assert items[0] == PaymentResult(
        line=3,
        direction=DEBIT,
        day=date(2009, 11, 10),
        period="0",
        repetitions="",
        payer_number="101",
        amount_ore=300000,
        bankgiro="9912346",
        # What was sent as RIDLEKTION, as other files have it, comes back like this.
        reference="000000RIDLEKTION",
        status="0",
        deposit=deposit,
    )
    assert reference_key(items[0].reference) == "RIDLEKTION"
    assert items[1].period == "5" and items[1].repetitions == "006"
    assert [item.status for item in items[5:8]] == ["1", "2", "9"]
    assert {item.deposit for item in items[5:8]} == {None}
    assert items[-2] == Refund(
        17, date(2009, 11, 3), "0", "", "114", 20000, "9912346", "0000000FAKTNR150",
        date(2009, 11, 10), "02", items[-2].deposit,
    )  # fmt: skip
    assert items[-2].deposit.kind == "17" != items[-1].deposit.serial
    assert items[-1].code == "01" and items[-1].deposit is not items[-2].deposit


def test_payment_specification_of_the_old_layout():
    items, reader = _sample("old_spec")
    assert reader.opening.layout == "old" and reader.opening.stamp == ""
    assert [item.status for item in items] == ["0"] * 11 + ["1", "1", "2", "9"]
    assert items[11].direction == PAYOUT and items[0].reference == "0809001"


def test_rejected_orders():
    items, _reader = _sample("rejected")
    first = items[0]
    assert (first.payer_number, first.amount_ore, first.code) == ("3333", 7500, "02")
    assert (first.period, first.repetitions, first.bankgiro) == ("5", "006", "9912346")
    assert items[3].reference == "RIDLEKTION ATERB" and items[3].direction == PAYOUT


def test_changes():
    items, _reader = _sample("changes")
    assert [item.kind for item in items[:4]] == ["21", "22", "23", "24"]
    # All orders are meant: what else stands there is of no order.
    assert items[0] == Change(
        2, "21", None, "", "", None, None, "9912346", items[0].reference, "12"
    )
    assert items[2].payer_number == "5555242" and items[2].amount_ore == 21000
    assert items[2].reference == "RIDLEKTION25"
    moved = next(item for item in items if item.kind == "28")
    assert moved.new_day == date(2008, 6, 21) and moved.code == "06"


def test_advice():
    items, _reader = _sample("advice")
    assert [
        (item.payer_number, advice(item.information, item.comment).effect)
        for item in items
    ] == [
        ("103", "active"),
        ("2222101", "ended"),
        ("103", "ended"),
        ("2222101", "ended"),
        ("102", "ended"),
        ("3331022", "refused"),
        ("101", "active"),
        ("7771014", "refused"),
        ("104", "renumbered_to"),
        ("105", "renumbered_from"),
    ]
    assert items[0].account == "5001000001000020"
    assert items[0].identity == "196803050000" and items[1].account == ""


def test_mandates_from_internet_banks():
    items, _reader = _sample("emandates")
    assert items[0] == EMandate(
        2, "9912346", "111", "8901003232323232", "005556000521", 0,
        "JAG ÖNSKAR BETALA MÅNADSVIS", ("ANDERS JOHANSSON", "C/O ANNA NILSSON",
        "LUGNA GATAN 5"), "12838", "SKARPNÄCK",
    )  # fmt: skip
    assert [item.reminder for item in items] == [0, 0, 1, 1]
    assert (items[2].post_code, items[2].town) == ("", "USA")
    assert items[2].address[1:] == ("8601 EAST ORCHARD ROAD", "ACAMPO CA 95220")


def test_register():
    items, reader = _sample("register")
    assert items[0] == RegisteredMandate(
        1, "9912346", "196803050000", "101", "payee", date(1999, 1, 1),
        date(2008, 1, 31), True, "8901003232323232",
    )  # fmt: skip
    assert [item.pending for item in items].count(True) == 2
    # Zeros and blanks are no day, and no account.
    assert items[4].changed is None and items[4].account == ""
    assert reader.opening.written is None


def test_waiting_orders():
    items, _reader = _sample("waiting")
    assert items[0] == WaitingOrder(
        2, DEBIT, date(2008, 6, 30), "0", "", "101", 12000, "9912346", "FAKTURANR122"
    )
    assert items[5].reference == "ÅTERBET" and items[-1].reference == ""


def test_mandate_advice_of_the_old_layout():
    """Bankgirot's older examples; one record there ends before its date."""
    lines = [
        "012004110899000009912346AG-MEDAVI",
        "7300099123460000000008765430000000000000000099556677881600000043220041108041116",
        "73000991234600000000022210000000000000000000995566778816000000410",
        "092004110899000000002",
    ]
    data = "\n".join(lines).encode()
    reader = open_autogiro(BytesIO(data), "x")
    first, second = reader
    assert (first.payer_number, first.identity) == ("8765430", "995566778816")
    assert (first.information, first.comment) == ("04", "32")
    assert (second.information, second.comment, second.day) == ("04", "10", None)
    assert reader.opening.layout == "old"


# --- damaged files -------------------------------------------------------------------

_BYTES = b"0129 \r\n\tAZ\xc4\xc3\x85\x00"


def _damaged(rng, data):
    """A file damaged one to three times."""
    data = bytearray(data)
    for _time in range(rng.randint(1, 3)):
        place = rng.randrange(len(data))
        what = rng.randrange(6)
        lines = bytes(data).split(b"\r\n")
        line = rng.randrange(len(lines))
        if what == 0:
            data[place] = rng.choice(_BYTES)
        elif what == 1:
            del data[place : place + rng.choice([1, 2, 82])]
        elif what == 2:
            data[place:place] = bytes([rng.choice(_BYTES)])
        elif what == 3:
            data = bytearray(b"\r\n".join(lines[:line] + lines[line + 1 :]))
        elif what == 4:
            data = bytearray(b"\r\n".join(lines[: line + 1] + lines[line:]))
        else:
            lines[line] = lines[line].translate(
                bytes.maketrans(b"0123456789", b"1234567890")
            )
            data = bytearray(b"\r\n".join(lines))
        if not data:
            return b"\r\n"
    return bytes(data)


def test_mutated_files_are_read_right_or_refused():
    rng = random.Random(20261122)
    originals = [path.read_bytes() for path in FILES if path.parent.parent == DATA]
    outcomes = {"read": 0, "refused": 0}
    for number in range(1500):
        data = _damaged(rng, originals[number % len(originals)])
        try:
            reader = open_autogiro(BytesIO(data), "bank.file")
            items = list(reader)
        except BankFileError as error:
            assert error.field and error.message, data
            assert "\n" not in str(error) and len(str(error)) < 600
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        text = re.sub(rb"[\x1a]", b"", data).expandtabs(8)
        assert _as_declared(text, reader), data
        for item in items:
            assert getattr(item, "amount_ore", None) is None or item.amount_ore >= 0
    # Neither is rare, or the test would try nothing.
    assert min(outcomes.values()) > 150, outcomes
