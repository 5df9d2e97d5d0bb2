"""Codes of Bankgirot: each has a meaning, each pair an effect, none is a surprise."""

import itertools

import pytest

from odoo.addons.billing_direct_debit.core import autogiro_codes as codes

TABLES = {
    "STATUS": (codes.STATUS, 1),
    "REFUND": (codes.REFUND, 2),
    "REJECTED": (codes.REJECTED, 2),
    "CHANGE_KIND": (codes.CHANGE_KIND, 2),
    "CHANGE": (codes.CHANGE, 2),
    "INFORMATION": (codes.INFORMATION, 2),
    "COMMENT": (codes.COMMENT, 2),
}
FAULTS = {"", codes.PAYER, codes.PAYEE, codes.BANK, codes.BANKGIRO}
REASONS = {
    "",
    "funds",
    "limit",
    "stopped",
    "no_mandate",
    "no_account",
    "bank_will_retry",
    "technical",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name):
    table, width = TABLES[name]
    for code, meaning in table.items():
        assert len(code) == width and code.isdigit()
        assert meaning.fault in FAULTS and meaning.reason in REASONS
        assert meaning.code.isidentifier() and meaning.code.islower()
        assert codes.meaning(table, code) is meaning
    # Two codes with one meaning mean the same in every way.
    by_code = {}
    for meaning in table.values():
        assert by_code.setdefault(meaning.code, meaning) == meaning


def test_a_code_that_is_not_listed_is_final_and_nobodys():
    assert codes.meaning(codes.STATUS, "7") is codes.UNKNOWN
    assert codes.UNKNOWN.final and codes.UNKNOWN.fault == ""


def test_only_the_bank_tries_again():
    pending = {code for code, meaning in codes.STATUS.items() if not meaning.final}
    assert pending == {"9"}
    assert codes.STATUS["0"].reason == ""


@pytest.mark.parametrize(
    ("information", "comment", "effect", "by"),
    [
        ("04", "32", "active", "payee"),
        ("42", "32", "active", "bank"),
        ("03", "33", "ended", "payee"),
        ("46", "02", "ended", "payer"),
        ("93", "33", "ended", "payer"),
        ("43", "07", "ended", "bank"),
        ("44", "98", "ended", "payer"),
        ("10", "33", "ended", "payee"),
        ("05", "32", "renumbered_to", "payee"),
        ("05", "33", "renumbered_from", "payee"),
        ("05", "04", "missing", "payee"),
        ("03", "04", "missing", "payee"),
        ("04", "10", "exists", "payee"),
        ("42", "05", "refused", "payer"),
        ("04", "20", "refused", "payer"),
        ("04", "11", "stopped", "payer"),
        ("04", "12", "resumed", "payer"),
        ("04", "77", "unknown", ""),
        ("77", "32", "active", ""),
        ("77", "33", "ended", ""),
    ],
)
def test_advice(information, comment, effect, by):
    told = codes.advice(information, comment)
    assert (told.effect, told.by) == (effect, by)


def test_every_pair_has_an_effect():
    for pair in itertools.product(codes.INFORMATION, codes.COMMENT):
        told = codes.advice(*pair)
        assert told.effect != "unknown" and told.by in FAULTS and told.code != "unknown"
