"""The demo: a power company's book, a damaged bank file, and what became of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import date
from pathlib import Path

from . import runtime
from .databases import PREFIX, Databases, addon_hashes
from .paths import CACHE, LOGS, ROOT, TOOLS
from .postgres import free_port
from .ui import SetupError, say, step

DATABASE = os.environ.get("KVITT_DEMO_DB") or "kvitt_demo"
FOLDER = CACHE / "demo"
COMPANY = "Fjordlys AS"
DAMAGED = FOLDER / "damaged.camt054.xml"
OCR_EXAMPLE = ROOT / "tests/data/ocr_giro/netsgiro_ocr_giro_transactions.txt"
SEED = 2026
PAYMENTS = 150
DAMAGED_SHARE = 0.4
# They call services outside, which a demo on a laptop should not.
CALLING_HOME = [
    ("mail", "ir_cron_module_update_notification"),
    ("snailmail", "snailmail_print"),
    ("digest", "ir_cron_digest_scheduler_action"),
]
COLUMNS = (
    ("#", 4), ("payer", 24), ("amount", 11), ("reference", 26), ("outcome", 10),
    ("invoice", 16), ("prob.", 6), ("why", 60),
)  # fmt: skip


def demo(args: list[str]) -> int:
    """Make the demo database, import the files, print the outcome, serve.

    ``SERVE=0`` ends after the import; ``FRESH=1`` starts over with a new database.
    """
    rt = runtime.ensure()
    databases = Databases(rt)
    _database(rt, databases)
    _files(rt)
    code = _import(rt)
    if code or os.environ.get("SERVE") == "0":
        return code
    return _serve(rt)


def _database(rt: runtime.Runtime, databases: Databases) -> None:
    have = databases.note(DATABASE)
    if databases.exists(DATABASE) and have is None:
        raise SetupError(
            f"the server has a database {DATABASE} that is not Kvitt's demo; "
            "name another one in KVITT_DEMO_DB"
        )
    wanted = {"checkout": PREFIX, "odoo": str(rt.odoo), "addons": addon_hashes()}
    same = have and {k: have.get(k) for k in ("checkout", "odoo")} == {
        k: wanted[k] for k in ("checkout", "odoo")
    }
    if os.environ.get("FRESH") == "1" or not same:
        template = databases.template()
        with step(f"Demo database {DATABASE}"):
            databases.clone(template, DATABASE)
            with databases._cursor(DATABASE) as cursor:
                for module, name in CALLING_HOME:
                    cursor.execute(
                        "UPDATE ir_cron SET active = false WHERE id IN (SELECT res_id"
                        " FROM ir_model_data WHERE model = 'ir.cron'"
                        " AND module = %s AND name = %s)",
                        [module, name],
                    )
            DAMAGED.unlink(missing_ok=True)
    elif have["addons"] != wanted["addons"]:
        old, new = have["addons"], wanted["addons"]
        changed = [name for name in old if name in new and old[name] != new[name]]
        with step(f"Demo database {DATABASE}: updating the addons that changed"):
            for option, names in (
                ("-u", changed),
                ("-i", sorted(new.keys() - old.keys())),
            ):
                if names:
                    rt.run_odoo(
                        "-d", DATABASE, option, ",".join(names), "--stop-after-init",
                        "--no-http", "--max-cron-threads=0",
                    )  # fmt: skip
    else:
        say(f"==> Demo database {DATABASE} is there (FRESH=1 makes a new one)")
    databases.annotate(DATABASE, wanted)


def _files(rt: runtime.Runtime) -> None:
    """Draw the damaged bank file over the demo book, once per database."""
    if DAMAGED.is_file():
        return
    FOLDER.mkdir(exist_ok=True)
    book = FOLDER / "book.jsonl"
    environment = rt.environment()
    with step(f"Bank file with damaged references over the book of {COMPANY}"):
        with open(TOOLS / "payment_generator" / "export_book.py") as script:
            _checked(
                rt.odoo_command("shell", "-d", DATABASE, "--no-http"),
                {**environment, "BOOK_OUT": str(book), "BOOK_COMPANY": COMPANY},
                stdin=script,
            )
        partial = DAMAGED.with_suffix(".new")
        _checked(
            [
                str(rt.python), "-m", "payment_generator", "camt054",
                "--book", str(book), "--out", str(partial),
                "--truth", str(FOLDER / "truth.jsonl"), "--seed", str(SEED),
                "--count", str(PAYMENTS), "--damaged-share", str(DAMAGED_SHARE),
                "--date", date.today().isoformat(),
            ],
            {**environment, "PYTHONPATH": str(TOOLS)},
        )  # fmt: skip
        partial.replace(DAMAGED)


def _checked(command: list[str], env: dict, stdin=subprocess.DEVNULL) -> None:
    result = subprocess.run(
        command, env=env, cwd=ROOT, stdin=stdin, capture_output=True, text=True
    )
    if result.returncode:
        tail = (result.stderr or result.stdout).strip().splitlines()[-15:]
        raise SetupError(f"{Path(command[1]).name} failed:\n  " + "\n  ".join(tail))


def _import(rt: runtime.Runtime) -> int:
    files = [DAMAGED, OCR_EXAMPLE]
    records: list[dict] = []
    start = time.monotonic()
    log = LOGS / "demo-import.log"
    say(f"==> bin/odoo billing_import -d {DATABASE} --json " + " ".join(
        os.path.relpath(file, ROOT) for file in files
    ))  # fmt: skip
    with open(log, "w", encoding="utf-8") as said:
        result = subprocess.run(
            rt.odoo_command(
                "billing_import", "-d", DATABASE, "--json", *map(str, files)
            ),
            env=rt.environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    for line in result.stdout.splitlines():
        records.append(json.loads(line))
    if result.returncode not in (0, 2) or not records:
        tail = log.read_text(encoding="utf-8").splitlines()[-15:]
        raise SetupError("billing_import failed:\n  " + "\n  ".join(tail))
    payments = [record for record in records if "summary" not in record]
    _print_payments(payments, _invoice_names(rt, payments))
    seconds = time.monotonic() - start
    _print_totals(records, payments, seconds)
    if result.returncode == 2:
        refused = [
            line
            for line in log.read_text(encoding="utf-8").splitlines()
            if line.count(":") >= 3 and not line[:4].isdigit()
        ]
        print("Refused, nothing of it imported:", *refused, sep="\n  ")
    return result.returncode


def _invoice_names(rt: runtime.Runtime, payments: list[dict]) -> dict[int, str]:
    ids = {move for payment in payments for move in payment["invoice_ids"] or ()}
    if not ids:
        return {}
    with Databases(rt)._cursor(DATABASE) as cursor:
        cursor.execute(
            "SELECT id, name FROM account_move WHERE id = ANY(%s)", [list(ids)]
        )
        return dict(cursor.fetchall())


def _cut(value: object, width: int) -> str:
    text = " ".join(str(value or "").split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _print_payments(payments: list[dict], names: dict[int, str]) -> None:
    file = None
    for payment in payments:
        if payment["file"] != file:
            file = payment["file"]
            print(f"\n{os.path.basename(file)}")
            print("  ".join(f"{title:{width}}" for title, width in COLUMNS).rstrip())
        probability = payment.get("probability")
        invoices = [names.get(move, str(move)) for move in payment["invoice_ids"] or ()]
        values = (
            payment["position"],
            payment.get("payer_name"),
            f"{float(payment['amount']):>11,.2f}",
            payment.get("reference"),
            payment["outcome"],
            ", ".join(invoices),
            "" if probability is None else f"{float(probability):.3f}",
            "; ".join(map(str, payment.get("reasons") or ())),
        )
        cells = zip(values, COLUMNS, strict=True)
        print("  ".join(f"{_cut(v, w):{w}}" for v, (_t, w) in cells).rstrip())


def _print_totals(records: list[dict], payments: list[dict], seconds: float) -> None:
    counts: dict[str, int] = {}
    for payment in payments:
        counts[payment["outcome"]] = counts.get(payment["outcome"], 0) + 1
    total = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    print(f"\n{len(payments)} payments in {seconds:.1f} s: {total}")
    for record in records:
        if "summary" in record:
            print(f"Summary: {json.dumps(record['summary'], ensure_ascii=False)}")
    if counts.get("duplicate") == len(payments):
        print("The same files again: nothing was imported twice.")


def _logins(rt: runtime.Runtime) -> list[tuple[str, str]]:
    """Return the users whose password is their login, as in all of Odoo's demos."""
    from passlib.context import CryptContext

    context = CryptContext(schemes=["pbkdf2_sha512", "plaintext"])
    with Databases(rt)._cursor(DATABASE) as cursor:
        cursor.execute(
            "SELECT u.login, u.password, p.name, u.share FROM res_users u"
            " JOIN res_partner p ON p.id = u.partner_id"
            " WHERE u.active AND u.password IS NOT NULL ORDER BY u.share, u.id"
        )
        rows = cursor.fetchall()
    found = []
    for login, password, name, share in rows:
        if context.verify(login, password):
            found.append((login, f"{name}{', customer' if share else ''}"))
    return found


def _free_http_port() -> int:
    wanted = os.environ.get("KVITT_HTTP_PORT")
    if wanted:
        return int(wanted)
    for port in range(8069, 8080):
        with socket.socket() as probe:
            # As Odoo binds: a port that a stopped server left is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    return free_port()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.status == 200
    except OSError:
        return False


def _serve(rt: runtime.Runtime) -> int:
    port = _free_http_port()
    url = f"http://localhost:{port}"
    log = LOGS / "demo-server.log"
    say("==> Starting Odoo")
    with open(log, "w", encoding="utf-8") as output:
        server = subprocess.Popen(
            rt.odoo_command(
                "server", "-d", DATABASE, f"--db-filter=^{DATABASE}$",
                "--http-interface=127.0.0.1", f"--http-port={port}",
            ),
            env=rt.environment(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_args: server.terminate())
    try:
        deadline = time.monotonic() + 180
        # Never through a proxy: this is the machine itself.
        urllib.request.install_opener(
            urllib.request.build_opener(urllib.request.ProxyHandler({}))
        )
        while not _answers(f"http://127.0.0.1:{port}/web/login"):
            if server.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(encoding="utf-8").splitlines()[-15:]
                raise SetupError("Odoo does not answer:\n  " + "\n  ".join(tail))
            time.sleep(0.5)
        print(f"\nOdoo is serving at {url} (database {DATABASE})")
        for login, name in _logins(rt):
            print(f"  login {login} / password {login}  ({name})")
        print(f"  payments to review: {url}/odoo > Billing > Payments")
        print("Ctrl-C stops it; `make stop` stops the database server.", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        print("\nStopping Odoo", file=sys.stderr)
        return 0
    finally:
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
