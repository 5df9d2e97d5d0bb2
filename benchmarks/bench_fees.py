"""How fast overdue invoices are decided about, beside OCA's account_credit_control.

Overdue invoices of many customers are written into the tables of a scratch database,
some of them on hold. On the first day none of them has had a letter; what is prepared
counts as sent, and a fortnight later the next step has come for all, with fees. Kvitt
asks ladder, law, holds, direct debits, collections, open credits and the rules of
goodwill, and writes letters that bundle a customer's invoices. OCA's addon does a run
on each of the days, with two levels that wait as long, and writes its lines.

Both get the same small book; Kvitt a large one besides.

To measure this part alone::

    python -m benchmarks.bench_fees --template NAME --overdue 200000
"""

import json
import os
import resource
import time
from datetime import timedelta

from . import deliveries, scratch

#: Seconds in which the large book is to be decided about.
TARGET = 60
#: The addon of OCA that reminds. It is measured only and never shipped: AGPL.
PEER = ("odoo-addon-account-credit-control==19.0.1.0.0.13",)
#: Every so many invoices are on hold.
HELD = 50
#: Days between the first letter and the second.
LATER = 14


def bench_fees(databases, args, report):
    """Deciding about overdue invoices; a part of ``make bench``."""
    count = 2_000 if args.quick else args.overdue
    shared = min(count, 500 if args.quick else args.overdue_shared)
    large = databases.clone("fees")
    filled = databases.work("fees_fill", large, count=count)
    databases.vacuum(large)
    found = {"large": databases.work("fees_kvitt", large, workers=2)}
    databases.drop(large)

    small = databases.clone("fees_shared")
    databases.work("fees_fill", small, count=shared)
    databases.vacuum(small)
    work = databases.clone("fees_way", small)
    found["kvitt"] = databases.work("fees_kvitt", work, workers=1)
    databases.drop(work)
    addons = scratch.peers_path(PEER, "peers_fees")
    databases.work("install", small, addons=addons, modules=["account_credit_control"])
    databases.vacuum(small)
    found["oca"] = databases.work("fees_oca", small, addons=addons)
    databases.drop(small)
    report_fees(report, filled, found)
    report.data["fees"] = {"fill": filled, "found": found}


# === TASKS, INSIDE ODOO === #


def fill(env, count):
    """Write customers and their overdue invoices.

    :return: dict of ``invoices``, ``customers`` and ``held``
    """
    from . import book

    env, company = book.company_of(env)
    cr = env.cr
    # The demo company's own invoices would be counted, too.
    cr.execute(
        "UPDATE account_move SET payment_state = 'paid', amount_residual = 0"
        " WHERE move_type = 'out_invoice'"
    )
    cr.execute(
        "UPDATE account_move_line SET reconciled = TRUE, amount_residual = 0,"
        " amount_residual_currency = 0 WHERE reconciled IS NOT TRUE"
    )
    customers = max(count * 2 // 5, 1)
    today = company._billing_today()
    first, last = deliveries.grow(
        env, company, customers, count, today - timedelta(days=5), large=True
    )
    # Due on twenty different days; the invoice's own claim is a line of it.
    cr.execute(
        """UPDATE account_move
              SET invoice_date_due = invoice_date_due - id %% 20,
                  invoice_date = invoice_date_due - id %% 20 - 14
            WHERE id BETWEEN %s AND %s""",
        [first, last],
    )
    _write_claims(cr, first, last)
    cr.execute(
        """INSERT INTO billing_hold
                  (move_id, company_id, partner_id, reason, date_since, block_fee,
                   block_reminder, block_handover, block_distribution, user_id)
           SELECT id, company_id, commercial_partner_id, 'bench', %s, TRUE, TRUE, TRUE,
                  FALSE, %s
             FROM account_move WHERE id BETWEEN %s AND %s AND id %% %s = 0""",
        [today - timedelta(days=3), env.uid, first, last, HELD],
    )
    held = cr.rowcount
    cr.commit()
    return {"invoices": count, "customers": customers, "held": held}


def _write_claims(cr, first, last):
    """Write the receivable line of each invoice, a copy of a posted one's."""
    cr.execute(
        """SELECT line.id FROM account_move_line AS line
             JOIN account_account AS account ON account.id = line.account_id
             JOIN account_move AS move ON move.id = line.move_id
            WHERE account.account_type = 'asset_receivable'
              AND move.move_type = 'out_invoice' AND move.state = 'posted'
              AND move.company_id = (SELECT company_id FROM account_move
                                      WHERE id = %s)
         ORDER BY line.id LIMIT 1""",
        [first],
    )
    [(source,)] = cr.fetchall()
    own = {
        "id": "base.id + (move.id - %(first)s)",
        "move_id": "move.id",
        "move_name": "move.name",
        "partner_id": "move.commercial_partner_id",
        "date_maturity": "move.invoice_date_due",
        "reconciled": "FALSE",
        "full_reconcile_id": "NULL",
        "matching_number": "NULL",
        "credit": "0",
        **dict.fromkeys(
            (
                "debit", "balance", "amount_currency", "amount_residual",
                "amount_residual_currency",
            ),
            "move.amount_total",
        ),
    }  # fmt: skip
    cr.execute(
        """SELECT column_name FROM information_schema.columns
            WHERE table_name = 'account_move_line' AND is_generated = 'NEVER'
              AND table_schema = current_schema()"""
    )
    columns = [column for (column,) in cr.fetchall()]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(own.get(column, f'source."{column}"') for column in columns)
    cr.execute(
        f"""INSERT INTO account_move_line ({names})
            SELECT {values}
              FROM account_move_line AS source,
                   (SELECT max(id) + 1 AS id FROM account_move_line) AS base,
                   account_move AS move
             WHERE source.id = %(source)s AND move.id BETWEEN %(first)s AND %(last)s""",
        {"source": source, "first": first, "last": last},
    )
    cr.execute(
        "SELECT setval(pg_get_serial_sequence('account_move_line', 'id'), max(id))"
        " FROM account_move_line"
    )


def kvitt(env, workers):
    """Prepare the reminders of two days.

    :param int workers: processes that share the customers, as the scheduled jobs do
    :return: list of what each day took
    """
    from . import book

    env, company = book.company_of(env)
    policies = env["billing.dunning.policy"].search([("company_id", "=", company.id)])
    policies.action_draft()
    policies.filtered(lambda p: p.shipped_code == "no_standard").action_activate()
    company.billing_waiver_month_amount = 0
    env.cr.commit()
    today = company._billing_today()
    return [
        _kvitt_day(env, company, today + timedelta(days=days), workers)
        for days in (0, LATER)
    ]


def _kvitt_day(env, company, day, workers):
    """Prepare the reminders of one day, and let them count as sent."""
    from odoo import sql_db

    company_id = company.id
    env.cr.commit()
    started = time.perf_counter()
    readers = []
    for shard in range(workers):
        reader, writer = os.pipe()
        if not os.fork():
            # Connections of its own; those of the parent stay as they are.
            parents, sql_db._Pool = sql_db._Pool, None
            told = _plan_shard(env, company_id, day, shard, workers)
            os.write(writer, json.dumps(told).encode())
            os._exit(0 if parents else 1)
        os.close(writer)
        readers.append(reader)
    told = []
    for reader in readers:
        with os.fdopen(reader) as stream:
            told.append(json.load(stream))
        os.wait()
    seconds = time.perf_counter() - started
    cr = env.cr
    cr.execute(
        """SELECT count(*), count(DISTINCT reminder_id), sum(fee_amount)
             FROM billing_reminder_line WHERE state = 'prepared'"""
    )
    lines, letters, fees = cr.fetchone()
    for table in ("billing_reminder_line", "billing_reminder"):
        cr.execute(f"UPDATE {table} SET state = 'sent' WHERE state = 'prepared'")
    cr.commit()
    return {
        "invoices": sum(sum(one["seen"]) for one in told),
        "lines": lines,
        "letters": letters,
        "fees": float(fees or 0),
        "seconds": seconds,
        "cpu_seconds": sum(one["cpu_seconds"] for one in told),
        "queries": [queries for one in told for queries in one["queries"]],
        "peak_mib": max(one["peak_mib"] for one in told),
    }


def _plan_shard(env, company_id, day, shard, shards):
    """Plan one worker's part of the day.

    :return: dict of invoices ``seen`` and ``queries`` of each batch, ``cpu_seconds``
        and ``peak_mib``
    """
    from odoo import SUPERUSER_ID, api

    cpu = time.process_time()
    with env.registry.cursor() as cr:
        here = api.Environment(cr, SUPERUSER_ID, {})
        company = here["res.company"].browse(company_id)
        before, seen, queries = cr.sql_log_count, [], []
        for number in here["billing.dunning.planner"]._plan_batches(
            company, day, None, shard, shards
        ):
            cr.commit()
            seen.append(number)
            queries.append(cr.sql_log_count - before)
            before = cr.sql_log_count
    return {
        "seen": seen,
        "queries": queries,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def oca(env):
    """Do the runs of OCA's addon on the same two days.

    :return: list of what each day took
    """
    from . import book

    env, company = book.company_of(env)
    template = env.ref("account_credit_control.email_template_credit_control_base")
    account = env["account.account"].search(
        [
            ("company_ids", "in", company.ids),
            ("account_type", "=", "asset_receivable"),
        ]
    )
    level = {
        "email_template_id": template.id,
        "channel": "email",
        "custom_text": "-",
        "custom_mail_text": "-",
    }
    policy = env["credit.control.policy"].create(
        {
            "name": "Bench",
            "company_id": company.id,
            "account_ids": [(6, 0, account.ids)],
            "level_ids": [
                (
                    0,
                    0,
                    {
                        "name": "First",
                        "level": 1,
                        "computation_mode": "net_days",
                        "delay_days": 3,
                        **level,
                    },
                ),
                (
                    0,
                    0,
                    {
                        "name": "Second",
                        "level": 2,
                        "computation_mode": "previous_date",
                        "delay_days": 11,
                        **level,
                    },
                ),
            ],
        }
    )
    company.credit_policy_id = policy
    env.cr.commit()
    today = company._billing_today()
    return [
        _oca_day(env, company, policy, today + timedelta(days=days))
        for days in (0, LATER)
    ]


def _oca_day(env, company, policy, day):
    cr = env.cr
    env.invalidate_all()
    before = cr.sql_log_count
    started, cpu = time.perf_counter(), time.process_time()
    run = env["credit.control.run"].create(
        {"date": day, "policy_ids": [(6, 0, policy.ids)], "company_id": company.id}
    )
    run.generate_credit_lines()
    cr.commit()
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    found = {
        "invoices": len(run.line_ids),
        "lines": len(run.line_ids),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "queries": [cr.sql_log_count - before],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    cr.execute("UPDATE credit_control_line SET state = 'sent' WHERE state = 'draft'")
    cr.commit()
    return found


# === REPORT === #


def report_fees(report, filled, found):
    """Tables of this part."""
    large, small, peer = found["large"], found["kvitt"], found["oca"]
    report.say("## Deciding about overdue invoices")
    report.say()
    report.say(
        f"{filled['invoices']:,} overdue invoices of {filled['customers']:,} customers,"
        f" {filled['held']:,} of them on hold, two workers."
        f" They are to be decided about within {TARGET} seconds."
    )
    report.say()
    report.table(
        [
            "Day",
            "invoices",
            "in letters",
            "letters",
            "fees",
            "seconds",
            "invoices/s",
            "queries a batch",
            "peak MiB",
        ],
        [
            [
                name,
                f"{day['invoices']:,}",
                f"{day['lines']:,}",
                f"{day['letters']:,}",
                f"{day['fees']:,.0f}",
                f"{day['seconds']:.1f}",
                f"{day['invoices'] / day['seconds']:,.0f}",
                f"{min(day['queries'])}–{max(day['queries'])}",
                f"{day['peak_mib']:.0f}",
            ]
            for name, day in zip(
                ("first letters", "second letters, with a fee"), large, strict=True
            )
        ],
    )
    report.say("The same smaller book through each, both days.")
    report.say()
    report.table(
        ["Way", "invoices", "seconds", "invoices/s", "queries", "peak MiB"],
        [
            [
                f"{name}, {when}",
                f"{day['invoices']:,}",
                f"{day['seconds']:.1f}",
                f"{day['invoices'] / day['seconds']:,.0f}",
                f"{sum(day['queries']):,}",
                f"{day['peak_mib']:.0f}",
            ]
            for name, days in (("Kvitt", small), ("OCA account_credit_control", peer))
            for when, day in zip(("first letters", "second letters"), days, strict=True)
        ],
    )
    rates = [
        sum(day["seconds"] for day in days) / max(sum(day["lines"] for day in days), 1)
        for days in (small, peer)
    ]
    report.say(
        f"Kvitt needs {rates[0] * 1000:.2f} ms for each invoice in a letter; OCA's"
        f" addon, without law, holds or credits, {rates[1] * 1000:.2f} ms for each"
        f" line, {rates[1] / rates[0]:.1f} times as long."
    )
    report.say()


def add_arguments(parser):
    """Options of this part."""
    parser.add_argument(
        "--overdue", type=int, default=200_000, help="overdue invoices decided about"
    )
    parser.add_argument(
        "--overdue-shared",
        type=int,
        default=10_000,
        help="overdue invoices for Kvitt and for OCA's addon",
    )


def main():
    """Run this part alone."""
    import argparse

    from .run import Report

    parser = argparse.ArgumentParser(prog="benchmarks.bench_fees", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--template", default=os.environ.get("KVITT_TEMPLATE"))
    args = parser.parse_args()
    with scratch.Scratch(args.template) as databases:
        bench_fees(databases, args, Report())


if __name__ == "__main__":
    main()
