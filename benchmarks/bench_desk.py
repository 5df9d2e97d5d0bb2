"""How fast the review desk answers on a large book, alone and while payments are
booked.

The payments of a world (see :mod:`benchmarks.bench_evidence`) are decided and left to
people, whatever was decided; then everything the screen asks for is asked, as a member
of staff, and timed. Nothing is kept.

The part of the run puts such a world beside the demo company's book, which is made
larger through Odoo and can be booked. One file is booked with nobody at the desk, the
next while a member of staff works there.
"""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

#: What the screen may take, in milliseconds.
TARGET = 300
#: Payments whose details are asked for.
SAMPLES = 40
#: Payments a second that one process is to book.
BOOKED = 200
#: Seconds a member of staff looks at an answer before the next question.
PAUSE = 0.25
#: Answers of the desk before anything is booked, for comparison.
ALONE = 40


def measure(env, file="mix", waiting=1000, rounds=5):
    """Time the answers of the desk.

    :param file: file of the world whose payments wait
    :param waiting: payments on the desk
    :param rounds: how often each list is asked for
    :return: dict of ``waiting``, ``open`` invoices and ``answers``: by name a dict of
        ``median`` and ``worst`` in milliseconds, and ``queries`` of one answer
    """
    from . import book

    env, company = book.company_of(env)
    cr = env.cr
    cr.execute(
        "SELECT id FROM bench_truth WHERE file = %s ORDER BY id LIMIT %s",
        [file, waiting],
    )
    ids = [row[0] for row in cr.fetchall()]
    _leave_to_people(env, company, ids)
    cr.execute("ANALYZE billing_payment, billing_payment_candidate")
    clerk = _clerk(env, company)
    desk = env(user=clerk)["billing.review.desk"].with_company(company)
    answers = {}

    def ask(name, calls):
        times, queries = [], 0
        for call in calls:
            env.flush_all()
            env.invalidate_all()
            before, began = cr.sql_log_count, time.perf_counter()
            call()
            times.append((time.perf_counter() - began) * 1000)
            queries = cr.sql_log_count - before
        answers[name] = {
            "median": statistics.median(times),
            "worst": max(times),
            "queries": queries,
        }

    desk.load({})  # what every process reads once
    middle = len(ids) // 2
    ask("first page", [lambda: desk.load({}, 0, 80)] * rounds)
    ask("page in the middle", [lambda: desk.load({}, middle, 80)] * rounds)
    ask("most certain first", [lambda: desk.load({"sort": "surest"}, 0, 80)] * rounds)
    ask("filter by text", [lambda: desk.load({"text": "hans"}, 0, 80)] * rounds)
    ask("numbers above the list", [desk.overview] * rounds)
    ask("hours saved", [desk.meter] * rounds)
    ask("bulk preview", [lambda: desk.bulk_preview({}, 0.99)] * rounds)
    some = ids[:: max(len(ids) // SAMPLES, 1)][:SAMPLES]
    ask("a payment", [lambda at=at: desk.details(at) for at in some])
    for name, texts in _searches(env, company).items():
        ask(
            f"search by {name}",
            [
                lambda text=text, at=at: desk.search_invoices(at, text)
                for text, at in zip(texts, some, strict=False)
            ],
        )
    cr.execute(
        "SELECT count(*) FROM account_move WHERE state = 'posted'"
        " AND move_type = 'out_invoice' AND payment_state = 'not_paid'"
    )
    [open_count] = cr.fetchone()
    cr.rollback()
    return {"waiting": len(ids), "open": open_count, "answers": answers}


def answer(env, folder, file="mix", waiting=1000):
    """Work at the desk until told to stop.

    First alone, then, once the file ``ready`` is written, beside whatever else is done
    with the database, until there is a file ``stop``. What waits on the desk is kept.

    :param folder: folder of these files
    :return: by time, ``alone`` and ``beside``, milliseconds of each answer by name
    """
    from . import book

    env, company = book.company_of(env)
    cr = env.cr
    cr.execute(
        "SELECT id FROM bench_truth WHERE file = %s ORDER BY id LIMIT %s",
        [file, waiting],
    )
    ids = [row[0] for row in cr.fetchall()]
    _leave_to_people(env, company, ids)
    cr.commit()
    cr.execute("ANALYZE billing_payment, billing_payment_candidate")
    cr.commit()
    clerk = _clerk(env, company)
    desk = env(user=clerk)["billing.review.desk"].with_company(company)
    searches = _searches(env, company)
    folder = Path(folder)
    times = {"alone": {}, "beside": {}}
    desk.load({})  # what every process reads once

    def ask(when, name, call):
        env.invalidate_all()
        # each answer is a request of its own
        cr.commit()
        began = time.perf_counter()
        call()
        spent = (time.perf_counter() - began) * 1000
        times[when].setdefault(name, []).append(spent)
        time.sleep(PAUSE)

    for number in range(10**6):
        when = "alone" if number < ALONE else "beside"
        if number == ALONE:
            (folder / "ready").touch()
        if (folder / "stop").exists():
            return times
        at = ids[number * 7 % len(ids)]
        names = ["first page", "a payment", *searches]
        name = names[number % len(names)]
        if name == "first page":
            ask(when, name, lambda: desk.load({}, 0, 80))
        elif name == "a payment":
            ask(when, name, lambda at=at: desk.details(at))
        else:
            texts = searches[name]
            text = texts[number % len(texts)]
            ask(
                when,
                f"search by {name}",
                lambda at=at, text=text: desk.search_invoices(at, text),
            )
    return times


def _leave_to_people(env, company, ids):
    """Decide payments and propose what was found, whatever it is."""
    # known once Odoo has its addons path
    from odoo.addons.billing_bank_file.core import decision

    payments = env["billing.payment"].with_company(company).browse(ids)
    decisions = [
        decision.Decision(
            item.payment_id,
            decision.PROPOSED if item.candidates else decision.UNMATCHED,
            probability=item.probability,
            reasons=item.reasons,
            candidates=item.candidates,
        )
        for item in env["billing.matcher"].with_company(company)._decide(ids)
    ]
    payments._record_decisions(decisions)
    env.flush_all()


def _clerk(env, company):
    """A member of the company's staff, without all rights."""
    group = env.ref("billing_base.group_billing_user")
    return (
        env["res.users"]
        .search([("company_id", "=", company.id), ("all_group_ids", "in", group.ids)])
        .filtered(lambda user: not user._is_system())[:1]
        .id
    )


def _searches(env, company):
    """What people type, by what it is, spread over the book."""
    env.cr.execute(
        """
        SELECT m.payment_reference, m.name, p.name, m.amount_residual
          FROM account_move m JOIN res_partner p ON p.id = m.partner_id
         WHERE m.company_id = %s AND m.state = 'posted'
           AND m.payment_state = 'not_paid' AND m.move_type = 'out_invoice'
           AND m.payment_reference IS NOT NULL
         ORDER BY m.id LIMIT 2000
        """,
        [company.id],
    )
    rows = env.cr.fetchall()[::100]
    references = [row[0] for row in rows]
    return {
        "reference": references,
        "damaged reference": [
            text[:3] + str((int(text[3]) + 1) % 10) + text[4:]
            for text in references
            if text[3:4].isdigit()
        ],
        "invoice number": [row[1] for row in rows],
        "customer": [row[2] for row in rows],
        "amount": [f"{row[3]:.2f}" for row in rows],
    }


def report_desk(report, found):
    """Print what :func:`measure` found.

    :param report: :class:`benchmarks.run.Report`
    """
    report.say(
        f"### Review desk: {found['waiting']:,} payments waiting, "
        f"{found['open']:,} open invoices"
    )
    report.say()
    report.table(
        ["answer", "median ms", "worst ms", "queries", f"<= {TARGET} ms"],
        [
            (
                name,
                f"{row['median']:.0f}",
                f"{row['worst']:.0f}",
                row["queries"],
                "yes" if row["worst"] <= TARGET else "no",
            )
            for name, row in found["answers"].items()
        ],
    )


# === PART OF THE RUN === #


def bench_desk(databases, args, report):
    """Book a file with nobody at the desk, and one while somebody works there."""
    from .run import progress

    open_count = 20_000 if args.quick else args.open
    payments = 60 if args.quick else args.beside
    progress(f"book for {2 * payments} payments, created and posted through Odoo")
    name = databases.clone("desk")
    databases.work("grow_book", name, size=round(payments * 2.8), seed=args.seed)
    files = _write_files(databases, name, args, payments)
    progress(f"world of {open_count} open invoices beside it")
    databases.work(
        "evidence_prepare",
        name,
        regime="S",
        open_count=open_count,
        seed=args.seed,
        files={"mix": 1000},
        indexes=[""],
    )
    databases.vacuum(name)

    def pay(warm_up, file):
        found = databases.work(
            "pay",
            name,
            way="collective",
            warm_up=files[warm_up]["file"],
            file=files[file]["file"],
        )
        found["rate"] = payments / found["seconds"]
        return found

    progress(f"booking {payments} payments")
    alone = pay("warm_up", "alone")
    progress(f"booking {payments} payments beside the desk")
    ready, stop = databases.folder / "ready", databases.folder / "stop"
    for mark in (ready, stop):
        mark.unlink(missing_ok=True)
    with ThreadPoolExecutor(1) as pool:
        desk = pool.submit(
            databases.work, "desk_at_work", name, folder=str(databases.folder)
        )
        while not ready.exists() and not desk.done():
            time.sleep(0.1)
        try:
            beside = pay("warm_up_beside", "beside")
        finally:
            stop.touch()
        times = desk.result()
    if not args.keep:
        databases.drop(name)
    found = {
        "alone": alone,
        "beside": beside,
        "answers": times,
        "open": open_count,
        "payments": payments,
    }
    report.data["desk"] = found
    _report_beside(report, args, found)


def _write_files(databases, name, args, payments):
    """Four bank files that share no invoice: a small one before each that is timed."""
    files = {}
    taken = databases.folder / "taken.jsonl"
    taken.write_text("")
    for number, (file, count) in enumerate(
        {
            "warm_up": 20, "alone": payments, "warm_up_beside": 20, "beside": payments,
        }.items()
    ):  # fmt: skip
        files[file] = databases.work(
            "write_payments",
            name,
            folder=str(databases.folder),
            name=file,
            seed=args.seed + number,
            count=count,
            mix={},
            batch_size=args.entry,
            leave_out=str(taken),
        )
        with taken.open("a", encoding="utf-8") as stream:
            stream.write(Path(files[file]["truth"]).read_text(encoding="utf-8"))
    return files


def _report_beside(report, args, found):
    report.say(f"## Booking and the review desk, {found['open']:,} open invoices")
    report.say()
    report.say(
        f"One process books bank files, {args.entry} payments in a bank entry; another"
        f" answers a member of staff, who asks something {1 / PAUSE:g} times a second."
    )
    report.say()
    report.table(
        ["Booking", "payments/s", "CPU ms/payment", f">= {BOOKED}"],
        [
            (
                title,
                f"{found[when]['rate']:.0f}",
                f"{found[when]['cpu_seconds'] * 1000 / found['payments']:.1f}",
                "yes" if found[when]["rate"] >= BOOKED else "no",
            )
            for when, title in (
                ("alone", "nobody at the desk"),
                ("beside", "somebody at the desk"),
            )
        ],
    )
    rows = []
    for name in sorted(found["answers"]["alone"]):
        quiet, busy = (
            found["answers"][when].get(name, []) for when in ("alone", "beside")
        )
        if not busy:
            continue
        rows.append(
            (
                name,
                f"{statistics.median(quiet):.0f}",
                f"{max(quiet):.0f}",
                len(busy),
                f"{statistics.median(busy):.0f}",
                f"{max(busy):.0f}",
                "yes" if max(busy) <= TARGET else "no",
            )
        )
    report.table(
        [
            "Answer",
            "alone: median ms",
            "worst",
            "while booking: answers",
            "median ms",
            "worst",
            f"<= {TARGET} ms",
        ],
        rows,
    )


def add_arguments(parser):
    """Options of this part."""
    parser.add_argument(
        "--beside",
        type=int,
        default=1500,
        help="payments booked without and beside the review desk",
    )


def main():
    """Measure a book that another part has kept, and print the result."""
    import argparse

    from . import scratch
    from .run import Report

    parser = argparse.ArgumentParser(prog="benchmarks.bench_desk", description=__doc__)
    parser.add_argument("database", help="made by benchmarks.bench_evidence, kept")
    parser.add_argument("--file", default="mix")
    parser.add_argument("--waiting", type=int, default=1000)
    args = parser.parse_args()
    with scratch.Scratch(args.database, keep=True) as databases:
        found = databases.work(
            "desk", args.database, file=args.file, waiting=args.waiting
        )
    report_desk(Report(), found)


if __name__ == "__main__":
    main()
