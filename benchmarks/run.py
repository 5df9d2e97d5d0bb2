"""All benchmarks in one run, so that their figures may be compared.

``make bench`` runs this on the template database that has every addon; what it makes
is dropped at the end. Tables go to the terminal and to ``benchmarks/results``.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from . import (
    bench_debits,
    bench_decide,
    bench_desk,
    bench_distribution,
    bench_evidence,
    bench_fees,
    bench_live,
    bench_optimiser,
    scratch,
)

RESULTS = Path(__file__).resolve().parent / "results"
WAYS = ("one_by_one", "oca", "own_lines", "collective")
WAY_NAMES = {
    "one_by_one": "Odoo, one by one",
    "oca": "OCA account_reconcile_oca",
    "own_lines": "Kvitt, a statement line each",
    "collective": "Kvitt, booked collectively",
    "kvitt": "Kvitt",
    "odoo": "Odoo alone",
}
#: (way, compared with, at least so many times as fast)
TARGETS = (
    ("own_lines", "one_by_one", 5),
    ("collective", "one_by_one", 25),
    ("collective", "oca", 20),
)
#: Every kind of damage the generator knows, in equal shares.
KINDS = (
    "exact", "wrong_digit", "missing_digit", "extra_digit", "swapped_digits",
    "swapped_invisible", "two_edits", "zeros_lost", "spaced_reference",
    "text_reference", "old_reference", "invoice_number", "no_reference", "stranger",
    "other_reference", "partial", "overpaid", "ore_dropped", "sum",
    "unrelated_number", "duplicate", "damaged_other_amount",
)  # fmt: skip


class Report:
    """Collects what was measured, as text and as data."""

    def __init__(self):
        self.lines = []
        self.data = {}

    def say(self, text=""):
        print(text, flush=True)
        self.lines.append(text)

    def table(self, columns, rows):
        """Print a table in Markdown; columns after the first are numbers."""
        rows = [[str(cell) for cell in row] for row in rows]
        widths = [
            max(len(column), *(len(row[at]) for row in rows))
            for at, column in enumerate(columns)
        ]

        def line(cells):
            first, *others = zip(cells, widths, strict=True)
            return " | ".join(
                [first[0].ljust(first[1]), *(cell.rjust(w) for cell, w in others)]
            )

        self.say(f"| {line(columns)} |")
        rule = ["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]
        self.say(f"| {' | '.join(rule)} |")
        for row in rows:
            self.say(f"| {line(row)} |")
        self.say()


def progress(text):
    """Tell on the terminal what is being done; not part of the results."""
    print(f"... {text}", file=sys.stderr, flush=True)


def machine():
    """What the figures were measured on."""
    with open("/proc/meminfo") as stream:
        memory = int(stream.readline().split()[1]) / 1024**2
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory),
        "python": platform.python_version(),
        "postgresql": scratch.server_version(),
        "load": os.getloadavg()[0],
        "peers": list(scratch.PEERS),
        "psycopg2": metadata.version("psycopg2-binary")
        if _has("psycopg2-binary")
        else metadata.version("psycopg2"),
    }


def _has(distribution):
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


# === PARTS === #


def make_book(databases, args):
    """Database with the large book, and one with the peers' addons besides."""
    size = 400 if args.quick else args.invoices
    if databases.exists("book") and databases.exists("oca"):
        databases.names |= {databases.name("book"), databases.name("oca")}
        return databases.name("book"), databases.name("oca")
    progress(f"book of {size} more invoices, created and posted through Odoo")
    book = databases.clone("book")
    found = databases.work("grow_book", book, size=size, seed=args.seed)
    progress(
        f"{found['open']} open invoices, {found['paid']} paid"
        f" ({found['process_seconds']:.0f} s)"
    )
    databases.vacuum(book)
    progress("the peers' addons")
    oca = databases.clone("oca", book)
    databases.work(
        "install",
        oca,
        addons=scratch.peers_path(),
        modules=["account_reconcile_oca"],
    )
    databases.vacuum(oca)
    return book, oca


def bench_booking(databases, args, report):
    """From a file to reconciled books, four ways on the same payments."""
    book, oca = make_book(databases, args)
    count = 60 if args.quick else args.payments
    folder = str(databases.folder)
    # One draw, cut in two: the small file warms the process up.
    files = {}
    for name, seed, number in (("warm_up", args.seed + 1, 20), ("file", args.seed, 0)):
        files[name] = databases.work(
            "write_payments",
            book,
            folder=folder,
            name=name,
            seed=seed,
            count=number or count,
            mix={},
            batch_size=args.entry,
            leave_out=files.get("warm_up", {}).get("truth"),
        )
    # OCA's addons take a second or more for each payment, so they get a part of it.
    files["peer"] = databases.work(
        "write_payments",
        book,
        folder=folder,
        name="peer",
        seed=args.seed,
        count=min(count, args.peer_payments),
        mix={},
        batch_size=args.entry,
        leave_out=files["warm_up"]["truth"],
    )

    def take(way, file):
        progress(f"{WAY_NAMES[way]}, {sum(files[file]['kinds'].values())} payments")
        name = databases.clone("way", oca if way == "oca" else book)
        found = databases.work(
            "pay",
            name,
            addons=scratch.peers_path() if way == "oca" else None,
            way=way,
            warm_up=files["warm_up"]["file"],
            file=files[file]["file"],
        )
        databases.drop(name)
        found["payments"] = sum(files[file]["kinds"].values())
        return found

    runs = {way: [] for way in WAYS}
    for turn in range(1 if args.quick else args.rounds):
        # Turn about, so that what else the machine does meets all ways alike.
        for way in WAYS:
            if way != "oca":
                runs[way].append(take(way, "file"))
            elif turn == 0:
                runs[way].append(take(way, "peer"))
    report_booking(report, args, runs, take("one_by_one", "peer")["books"])


def report_booking(report, args, runs, peer_books):
    """Tables of the booking bench; the fastest round of each way counts.

    :param peer_books: the books after the peer's payments, one by one
    """
    for found in runs.values():
        for run in found:
            run["rate"] = run["payments"] / run["seconds"]
    best = {way: max(found, key=lambda r: r["rate"]) for way, found in runs.items()}
    report.say("## From a bank file to reconciled books")
    report.say()
    report.say(
        f"Exact payments, up to {args.entry} in a bank entry, the same for every way;"
        " the fastest of the rounds."
    )
    report.say()
    report.table(
        [
            "Way",
            "payments",
            "payments/s",
            "all rounds",
            "CPU ms/payment",
            "queries/payment",
            "peak MiB",
        ],
        [
            [
                WAY_NAMES[way],
                run["payments"],
                f"{run['rate']:.1f}",
                ", ".join(f"{r['rate']:.1f}" for r in runs[way]),
                f"{run['cpu_seconds'] * 1000 / run['payments']:.1f}",
                f"{run['queries'] / run['payments']:.2f}",
                f"{run['peak_mib']:.0f}",
            ]
            for way, run in best.items()
        ],
    )
    ratios = [
        {
            "way": way,
            "other": other,
            "ratio": best[way]["rate"] / best[other]["rate"],
            "rounds": [
                w["rate"] / o["rate"]
                for o, w in zip(runs[other], runs[way], strict=False)
            ],
            "wanted": wanted,
        }
        for way, other, wanted in TARGETS
    ]
    report.table(
        ["Compared", "times as fast", "round by round", "wanted"],
        [
            [
                f"{WAY_NAMES[r['way']]} / {WAY_NAMES[r['other']]}",
                f"{r['ratio']:.1f}",
                ", ".join(f"{ratio:.1f}" for ratio in r["rounds"]),
                r["wanted"],
            ]
            for r in ratios
        ],
    )
    report.say("Do the books say the same afterwards as one by one?")
    report.say()
    equal = {
        part: {
            way: run["books"][part]
            == (peer_books if way == "oca" else best["one_by_one"]["books"])[part]
            for way, run in best.items()
        }
        for part in peer_books
    }
    report.table(
        ["Part of the books", *(WAY_NAMES[way] for way in WAYS[1:])],
        [
            [part, *("same" if same[way] else "differ" for way in WAYS[1:])]
            for part, same in equal.items()
        ],
    )
    report.data["booking"] = {
        "entry": args.entry,
        "runs": runs,
        "ratios": ratios,
        "equal": equal,
    }


def bench_quality(databases, args, report):
    """What becomes of damaged payments in Kvitt, with OCA's addons and in Odoo."""
    book, oca = make_book(databases, args)
    each = 4 if args.quick else args.each
    files = databases.work(
        "write_payments",
        book,
        folder=str(databases.folder),
        name="damaged",
        seed=args.seed + 2,
        count=each * len(KINDS),
        mix=dict.fromkeys(KINDS, 1),
        batch_size=50,
    )
    found = {}
    for way in ("kvitt", "oca", "odoo"):
        progress(f"damaged payments: {WAY_NAMES[way]}")
        name = databases.clone("way", oca if way == "oca" else book)
        found[way] = databases.work(
            "quality",
            name,
            addons=scratch.peers_path() if way == "oca" else None,
            way=way,
            file=files["file"],
            truth=files["truth"],
        )
        databases.drop(name)
    report.say("## Damaged payments, kind by kind")
    report.say()
    report.say(
        "One file through each. right/wrong: reconciled unseen with the right or with"
        " a wrong invoice; first/top 3: not reconciled, the right invoice proposed"
        " first or among three; left: none of these."
    )
    report.say()
    for way, result in found.items():
        report_quality(report, WAY_NAMES[way], result)
    report.data["quality"] = found


def report_quality(report, name, result):
    """Table of one peer."""
    kinds = result["kinds"]
    total = {
        column: sum(row[column] for row in kinds.values())
        for column in next(iter(kinds.values()))
    }
    report.say(f"### {name} ({result['seconds']:.0f} s)")
    report.say()
    rows = []
    ordered = [(kind, kinds[kind]) for kind in KINDS if kind in kinds]
    for kind, row in [*ordered, ("all", total)]:
        booked = row["right"] + row["wrong"]
        rows.append(
            [
                kind.replace("_", " "),
                row["sent"],
                row["right"],
                row["wrong"],
                row["first"],
                row["top3"],
                row["left"],
                f"{row['right'] / booked:.1%}" if booked else "–",
                f"{row['right'] / row['sent']:.1%}",
            ]
        )
    report.table(
        [
            "Kind",
            "sent",
            "right",
            "wrong",
            "first",
            "top 3",
            "left",
            "precision",
            "recall",
        ],
        rows,
    )


def bench_files(_databases, args, report):
    """Reading bank files, and refusing damaged ones; without a database."""
    report.say("## Reading bank files")
    report.say()
    folder = Path(__file__).resolve().parent
    for script, option, number in (
        ("read_bank_files.py", "--transactions", 5_000 if args.quick else 100_000),
        ("fuzz_bank_files.py", "--files", 200 if args.quick else args.fuzzed),
    ):
        progress(script)
        result = subprocess.run(
            [sys.executable, str(folder / script), option, str(number)],
            cwd=folder.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        if result.returncode:
            raise scratch.BenchError(f"{script} failed")
        report.say("```text")
        report.say(result.stdout.rstrip())
        report.say("```")
        report.say()
        report.data[script] = result.stdout.splitlines()


PARTS = {
    "booking": bench_booking,
    "quality": bench_quality,
    "decide": bench_decide.bench_decide,
    "evidence": bench_evidence.bench_evidence,
    "desk": bench_desk.bench_desk,
    "distribution": bench_distribution.bench_distribution,
    "optimiser": bench_optimiser.bench_optimiser,
    "fees": bench_fees.bench_fees,
    "debits": bench_debits.bench_debits,
    "live": bench_live.bench_live,
    "files": bench_files,
}


def _parser():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small: does it work?")
    parser.add_argument(
        "--only", action="append", choices=PARTS, help="this part; may be repeated"
    )
    parser.add_argument(
        "--invoices", type=int, default=2500, help="invoices added to the demo book"
    )
    parser.add_argument("--payments", type=int, default=500, help="for each way")
    parser.add_argument(
        "--peer-payments", type=int, default=100, help="for OCA's addons"
    )
    parser.add_argument("--entry", type=int, default=500, help="in one bank entry")
    parser.add_argument("--each", type=int, default=40, help="payments of each kind")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of the ways")
    parser.add_argument(
        "--fuzzed", type=int, default=50_000, help="damaged bank files to refuse"
    )
    parser.add_argument("--seed", type=int, default=1)
    bench_decide.add_arguments(parser)
    bench_evidence.add_arguments(parser)
    bench_desk.add_arguments(parser)
    bench_distribution.add_arguments(parser)
    bench_optimiser.add_arguments(parser)
    bench_fees.add_arguments(parser)
    bench_debits.add_arguments(parser)
    bench_live.add_arguments(parser)
    parser.add_argument(
        "--keep", action="store_true", help="keep the large book for the next run"
    )
    parser.add_argument(
        "--template",
        default=os.environ.get("KVITT_TEMPLATE"),
        help="database with the addons and their demo data",
    )
    parser.set_defaults(update=False)
    return parser


def main(argv=None):
    """Run the benchmarks; 0 when all of them ran."""
    args = _parser().parse_args(argv)
    if not args.template:
        sys.exit("no template database: run `make bench`, or name one with --template")
    report = Report()
    report.data = {"machine": machine(), "arguments": vars(args)}
    facts = report.data["machine"]
    report.say("# Benchmarks")
    report.say()
    report.say(
        f"{facts['date']} · {facts['cores']} cores, {facts['memory_gib']} GiB · "
        f"Python {facts['python']}, PostgreSQL {facts['postgresql']}, Odoo 19.0 · "
        f"load at the start {facts['load']:.1f}"
    )
    report.say()
    started = time.perf_counter()
    failed = 0
    with scratch.Scratch(args.template, args.keep) as databases:
        for name, part in PARTS.items():
            if args.only and name not in args.only:
                continue
            try:
                part(databases, args, report)
            except scratch.BenchError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed += 1
    report.say(f"The run took {(time.perf_counter() - started) / 60:.1f} minutes.")
    if not args.quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "latest.md").write_text("\n".join(report.lines) + "\n")
        (RESULTS / "latest.json").write_text(
            json.dumps(report.data, indent=1, sort_keys=True) + "\n"
        )
    return 1 if failed else 0
