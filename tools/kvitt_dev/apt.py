"""Debian packages without touching the system.

The mirror and its keyring are those of the machine's own apt configuration, and
apt itself checks the signatures: only its lists and its cache are ours. Works as
an ordinary user.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .paths import CACHE
from .ui import SetupError

DEBIAN_SUITES = re.compile(
    r"^(bullseye|bookworm|trixie|forky|duke|sid|stable|testing|unstable|oldstable)$"
)
DEFAULT_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Mirror:
    """A Debian archive as the machine's apt knows it."""

    uri: str
    signed_by: str
    suite: str


def _apt_config_files() -> list[Path]:
    result = subprocess.run(
        ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f",
         "PARTS", "Dir::Etc::sourceparts/d"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    values = dict(re.findall(r"^(\w+)='(.*)'$", result.stdout, re.M))
    files = [Path(values.get("LIST", "/etc/apt/sources.list"))]
    parts = Path(values.get("PARTS", "/etc/apt/sources.list.d"))
    if parts.is_dir():
        files += sorted([*parts.glob("*.list"), *parts.glob("*.sources")])
    return [file for file in files if file.is_file() and os.access(file, os.R_OK)]


def _read_one_line(text: str) -> list[tuple[str, str, list[str]]]:
    found = []
    pattern = r"^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)"
    for options, uri, suite in re.findall(pattern, text, re.M):
        signed = re.search(r"signed-by=(\S+)", options, re.I)
        found.append((uri, signed.group(1) if signed else "", [suite]))
    return found


def _read_deb822(text: str) -> list[tuple[str, str, list[str]]]:
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and name:
                fields[name] += "\n" + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" not in fields.get("types", "").split():
            continue
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        suites = fields.get("suites", "").split()
        for uri in fields.get("uris", "").split():
            found.append((uri, fields.get("signed-by", ""), suites))
    return found


def _keyring(signed_by: str) -> str:
    """Return a keyring file: a Signed-By may hold the key itself."""
    if "-----BEGIN" in signed_by:
        lines = ["" if line == "." else line for line in signed_by.strip().splitlines()]
        keyring = CACHE / "apt" / "machine-keyring.asc"
        keyring.parent.mkdir(parents=True, exist_ok=True)
        keyring.write_text("\n".join(lines) + "\n", encoding="ascii")
        return str(keyring)
    if not signed_by and DEFAULT_KEYRING.is_file():
        return str(DEFAULT_KEYRING)
    return signed_by.replace("\n", " ")


def machine_mirror() -> Mirror:
    """Return the Debian mirror this machine uses.

    :raises SetupError: without apt, or without a Debian archive in its sources.
    """
    for tool in ("apt-get", "apt-config", "dpkg-deb"):
        if not shutil.which(tool):
            raise SetupError(f"this machine has no {tool}")
    for file in _apt_config_files():
        text = file.read_text(encoding="utf-8", errors="replace")
        reader = _read_deb822 if file.suffix == ".sources" else _read_one_line
        for uri, signed_by, suites in reader(text):
            suite = next((s for s in suites if DEBIAN_SUITES.match(s)), None)
            if suite:
                return Mirror(uri, _keyring(signed_by), suite)
    raise SetupError("no Debian archive is named in this machine's apt sources")


class Archive:
    """One suite of the machine's Debian mirror, with lists of its own."""

    def __init__(self, suite: str, *, know_installed: bool = False):
        """
        :param suite: code name, such as ``sid``; empty for the machine's own.
        :param know_installed: let apt see what the machine has installed.
        """
        mirror = machine_mirror()
        self.suite = suite or mirror.suite
        self.folder = CACHE / "apt" / self.suite
        for sub in ("lists/partial", "cache/archives/partial"):
            (self.folder / sub).mkdir(parents=True, exist_ok=True)
        signed = f"[signed-by={mirror.signed_by}] " if mirror.signed_by else ""
        sources = self.folder / "sources.list"
        sources.write_text(f"deb {signed}{mirror.uri} {self.suite} main\n")
        self.options = {
            "Dir::Etc::sourcelist": str(sources),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": str(self.folder / "lists"),
            "Dir::Cache": str(self.folder / "cache"),
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "1",
        }
        if not know_installed:
            status = self.folder / "status"
            status.touch()
            self.options["Dir::State::status"] = str(status)
        if os.geteuid() == 0:
            # The unprivileged _apt user may not be able to reach the cache.
            self.options["APT::Sandbox::User"] = "root"

    def run(self, tool: str, *args: str, cwd: Path | None = None) -> str:
        """Run an apt tool with these lists and return what it printed.

        :raises SetupError: when apt fails, with apt's own words.
        """
        command = [tool, "-q"]
        for key, value in self.options.items():
            command += ["-o", f"{key}={value}"]
        result = subprocess.run(
            [*command, *args],
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        if result.returncode:
            words = (result.stderr or result.stdout).strip().splitlines()[-8:]
            raise SetupError(
                f"{tool} {args[0]} ({self.suite}) failed:\n  " + "\n  ".join(words)
            )
        return result.stdout

    def update(self) -> None:
        """Fetch the suite's package lists; apt checks the signature."""
        self.run("apt-get", "update", "-o", "APT::Update::Error-Mode=any")

    def version(self, package: str) -> str:
        """Return the version of a package in this suite, empty if it has none."""
        for line in self.run("apt-cache", "madison", package).splitlines():
            columns = [column.strip() for column in line.split("|")]
            if columns[0] == package:
                return columns[1]
        return ""

    def missing(self, *packages: str) -> list[str]:
        """Return the names of the packages that installing these would add."""
        output = self.run(
            "apt-get", "install", "--simulate", "--no-install-recommends", *packages
        )
        return re.findall(r"^Inst (\S+)", output, re.M)

    def download(self, packages: list[str], target: Path) -> list[Path]:
        """Download packages (checked by apt) into a folder; return the files."""
        partial = target / f"partial-{self.suite}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        self.run("apt-get", "download", *packages, cwd=partial)
        files = []
        for file in sorted(partial.glob("*.deb")):
            files.append(file.replace(target / file.name))
        partial.rmdir()
        return files


def unpack(debs: list[Path], target: Path) -> None:
    """Unpack packages into a folder that appears only when it is complete."""
    half_made = target.with_name(target.name + ".new")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(parents=True)
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", str(deb), str(half_made)], check=True)
    # Packages may carry modes of their own for the top folder.
    half_made.chmod(0o755)
    shutil.rmtree(target, ignore_errors=True)
    half_made.rename(target)


def remember(file: Path, debs: list[Path], **facts: str) -> None:
    """Write down which downloads are complete, last, so a broken run starts over."""
    partial = file.with_suffix(".new")
    partial.write_text(json.dumps({"debs": [d.name for d in debs], **facts}, indent=1))
    partial.replace(file)


def recall(file: Path) -> dict:
    """Return what :func:`remember` wrote if every file is still there, else {}."""
    try:
        facts = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    if all((file.parent / name).is_file() for name in facts["debs"]):
        return facts
    return {}
