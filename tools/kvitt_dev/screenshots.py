"""The pictures of the documentation and of the Apps list, made from the demo."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from . import browser, demo, lint, runtime
from .databases import PREFIX, Databases
from .paths import ADDONS, CACHE, LOGS, ROOT, TESTS, TOOLS
from .postgres import free_port
from .ui import SetupError, step

DATABASE = f"{PREFIX}_screenshots"
FOLDER = ROOT / "docs" / "screenshots"
WORLD = CACHE / "screenshots-world.json"
# What the Apps list shows of each addon.
ADDON_PICTURES = {
    "billing_base": "invoice-history",
    "billing_bank_file": "bank-files",
    "billing_kid_match": "review-list",
    "billing_dynamic_distribution": "distribution-dashboard",
    "billing_interactive_invoice": "invoice-page-top",
    "billing_fee_policy": "fee-policy",
    "billing_direct_debit": "debit-claims",
}
COLOURS = 256


def screenshots(args: list[str]) -> int:
    """Take all pictures anew, in English, on a copy of the demo database.

    :raises SetupError: when the demo cannot be made or the browser fails.
    """
    os.environ["SERVE"] = "0"
    if code := demo.demo([]):
        return code
    rt = runtime.ensure()
    lint.ensure_node()
    program = browser.ensure()
    databases = Databases(rt)
    raw = CACHE / "screenshots"
    shutil.rmtree(raw, ignore_errors=True)
    try:
        with step("Copy of the demo database, in English"):
            databases.clone(demo.DATABASE, DATABASE)
            with databases._cursor(DATABASE) as cursor:
                cursor.execute("UPDATE res_lang SET active = true WHERE code = 'en_US'")
                cursor.execute(
                    "UPDATE res_partner SET lang = 'en_US' WHERE id IN"
                    " (SELECT partner_id FROM res_users)"
                )
                cursor.execute(
                    "UPDATE res_users SET company_id = c.id FROM res_company c"
                    " WHERE login = 'admin' AND c.name = %s",
                    [demo.COMPANY],
                )
        with step("Messages of the last weeks"):
            with open(TOOLS / "screenshots" / "distribution.py") as script:
                demo._checked(
                    rt.odoo_command("shell", "-d", DATABASE, "--no-http"),
                    {**rt.environment(), "COMPANY": demo.COMPANY},
                    stdin=script,
                )
        with step("Invoices in each state"):
            with open(TESTS / "browser" / "books.py") as script:
                demo._checked(
                    rt.odoo_command("shell", "-d", DATABASE, "--no-http"),
                    {**rt.environment(), "WORLD": str(WORLD)},
                    stdin=script,
                )
        with step("Pictures"):
            _take(rt, program, raw)
    finally:
        databases.drop(DATABASE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for picture in sorted(raw.glob("*.png")):
        _shrink(picture, FOLDER / picture.name)
    for addon, name in ADDON_PICTURES.items():
        shutil.copyfile(
            FOLDER / f"{name}.png",
            ADDONS / addon / "static" / "description" / "screenshot.png",
        )
    return 0


def _take(rt: runtime.Runtime, program: str, folder: Path) -> None:
    """Serve the copy and let the browser go through its screens."""
    # Never through a proxy: this is the machine itself.
    os.environ["no_proxy"] = "127.0.0.1"
    # What it says of some invoices is what addons will that there are none of yet.
    os.environ["KVITT_EXTRA_ADDONS"] = str(TESTS / "browser" / "addons")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with open(LOGS / "screenshots.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(
            rt.odoo_command(
                "server", "-d", DATABASE, f"--db-filter=^{DATABASE}$",
                "--http-interface=127.0.0.1", f"--http-port={port}",
                "--max-cron-threads=0", "-i", "kvitt_test_claims",
            ),
            env=rt.environment(), cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 180
            while not demo._answers(f"{url}/web/login"):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SetupError(f"Odoo does not answer, see {log.name}")
                time.sleep(0.5)
            script = TOOLS / "screenshots" / "shoot.cjs"
            result = subprocess.run(
                ["node", str(script), url, program, str(folder), str(WORLD)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        finally:
            server.terminate()
            server.wait()
    if result.returncode:
        raise SetupError("the browser stopped:\n" + result.stderr.strip()[-1500:])


def _shrink(source: Path, target: Path) -> None:
    """Save a picture with a palette; rare colours are what marks a digit."""
    from PIL import Image

    with Image.open(source) as picture:
        picture.convert("RGB").quantize(
            COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        ).save(target, optimize=True)
