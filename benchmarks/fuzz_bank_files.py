"""Mutated bank files: each is read with its declared totals, or refused in order.

Usage: ``python benchmarks/fuzz_bank_files.py [--files 50000] [--seed 20261121]``

Every file starts as a valid OCR giro, BgMax or camt file, is damaged one to four times
and read. Four things end the run with exit code 1, with the file kept for a look:

* an exception other than ``BankFileError``, or an error without line or field;
* a file that takes longer than ``SLOW`` seconds;
* a file that is read though its own totals, added up here in another way, differ, or
  though a second parser finds it invalid;
* memory that grows by more than ``GROWTH`` bytes over the run.
"""

import argparse
import faulthandler
import importlib.util
import io
import random
import re
import resource
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.builders.bank_files import (  # noqa: E402
    BgExtra,
    BgPayment,
    BgSection,
    Camt,
    Entry,
    MandateList,
    OcrAssignment,
    OcrItem,
    Ref,
    Tx,
    bgmax_file,
    numbered,
    ocr_file,
)

SLOW = 5.0
HANG = 60
GROWTH = 64 * 2**20
ISO = "{urn:iso:std:iso:20022:tech:xsd:"


def load_core():
    """Import the readers without Odoo: they need none."""
    folder = ROOT / "addons/billing_bank_file/core"
    spec = importlib.util.spec_from_file_location(
        "bank_file_core",
        folder / "__init__.py",
        submodule_search_locations=[str(folder)],
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["bank_file_core"] = package
    spec.loader.exec_module(package)
    from bank_file_core import camt_schema, errors, recognise

    return recognise.open_bank_file, errors.BankFileError, camt_schema.schema_path


# === FILES === #


def ocr_seed(rng):
    def item():
        kind = rng.choice(["10", "11", "12", "13", "15", "15", "15", "18", "19", "21"])
        return OcrItem(
            kind=kind,
            serial=64000 + rng.randrange(3),
            sign=rng.choice("0000-") if kind not in ("18", "20") else "0",
            amount=rng.randrange(10**7),
            kid=rng.choice(["", "0010017", f"{rng.randrange(10**15):015d}", "99999-"]),
            text=rng.choice([None, "Blåbær"]) if kind == "21" else None,
        )

    parts = [
        OcrAssignment(numbered([item() for _ in range(rng.randrange(1, 6))]))
        for _ in range(rng.randrange(1, 3))
    ]
    if rng.random() < 0.2:
        parts.append(MandateList())
    return ocr_file(parts, *rng.choice([("\n", "\n"), ("\r\n", "\r\n"), ("", "")]))


def bgmax_seed(rng):
    def payment():
        extra = tuple(
            BgExtra(
                f"{rng.randrange(10**9)}", rng.choice([0, 100]), rng.choice([1, -1])
            )
            for _ in range(rng.choice([0, 0, 1, 3]))
        )
        return BgPayment(
            amount=rng.randrange(10**7),
            sign=rng.choice([1, 1, 1, -1]),
            reference=rng.choice(["", "0072019122420063", f"{rng.randrange(10**9)}"]),
            code=rng.randrange(6),
            serial=rng.randrange(10**6),
            extra=extra,
            texts=rng.choice([(), ("Faktura 658369",)]),
            name=rng.choice(["", "Kalles Plåt AB"]),
            organisation=rng.choice(["", "5500001234"]),
        )

    parts = [
        BgSection(
            tuple(payment() for _ in range(rng.randrange(1, 5))),
            currency=rng.choice(["SEK", "SEK", "EUR"]),
            serial=rng.randrange(100),
        )
        for _ in range(rng.randrange(1, 4))
    ]
    newline, last = rng.choice([("\n", "\n"), ("\r\n", "\r\n"), ("\r\n", "")])
    return bgmax_file(parts, newline, last, full=rng.random() < 0.5)


def camt_seed(rng):
    message = f"camt.{rng.choice(['053', '054'])}.001.{rng.choice(['02', '04', '08'])}"

    def amount(cents):
        return f"{cents // 100}.{cents % 100:02d}"

    def entry():
        cents = [rng.randrange(1, 10**7) for _ in range(rng.choice([0, 1, 1, 2, 4]))]
        total = amount(sum(cents) or 4711)
        transactions = tuple(
            Tx(
                amount(value),
                bank_reference=f"ARCH{rng.randrange(10**6)}",
                debtor=rng.choice(["", "Kari Nordmann", "Åse & Co"]),
                debtor_account=rng.choice(["", "NO9386011117947", "99991042764"]),
                references=tuple(
                    Ref(f"{rng.randrange(10**9)}", remitted=rng.choice(["", "1.00"]))
                    for _ in range(rng.randrange(3))
                ),
            )
            for value in cents
        )
        return Entry(
            total,
            sign=rng.choice(["CRDT", "CRDT", "DBIT"]),
            status=rng.choice(["BOOK", "BOOK", "BOOK", "PDNG"]),
            transactions=transactions,
            batch=rng.choice([None, (str(len(cents)), total)]) if cents else None,
        )

    entries = tuple(entry() for _ in range(rng.randrange(1, 4)))
    return Camt(
        message,
        entries,
        encoding=rng.choice(["UTF-8", "UTF-8", "UTF-8", "ISO-8859-1", "UTF-16"]),
    ).bytes()


# === DAMAGE === #

TOKENS = [
    b"<!DOCTYPE d [<!ENTITY a 'b'>]>", b"&a;", b"&#0;", b"<![CDATA[", b"]]>", b"<!--",
    b"-->", b"<?x", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\n", b"\r\n", b" " * 500,
    b"NY000089", b"NY090020", b"-", b"0", b"9" * 30, b"</Ntry>", b"<TxDtls>", b"1e9",
    b"NaN", b"31", b"\t", b"\n15", b"\n70", b"xmlns=''", b'Ccy="XXX"',
    b"\xc3\xa5", b"9999-12-31", b"<Amt>", b">",
]  # fmt: skip


def flip(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def drop(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice([1, 2, 8, 80, 81, 400]) :]


def repeat(rng, data):
    at, size = rng.randrange(len(data)), rng.choice([1, 8, 80, 81, 300])
    return data[:at] + data[at : at + size] * rng.choice([2, 3, 50]) + data[at + size :]


def insert(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TOKENS) + data[at:]


def truncate(rng, data):
    return data[: rng.randrange(len(data))]


def digit(rng, data):
    places = [match.start() for match in re.finditer(rb"\d", data)]
    if not places:
        return flip(rng, data)
    at = rng.choice(places)
    return data[:at] + b"%d" % rng.randrange(10) + data[at + 1 :]


def lines(rng, data):
    parts = data.splitlines(keepends=True)
    one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b"".join(parts)


def without_line(rng, data):
    parts = data.splitlines(keepends=True)
    del parts[rng.randrange(len(parts))]
    return b"".join(parts)


def value(rng, data):
    places = list(re.finditer(rb">([^<>\n]+)<", data))
    if not places:
        return digit(rng, data)
    at = rng.choice(places)
    new = rng.choice([b"", b"x", b"-1.00", b"0", b"DBIT", b"1.00", b"INFO", b"a" * 141])
    return data[: at.start(1)] + new + data[at.end(1) :]


def encoding(rng, data):
    return data.replace(b"UTF-8", rng.choice([b"UTF-16", b"US-ASCII", b"UTF-7"]), 1)


DAMAGES = [
    flip, drop, repeat, insert, truncate, digit, digit, lines, without_line, value,
    value, encoding,
]  # fmt: skip


# === SECOND OPINION === #


def ocr_declared(data):
    """Net of the OCR giro assignments by their own end records, and reversals."""
    text = data.decode("iso-8859-1")
    records = text.splitlines() if re.search("[\r\n]", text[:82]) else []
    records = records or re.findall("(?s).{80}", text)
    total = 0
    for record in records:
        if re.match("NY09..30", record):
            cents = int(record[32:49])
            negative = (record[31] == "-") != (record[4:6] in ("18", "20"))
            total += -cents if negative else cents
    ends = [int(r[24:41]) for r in records if r.startswith("NY090088")]
    turned = [int(r[32:49]) for r in records if re.match("NY09(18|20)30", r)]
    assert len(ends) > 1 or abs(total + 2 * sum(turned)) == ends[0], "end record"
    return total


def bgmax_declared(data):
    """Net of the deposits by their own records, where none is below zero."""
    lines = data.decode("iso-8859-1").expandtabs(8).split("\n")
    total = 0
    for line in lines:
        if line[:2] == "20":
            total += int(line[37:55])
        elif line[:2] == "21":
            total -= int(line[37:55])
    ends = [int(line[50:68]) for line in lines if line[:2] == "15"]
    assert len(ends) > 1 or abs(total) == abs(sum(ends)), "deposit"
    return total


def camt_declared(data, schemas, schema_path):
    """Net of the booked entries, from a whole tree that lxml finds valid."""
    root = etree.fromstring(data)
    message = etree.QName(root).namespace.rpartition(":")[2]
    if message not in schemas:
        schemas[message] = etree.XMLSchema(file=str(schema_path(message)))
    schemas[message].assertValid(root)
    total = Decimal(0)
    for entry in root.iter("{*}Ntry"):
        status = "".join(entry.find("{*}Sts").itertext()).strip()
        sign = 1 if entry.findtext("{*}CdtDbtInd") == "CRDT" else -1
        if status == "BOOK":
            total += sign * Decimal(entry.findtext("{*}Amt").strip())
    return total


# === RUN === #


def check(data, tools, schemas):
    """Read one file; the outcome, or an AssertionError that says what is wrong."""
    open_bank_file, refusal, schema_path = tools
    try:
        reader = open_bank_file(io.BytesIO(data), "fuzz")
        transactions = list(reader)
    except refusal as error:
        assert error.field and error.message and isinstance(error.line, int), error
        assert error.line <= data.count(b"\n") + 2 or error.line <= len(data) // 80 + 2
        assert "\n" not in str(error) and len(str(error)) < 1200, str(error)
        return f"refused: {error.field.rpartition('/')[2]}"
    summary = reader.summary
    assert summary.transactions == len(transactions)
    read = sum(summary.totals.values())
    assert read == sum(transaction.amount for transaction in transactions)
    assert len({t.fingerprint for t in transactions}) == len(transactions)
    if reader.format == "ocr_giro":
        declared = ocr_declared(data)
    elif reader.format == "bgmax":
        declared = bgmax_declared(data)
    else:
        # damage may change the currency, but hardly into one without cents
        declared = camt_declared(data, schemas, schema_path) * 100
    assert read == declared, f"read {read}, declared {declared}"
    return "read"


def memory():
    """Resident bytes now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=50000)
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    tools = load_core()
    schemas, outcomes = {}, Counter()
    slowest, warm = 0.0, 0
    started = time.monotonic()
    for number in range(options.files):
        data = rng.choice([ocr_seed, bgmax_seed, camt_seed])(rng)
        for _ in range(rng.randrange(1, 5)):
            data = rng.choice(DAMAGES)(rng, data) if data else data
        faulthandler.dump_traceback_later(HANG, exit=True, file=sys.__stderr__)
        began = time.monotonic()
        try:
            outcome = check(data, tools, schemas)
            slowest = max(slowest, time.monotonic() - began)
            assert slowest < SLOW, f"took {slowest:.1f} s"
        except Exception:
            kept = Path(f"fuzz-{options.seed}-{number}.bin")
            kept.write_bytes(data)
            print(f"file {number} kept as {kept}", file=sys.stderr)
            raise
        outcomes[outcome] += 1
        if number == min(2000, options.files // 2):
            warm = memory()
    faulthandler.cancel_dump_traceback_later()
    growth = memory() - warm
    elapsed = time.monotonic() - started
    read = outcomes.pop("read", 0)
    print(
        f"{options.files} mutated files in {elapsed:.0f} s "
        f"({options.files / elapsed:.0f}/s), seed {options.seed}: "
        f"{read} read with the totals they declare, {sum(outcomes.values())} refused, "
        f"0 crashes; slowest {slowest * 1000:.0f} ms; memory +{growth / 2**20:.0f} MB, "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"
    )
    for outcome, count in outcomes.most_common(25):
        print(f"{count:8d} {outcome}")
    return 0 if growth < GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
