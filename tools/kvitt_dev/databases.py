"""Template databases made once and cloned, so that a run starts in seconds.

``base`` holds Odoo's own addons with demo data; ``template`` is a clone of it with
every Kvitt addon; tests and demo are clones of ``template``; ``bare`` holds the
`base` addon alone. What a database was made of is kept as its comment, written
last: one without the right comment is made again.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import psycopg2
from psycopg2 import sql

from .paths import ADDONS, CHECKOUT, DATA, LOGS, lock, manifests
from .runtime import Runtime
from .ui import SetupError, say, step

CORE = [
    "account",
    "account_payment",
    "l10n_no",
    "l10n_se",
    # Odoo's own provider for trying out: customers pay with it in tests.
    "payment_demo",
    "portal",
    "sms",
]
# The first one becomes the default of new users and customers.
LANGUAGES = "en_US,nb_NO,sv_SE"
PREFIX = f"kvitt_{CHECKOUT}"
# A change below these is not fully carried over by an update (noupdate data, demo
# data, hooks): the template is made anew.
SETUP_PARTS = ("data", "demo", "migrations", "__manifest__.py", "hooks.py")
IGNORED_PARTS = ("static", "tests", "README.md", "README.rst", "pyproject.toml", "core")


class Databases:
    """The databases of this checkout on its server."""

    def __init__(self, runtime: Runtime):
        self.runtime = runtime

    @contextlib.contextmanager
    def _cursor(self, database: str = "postgres"):
        server = self.runtime.server
        options = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
        }
        try:
            connection = psycopg2.connect(
                dbname=database, **{k: v for k, v in options.items() if v}
            )
        except psycopg2.OperationalError as error:
            raise SetupError(f"cannot reach PostgreSQL: {error}") from error
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def exists(self, name: str) -> bool:
        with self._cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return bool(cursor.rowcount)

    def note(self, name: str) -> dict | None:
        """Return what a database of ours was made of; None if it is not ours."""
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
                " WHERE datname = %s",
                [name],
            )
            row = cursor.fetchone()
        try:
            return json.loads(row[0])["kvitt"]
        except (TypeError, ValueError, KeyError):
            return None

    def annotate(self, name: str, facts: dict) -> None:
        """Write down that a database is complete, and of what."""
        with self._cursor() as cursor:
            cursor.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                    sql.Identifier(name), sql.Literal(json.dumps({"kvitt": facts}))
                )
            )

    def names(self) -> list[str]:
        """Return this checkout's databases, the demo's included when it is ours."""
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1",
                [PREFIX.replace("_", r"\_") + r"\_%"],
            )
            return [row[0] for row in cursor.fetchall()]

    def drop(self, name: str) -> None:
        """Drop a database and its filestore, whoever is still connected."""
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s",
                [name],
            )
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
            )
        shutil.rmtree(filestore(name), ignore_errors=True)

    def create(self, name: str) -> None:
        """Create an empty database as Odoo would."""
        self.drop(name)
        with self._cursor() as cursor:
            cursor.execute(
                sql.SQL(
                    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"
                    " LC_COLLATE 'C'"
                ).format(sql.Identifier(name))
            )
        with self._cursor(name) as cursor:
            # Speeds up Odoo's searches; the embedded server does not have it.
            with contextlib.suppress(psycopg2.Error):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")

    def clone(self, source: str, target: str) -> None:
        """Copy a database; the filestore's files never change, so they are linked."""
        self.drop(target)
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s",
                [source],
            )
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(target), sql.Identifier(source)
                )
            )
        if filestore(source).is_dir():
            shutil.copytree(
                filestore(source), filestore(target), copy_function=_link_or_copy
            )

    def _install(self, name: str, modules: list[str], option: str, *extra: str) -> None:
        self.runtime.run_odoo(
            "-d", name, option, ",".join(modules), "--stop-after-init", "--no-http",
            "--max-cron-threads=0", *extra, log=LOGS / "templates.log",
        )  # fmt: skip

    def bare(self) -> str:
        """Return a database with the `base` addon alone, without demo data."""
        return self._made_once("bare", ["base"])

    def plain(self) -> str:
        """Return a database with every Kvitt addon and no demo data."""
        name = f"{PREFIX}_plain"
        bare = self.bare()
        with lock("db-plain"):
            wanted = {"bare": self.note(bare), "addons": addon_hashes()}
            if self.note(name) != wanted or not filestore(name).is_dir():
                with step("Database with the Kvitt addons, without demo data"):
                    self.clone(bare, name)
                    self._install(name, sorted(wanted["addons"]), "-i")
                    self.annotate(name, wanted)
        return name

    def base(self) -> str:
        """Return a database with Odoo's own addons, demo data and languages."""
        ours = manifests(bridges=False)
        needed = {dep for values in ours.values() for dep in values["depends"]}
        modules = sorted({*CORE, *needed} - ours.keys())
        extra = ("--with-demo", f"--load-language={LANGUAGES}")
        return self._made_once("base", modules, *extra)

    def _made_once(self, kind: str, modules: list[str], *extra: str) -> str:
        name = f"{PREFIX}_{kind}"
        facts = {"odoo": self._odoo_identity(), "modules": modules, "extra": extra}
        facts = json.loads(json.dumps(facts))
        with lock(f"db-{kind}"):
            if self.note(name) != facts or not filestore(name).is_dir():
                with step(f"Database with Odoo's own addons ({kind})"):
                    self.create(name)
                    filestore(name).mkdir(parents=True, exist_ok=True)
                    self._install(name, modules, "-i", *extra)
                    self.annotate(name, facts)
        return name

    def _odoo_identity(self) -> str:
        release = self.runtime.odoo / "odoo" / "release.py"
        found = release.stat()
        return f"{self.runtime.odoo}:{found.st_mtime_ns}:{found.st_size}"

    def template(self) -> str:
        """Return the database with every Kvitt addon as it is on disk now."""
        name = f"{PREFIX}_template"
        with lock("db-template"):
            base = self.base()
            wanted = {"base": self.note(base), "addons": addon_hashes()}
            have = self.note(name)
            if have == wanted and filestore(name).is_dir():
                return name
            update = _update_plan(have, wanted) if filestore(name).is_dir() else None
            if update is not None:
                try:
                    self._update(name, update)
                except SetupError as error:
                    say(f"    {error}\n    making the template anew")
                    update = None
            if update is None and wanted["addons"]:
                with step("Database with the Kvitt addons and their demo data"):
                    self.clone(base, name)
                    self._install(name, sorted(wanted["addons"]), "-i", "--with-demo")
            elif update is None:
                self.clone(base, name)
            with step("Bundles of scripts and styles"):
                # Else each browser test and the demo's first visitor wait for them.
                self.runtime.run_odoo(
                    "shell", "-d", name, "--no-http",
                    log=LOGS / "templates.log",
                    stdin="env['ir.qweb']._pregenerate_assets_bundles()\n"
                    "env.cr.commit()\n",
                )  # fmt: skip
            self.annotate(name, wanted)
        return name

    def _update(self, name: str, plan: dict[str, list[str]]) -> None:
        # No comment while it is neither the old nor the new state.
        self.annotate(name, {})
        for option, modules in plan.items():
            if modules:
                with step(f"Database template: odoo {option} {','.join(modules)}"):
                    self._install(name, modules, option, "--with-demo")

    def test_clone(self, worker: str = "") -> str:
        """Return a fresh clone of the template for one test run.

        :param worker: ``gw0``, ``gw1``, … of a run by several processes.
        """
        self.drop_dead_clones()
        name = f"{PREFIX}_test{worker}_{os.getpid()}"
        self.clone(self.template(), name)
        return name

    def drop_dead_clones(self) -> None:
        """Drop clones whose test run is no more."""
        for name in self.names():
            found = re.fullmatch(
                re.escape(PREFIX) + r"_(?:test(?:gw\d+)?|cycle|import)_(\d+)", name
            )
            if found and not Path(f"/proc/{found[1]}").exists():
                self.drop(name)


def filestore(name: str) -> Path:
    """Return where Odoo keeps a database's files."""
    return DATA / "filestore" / name


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _digest(folder: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(folder)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def addon_hashes() -> dict[str, dict[str, str]]:
    """Return per addon one hash of what sets it up and one of the rest."""
    hashes = {}
    for addon in manifests(bridges=False):
        folder = ADDONS / addon
        setup, code = [], []
        for file in sorted(folder.rglob("*")):
            part = file.relative_to(folder).parts[0]
            if not file.is_file() or "__pycache__" in file.parts:
                continue
            if part in SETUP_PARTS:
                setup.append(file)
            elif part not in IGNORED_PARTS:
                code.append(file)
        hashes[addon] = {"setup": _digest(folder, setup), "code": _digest(folder, code)}
    return hashes


def _update_plan(have: dict | None, wanted: dict) -> dict[str, list[str]] | None:
    """Return which addons to install (-i) and update (-u); None: start over."""
    if not have or have.get("base") != wanted["base"]:
        return None
    before, after = have["addons"], wanted["addons"]
    if before.keys() - after.keys():
        return None
    if any(before[name]["setup"] != after[name]["setup"] for name in before):
        return None
    return {
        "-u": [name for name in before if before[name] != after[name]],
        "-i": sorted(after.keys() - before.keys()),
    }
