"""A server, a browser, and invoices to look at, once for each process of tests."""

import json
import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tools.kvitt_dev import browser as chromium

from ..operations.processes import odoo, query
from . import people
from .server import Line, Server, database

BOOKS = Path(__file__).with_name("books.py")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class World:
    """The invoices that there are.

    :ivar states: by language and name of the state
    :ivar logins: an invoice of each customer who can sign in, by login
    """

    def __init__(self, told, database):
        self.states = told["states"]
        self.logins = told["logins"]
        self._spare = told["spare"]
        self._signed_in = [name for name in told["logins"] if name.startswith("anna.")]
        self.database = database

    def take(self, lang="nb_NO"):
        """Return an open invoice that no other test has."""
        assert self._spare[lang], "the world has too few invoices to change"
        return self._spare[lang].pop()

    def take_signed_in(self):
        """Return the login of a Swedish customer whom no other test has."""
        assert self._signed_in, "the world has too few customers with a login"
        return self._signed_in.pop()

    def query(self, text, *args):
        """Run one statement on the database; return the rows."""
        return query(self.database, text, *args)


@pytest.fixture(scope="session")
def server(worker_id, tmp_path_factory):
    """Odoo on a copy of the demo database, with the tests' invoices in it."""
    folder = tmp_path_factory.mktemp("odoo")
    with database(worker_id) as name:
        told = folder / "world.json"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WORLD", str(told))
            odoo(
                *("shell", "-d", name, "--no-http", "--log-level=warn"),
                script=BOOKS.read_text(encoding="utf-8"),
                log=folder / "books.log",
            )
        with Server(name, folder / "server.log") as running:
            running.world = World(json.loads(told.read_text("utf-8")), name)
            yield running


@pytest.fixture(scope="session")
def world(server):
    """The invoices that there are."""
    return server.world


@pytest.fixture(scope="session")
def chrome():
    """Chromium, the machine's or the cache's."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium.ensure(), args=FLAGS
        )
        yield running
        running.close()


@pytest.fixture
def meet(chrome, server):
    """Return a function that seats somebody in front of a browser of their own.

    What their browsers complained of, and what Odoo's log did meanwhile, fails the
    test.
    """
    seated = []
    with ExitStack() as stack:
        before = len(server.complaints())

        def seat(kind=people.Customer, *args, **options):
            line = Line(server.port)
            stack.callback(line.close)
            person = kind(chrome, line, *args, **options)
            stack.callback(person.close)
            seated.append(person)
            return person

        yield seat
        found = [text for person in seated for text in person.complaints()]
        folder = os.environ.get("KVITT_PICTURES")
        for number, person in enumerate(seated if folder else ()):
            name = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split(" ")[0]
            person.page.screenshot(path=f"{folder}/{name}-{number}.png", full_page=True)
    found += server.complaints()[before:]
    assert not found, "\n".join(found)


@pytest.fixture
def measured(record_property):
    """Return a function that notes a figure for the end of the run."""

    def note(name, value):
        record_property("measured", f"{name}: {value}")

    return note


def pytest_terminal_summary(terminalreporter):
    """Print what the tests measured."""
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {value}"
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "measured" and report.when == "call"
    ]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.line(line)
