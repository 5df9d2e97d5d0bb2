"""How fast the review desk answers on a large book.

The payments of a world (see :mod:`benchmarks.bench_evidence`) are decided and left to
people, whatever was decided; then everything the screen asks for is asked, as a member
of staff, and timed. Nothing is kept.
"""

import statistics
import time

#: What the screen may take, in milliseconds.
TARGET = 300
#: Payments whose details are asked for.
SAMPLES = 40


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
