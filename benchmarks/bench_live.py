"""Open pages of invoices: what one costs, and how fast thousands hear of a change.

Served as deployed (:mod:`benchmarks.live_server`). Pages are drawn beside Odoo's own
page of the same invoices, in a copy of the database without the addon; then thousands
of pages are opened (:mod:`benchmarks.live_pages`), invoices change, and the process
that holds the websockets is killed.
"""

import asyncio
import os
import signal
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

#: Seconds from a change to its being shown, of one invoice.
TARGET = 2.0
#: Pages that are drawn for comparison.
DRAWN = 60
#: Seconds for which open pages are left alone, to see what that costs.
IDLE = 60


# === IN ODOO === #


def fill(env, pages, seed):
    """Make invoices with a personal link and an open page each.

    :return: ``pages``, a list of dicts of ``move_id``, ``ticket`` and, of its page,
        ``path`` and ``live``; and the ``version`` of Odoo's websockets
    """
    from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor
    from odoo.addons.bus.websocket import WebsocketConnectionHandler

    from . import book

    # The files of the template stay with it: bundles are made anew.
    env["ir.attachment"].search([("url", "=like", "/web/assets/%")]).unlink()
    book.grow(env, pages, seed, paid_share=0)
    env, company = book.company_of(env)
    moves = env["account.move"].search(
        [
            ("company_id", "=", company.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("payment_state", "=", "not_paid"),
        ],
        order="id desc",
        limit=pages,
    )
    links = env["billing.link"]._issue(
        [{"move_id": move.id, "key": f"bench:{move.id}"} for move in moves]
    )
    presences = env["billing.page.presence"]
    found = []
    for move, link in zip(moves, links, strict=True):
        visitor = Visitor(
            "link", link_id=link.id, partner_id=move.commercial_partner_id.id
        )
        query = f"access_token={link._token()}"
        found.append(
            {
                "move_id": move.id,
                "path": f"/my/invoices/{move.id}?{query}",
                "live": f"/my/invoices/{move.id}/live?{query}",
                "ticket": presences._issue_ticket(move, visitor),
            }
        )
    env.cr.commit()
    return {"pages": found, "version": WebsocketConnectionHandler._VERSION}


def uninstall(env):
    """Leave Odoo its own page of invoices."""
    module = env["ir.module.module"].search(
        [("name", "=", "billing_interactive_invoice")]
    )
    module.button_immediate_uninstall()
    return {"state": module.state}


def change(env, move_ids, pause):
    """Change invoices one after another, each in a transaction of its own.

    An answer in the conversation and a part payment, in turn.

    :param pause: seconds between two
    :return: when each was begun to be committed (seconds since 1970), by id
    """
    from . import book

    env, company = book.company_of(env)
    begun = {}
    for number, move_id in enumerate(move_ids):
        move = env["account.move"].browse(move_id)
        if number % 2:
            env["account.payment.register"].with_context(
                active_model="account.move", active_ids=move.ids
            ).create({"amount": 1.0})._create_payments()
        else:
            move.message_post(
                body="The meter is read on Monday.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        env.flush_all()
        begun[str(move_id)] = time.time()
        env.cr.commit()
        env.invalidate_all()
        time.sleep(pause)
    return begun


def change_all(env, move_ids):
    """Change invoices in one transaction, as the booking of a bank file does.

    :return: when it was begun to be committed, and when that was done
    """
    from . import book

    env, _company = book.company_of(env)
    env["billing.event"]._log(
        [{"kind": "hold.placed", "move_id": move_id} for move_id in move_ids]
    )
    env.flush_all()
    begun = time.time()
    env.cr.commit()
    return {"begun": begun, "done": time.time()}


# === PART OF THE RUN === #


def bench_live(databases, args, report):
    """Draw pages beside Odoo's own, open thousands, change what they show.

    :raises BenchError: a page could not be had
    """
    from . import live_pages
    from .scratch import BenchError

    try:
        _bench_live(databases, args, report)
    except live_pages.Lost as error:
        raise BenchError(str(error)) from error


def _bench_live(databases, args, report):
    from . import live_pages
    from .live_server import Deployment, allow_files
    from .run import progress

    allow_files()
    count = 60 if args.quick else args.pages
    progress(f"{count} invoices with a personal link each")
    name = databases.clone("live")
    made = databases.work("live_fill", name, pages=count, seed=args.seed)
    databases.vacuum(name)
    progress("the same without the addon")
    plain = databases.clone("plain", name)
    databases.work("live_uninstall", plain)
    databases.vacuum(plain)
    paths = [page["path"] for page in made["pages"]]
    drawn = {}
    with (
        Deployment(name, databases.folder, args.http_workers, count) as ours,
        Deployment(plain, databases.folder, args.http_workers, 64) as odoos,
    ):
        paths = paths[: 10 if args.quick else DRAWN]
        progress(f"{len(paths)} pages of each, in turn")
        drawn = asyncio.run(_draw({"ours": ours, "odoo": odoos}, paths))
    with Deployment(name, databases.folder, args.http_workers, count) as ours:
        pages = [
            live_pages.Page(
                page["move_id"],
                page["ticket"],
                page["live"],
                ours.port,
                made["version"],
            )
            for page in made["pages"]
        ]
        cookie = asyncio.run(live_pages.session(ours.port, paths[0]))
        for page in pages:
            page.cookie = cookie
        found = asyncio.run(_load(databases, args, name, ours, pages, progress))
        found["complaints"] = ours.complaints()
    if not args.keep:
        databases.drop(name)
        databases.drop(plain)
    found |= {"drawn": drawn, "pages_drawn": len(paths)}
    report.data["live"] = found
    _report(report, args, found)


async def _draw(servers, paths):
    """Draw the same invoices on both servers, turn about.

    :return: by server and by what was drawn, dicts of ``ms``, ``queries`` and bytes
    """
    from . import live_pages

    answers = {name: {"page": [], "document": []} for name in servers}
    weights = {}
    for name, server in servers.items():
        weights[name] = await live_pages.weigh(server.port, paths[0])
        # What every worker reads once.
        for path in paths[: 10 * 2]:
            await live_pages.get(server.port, path)
    marks = {name: os.path.getsize(server.log) for name, server in servers.items()}
    for path in paths:
        for name, server in servers.items():
            await _timed(server, path, answers[name]["page"])
            if name == "odoo":
                # What Odoo's page frames: the invoice itself.
                framed = f"{path}&report_type=html"
                await _timed(server, framed, answers[name]["document"])
    found = {}
    for name, server in servers.items():
        noted = server.requests(marks[name])
        found[name] = {"bytes": weights[name]}
        for part, times in answers[name].items():
            if times:
                rows = [
                    row
                    for row in noted
                    if row[0].startswith("/my/invoices/")
                    and ("report_type" in row[0]) == (part == "document")
                ]
                found[name][part] = {
                    "ms": _spread([seconds * 1000 for seconds in times]),
                    "queries": statistics.median(row[2] for row in rows),
                    "server_ms": statistics.median(row[3] * 1000 for row in rows),
                }
    return found


async def _timed(server, path, times):
    from . import live_pages

    status, _headers, _body, seconds = await live_pages.get(server.port, path)
    if status != 200:
        raise live_pages.Lost(f"HTTP {status} for an invoice's page")
    times.append(seconds)


async def _load(databases, args, name, server, pages, progress):
    from . import live_pages

    found = {"pages": len(pages), "workers": args.http_workers}
    single = pages[:: max(len(pages) // (20 if args.quick else args.changes), 1)]
    with ThreadPoolExecutor(1) as pool:

        def work(task, **values):
            loop = asyncio.get_running_loop()
            return loop.run_in_executor(
                pool, lambda: databases.work(task, name, **values)
            )

        progress(f"opening {len(pages)} pages")
        async with live_pages.Pages(pages) as opened:
            count, seconds = await opened.wait(lambda page: page.connected, 600)
            found["opened"] = {
                "count": count,
                "seconds": seconds,
                "each_ms": _spread(
                    [page.opened * 1000 for page in pages if page.opened]
                ),
            }
            idle = 5 if args.quick else IDLE
            progress(f"left alone for {idle} seconds")
            before = server.usage()
            await asyncio.sleep(idle)
            found["idle"] = {
                "seconds": idle,
                **{
                    part: {
                        "cpu_share": (used[0] - before[part][0]) / idle,
                        "mib": used[1],
                    }
                    for part, used in server.usage().items()
                },
            }
            progress(f"{len(single)} changes, one after another")
            begun = await work(
                "live_change", move_ids=[page.move_id for page in single], pause=0.3
            )
            await opened.wait(lambda page: page not in single or page.shown, 30)
            found["single"] = _delays(
                [(page, begun.get(str(page.move_id))) for page in single]
            )
            progress(f"{len(pages)} invoices changed in one transaction")
            for page in pages:
                page.heard.clear()
                page.shown.clear()
            done = await work(
                "live_change_all", move_ids=[page.move_id for page in pages]
            )
            await opened.wait(lambda page: page.shown, 300)
            found["all"] = _delays([(page, done["begun"]) for page in pages])
            found["all"]["commit_ms"] = (done["done"] - done["begun"]) * 1000
            progress("the process with the websockets is killed")
            killed = server.live_process()
            if killed:
                os.kill(killed, signal.SIGKILL)
            await opened.wait(lambda page: not page.connected, 30)
            count, seconds = await opened.wait(lambda page: page.connected, 300)
            found["back"] = {"count": count, "seconds": seconds}
    return found


def _delays(pairs):
    """Return how long pages waited after the beginning of a commit, in seconds."""
    heard = [page.heard[0] - begun for page, begun in pairs if page.heard]
    shown = [page.shown[0] - begun for page, begun in pairs if page.shown]
    return {
        "pages": len(pairs),
        "heard": len(heard),
        "shown": len(shown),
        "heard_ms": _spread([seconds * 1000 for seconds in heard]),
        "shown_ms": _spread([seconds * 1000 for seconds in shown]),
        "in_time": sum(seconds <= TARGET for seconds in shown),
    }


def _spread(values):
    """Return median, the 95th of a hundred and the largest of values."""
    if not values:
        return [0.0, 0.0, 0.0]
    ordered = sorted(values)
    return [
        statistics.median(ordered),
        ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)],
        ordered[-1],
    ]


def _report(report, args, found):
    report.say("## The customer's page, drawn")
    report.say()
    report.say(
        f"{found['pages_drawn']} invoices by personal link, one at a time through nginx"
        f" and {args.http_workers} workers, beside Odoo's own portal page in turn."
    )
    report.say()
    names = {
        ("ours", "page"): "Kvitt's page, with the invoice",
        ("odoo", "page"): "Odoo's page",
        ("odoo", "document"): "and the invoice it frames",
    }
    rows = []
    for (server, part), title in names.items():
        row = found["drawn"][server][part]
        median, late, worst = row["ms"]
        rows.append(
            (title, f"{median:.0f}", f"{late:.0f}", f"{worst:.0f}", row["queries"])
        )
    report.table(["Page", "median ms", "95 %", "worst", "queries"], rows)
    report.table(
        ["First visit, over the wire", "pages kB", "styles and scripts kB"],
        [
            (title, *(f"{size / 1000:.0f}" for size in found["drawn"][server]["bytes"]))
            for server, title in (("ours", "Kvitt"), ("odoo", "Odoo"))
        ],
    )
    report.say(f"## {found['pages']:,} open pages with live updates")
    report.say()
    opened, idle = found["opened"], found["idle"]
    report.say(
        f"Opened: {opened['count']:,} of {found['pages']:,} in"
        f" {opened['seconds']:.0f} s (each {opened['each_ms'][0]:.0f} ms, 95 %"
        f" {opened['each_ms'][1]:.0f} ms). Came back after the process with the"
        f" websockets was killed: {found['back']['count']:,} in"
        f" {found['back']['seconds']:.0f} s."
    )
    report.say()
    report.table(
        ["Left alone", "CPU, share of a core", "MiB"],
        [
            (title, f"{idle[part]['cpu_share']:.2f}", f"{idle[part]['mib']:.0f}")
            for part, title in (
                ("live", "the process with the websockets"),
                ("http", f"{args.http_workers} HTTP workers"),
                ("nginx", "nginx"),
            )
        ],
    )
    rows = []
    for when, title in (("single", "one after another"), ("all", "all at once")):
        part = found[when]
        for what, label in (("heard", "heard of it"), ("shown", "showed it")):
            median, late, worst = part[f"{what}_ms"]
            rows.append(
                (
                    f"{title}: {label}",
                    f"{part[what]:,} of {part['pages']:,}",
                    f"{median:.0f}",
                    f"{late:.0f}",
                    f"{worst:.0f}",
                )
            )
    report.table(
        ["Invoices changed", "pages", "median ms", "95 %", "worst"],
        rows,
    )
    report.say(
        f"Shown within {TARGET:g} s of a single change:"
        f" {found['single']['in_time']:,} of {found['single']['pages']:,}. After a"
        " change of all at once the server lets pages ask one after another."
    )
    report.say()
    if found["complaints"]:
        report.say(f"Odoo's log has {len(found['complaints'])} warnings or errors.")
        report.say()


def add_arguments(parser):
    """Options of this part."""
    parser.add_argument("--pages", type=int, default=2000, help="open at the same time")
    parser.add_argument(
        "--changes", type=int, default=100, help="invoices changed one by one"
    )
    parser.add_argument(
        "--http-workers", type=int, default=2, help="HTTP workers of the server"
    )
