"""Chromium for the browser tests: the machine's, else Debian's in the cache."""

import os
import shutil
import subprocess
from pathlib import Path

from . import apt
from .paths import CACHE, lock
from .ui import SetupError, say, step

# The names Odoo looks for.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
PREFIX = CACHE / "chromium"
DEBS = CACHE / "chromium-debs"
BIN = CACHE / "chromium-bin"
FONTS = ["fonts-liberation", "fonts-dejavu-core", "fontconfig-config"]

WRAPPER = """#!/bin/sh
# Debian's Chromium from the cache, with the libraries the machine lacks.
root={root}
LD_LIBRARY_PATH=$root/usr/lib/{triplet}:$root/lib/{triplet}:${{LD_LIBRARY_PATH:-}}
export LD_LIBRARY_PATH
[ -d /etc/fonts ] || export FONTCONFIG_PATH=$root/etc/fonts
exec "$root/usr/lib/chromium/chromium" "$@"
"""


def _embedded_wanted() -> bool:
    return os.environ.get("KVITT_BROWSER_EMBEDDED") == "1"


def _works(program: str) -> bool:
    try:
        result = subprocess.run([program, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return result.returncode == 0


def on_path(path: str) -> str:
    """Return a PATH on which Odoo finds a browser."""
    parts = [str(BIN), path] if _embedded_wanted() else [path, str(BIN)]
    return os.pathsep.join(parts)


def ensure() -> str:
    """Return a browser Odoo will find, fetching Debian's into the cache if needed.

    :raises SetupError: when none can be had without changing the system.
    """
    if not _embedded_wanted():
        for name in NAMES:
            found = shutil.which(name)
            if found:
                return found
    wrapper = BIN / "chromium"
    if wrapper.exists() and _works(str(wrapper)):
        return str(wrapper)
    with lock("chromium"), step("Chromium for the browser tests"):
        try:
            _fetch(wrapper)
        except SetupError as error:
            raise SetupError(
                f"the browser tests need Chromium, and it cannot be fetched: {error}\n"
                "Install it as root: apt-get install chromium"
            ) from error
    if not _works(str(wrapper)):
        raise SetupError(
            "Chromium does not start from the cache on this machine; "
            "install it as root: apt-get install chromium"
        )
    return str(wrapper)


def _fetch(wrapper: Path) -> None:
    # Asked for on purpose: everything comes along, whatever the machine has.
    archive = apt.Archive("", know_installed=not _embedded_wanted())
    archive.update()
    wanted = archive.missing("chromium", *FONTS)
    say(f"    {len(wanted)} packages of this machine's Debian release")
    shutil.rmtree(DEBS, ignore_errors=True)
    DEBS.mkdir(parents=True)
    apt.unpack(archive.download(wanted, DEBS), PREFIX)
    shutil.rmtree(DEBS)
    BIN.mkdir(exist_ok=True)
    wrapper.write_text(WRAPPER.format(root=PREFIX, triplet=_triplet()))
    wrapper.chmod(0o755)


def _triplet() -> str:
    folders = sorted((PREFIX / "usr/lib").glob("*-linux-gnu*"))
    return folders[0].name if folders else "x86_64-linux-gnu"
