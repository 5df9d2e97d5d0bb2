"""Bank files of direct debit, as payments and answers."""

import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.messages import Message
from odoo.addons.billing_bank_file.core.recognise import open_bank_file
from odoo.addons.billing_direct_debit.core import answers

from tests.builders.bank_files import MandateList, OcrAssignment, ocr_file

DATA = Path(__file__).resolve().parents[2] / "data"


def read(data, name="bank.file"):
    """Payments and messages of a file, and its summary."""
    reader = open_bank_file(io.BytesIO(data), name, extensions=[answers.DebitFiles()])
    items = list(reader)
    messages = [item for item in items if isinstance(item, Message)]
    payments = [item for item in items if not isinstance(item, Message)]
    return payments, messages, reader.summary


# What each of Bankgirot's own examples holds: payments by type, answers by kind.
SAMPLES = {
    "exempelfil-utdrag-ur-medgivanderegistret": ({}, {"autogiro_register": 7}),
    "exempelfil_bet-spec-o-tk": (
        {"82": 5, "32": 3, "77": 2},
        {"autogiro_result": 4, "autogiro_refund": 2},
    ),
    "exempelfil_nya_medgivanden_via_internetbank": ({}, {"autogiro_emandate": 4}),
    "exempelfilavvisade_betalningsuppdrag": ({}, {"autogiro_rejected": 8}),
    "exempelfiler_medgivandeavisering": ({}, {"autogiro_mandate": 10}),
    "exempelfilermakuleringar_andringar-av-betalningar": (
        {},
        {"autogiro_change": 18},
    ),
    "exempelfilutdrag-ur-bevakningsregistret": ({}, {"autogiro_waiting": 10}),
    "gl_betalningsspec-stoppadebetalningar": ({"82": 11}, {"autogiro_result": 4}),
    "gl_exempelfil_makulering-andring_fran-bankgirot": ({}, {"autogiro_change": 4}),
    "gl_medgivanden_via_internetbanken": ({}, {"autogiro_emandate": 1}),
}
# Orders of a payee, which a bank never sends.
ORDERS = (
    "exempelfil-betalningsunderlag",
    "exempelfil_medgivandeunderlag",
    "exempelfilermakulerings-andringsunderlag",
)


def sample(part):
    """The one example with a part of a name."""
    [path] = (DATA / "autogiro").glob(f"*_{part}*")
    return path.read_bytes()


@pytest.mark.parametrize("part", SAMPLES)
def test_every_example_is_payments_and_answers(part):
    payments, messages, summary = read(sample(part))
    assert (
        Counter(payment.kind for payment in payments),
        Counter(message.kind for message in messages),
    ) == SAMPLES[part]
    assert summary.transactions == len(payments)
    assert {message.account for message in messages} <= {"9912346"}
    assert len({item.fingerprint for item in (*payments, *messages)}) == len(
        payments + messages
    )
    assert all(set(message.record) and message.raw for message in messages)


@pytest.mark.parametrize("part", ORDERS)
def test_orders_of_a_payee_are_no_answers(part):
    with pytest.raises(BankFileError, match="orders to Bankgirot") as caught:
        read(sample(part))
    assert caught.value.line == 1 and caught.value.field == "contents"


def test_sums_on_the_statement_are_those_of_the_sections():
    payments, _messages, summary = read(sample("exempelfil_bet-spec-o-tk"))
    sums = Counter()
    for payment in payments:
        assert payment.collective and payment.giro == "9912346"
        sums[payment.entry] += payment.amount
    # TK15, TK16 and two times TK17, in öre.
    assert sorted(sums.values()) == [-300000, -50000, -20000, 1500000]
    assert summary.entries == 4 and summary.totals == {"SEK": 1130000}


def test_refund_is_money_out_and_an_answer():
    payments, messages, _summary = read(sample("exempelfil_bet-spec-o-tk"))
    refund = next(item for item in messages if item.kind == answers.SE_REFUND)
    money = next(item for item in payments if item.kind == answers.TAKEN_BACK)
    assert money.line == refund.line and money.amount == -refund.record["amount_ore"]
    assert money.reference == refund.record["reference"] == "0000000FAKTNR150"


def test_same_record_in_another_file_has_the_same_fingerprint():
    data = sample("exempelfil_bet-spec-o-tk")
    other = b"\r\n".join(line.ljust(80) for line in data.splitlines())
    for mine, theirs in zip(read(data)[:2], read(other)[:2], strict=True):
        assert [item.fingerprint for item in mine] == [
            item.fingerprint for item in theirs
        ]


def test_result_of_another_day_is_another_answer():
    data = sample("exempelfil_bet-spec-o-tk")
    opening = b"01AUTOGIRO" + b" " * 14
    later = data.replace(opening + b"20091110", opening + b"20091111")
    mine, theirs = read(data), read(later)
    # A status 9 comes each day the bank tries; the money comes once.
    assert not {item.fingerprint for item in mine[1]} & {
        item.fingerprint for item in theirs[1]
    }
    assert [item.fingerprint for item in mine[0]] == [
        item.fingerprint for item in theirs[0]
    ]


def test_mandates_beside_payments():
    payments, messages, summary = read(ocr_file([OcrAssignment(), MandateList(3)]))
    assert len(payments) == 1 and len(messages) == 3
    assert {message.account for message in messages} == {"99991042764"}
    assert messages[0].record["kid"] == "000112000507155"
    assert messages[0].raw.startswith("NY219470")
    assert summary.skipped == {}
    # Alike in everything, and told apart by their order.
    assert len({message.fingerprint for message in messages}) == 3


def test_examples_cut_anywhere_are_refused():
    data = sample("exempelfil_bet-spec-o-tk")
    lines = data.splitlines(keepends=True)
    for number in range(1, len(lines)):
        with pytest.raises(BankFileError) as caught:
            read(b"".join(lines[:number]), "cut.txt")
        assert caught.value.file == "cut.txt" and caught.value.field


@pytest.mark.parametrize(
    ("kind", "record", "code"),
    [
        (answers.NO_MANDATE, {"registration": 2}, "2"),
        (answers.SE_MANDATE, {"information": "46", "comment": "33"}, "46/33"),
        (answers.SE_CHANGE, {"kind": "11", "code": "12"}, "11/12"),
        (answers.SE_RESULT, {"status": "9"}, "9"),
        (answers.SE_REJECTED, {"code": "03"}, "03"),
        (answers.SE_EMANDATE, {}, ""),
    ],
)
def test_code_as_in_the_banks_manual(kind, record, code):
    assert answers.code_of(kind, record) == code


# === SLIPS === #

NUMBERS = st.text("0123456789", min_size=2, max_size=12)


@given(NUMBERS, st.integers(min_value=0, max_value=11), st.sampled_from("0123456789"))
def test_every_slip_is_known_and_goes_both_ways(number, at, digit):
    at %= len(number)
    replaced = number[:at] + digit + number[at + 1 :]
    dropped = number[:at] + number[at + 1 :]
    swapped = number[:at] + number[at:][:2][::-1] + number[at + 2 :]
    added = number[:at] + digit + number[at:]
    found = answers.slips(number)
    for slip in {replaced, dropped, swapped, added} - {number, ""}:
        assert slip in found and number in answers.slips(slip)
    assert number not in found and "" not in found


@given(NUMBERS)
def test_slips_are_few_enough_to_look_up(number):
    assert len(answers.slips(number)) <= 21 * len(number) + 10
