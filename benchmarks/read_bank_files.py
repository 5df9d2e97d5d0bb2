"""How fast bank files are read, and in how much memory.

Usage: ``python benchmarks/read_bank_files.py [--transactions 100000]``

Writes a camt.054 and an OCR giro file of that many transactions to a temporary
folder and reads each in a process of its own, iterating without keeping anything.
For comparison the camt file is validated with ``xmlschema`` alone (a tenth of it).
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fuzz_bank_files import load_core

from tests.builders.bank_files import (
    Camt,
    Entry,
    OcrAssignment,
    OcrItem,
    Ref,
    Tx,
    ocr_file,
)


def write_camt(path, count):
    details = tuple(
        Tx(
            "1250.00",
            bank_reference=f"ARCH{number:07d}",
            debtor="Kari Nordmann",
            debtor_account="99991042764",
            references=(Ref(f"{number:015d}"),),
        )
        for number in range(count)
    )
    total = f"{1250 * count}.00"
    entry = Entry(total, transactions=details, batch=(str(count), total))
    path.write_bytes(Camt(entries=(entry,)).bytes())


def write_ocr(path, count):
    items = tuple(
        OcrItem(number=number, kid=f"{number:015d}", archive=number)
        for number in range(1, count + 1)
    )
    path.write_bytes(ocr_file([OcrAssignment(items)]))


def read(path):
    open_bank_file, _error, _schema_path = load_core()
    started = clocks()
    reader = open_bank_file(path, path.name)
    count = sum(1 for _transaction in reader)
    report(reader.format, path, count, started)


def validate(path):
    import xmlschema

    _open, _error, schema_path = load_core()
    schema = xmlschema.XMLSchema(str(schema_path("camt.054.001.02")))
    started = clocks()
    schema.validate(xmlschema.XMLResource(str(path), lazy=True))
    count = path.read_bytes().count(b"<TxDtls>")
    report("xmlschema alone", path, count, started)


def clocks():
    return time.perf_counter(), time.process_time()


def report(what, path, count, started):
    wall, cpu = (now - then for now, then in zip(clocks(), started, strict=True))
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024
    print(
        f"{what:16} {count:8d} transactions {path.stat().st_size / 1e6:6.1f} MB "
        f"{wall:6.2f} s, {cpu:6.2f} s of CPU: {count / cpu:6.0f}/s, peak {peak} MB",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--transactions", type=int, default=100000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--validate", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.read)
    elif options.validate:
        validate(options.validate)
    else:
        count = options.transactions
        with tempfile.TemporaryDirectory() as folder:
            camt, ocr, part = (Path(folder, name) for name in ("camt", "ocr", "part"))
            write_camt(camt, count)
            write_ocr(ocr, count)
            write_camt(part, count // 10)
            for option, path in (
                ("--read", camt),
                ("--read", ocr),
                ("--validate", part),
            ):
                subprocess.run([sys.executable, __file__, option, path], check=True)


if __name__ == "__main__":
    main()
