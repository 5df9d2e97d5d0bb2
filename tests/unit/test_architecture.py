"""The rules of the house that a reader cannot see in any single file."""

import ast
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = sorted(ROOT.glob("addons/*/__manifest__.py"))
ADDONS = [manifest.parent.name for manifest in MANIFESTS]
# Addons between two others, and their licence: one that needs an AGPL addon of the
# OCA is AGPL itself (decision 4).
BRIDGES = {
    "billing_direct_debit_fee_policy": "LGPL-3",
    "billing_direct_debit_interactive_invoice": "LGPL-3",
    "billing_dynamic_distribution_peppol": "LGPL-3",
    "billing_dynamic_distribution_sms_twilio": "LGPL-3",
    "billing_dynamic_distribution_snailmail": "LGPL-3",
    "billing_fee_policy_dynamic_distribution": "LGPL-3",
    "billing_fee_policy_interactive_invoice": "LGPL-3",
    "billing_fee_policy_kid_match": "LGPL-3",
    "billing_interactive_invoice_kid_match": "LGPL-3",
    "billing_kid_match_account_reconcile_oca": "AGPL-3",
    "billing_queue_job": "AGPL-3",
}

# The top level of the tree, complete.
TOP_LEVEL = {
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "addons",
    "benchmarks",
    "bin",
    "docs",
    "setup.cfg",
    "tests",
    "tools",
    # Lint and CI.
    ".ci",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".npmrc",
    ".pre-commit-config.yaml",
    ".prettierignore",
    ".prettierrc.cjs",
    ".pylintrc",
    ".ruff.toml",
    "eslint.config.cjs",
    "package-lock.json",
    "package.json",
}
# Rules are pure: no Odoo, no clock, no network, no process, no global randomness.
FORBIDDEN_IN_CORE = {
    "odoo",
    "ftplib",
    "http",
    "httpx",
    "paramiko",
    "psycopg2",
    "random",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "urllib3",
    "zeep",
}
CLOCK_CALLS = {"now", "today", "utcnow"}
# Put together here, so that this file does not name them either.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("deb", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("ftp", "debian", "org"),
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
    )
]


def _tracked():
    output = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [Path(name) for name in output.split("\0") if name]


def _manifest(addon):
    text = (ROOT / "addons" / addon / "__manifest__.py").read_text(encoding="utf-8")
    return ast.literal_eval(text)


def _may_import(addon):
    """Return the siblings that an addon may know: those it depends on."""
    names = {addon}
    for name in _manifest(addon)["depends"]:
        if name in ADDONS:
            names |= _may_import(name)
    return names


def _imports(file):
    """Yield the absolute names that a Python file imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def test_there_are_addons():
    assert ADDONS


def test_top_level_is_exactly_the_agreed_one():
    assert {path.parts[0] for path in _tracked()} == TOP_LEVEL


def test_addons_is_not_a_package():
    assert not (ROOT / "addons" / "__init__.py").exists()


@pytest.mark.parametrize("addon", ADDONS)
def test_core_is_pure(addon):
    wrong = []
    for file in sorted((ROOT / "addons" / addon / "core").rglob("*.py")):
        for name in _imports(file):
            own = name.startswith("odoo.addons.") and ".core" in name
            if name.split(".")[0] in FORBIDDEN_IN_CORE and not own:
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
            if name.startswith(("urllib.request", "urllib.error")):
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in CLOCK_CALLS
            ):
                wrong.append(f"{file.relative_to(ROOT)}:{node.lineno} reads the clock")
            if isinstance(node, ast.Global):
                wrong.append(f"{file.relative_to(ROOT)}:{node.lineno} has global state")
    assert wrong == []


@pytest.mark.parametrize("addon", ADDONS)
def test_addon_imports_no_sibling_outside_its_row(addon):
    allowed = _may_import(addon)
    wrong = []
    for file in sorted((ROOT / "addons" / addon).rglob("*.py")):
        for name in _imports(file):
            match = re.match(r"odoo\.addons\.(\w+)", name)
            if match and match.group(1) in ADDONS and match.group(1) not in allowed:
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert wrong == []


@pytest.mark.parametrize("addon", ADDONS)
def test_addon_asks_nobody_whether_a_model_is_there(addon):
    """What crosses addons goes through extension points, never through a guess."""
    pattern = re.compile(r"""["'][a-z_.]+["']\s+(not\s+)?in\s+(self\.)?env\b""")
    wrong = [
        f"{file.relative_to(ROOT)}: {match.group(0)}"
        for file in sorted((ROOT / "addons" / addon).rglob("*.py"))
        # A command line may say that its addon is not installed.
        if "cli" not in file.parts
        for match in pattern.finditer(file.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize("addon", ADDONS)
def test_addon_is_complete_for_the_apps_list(addon):
    folder = ROOT / "addons" / addon
    manifest = _manifest(addon)
    needed = [
        "README.md",
        "pyproject.toml",
        "static/description/icon.png",
        "static/description/index.html",
    ]
    is_bridge = addon in BRIDGES
    if not is_bridge:
        needed += ["i18n/nb.po", "i18n/sv.po"]
    assert [name for name in needed if not (folder / name).is_file()] == []
    assert manifest["license"] == BRIDGES.get(addon, "LGPL-3")
    assert manifest.get("auto_install", False) == is_bridge
    assert manifest["version"].startswith("19.0.")
    images = manifest.get("images", [])
    assert images, "the Apps list shows a screenshot"
    assert [name for name in images if not (folder / name).is_file()] == []


@pytest.mark.parametrize("addon", ADDONS)
def test_nothing_but_marked_words_is_taken_up_for_translation(addon):
    """Odoo's export goes by the name that stands last before a bracket.

    So it takes a tuple that follows ``_("…")`` for another call, and its codes for
    words: a dictionary does, or the words after the tuple.
    """
    found = []
    for file in (ROOT / "addons" / addon).rglob("*.py"):
        name, before, brackets = "", "", []
        with file.open("rb") as stream:
            for token in tokenize.tokenize(stream.readline):
                # Python 3.12 and later tell of the words within f-strings as well.
                if token.type == tokenize.OP and token.string == "(":
                    brackets.append(name in ("_", "_lt") and before != name)
                elif token.type == tokenize.OP and token.string == ")":
                    brackets.pop()
                elif token.type == tokenize.STRING and any(brackets[-1:]):
                    found.append(f"{file.relative_to(ROOT)}:{token.start[0]}")
                elif token.type == tokenize.NAME:
                    name = token.string
                if token.string.strip() and token.type != tokenize.COMMENT:
                    before = token.string
    assert found == []


def test_no_registry_host_is_written_down():
    wrong = []
    for path in _tracked():
        file = ROOT / path
        # The lock files hold names and checksums only; read them like the rest.
        if not file.is_file() or path.parts[:2] == ("tests", "data"):
            continue
        data = file.read_bytes()
        wrong += [
            f"{path} names a registry"
            for host in REGISTRY_HOSTS
            if host.encode() in data
        ]
    assert wrong == []


def test_tools_up_to_the_environment_need_the_standard_library_only():
    """They run before anything is installed."""
    early = ["__init__", "__main__", "apt", "odoo_source", "paths", "postgres"]
    early += ["python_env", "runtime", "ui", "browser", "odoo_log"]
    wrong = []
    for name in early:
        for imported in _imports(ROOT / "tools" / "kvitt_dev" / f"{name}.py"):
            top = imported.split(".")[0]
            if top not in sys.stdlib_module_names:
                wrong.append(f"{name} imports {imported}")
    assert wrong == []
