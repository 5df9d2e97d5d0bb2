"""Scratch databases, programs that run Odoo in them, and the peers' addons."""

import configparser
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
from psycopg2 import sql

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("KVITT_HOME") or ROOT / ".kvitt").absolute()

#: The reconciliation addons of OCA that Kvitt is compared with. They are measured
#: only and never shipped: their licence is AGPL.
PEERS = (
    "odoo-addon-account-reconcile-oca==19.0.1.1.1",
    "odoo-addon-account-statement-base==19.0.1.0.1",
)


class BenchError(Exception):
    """A part of the benchmark could not be run; the message says why."""


def peers_path(packages=PEERS, folder="peers"):
    """Install addons of others into the cache, once, and return their path.

    Odoo brings what they need, so that pip installs nothing else.

    :param packages: requirements, all of them
    :param folder: where in the cache; one for each set of packages
    :rtype: pathlib.Path
    :raises BenchError: pip could not install them
    """
    target = CACHE / "bench" / folder
    marker = target / ".complete"
    wanted = " ".join(packages)
    if not marker.is_file() or marker.read_text() != wanted:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        result = subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
                "--no-input", "--root-user-action=ignore", "--target", str(target),
                *packages,
            ],
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        if result.returncode:
            raise BenchError(
                f"pip could not install the peers:\n{result.stderr.strip()}"
            )
        marker.write_text(wanted)
    return target / "odoo" / "addons"


@contextlib.contextmanager
def _server(database="postgres"):
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _data_dir():
    """Where Odoo keeps the files of databases, by its configuration; None: unknown."""
    config = configparser.RawConfigParser()
    config.read(os.environ.get("ODOO_RC", ""), encoding="utf-8")
    found = config.get("options", "data_dir", fallback=None)
    return Path(found) if found else None


def server_version():
    """Version of the PostgreSQL server."""
    with _server() as cursor:
        cursor.execute("SHOW server_version")
        return cursor.fetchone()[0].split()[0]


class Scratch:
    """Databases of one run, made of the template and dropped at the end.

    :param template: database with the Kvitt addons and their demo data
    :param keep: leave the databases there and use those of an earlier run again
    """

    def __init__(self, template, keep=False):
        self.template = template
        self.keep = keep
        self.prefix = f"{template}_bench_{'kept' if keep else os.getpid()}"
        self.folder = CACHE / "bench" / "work" / self.prefix
        self.folder.mkdir(parents=True, exist_ok=True)
        self.names = set()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.keep:
            return
        for name in list(self.names):
            self.drop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def name(self, part):
        """Name of the database for a part of the benchmark."""
        return f"{self.prefix}_{part}"

    def exists(self, part):
        """Whether an earlier run left the database of a part."""
        with _server() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [self.name(part)]
            )
            return bool(cursor.rowcount)

    def clone(self, part, source=None):
        """Make the database of a part out of another, the template if not said.

        :return: its name
        """
        name = self.name(part)
        self.drop(name)
        self.names.add(name)
        with _server() as cursor:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(source or self.template)
                )
            )
        return name

    def drop(self, name):
        """Drop a database of this run, and the files Odoo made for it."""
        with _server() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
            )
        self.names.discard(name)
        if data := _data_dir():
            shutil.rmtree(data / "filestore" / name, ignore_errors=True)

    def vacuum(self, name):
        """Bring a database's statistics up to date, as its daily vacuum would."""
        with _server(name) as cursor:
            cursor.execute("VACUUM ANALYZE")

    def work(self, task, database, *, addons=None, process="", **values):
        """Run a task of :mod:`benchmarks.worker` in a process of its own.

        :param addons: further folder of addons
        :param process: tells apart processes that do the same task at once
        :return: what the task returned
        :raises BenchError: the task failed; the log is named
        """
        order = self.folder / f"{task}{process}.order.json"
        answer = self.folder / f"{task}{process}.answer.json"
        log = CACHE / "bench" / "odoo.log"
        answer.unlink(missing_ok=True)
        order.write_text(
            json.dumps(
                {
                    "task": task,
                    "database": database,
                    "addons": str(addons) if addons else "",
                    "log": str(log),
                    "values": values,
                }
            )
        )
        started = time.perf_counter()
        result = subprocess.run(
            [sys.executable, "-m", "benchmarks.worker", str(order), str(answer)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
        if result.returncode or not answer.is_file():
            raise BenchError(f"{task} in {database} failed; Odoo's log is {log}")
        found = json.loads(answer.read_text())
        if isinstance(found, dict):
            found["process_seconds"] = time.perf_counter() - started
        return found
