"""The virtual environment with the pinned requirements."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import apt
from .paths import CACHE, TOOLS, file_hash, lock
from .ui import SetupError, say, step

VENV = CACHE / "venv"
PYTHON = VENV / "bin" / "python"
LOCK = TOOLS / "requirements.lock"
# Best first: 3.13 has no wheel for what draws barcodes, 3.10 misses the newest
# releases of some packages.
SUPPORTED = [(3, 12), (3, 11), (3, 13), (3, 10)]
MARKER = VENV / ".complete"


def _describe(python: str) -> tuple[tuple[int, int], bool] | None:
    """Return an interpreter's version and whether it has ensurepip."""
    code = (
        "import importlib.util as u, sys;"
        "print(*sys.version_info[:2], int(u.find_spec('ensurepip') is not None))"
    )
    try:
        result = subprocess.run(
            [python, "-I", "-c", code],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, has_pip = result.stdout.split()
    return (int(major), int(minor)), has_pip == "1"


def choose_interpreter() -> tuple[str, bool]:
    """Return the best interpreter here, and whether it can install pip by itself.

    :raises SetupError: when there is none between 3.10 and 3.13.
    """
    own = os.environ.get("KVITT_PYTHON")
    candidates = [own] if own else []
    if not own:
        # Not a virtual environment's: that one may go away.
        candidates.append(getattr(sys, "_base_executable", sys.executable))
        for major, minor in SUPPORTED:
            found = shutil.which(f"python{major}.{minor}")
            candidates += [found] if found else []
        found = shutil.which("python3")
        candidates += [found] if found else []
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        if (pyenv / "versions").is_dir():
            candidates += map(
                str, sorted(pyenv.glob("versions/3.1[0-3].*/bin/python3"))
            )
    best = None
    for candidate in dict.fromkeys(candidates):
        facts = _describe(candidate)
        if facts and facts[0] in SUPPORTED:
            rank = (not facts[1], SUPPORTED.index(facts[0]))
            if best is None or rank < best[0]:
                best = (rank, candidate, facts[1])
    if best is None:
        raise SetupError(
            "no Python between 3.10 and 3.13 was found; set KVITT_PYTHON to one"
        )
    return best[1], best[2]


def _pip_without_ensurepip() -> str:
    """Return pip's wheel from Debian, which splits ensurepip from python3."""
    target = CACHE / "pip"
    wheels = target / "usr/share/python-wheels"
    if not wheels.is_dir():
        archive = apt.Archive("")
        archive.update()
        apt.unpack(archive.download(["python3-pip-whl"], CACHE), target)
    found = sorted(wheels.glob("pip-*.whl"))
    if not found:
        raise SetupError("this Python has no ensurepip: install python3-venv")
    return str(found[-1])


def pip_install(python: Path, lockfile: Path, *options: str) -> None:
    """Install a complete, hashed lock file.

    :raises SetupError: when pip fails, with the end of what it said.
    """
    command = [
        str(python), "-m", "pip", "install", "--no-deps", "--require-hashes",
        "--disable-pip-version-check", "--no-input", "--quiet",
        "--root-user-action=ignore", *options, "-r", str(lockfile),
    ]  # fmt: skip
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    result = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if result.returncode:
        words = "\n  ".join(result.stderr.strip().splitlines()[-12:])
        raise SetupError(f"pip could not install {lockfile.name}:\n  {words}")


def _wanted() -> str:
    return file_hash(LOCK)


def ready() -> bool:
    """Whether the environment is complete for the present lock file."""
    return PYTHON.exists() and MARKER.is_file() and MARKER.read_text() == _wanted()


def ensure() -> Path:
    """Return the environment's interpreter, making or updating it if need be."""
    if ready():
        return PYTHON
    with lock("python"):
        if ready():
            return PYTHON
        interpreter, has_pip = choose_interpreter()
        if not (VENV / "bin" / "pip").exists() or _describe(str(PYTHON)) is None:
            with step(f"Python environment from {interpreter}"):
                command = [interpreter, "-m", "venv", "--clear", str(VENV)]
                if not has_pip:
                    say("    it has no ensurepip: taking pip from Debian")
                    pip = _pip_without_ensurepip()
                    command.insert(4, "--without-pip")
                subprocess.run(command, check=True, stdout=sys.stderr)
                if not has_pip:
                    subprocess.run(
                        [PYTHON, f"{pip}/pip", "install", "-q", "--no-index", pip],
                        check=True,
                        stdout=sys.stderr,
                    )
        MARKER.unlink(missing_ok=True)
        with step("Python packages from the lock file (a minute or two)"):
            pip_install(PYTHON, LOCK)
        _write_launcher()
        partial = MARKER.with_suffix(".new")
        partial.write_text(_wanted())
        partial.replace(MARKER)
    return PYTHON


def _write_launcher() -> None:
    """Write the script that starts Odoo.

    Odoo starts itself again from ``sys.argv[0]`` (workers, reload), so that must
    be a Python script of its own.
    """
    launcher = VENV / "bin" / "odoo"
    launcher.write_text(
        f"#!{PYTHON}\nimport sys\n\nfrom odoo.cli import main\n\nsys.exit(main())\n"
    )
    launcher.chmod(0o755)
