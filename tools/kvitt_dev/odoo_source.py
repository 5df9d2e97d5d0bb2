"""Odoo 19.0 itself: the user's own, or Debian's package unpacked in the cache."""

import os
import re
from pathlib import Path

from . import apt
from .paths import CACHE, lock
from .ui import SetupError, say, step

SERIES = (19, 0)
DEBS = CACHE / "debs"
PREFIX = CACHE / "odoo"
INSIDE = Path("usr/lib/python3/dist-packages")
# Debian replaces libraries and fonts inside Odoo with links into these packages;
# without them every page is an error 500.
COMPANIONS = [
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-inconsolata",
    "fonts-glyphicons-halflings",
]
# sid's version 5+ lacks the files Odoo links to: take it where it is still 4.7.
FONT_AWESOME = "fonts-font-awesome"
FONT_AWESOME_SUITES = ("trixie", "bookworm")


def _version_info(folder: Path) -> tuple | None:
    release = folder / "odoo" / "release.py"
    if not release.is_file():
        return None
    match = re.search(
        r"^version_info\s*=\s*\(\s*(\d+)\s*,\s*(\d+)",
        release.read_text(encoding="utf-8"),
        re.M,
    )
    return (int(match.group(1)), int(match.group(2))) if match else None


def _own_odoo(home: Path) -> Path:
    """Return the folder above the `odoo` package of the user's own Odoo.

    :raises SetupError: when there is none, or it is not 19.0.
    """
    candidates = [home, home / INSIDE, home / "src"]
    if home.name == "odoo":
        candidates.append(home.parent)
    for folder in candidates:
        version = _version_info(folder)
        if version == SERIES:
            return folder
        if version:
            raise SetupError(
                f"ODOO_HOME={home} holds Odoo {version[0]}.{version[1]}; "
                "Kvitt needs Odoo 19.0"
            )
    raise SetupError(
        f"ODOO_HOME={home} holds no Odoo: expected a source checkout or a folder "
        "with the `odoo` package (odoo/release.py) in it"
    )


def _download() -> list[Path]:
    DEBS.mkdir(parents=True, exist_ok=True)
    note = DEBS / "odoo.json"
    known = apt.recall(note)
    if known:
        return [DEBS / name for name in known["debs"]]
    sid = apt.Archive("sid")
    sid.update()
    version = sid.version("odoo-19")
    if not version.startswith("19.0"):
        found = f"odoo-19 is {version} there" if version else "it has no odoo-19"
        raise SetupError(f"Debian sid has no Odoo 19.0 any more ({found})")
    say(f"    odoo-19 {version} from Debian sid, about 130 MB")
    debs = sid.download(["odoo-19", *COMPANIONS], DEBS)
    for suite in FONT_AWESOME_SUITES:
        archive = apt.Archive(suite)
        try:
            archive.update()
        except SetupError as error:
            say(f"    {error}")
            continue
        if "really4.7" in archive.version(FONT_AWESOME):
            debs += archive.download([FONT_AWESOME], DEBS)
            break
    else:
        say("    Font Awesome 4.7 not found: icons in e-mails will be missing")
    apt.remember(note, debs, version=version)
    return debs


def ensure() -> Path:
    """Return the folder to put on PYTHONPATH, fetching Odoo if need be.

    :raises SetupError: when no Odoo 19.0 is to be had; names ODOO_HOME.
    """
    home = os.environ.get("ODOO_HOME")
    if home:
        return _own_odoo(Path(home).expanduser().resolve())
    folder = PREFIX / INSIDE
    if _version_info(folder) == SERIES:
        return folder
    with lock("odoo"):
        if _version_info(folder) == SERIES:
            return folder
        with step("Odoo 19.0: fetching Debian's package into the cache"):
            try:
                apt.unpack(_download(), PREFIX)
            except SetupError as error:
                raise SetupError(
                    f"cannot fetch Odoo 19.0: {error}\n"
                    "Set ODOO_HOME to an Odoo 19.0 of your own: a source checkout, "
                    "or the folder that holds the `odoo` package."
                ) from error
    if _version_info(folder) != SERIES:
        raise SetupError(
            f"the unpacked package in {PREFIX} is not Odoo 19.0; "
            "remove it, or set ODOO_HOME"
        )
    return folder
