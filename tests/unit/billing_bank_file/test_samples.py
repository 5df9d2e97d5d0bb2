"""Every sample file is read with its own totals, or refused for the right reason."""

import os
import re
from pathlib import Path

import pytest
from lxml import etree

from .helpers import DATA, read, refusal

# Refused, with the field and a word of the reason. All are rightly refused: the
# genkgo files are made up (balances in four currencies, entries without a date).
REFUSED = {
    "genkgo_camt053.v2.minimal.ultimate.xml": ("Stmt/Bal/Amt", "SEK"),
    "genkgo_camt053.v2.minimal.xml": ("Stmt/Bal/Amt", "SEK"),
    "genkgo_camt053.v2.with-party-ids.xml": ("Stmt/Bal/Amt", "SEK"),
    "genkgo_camt053.v3.xml": ("Document", "camt.053.001.03"),
    "genkgo_camt054.v2.with-account-name.xml": ("Ntfctn/Ntry/BookgDt", "none"),
    "genkgo_camt054.v8-with-financial-institution.xml": (
        "Ntfctn/Ntry/BookgDt",
        "none",
    ),
    "genkgo_camt054.v8.xml": ("Ntfctn/Ntry/NtryDtls/TxDtls/Amt", "CHF"),
    "oca_test-camt053-no-ntry.xml": ("Stmt/Acct/Svcr/FinInstnId/BIC", "BIC"),
    "oca_test-camt053-txdtls.xml": (
        "Stmt/Ntry/NtryDtls/TxDtls/RltdPties/Dbtr/PstlAdr/Ctry",
        "CH1",
    ),
    "oca_test-camt053.xml": ("Stmt/Bal/Amt", "closing balance"),
    # No whole files: two of record types only, one of a single payment's records.
    "diapraxas_someInvalidTransaktionskoder.txt": ("format", "byte order mark"),
    "diapraxas_validTransaktionskoder.txt": ("format", "byte order mark"),
    "zimpler_isolated_payment.txt": ("file", "beginning with"),
}


def _folders():
    yield DATA
    extra = os.environ.get("KVITT_SAMPLES")
    if extra:
        yield Path(extra)


FILES = [
    path
    for folder in _folders()
    for kind in ("ocr_giro", "bgmax", "camt053", "camt054", "constructed")
    for path in sorted((folder / kind).glob("*.*"))
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_sample(path):
    if path.name in REFUSED:
        field, word = REFUSED[path.name]
        error = refusal(path, path.name)
        assert error.field == field and word in error.message
        assert error.line > 0 or field in ("file", "format")
        return
    transactions, summary = read(path, path.name)
    assert transactions
    assert len(transactions) == summary.transactions
    declared = _DECLARED.get(summary.format, _camt_total)
    assert sum(summary.totals.values()) == declared(path.read_bytes())
    assert len({t.fingerprint for t in transactions}) == len(transactions)


def _ocr_total(data):
    """What the transmission says itself (no sample has reversals)."""
    return int(re.search(rb"NY000089.{16}(\d{17})", data)[1])


def _bgmax_total(data):
    """What the deposits say themselves, of all currencies (none is below zero)."""
    return sum(int(line[50:68]) for line in data.splitlines() if line[:2] == b"15")


_DECLARED = {"ocr_giro": _ocr_total, "bgmax": _bgmax_total}


def _camt_total(data):
    """The booked entries, read in another way: all at once, by XPath."""
    total = 0
    for entry in etree.fromstring(data).iter("{*}Ntry"):
        status = "".join(entry.find("{*}Sts").itertext()).strip()
        amount, _, cents = entry.findtext("{*}Amt").partition(".")
        sign = -1 if entry.findtext("{*}CdtDbtInd") == "DBIT" else 1
        if status == "BOOK":
            total += sign * (int(amount) * 100 + int(cents.ljust(2, "0") or 0))
    return total
