"""Where things are: the checkout, and the cache that holds all that is made."""

import ast
import contextlib
import fcntl
import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
ADDONS = ROOT / "addons"
TESTS = ROOT / "tests"
CACHE = Path(os.environ.get("KVITT_HOME") or ROOT / ".kvitt").expanduser().absolute()
DATA = CACHE / "data"
LOGS = CACHE / "log"
STATE = CACHE / "state"
# Addons of others that ours have a bridge to. A database of ours has neither.
FOREIGN = {"account_reconcile_oca", "queue_job"}
CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]


def prepare() -> None:
    """Make the cache's folders. It holds passwords, so only its owner may look."""
    CACHE.mkdir(parents=True, exist_ok=True)
    CACHE.chmod(0o711)
    for folder in (DATA, LOGS, STATE):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)


@contextlib.contextmanager
def lock(name: str):
    """Hold a lock between processes, so that two `make` do not build one thing."""
    prepare()
    with open(STATE / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def manifests(*, bridges: bool = True) -> dict[str, dict]:
    """Return the manifests of the installable addons by addon name, sorted.

    :param bridges: with those to addons of others, which Odoo does not bring
    """
    found = {}
    for manifest in sorted(ADDONS.glob("*/__manifest__.py")):
        values = ast.literal_eval(manifest.read_text(encoding="utf-8"))
        if not bridges and FOREIGN.intersection(values["depends"]):
            continue
        if values.get("installable", True):
            found[manifest.parent.name] = values
    return found


def bridges() -> list[str]:
    """Return the names of the addons that need addons of others."""
    return sorted(manifests().keys() - manifests(bridges=False).keys())


def file_hash(*files: Path) -> str:
    """Return a short hash of the files' contents."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
