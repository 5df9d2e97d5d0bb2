"""How fast invoices are planned and sent.

**Planning.** A million invoices that are due in three days are written into the tables
of a scratch database; a plan begins three days ahead. Two workers plan the day, as the
two scheduled jobs do. Then some of the invoices are paid, and the next day is planned:
the million that are on their way are looked through, and the settled ones end.

**Sending.** Invoices that were posted through Odoo go out by e-mail, to an SMTP server,
and by SMS, to an HTTP gateway, both in processes of their own; beside Odoo's own ways
of sending the same invoices to them. What arrived is counted there.

To measure one part on a database that stays::

    python -m benchmarks.bench_distribution --template NAME --runs 100000 --sent 200
"""

import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

from . import deliveries, scratch

#: Seconds in which a million open runs are to be planned for the day.
TARGET = 60
#: Share of the invoices that are paid before the second day.
PAID = 0.02
#: Days before the due date on which the plan begins.
DAYS = 3
WAYS = {
    "email_link": "Kvitt, e-mail with the link",
    "email_pdf": "Kvitt, e-mail with the PDF",
    "odoo_email": "Odoo's own sending by e-mail",
    "sms": "Kvitt, SMS",
    "odoo_sms": "Odoo's own SMS",
}


def bench_distribution(databases, args, report):
    """Planning and sending; a part of ``make bench``."""
    count = 20_000 if args.quick else args.runs
    name = databases.clone("distribution")
    filled = databases.work("distribution_fill", name, count=count, seed=args.seed)
    databases.vacuum(name)
    first = databases.work("distribution_plan", name, workers=2)
    databases.vacuum(name)
    paid = databases.work("distribution_pay", name, share=PAID)
    second = databases.work("distribution_plan", name, workers=2, later=1)
    databases.drop(name)
    report_planning(report, count, filled, first, paid, second)
    report.data["distribution"] = {"fill": filled, "first": first, "second": second}

    number = 40 if args.quick else args.sent
    name = databases.clone("sending")
    databases.work("distribution_prepare", name, number=number)
    found = {}
    with Sink() as sink:
        for way in WAYS:
            size = min(number, args.sent_by_odoo) if way == "odoo_email" else number
            work = databases.clone("sending_way", name)
            before = sink.counts()
            found[way] = databases.work(
                "distribution_send",
                work,
                way=way,
                number=size,
                smtp_port=sink.smtp_port,
                http_port=sink.http_port,
            )
            after = sink.counts()
            found[way]["received"] = {
                kind: after[kind] - before[kind] for kind in ("mail", "sms")
            }
            databases.drop(work)
    report_sending(report, found)
    report.data["distribution"]["sending"] = found


class Sink:
    """The receiving end of e-mail and SMS, in a process of its own."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("sink.py"))],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.smtp_port, self.http_port = json.loads(self.process.stdout.readline())
        return self

    def __exit__(self, *_exception):
        self.process.kill()
        self.process.wait()

    def counts(self):
        """How many e-mails and SMS have arrived so far."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.http_port}/counts"
        ) as answer:
            return json.load(answer)


# === TASKS, INSIDE ODOO === #


def fill(env, count, seed):
    """Write customers and invoices, and let a plan for them go live.

    :return: dict of ``invoices``, ``customers`` and ``seconds``
    """
    from . import book

    env, company = book.company_of(env)
    started = time.perf_counter()
    env["billing.distribution.plan"].search([]).active = False
    company.billing_quiet_hours = True
    plan = env["billing.distribution.plan"].create(
        {
            "name": "Friendly reminder",
            "company_id": company.id,
            "trigger": "before_due",
            "trigger_days": DAYS,
            "domain": "[('amount_total', '>', 0)]",
            "is_reminder": True,
        }
    )
    content = env.ref("billing_dynamic_distribution.content_before_due")
    plan._get_draft().step_ids = [
        (0, 0, {"channel": "last_opened", "template_id": content.id}),
        (0, 0, {"channel": "sms", "wait": 2, "template_id": content.id}),
    ]
    plan.version_ids._publish()
    customers = max(count // 3, 1)
    deliveries.grow(
        env,
        company,
        customers,
        count,
        company._billing_today() + timedelta(days=DAYS),
        large=True,
    )
    env.cr.commit()
    return {
        "invoices": count,
        "customers": customers,
        "seconds": time.perf_counter() - started,
    }


def plan_day(env, workers, later=0):
    """Plan the day with several workers, each a process with its own connections.

    :param int later: days from today
    :return: dict of ``seconds``, ``runs`` waiting, ``ended``, and per worker the
        ``queries`` and ``peak_mib``
    """
    from odoo import sql_db

    from . import book

    env, company = book.company_of(env)
    day = company._billing_today() + timedelta(days=later)
    company_id = company.id
    env.cr.commit()
    started = time.perf_counter()
    readers = []
    for shard in range(workers):
        reader, writer = os.pipe()
        if not os.fork():
            # Connections of its own; those of the parent stay as they are.
            parents, sql_db._Pool = sql_db._Pool, None
            told = _plan_shard(env, company_id, shard, workers, later and day)
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
    env.cr.execute(
        "SELECT state, count(*) FROM billing_distribution_run"
        " WHERE company_id = %s GROUP BY state",
        [company_id],
    )
    states = dict(env.cr.fetchall())
    return {
        "seconds": seconds,
        "states": states,
        "batches": [len(batches) for batches, _peak in told],
        "queries": sorted({queries for batches, _p in told for _r, queries in batches}),
        "peak_mib": max(peak for _batches, peak in told),
    }


def _plan_shard(env, company_id, shard, shards, day):
    """Plan one worker's part of the day.

    :return: list of pairs of rows and queries of each batch; peak memory in MiB
    """
    from odoo import SUPERUSER_ID, api

    with env.registry.cursor() as cr:
        here = api.Environment(cr, SUPERUSER_ID, {"billing_date": day} if day else {})
        before = cr.sql_log_count
        batches = []
        for rows in here["billing.distribution.planner"]._plan_company(
            here["res.company"].browse(company_id), shard, shards
        ):
            cr.commit()
            batches.append((rows, cr.sql_log_count - before))
            before = cr.sql_log_count
    return [batches, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]


def pay(env, share):
    """Let a share of the invoices be paid, in the tables.

    :return: number of invoices
    """
    env.cr.execute(
        """UPDATE account_move SET payment_state = 'paid', amount_residual = 0
            WHERE id IN (SELECT move_id FROM billing_distribution_run
                          WHERE move_id %% 100 < %s)""",
        [round(share * 100)],
    )
    return env.cr.rowcount


def prepare_sending(env, number):
    """Post invoices through Odoo, each of a customer of its own."""
    from . import book

    env, company = book.company_of(env)
    env["billing.distribution.plan"].search([]).active = False
    company.write(
        {
            "email": "faktura@fjordlys.example",
            "billing_quiet_hours": False,
            "billing_cap_email_day": 0,
            "billing_cap_email_week": 0,
            "billing_cap_sms_day": 0,
            "billing_cap_sms_week": 0,
        }
    )
    partners = env["res.partner"].create(
        [
            {
                "name": f"Kunde {n}",
                "email": f"kunde{n}@kunde.example",
                "phone": f"+4740{n:06}",
                "country_id": env.ref("base.no").id,
                "lang": "nb_NO" if env["res.lang"]._lang_get("nb_NO") else "en_US",
            }
            for n in range(number)
        ]
    )
    moves = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": company._billing_today(),
                "invoice_line_ids": [
                    (0, 0, {"name": "Strøm", "price_unit": 500 + index})
                ],
            }
            for index, partner in enumerate(partners)
        ]
    )
    moves.action_post()
    env["ir.config_parameter"].set_param("report.print_delay", "0")
    env.cr.commit()
    return {"moves": len(moves)}


def send(env, way, number, smtp_port, http_port):
    """Send invoices in one of the ways, and time it.

    :return: dict of ``seconds``, ``queries`` and ``peak_mib``
    """
    from . import book

    env, company = book.company_of(env)
    env["ir.mail_server"].search([]).active = False
    env["ir.mail_server"].create(
        {
            "name": "Sink",
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp_port,
            "smtp_encryption": "none",
        }
    )
    company.write(
        {
            "billing_sms_provider": "http",
            "billing_sms_http_url": f"http://127.0.0.1:{http_port}/cgi-bin/sendsms",
        }
    )
    moves = env["account.move"].search(
        [
            ("company_id", "=", company.id),
            ("partner_id.name", "=like", "Kunde %"),
            ("state", "=", "posted"),
        ],
        order="id",
        limit=number,
    )
    env.cr.commit()
    before = env.cr.sql_log_count
    started = time.perf_counter()
    _SENDERS[way](env, company, moves)
    env.cr.commit()
    return {
        "messages": len(moves),
        "seconds": time.perf_counter() - started,
        "queries": env.cr.sql_log_count - before,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _kvitt(channel, attach):
    """Through a plan, from the run to the settled attempt."""

    def run(env, company, moves):
        plan = env["billing.distribution.plan"].create(
            {"name": "Bench", "company_id": company.id, "trigger": "asked"}
        )
        content = env.ref("billing_dynamic_distribution.content_invoice")
        plan._get_draft().step_ids = [
            (
                0,
                0,
                {
                    "channel": channel,
                    "condition": "not_paid",
                    "template_id": content.id,
                    "attach_pdf": "attach" if attach else "link",
                },
            )
        ]
        plan.version_ids._publish()
        moves._billing_distribute("asked")
        env["billing.distribution.sender"]._cron_send(channel)

    return run


def _odoo_email(env, _company, moves):
    """One by one, since Odoo's batch cannot print with every wkhtmltopdf."""
    for move in moves:
        env["account.move.send"]._generate_and_send_invoices(
            move, sending_methods={"email"}, allow_raising=False
        )
        env.cr.commit()
    env["mail.mail"].process_email_queue()


def _odoo_sms(env, _company, moves):
    """Queued and sent by Odoo's own job, through the same gateway."""
    for move in moves:
        move._message_sms(
            f"Faktura {move.name}: {move.get_base_url()}{move.get_portal_url()}",
            partner_ids=move.partner_id.ids,
            put_in_queue=True,
        )
    env.cr.commit()
    env["sms.sms"]._process_queue()


_SENDERS = {
    "email_link": _kvitt("email", False),
    "email_pdf": _kvitt("email", True),
    "odoo_email": _odoo_email,
    "sms": _kvitt("sms", False),
    "odoo_sms": _odoo_sms,
}


# === TABLES === #


def report_planning(report, count, filled, first, paid, second):
    """Table of planning."""
    report.say("## Planning the day")
    report.say()
    report.say(
        f"{count:,} open invoices of {filled['customers']:,} customers, two workers."
        f" A million runs are to be planned within {TARGET} seconds."
    )
    report.say()
    rows = []
    for name, found, number in (
        ("begin all that are due in three days", first, count),
        (f"the next day: look through them, end {paid:,} paid ones", second, count),
    ):
        rows.append(
            [
                name,
                f"{found['seconds']:.1f}",
                f"{number / found['seconds']:,.0f}",
                f"{found['seconds'] * 1_000_000 / number:.0f}",
                "–".join(
                    str(q) for q in (found["queries"][:1] + found["queries"][-1:])
                ),
                f"{found['peak_mib']:.0f}",
            ]
        )
    report.table(
        [
            "Day",
            "seconds",
            "runs/s",
            "seconds for a million",
            "queries a batch",
            "peak MiB",
        ],
        rows,
    )


def report_sending(report, found):
    """Table of sending."""
    report.say("## Sending invoices")
    report.say()
    report.table(
        ["Way", "messages", "arrived", "messages/s", "queries/message", "peak MiB"],
        [
            [
                WAYS[way],
                run["messages"],
                run["received"]["sms" if "sms" in way else "mail"],
                f"{run['messages'] / run['seconds']:.1f}",
                f"{run['queries'] / run['messages']:.1f}",
                f"{run['peak_mib']:.0f}",
            ]
            for way, run in found.items()
        ],
    )


def add_arguments(parser):
    """Options of this part."""
    parser.add_argument(
        "--runs", type=int, default=1_000_000, help="invoices planned for the day"
    )
    parser.add_argument("--sent", type=int, default=1000, help="messages sent each way")
    parser.add_argument(
        "--sent-by-odoo", type=int, default=100, help="e-mails through Odoo's sending"
    )


def main():
    """Run this part alone, on a database that is not dropped."""
    import argparse

    from .run import Report

    parser = argparse.ArgumentParser(
        prog="benchmarks.bench_distribution", description=__doc__
    )
    add_arguments(parser)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--template", default=os.environ.get("KVITT_TEMPLATE"))
    args = parser.parse_args()
    report = Report()
    with scratch.Scratch(args.template) as databases:
        bench_distribution(databases, args, report)


if __name__ == "__main__":
    main()
