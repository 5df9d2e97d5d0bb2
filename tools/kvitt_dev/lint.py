"""Lint and format; offline once the packages are installed."""

import os
import shutil
import subprocess
from pathlib import Path

from . import python_env
from .paths import CACHE, ROOT, file_hash, lock, manifests
from .ui import SetupError, say, step

NODE_MODULES = ROOT / "node_modules"
NODE_MARKER = CACHE / "state" / "node"
PYTHON_PATHS = ("addons", "tests", "tools", "benchmarks")
BIN = python_env.VENV / "bin"
# Checks of the OCA's hooks that Odoo itself does not keep either, or that ask for
# README.rst where ours are Markdown.
ODOO_CHECKS_OFF = "prefer-readme-rst,xml-field-numeric-without-eval,xml-header-wrong"
# Files that prettier and the editors' tools should keep in shape.
PRETTIER = "**/*.{xml,js,cjs,scss,css,json,yml,yaml}"


def ensure_node() -> None:
    """Install prettier and eslint as the lock file has them.

    :raises SetupError: without npm, or when it fails.
    """
    wanted = file_hash(ROOT / "package-lock.json")
    if NODE_MARKER.is_file() and NODE_MARKER.read_text() == wanted:
        if (NODE_MODULES / "prettier").is_dir():
            return
    if not shutil.which("npm"):
        raise SetupError(
            "prettier and eslint need Node.js with npm (18 or newer); "
            "as root: apt-get install nodejs npm"
        )
    with lock("node"), step("prettier and eslint from the lock file"):
        NODE_MARKER.unlink(missing_ok=True)
        result = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise SetupError("npm ci failed:\n" + result.stderr.strip()[-1500:])
        NODE_MARKER.write_text(wanted)


def _run(name: str, *command: str) -> bool:
    say(f"==> {name}")
    environment = {**os.environ, "PYLINTHOME": str(CACHE / "pylint")}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0


def _python_paths() -> list[str]:
    return [name for name in PYTHON_PATHS if (ROOT / name).is_dir()]


def _node(tool: str) -> str:
    return str(NODE_MODULES / ".bin" / tool)


def _ruff(*args: str) -> list[str]:
    return [
        str(BIN / "ruff"), *args, "--cache-dir", str(CACHE / "ruff"), *_python_paths(),
    ]  # fmt: skip


def lint(args: list[str]) -> int:
    """Check everything; report all that is wrong, not only the first tool's."""
    ensure_node()
    addons = [f"addons/{name}" for name in manifests()]
    results = [
        _run("ruff check", *_ruff("check")),
        _run("ruff format", *_ruff("format", "--check", "--diff")),
        _run("prettier", _node("prettier"), "--check", "--log-level=warn", PRETTIER),
        _run("eslint", _node("eslint"), "--max-warnings=0", "."),
    ]
    if addons:
        results += [
            _run("pylint-odoo", str(BIN / "pylint"), "--rcfile=.pylintrc", *addons),
            _run("odoo-module checks", *_odoo_checks()),
            _run("translation files", *_po_checks()),
        ]
    if not all(results):
        say("lint: something is wrong; `make format` repairs the layout")
        return 1
    say("lint: all in order")
    return 0


def format(args: list[str]) -> int:
    """Put imports, layout and XML in the house's format."""
    ensure_node()
    results = [
        _run("ruff check --fix", *_ruff("check", "--fix")),
        _run("ruff format", *_ruff("format")),
        _run("prettier", _node("prettier"), "--write", "--log-level=warn", PRETTIER),
        _run("eslint --fix", _node("eslint"), "--fix", "."),
    ]
    return 0 if all(results) else 1


def _odoo_checks() -> list[str]:
    files = [f"addons/{name}/__manifest__.py" for name in manifests()]
    tool = str(BIN / "oca-checks-odoo-module")
    return [tool, f"--disable={ODOO_CHECKS_OFF}", *files]


def _po_checks() -> list[str]:
    files = sorted(
        str(Path(file).relative_to(ROOT))
        for name in manifests()
        for file in (ROOT / "addons" / name / "i18n").glob("*.po*")
    )
    return [str(BIN / "oca-checks-po"), "--disable=po-pretty-format", *files]
