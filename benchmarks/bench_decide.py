"""Deciding payments against a large book: time by stage, memory, right and wrong.

The book is made up in the three reference regimes of the matching study and written
straight into the tables of a scratch database: what is measured reads invoices and
payments only. Two files are decided on each book: an ordinary one, of which a small
share is damaged in all ways the generator knows, and one in which every reference has
one edit and the amount is right, to count how many of those go wrong.
"""

import json
import resource
import time
from collections import defaultdict
from contextlib import ExitStack
from unittest.mock import patch

from . import tables

REGIMES = ("S", "D", "R")
REGIME_NAMES = {
    "S": "customer and invoice number, 18 digits",
    "D": "running number, 15 digits (dense)",
    "R": "random, 25 digits",
}
#: Invoices in the book for each open one.
ISSUED_PER_OPEN = 4 / 3
#: Open invoices the payments are drawn from, for each payment.
DRAWN_FROM = 1.6
ONE_EDIT = ("wrong_digit", "missing_digit", "extra_digit", "swapped_digits")
COLUMNS = ("sent", "right", "wrong", "first", "top3", "left")
STAGES = {
    "_find_exact": "exact references and amounts",
    "_load_payments": "read the other payments",
    "_find_references": "their references",
    "_count_open": "count the book",
    "_count_amounts": "how usual amounts are",
    "_find_same_amount": "same amount, two edits",
    "_find_one_edit": "one edit, any amount",
    "_find_customers": "customers of old references",
    "_measure_density": "density of the numbering",
}


# === TASKS OF THE WORKER === #


def fill(env, regime, open_count, payments, damaged_share, seed):
    """Write a book and two files of payments into the tables.

    :param open_count: open invoices
    :param payments: payments in each file
    :param damaged_share: 0–1, share of the first file
    :return: seconds it took to build each index
    """
    from . import book

    env, company = book.company_of(env)
    cr = env.cr
    seconds = _load_invoices(env, company, regime, open_count, payments, seed)
    items = seconds.pop("items")
    _load_payments(
        env, company, "mixed", _draw(items, seed, payments, damaged_share, None)
    )
    _load_payments(
        env, company, "one_edit", _draw(items, seed + 1, payments, 1.0, ONE_EDIT)
    )
    cr.commit()
    return seconds


def decide(env, file):
    """Decide the payments of a file and compare with what was meant.

    :return: dict with seconds by stage, memory and counts by kind
    """
    cr = env.cr
    cr.execute("SELECT id, kind, moves FROM bench_truth WHERE file = %s", [file])
    truths = cr.fetchall()
    matcher = env["billing.matcher"]
    # what every process reads once
    matcher._decide([truths[0][0]])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    queries = env.cr.sql_log_count if hasattr(env.cr, "sql_log_count") else 0
    spent = defaultdict(float)
    with ExitStack() as stack:
        for name in STAGES:
            stack.enter_context(_timed(type(matcher), name, spent))
        started = time.perf_counter()
        cpu = time.process_time()
        decisions = matcher._decide([row[0] for row in truths])
        cpu = time.process_time() - cpu
        seconds = time.perf_counter() - started
    spent["weighing"] = seconds - sum(spent.values())
    kinds = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    wrong = []
    for (_payment, kind, moves), decision in zip(truths, decisions, strict=True):
        verdict = _judge(set(moves), decision)
        kinds[kind]["sent"] += 1
        kinds[kind][verdict] += 1
        if verdict == "wrong" and len(wrong) < 200:
            wrong.append(_describe(cr, kind, moves, decision))
    queries = cr.sql_log_count - queries if queries else 0
    return {
        "payments": len(truths),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "stages": dict(spent),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "start_mib": before / 1024,
        "queries": queries,
        "kinds": kinds,
        "wrong": wrong,
    }


def _judge(meant, decision):
    """Right when all money goes to invoices it was meant for."""
    settled = {share.move_id for share in decision.shares}
    proposed = [candidate.move_id for candidate in decision.candidates]
    if settled:
        return "right" if settled <= meant else "wrong"
    if meant & set(proposed[:1]):
        return "first"
    if meant & set(proposed[:3]):
        return "top3"
    return "left"


def _describe(cr, kind, moves, decision):
    cr.execute(
        "SELECT reference, text, amount FROM billing_payment WHERE id = %s",
        [decision.payment_id],
    )
    reference, text, amount = cr.fetchone()
    cr.execute(
        "SELECT id, payment_reference, amount_residual FROM account_move"
        " WHERE id = ANY(%s)",
        [[*moves, *(share.move_id for share in decision.shares)]],
    )
    return {
        "kind": kind,
        "paid": [reference, text, float(amount)],
        "meant": moves,
        "invoices": [[move, ref, float(left)] for move, ref, left in cr.fetchall()],
        "shares": [[share.move_id, share.amount] for share in decision.shares],
        "probability": decision.probability,
        "reasons": [reason.code for reason in decision.reasons],
    }


def _timed(cls, name, spent):
    original = getattr(cls, name)

    def wrapper(self, *args, **kwargs):
        started = time.perf_counter()
        try:
            return original(self, *args, **kwargs)
        finally:
            spent[STAGES[name]] += time.perf_counter() - started

    return patch.object(cls, name, wrapper)


def _draw(items, seed, count, damaged_share, kinds):
    from . import book

    options = {"mix": dict.fromkeys(kinds, 1)} if kinds else {}
    return book.draw_payments(
        items, seed=seed, count=count, damaged_share=damaged_share, **options
    )


def _load_invoices(env, company, regime, open_count, payments, seed):
    """Write the book; return what payments are drawn from and index seconds."""
    from . import book

    cr = env.cr
    # nobody else here has a name: the demo's customers would be taken for the payers
    cr.execute(
        "UPDATE res_partner SET name = '-' WHERE id IN (SELECT commercial_partner_id"
        " FROM account_move WHERE move_type IN ('out_invoice', 'out_receipt'))"
    )
    tables.drop_foreign_keys(cr, "account_move")
    indexes = tables.drop_indexes(cr, "account_move")
    journal = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
    )
    size = round(open_count * ISSUED_PER_OPEN)
    customers = size * 3 // 4
    # all invoices of some customers
    kept_customers = round(customers * min(1, payments * DRAWN_FROM / open_count))
    cr.execute("SELECT max(id) FROM account_move")
    offset = cr.fetchone()[0]
    items = []
    stream = tables.Copy(
        cr,
        "account_move (id, name, journal_id, company_id, currency_id, state, move_type,"
        " auto_post, date, invoice_date, invoice_date_due, partner_id,"
        " commercial_partner_id, payment_reference, payment_state, amount_total,"
        " amount_residual)",
    )
    for item in book.synthetic_book(
        size, seed=seed, regime=regime, paid_share=1 - 1 / ISSUED_PER_OPEN
    ):
        move = item.move_id + offset
        is_open = item.state == "open"
        amount = tables.decimal(item.amount)
        stream.add(
            move,
            item.name,
            journal.id,
            company.id,
            company.currency_id.id,
            "posted",
            "out_invoice",
            "no",
            item.due,
            item.due,
            item.due,
            item.partner_id,
            item.partner_id,
            item.reference,
            "not_paid" if is_open else "paid",
            amount,
            amount if is_open else "0.00",
        )
        if item.partner_id <= kept_customers:
            items.append(
                type(item)(
                    **{
                        name: getattr(item, name)
                        for name in item.__dataclass_fields__
                        if name != "move_id"
                    },
                    move_id=move,
                )
            )
    stream.close()
    seconds = tables.build_indexes(cr, indexes, ["billing"])
    seconds["items"] = items
    return seconds


def _load_payments(env, company, file, payments):
    """Write payments and what they were meant for."""
    tables.write_payments(
        env,
        company,
        (
            (
                {
                    "amount": payment.amount,
                    "booking_date": "2026-11-20",
                    "reference": payment.reference,
                    "text": payment.message,
                    "payer_name": payment.payer_name,
                    "payer_account": payment.payer_account,
                },
                (file, payment.truth.kind, tables.id_array(payment.truth.moves)),
            )
            for payment in payments
        ),
        {"file": "text", "kind": "text", "moves": "int[]"},
    )


# === PART OF THE RUN === #


def bench_decide(databases, args, report):
    """Decide two files on a book of each regime."""
    report.say("## Deciding, without booking")
    report.say()
    report.data["decide"] = {}
    for regime in args.regimes:
        found = _run_regime(databases, args, regime)
        report.data["decide"][regime] = found
        _report_regime(report, args, regime, found)


def _run_regime(databases, args, regime):
    from .run import progress

    open_count = 20_000 if args.quick else args.open
    payments = 2_000 if args.quick else args.decided
    progress(f"book of {open_count} open invoices, references {regime}")
    name = databases.clone("decide")
    indexes = databases.work(
        "decide_fill",
        name,
        regime=regime,
        open_count=open_count,
        payments=payments,
        damaged_share=args.damaged,
        seed=args.seed,
    )
    databases.vacuum(name)
    found = {"indexes": indexes}
    for file in ("mixed", "one_edit"):
        progress(f"deciding {payments} payments ({file})")
        found[file] = databases.work("decide", name, file=file)
    if not args.keep:
        databases.drop(name)
    return found


def _report_regime(report, args, regime, found):
    from .run import KINDS

    report.say(f"### References: {REGIME_NAMES[regime]}")
    report.say()
    titles = {
        "mixed": f"{args.damaged:.0%} damaged",
        "one_edit": "all with one edit",
    }
    stages = sorted({stage for file in titles for stage in found[file]["stages"]})
    rows = [
        [stage, *(f"{found[f]['stages'].get(stage, 0):.2f}" for f in titles)]
        for stage in stages
    ]
    rows.append(["all, s", *(f"{found[f]['seconds']:.2f}" for f in titles)])
    rows.append(
        ["of it CPU of Odoo", *(f"{found[f]['cpu_seconds']:.2f}" for f in titles)]
    )
    rows.append(
        [
            "payments/s",
            *(f"{found[f]['payments'] / found[f]['seconds']:.0f}" for f in titles),
        ]
    )
    rows.append(["peak MiB", *(f"{found[f]['peak_mib']:.0f}" for f in titles)])
    rows.append(["before, MiB", *(f"{found[f]['start_mib']:.0f}" for f in titles)])
    report.table(["Seconds", *titles.values()], rows)
    build = sum(v for name, v in found["indexes"].items() if "process" not in name)
    report.say(f"Building the indexes took {build:.1f} s.")
    report.say()
    for file, title in titles.items():
        rows = []
        kinds = found[file]["kinds"]
        for kind in [*KINDS, "all"]:
            if kind == "all":
                row = {c: sum(k[c] for k in kinds.values()) for c in COLUMNS}
            elif kind in kinds:
                row = kinds[kind]
            else:
                continue
            booked = row["right"] + row["wrong"]
            rows.append(
                [
                    kind.replace("_", " "),
                    *(row[column] for column in COLUMNS),
                    f"{row['right'] / booked:.4%}" if booked else "–",
                    f"{row['right'] / row['sent']:.2%}",
                ]
            )
        report.table(
            [title, *COLUMNS[:4], "top 3", "left", "precision", "recall"], rows
        )


def main():
    """Run this part alone and print the result."""
    import argparse
    import os

    from . import scratch
    from .run import Report

    parser = argparse.ArgumentParser(prog="benchmarks.bench_decide")
    add_arguments(parser)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--json", help="file for all that was measured")
    parser.add_argument("--template", default=os.environ.get("KVITT_TEMPLATE"))
    args = parser.parse_args()
    report = Report()
    with scratch.Scratch(args.template, args.keep) as databases:
        bench_decide(databases, args, report)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as stream:
            json.dump(report.data, stream, indent=1)


def add_arguments(parser):
    """Options of this part."""
    parser.add_argument(
        "--open", type=int, default=1_000_000, help="open invoices to decide against"
    )
    parser.add_argument(
        "--decided", type=int, default=100_000, help="payments decided at once"
    )
    parser.add_argument(
        "--damaged", type=float, default=0.05, help="share of damaged payments"
    )
    parser.add_argument("--regimes", nargs="+", choices=REGIMES, default=list(REGIMES))


if __name__ == "__main__":
    main()
