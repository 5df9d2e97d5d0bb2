"""From open invoices to a file of claims, and from a file of answers to claims.

Customers with AvtaleGiro mandates and one open invoice each are written into the tables
of a scratch database. Kvitt looks at each invoice (mandate, KID, holds, collection,
earlier claims), makes a claim with its history, puts all into one batch, looks at them
once more, numbers, writes and seals the file's bytes, and puts it into the directory.
Then a bank tells about every mandate again, as in a full list; and Bankgirot what
became of as many Autogiro debits, see :mod:`.debit_results`.

Odoo Community has no direct debit; what it offers is a payment for each invoice, which
is measured on the same invoices, without any file.

To measure this part alone::

    python -m benchmarks.bench_debits --template NAME --claims 100000
"""

import os
import resource
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from . import deliveries, scratch

#: Seconds in which all claims are to be in the file, and all answers read.
FILE_TARGET, ANSWER_TARGET = 60, 120
#: Digits of the KIDs that are the same on all invoices of a customer.
FIXED = 10


def bench_debits(databases, args, report):
    """Claims to file and answers to claims; a part of ``make bench``."""
    count = 1_000 if args.quick else args.claims
    shared = min(count, 50 if args.quick else args.claims_shared)
    large = databases.clone("debits")
    filled = databases.work("debits_fill", large, count=count)
    databases.vacuum(large)
    peer = databases.clone("debits_odoo", large)
    found = {
        "odoo": databases.work("debits_odoo", peer, count=shared),
        "file": databases.work("debits_file", large),
    }
    databases.drop(peer)
    databases.vacuum(large)
    found["answers"] = databases.work("debits_answers", large, count=count)
    databases.drop(large)
    swedish = databases.clone("debits_results")
    databases.work("debits_results_fill", swedish, count=count)
    databases.vacuum(swedish)
    found["results"] = databases.work("debits_results", swedish)
    databases.drop(swedish)
    report_debits(report, filled, found)
    report.data["debits"] = {"fill": filled, "found": found}


# === TASKS, INSIDE ODOO === #


def fill(env, count):
    """Write customers with mandates, and an open invoice of each.

    :return: dict of ``invoices``
    """
    from . import book

    env, company = book.company_of(env)
    cr = env.cr
    journal = book.bank_journal(env, company)
    account = "".join(filter(str.isdigit, journal.bank_acc_number))[-11:]
    agreements = env["billing.debit.agreement"].with_context(active_test=False)
    agreements.search([("company_id", "=", company.id)]).active = False
    agreement = agreements.create(
        {
            "name": "Bench",
            "scheme": "avtalegiro",
            "company_id": company.id,
            "journal_id": journal.id,
            "account_number": account,
            "sender_number": "00131936",
            "kid_part_length": FIXED,
            "delivery": "automatic",
            "is_test": False,
            "send_margin": 20,
        }
    )
    # The demo company's own invoices and claims would be counted, too.
    cr.execute(
        "UPDATE account_move SET payment_state = 'paid', amount_residual = 0"
        " WHERE move_type = 'out_invoice'"
    )
    cr.execute("DELETE FROM billing_debit_answer")
    cr.execute("DELETE FROM billing_debit_claim")
    env.invalidate_all()
    today = company._billing_today()
    first, last = deliveries.grow(
        env, company, count, count, today + timedelta(days=21), large=True
    )
    # The customer's digits, and those of the invoice.
    cr.execute(
        "UPDATE account_move SET payment_reference = payment_reference || '01'"
        " WHERE id BETWEEN %s AND %s",
        [first, last],
    )
    cr.execute("SELECT min(id) FROM res_partner WHERE name = 'Kunde 0'")
    [(first_partner,)] = cr.fetchall()
    mandate = (
        env["billing.mandate"]
        .sudo()
        .create(
            {
                "company_id": company.id,
                "agreement_id": agreement.id,
                "partner_id": env["res.partner"].create({"name": "Bench"}).id,
                "kid_part": "8888888888",
                "origin": "bank",
                "state": "active",
                "active_from": today - timedelta(days=400),
            }
        )
    )
    env.flush_all()
    deliveries._copy_rows(
        cr,
        "billing_mandate",
        mandate.id,
        count,
        {
            "id": "base.id + n",
            "partner_id": f"{first_partner} + n",
            "kid_part": "'9' || lpad(n::text, 9, '0')",
            "kid": "'9' || lpad(n::text, 9, '0') || '01'",
        },
    )
    cr.execute("DELETE FROM billing_mandate WHERE id = %s", [mandate.id])
    cr.execute("ANALYZE billing_mandate")
    cr.commit()
    return {"invoices": last - first + 1}


def claims_to_file(env):
    """Do what the scheduled job does, step by step.

    :return: dict of seconds and queries of the steps, and what came out
    """
    from . import book

    env, company = book.company_of(env)
    planner = env["billing.debit.planner"]
    claims = env["billing.debit.claim"].sudo()
    agreement = (
        env["billing.debit.agreement"]
        .sudo()
        .search(
            [("company_id", "=", company.id), ("scheme", "=", "avtalegiro")], limit=1
        )
    )
    agreement.directory = tempfile.mkdtemp()
    steps = {}
    with _step(env, steps, "claims"):
        made = []
        for done in planner._plan(company):
            made.append(done)
            env.cr.commit()
    with _step(env, steps, "batch"):
        claims._note_told(company)
        claims._move_late(agreement)
        batch = claims._fill_batches(agreement)
        env.cr.commit()
    with _step(env, steps, "file"):
        batch = batch.filtered(lambda one: one.kind == "claims")
        batch._deliver()
    [file] = Path(agreement.directory).glob("outbox/*/*")
    return {
        "claims": sum(made),
        "chunks": len(made),
        "steps": steps,
        "seconds": sum(step["seconds"] for step in steps.values()),
        "file_mib": file.stat().st_size / 1024**2,
        "records": sum(1 for _line in file.open("rb")),
        "state": batch.state,
        "peak_mib": _peak(),
    }


def odoo_payments(env, count):
    """Register a payment for each of some invoices, all in one go, as Odoo does.

    :return: dict of ``payments`` and ``seconds``
    """
    from . import book

    env, company = book.company_of(env)
    moves = env["account.move"].search(
        [
            ("company_id", "=", company.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "=", "not_paid"),
        ],
        order="id",
        limit=count,
    )
    journal = book.bank_journal(env, company)
    line = journal.inbound_payment_method_line_ids[:1]
    started = time.perf_counter()
    payments = env["account.payment"].create(
        [
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": move.commercial_partner_id.id,
                "amount": move.amount_residual,
                "currency_id": move.currency_id.id,
                "journal_id": journal.id,
                "payment_method_line_id": line.id,
                "memo": move.payment_reference,
            }
            for move in moves
        ]
    )
    payments.action_post()
    env.cr.commit()
    return {
        "payments": len(payments),
        "seconds": time.perf_counter() - started,
        "peak_mib": _peak(),
    }


def answers(env, count):
    """Read a file in which the bank tells of as many mandates.

    :return: dict of ``answers``, ``seconds`` and what became of them
    """
    from . import book

    env, company = book.company_of(env)
    journal = book.bank_journal(env, company)
    agreement = (
        env["billing.debit.agreement"]
        .sudo()
        .search(
            [("company_id", "=", company.id), ("scheme", "=", "avtalegiro")], limit=1
        )
    )
    data = _mandate_list(agreement.account_number, count)
    before = env.cr.sql_log_count
    started = time.perf_counter()
    file, _seen = env["billing.bank.file"].sudo()._import(data, "fbo.txt", journal)
    env.cr.commit()
    seconds = time.perf_counter() - started
    cr = env.cr
    cr.execute(
        "SELECT state, count(*) FROM billing_debit_answer WHERE file_id = %s"
        " GROUP BY state",
        [file.id],
    )
    return {
        "answers": count,
        "seconds": seconds,
        "queries": cr.sql_log_count - before,
        "states": dict(cr.fetchall()),
        "peak_mib": _peak(),
    }


def _mandate_list(account, count):
    """Return a transmission of mandate records, each of which changes its mandate.

    Every customer asks for notice, and every tenth ends the mandate.
    """
    records = [
        f"NY00001000008080{1:07d}00131936{0:049d}",
        f"NY212420{0:09d}{1:07d}{account}{0:045d}",
    ]
    for number in range(count):
        kind = 2 if number % 10 == 9 else 1
        kid = f"9{number:09d}01"
        records.append(f"NY219470{number + 1:07d}{kind}{kid:>25}J{0:038d}")
    records.append(f"NY212488{count:08d}{count + 2:08d}{0:056d}")
    day = time.strftime("%d%m%y")
    records.append(f"NY000089{count:08d}{count + 4:08d}{0:017d}{day}{0:033d}")
    return "".join(f"{record}\n" for record in records).encode("iso-8859-1")


class _step:
    """Measures a step: seconds and queries."""

    def __init__(self, env, steps, name):
        self.env, self.steps, self.name = env, steps, name

    def __enter__(self):
        self.queries = self.env.cr.sql_log_count
        self.started = time.perf_counter()

    def __exit__(self, *_exception):
        self.steps[self.name] = {
            "seconds": time.perf_counter() - self.started,
            "queries": self.env.cr.sql_log_count - self.queries,
        }


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# === REPORT === #


def report_debits(report, filled, found):
    """Tables of this part."""
    file, told, odoo = found["file"], found["answers"], found["odoo"]
    report.say("## Direct debit: claims to file, answers to claims")
    report.say()
    report.say(
        f"{filled['invoices']:,} open invoices of as many customers with a mandate, one"
        f" worker. The claims are to be in the file within {FILE_TARGET} seconds,"
        f" {told['answers']:,} answers read within {ANSWER_TARGET}."
    )
    report.say()
    names = {
        "claims": f"claims made, in {file['chunks']} parts",
        "batch": "put into a batch",
        "file": "looked at again, written, delivered",
    }
    rows = [
        [
            names[name],
            f"{file['claims']:,}",
            f"{step['seconds']:.1f}",
            f"{file['claims'] / step['seconds']:,.0f}",
            f"{step['queries']:,}",
            "",
        ]
        for name, step in file["steps"].items()
    ]
    # Claims are made when invoices are issued, all through the month; the file is not.
    to_file = [file["steps"][name] for name in ("batch", "file")]
    for name, steps in (
        ("**claims to file**", to_file),
        ("all, from the invoices", list(file["steps"].values())),
    ):
        seconds = sum(step["seconds"] for step in steps)
        rows.append(
            [
                name,
                f"{file['claims']:,}",
                f"{seconds:.1f}",
                f"{file['claims'] / seconds:,.0f}",
                f"{sum(step['queries'] for step in steps):,}",
                f"{file['peak_mib']:.0f}",
            ]
        )
    rows.append(
        [
            "answers read and applied",
            f"{told['answers']:,}",
            f"{told['seconds']:.1f}",
            f"{told['answers'] / told['seconds']:,.0f}",
            f"{told['queries']:,}",
            f"{told['peak_mib']:.0f}",
        ]
    )
    results = found["results"]
    rows.append(
        [
            f"Autogiro results, {results['executed']:,} of them money",
            f"{results['answers']:,}",
            f"{results['seconds']:.1f}",
            f"{results['answers'] / results['seconds']:,.0f}",
            f"{results['queries']:,}",
            f"{results['peak_mib']:.0f}",
        ]
    )
    report.table(
        ["Step", "records", "seconds", "records/s", "queries", "peak MiB"], rows
    )
    states = ", ".join(f"{n:,} {state}" for state, n in sorted(told["states"].items()))
    each = odoo["seconds"] / max(odoo["payments"], 1)
    ours = file["seconds"] / max(file["claims"], 1)
    report.say(
        f"The file has {file['records']:,} records and {file['file_mib']:.1f} MiB, and"
        f" is {file['state']}. Of the answers: {states}. Kvitt needs"
        f" {ours * 1000:.2f} ms for each claim; Odoo {each * 1000:.2f} ms for each"
        f" payment it registers and posts ({odoo['payments']:,} of the same invoices,"
        f" no mandate, notice or file), {each / ours:.0f} times as long."
    )
    report.say()


def add_arguments(parser):
    """Options of this part."""
    parser.add_argument(
        "--claims", type=int, default=100_000, help="invoices drawn by direct debit"
    )
    parser.add_argument(
        "--claims-shared",
        type=int,
        default=1_000,
        help="of them, those that Odoo registers payments for",
    )


def main():
    """Run this part alone."""
    import argparse

    from .run import Report

    parser = argparse.ArgumentParser(
        prog="benchmarks.bench_debits", description=__doc__
    )
    add_arguments(parser)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--template", default=os.environ.get("KVITT_TEMPLATE"))
    args = parser.parse_args()
    with scratch.Scratch(args.template) as databases:
        bench_debits(databases, args, Report())


if __name__ == "__main__":
    main()
