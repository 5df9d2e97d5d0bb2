"""Open pages as they are deployed: workers, the websockets' process, nginx in front.

nginx runs with the configuration that the documentation ships.
"""

import asyncio
import json
import os
import signal
import time

import pytest

from benchmarks import live_pages
from benchmarks.live_server import Deployment
from tools.kvitt_dev import odoo_log

from .processes import COMPANY, odoo

MAKE = f"""
from odoo.addons.billing_interactive_invoice.core.visitor_rights import Visitor
from odoo.addons.bus.websocket import WebsocketConnectionHandler
import json
company = env["res.company"].search([("name", "=", "{COMPANY}")])
moves = env["account.move"].search([
    ("company_id", "=", company.id), ("move_type", "=", "out_invoice"),
    ("state", "=", "posted"), ("payment_state", "=", "not_paid"),
], limit=2)
found = []
for move in moves:
    link = env["billing.link"]._issue([{{"move_id": move.id, "key": "open page"}}])
    visitor = Visitor("link", link_id=link.id,
                      partner_id=move.commercial_partner_id.id)
    found.append({{
        "move_id": move.id, "token": link._token(),
        "ticket": env["billing.page.presence"]._issue_ticket(move, visitor),
    }})
env.cr.commit()
print("FOUND", json.dumps([found, WebsocketConnectionHandler._VERSION]))
"""
ANSWER = """
move = env["account.move"].browse({move_id})
move.message_post(body="We are looking into it.", message_type="comment",
                  subtype_xmlid="mail.mt_comment")
env.flush_all()
import time
print("FOUND", time.time())
env.cr.commit()
"""


def shell(database, script):
    """Run a script in Odoo, in a process of its own; return what it found."""
    result = odoo("shell", "-d", database, "--no-http", script=script)
    [line] = [row for row in result.stdout.splitlines() if "FOUND " in row]
    return json.loads(line.partition("FOUND ")[2])


@pytest.fixture(scope="module")
def invoices(live_database):
    """Two invoices with a personal link each, and the version of the websockets."""
    return shell(live_database, MAKE)


@pytest.fixture(scope="module")
def served(live_database, invoices, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    with Deployment(live_database, folder, workers=1, pages=64) as server:
        yield server
    assert not odoo_log.complaints(server.log)


def page(served, invoices, number=0, ticket=None):
    found, version = invoices
    mine = found[number]
    live = f"/my/invoices/{mine['move_id']}/live?access_token={mine['token']}"
    return live_pages.Page(
        mine["move_id"], ticket or mine["ticket"], live, served.port, version
    )


def test_open_pages_follow_through_nginx(served, invoices, live_database):
    """A change made by another process is on the page it concerns, and no other."""
    mine, other = page(served, invoices), page(served, invoices, 1)

    async def watch():
        async with live_pages.Pages([mine, other]) as opened:
            count, _seconds = await opened.wait(lambda one: one.connected, 60)
            assert count == 2
            committed = await asyncio.to_thread(
                shell, live_database, ANSWER.format(move_id=mine.move_id)
            )
            await opened.wait(lambda one: one is other or one.shown, 30)
            return committed

    committed = asyncio.run(watch())
    assert mine.shown
    print(
        f"an answer was heard after {(mine.heard[0] - committed) * 1000:.0f} ms and"
        f" shown after {(mine.shown[0] - committed) * 1000:.0f} ms"
    )
    assert not other.heard


def test_who_guesses_a_channel_hears_nothing(served, invoices, live_database):
    """Neither a forged ticket nor the names that channels have inside."""
    found, version = invoices
    ticket = found[0]["ticket"]
    forged = ticket[:-1] + ("A" if ticket[-1] != "A" else "B")
    guesser = page(served, invoices, ticket=forged)
    honest = page(served, invoices)
    heard = []

    async def watch():
        with pytest.raises(live_pages.Lost, match="admits nobody"):
            await guesser._connect()
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        spy = page(served, invoices)
        move_id = spy.move_id
        names = [
            f"account.move_{move_id}",
            json.dumps([live_database, "account.move", move_id, "page"]),
            f"billing_page:{move_id}",
        ]
        await live_pages.shake_hands(reader, writer, served.port, version)
        spy._send(writer, "subscribe", {"channels": names, "last": 0})

        async def listen():
            while True:
                heard.append(await live_pages.read_frame(reader))

        listening = asyncio.create_task(listen())
        async with live_pages.Pages([honest]) as opened:
            await opened.wait(lambda one: one.connected, 60)
            await asyncio.to_thread(
                shell, live_database, ANSWER.format(move_id=move_id)
            )
            await opened.wait(lambda one: one.shown, 30)
        listening.cancel()
        writer.close()

    asyncio.run(watch())
    assert honest.shown, "whoever had a ticket heard it"
    assert not [
        content for _kind, content in heard if b"billing_page_changed" in content
    ]


@pytest.mark.nightly
def test_pages_come_back_when_the_websockets_process_dies(served, invoices):
    one = page(served, invoices)

    async def watch():
        async with live_pages.Pages([one]) as opened:
            await opened.wait(lambda page: page.connected, 60)
            os.kill(served.live_process(), signal.SIGKILL)
            await opened.wait(lambda page: not page.connected, 30)
            return await opened.wait(lambda page: page.connected, 60)

    count, seconds = asyncio.run(watch())
    assert count == 1
    assert one.connections > 1
    print(f"the page was back after {seconds:.1f} s")


def test_what_the_shipped_configuration_promises(served, invoices):
    """Tokens are in no log of the proxy; jobs are asked for from inside only."""
    [mine, _other], _version = invoices
    path = f"/my/invoices/{mine['move_id']}?access_token={mine['token']}"

    async def ask():
        opened = await live_pages.get(served.port, path)
        jobs = await live_pages.get(served.port, "/queue_job/runjob")
        return opened[0], jobs[0]

    assert asyncio.run(ask()) == (200, 403)
    log = served.log.parent / "nginx" / "odoo.log"
    deadline = time.monotonic() + 10
    while "/my/invoices/" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    written = log.read_text()
    assert f"/my/invoices/{mine['move_id']}" in written
    assert mine["token"] not in written
