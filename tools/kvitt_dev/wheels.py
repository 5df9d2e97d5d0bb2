"""A pip wheel of each addon, and a try at installing it."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from . import python_env
from .paths import ADDONS, CACHE, manifests
from .ui import say

OUTPUT = CACHE / "wheels"


def _pip(*args: str, cwd: Path | None = None) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(
        [
            str(python_env.PYTHON), "-m", "pip", "--quiet", "--no-input",
            "--disable-pip-version-check", *args,
        ],
        cwd=cwd,
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )  # fmt: skip


def wheels(args: list[str]) -> int:
    """Build every addon's wheel offline and install it into an empty folder."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    failed = []
    for addon in manifests():
        with tempfile.TemporaryDirectory() as folder:
            # The build leaves files beside the sources.
            source = Path(folder) / addon
            shutil.copytree(
                ADDONS / addon, source, ignore=shutil.ignore_patterns("__pycache__")
            )
            # Where there is no git history, whool asks for the version in a file.
            _pip(
                "wheel", "--no-deps", "--no-build-isolation", "--no-index",
                "--wheel-dir", str(OUTPUT), str(source),
            )  # fmt: skip
            wheel = next(OUTPUT.glob(f"odoo_addon_{addon}-*.whl"))
            target = Path(folder) / "target"
            _pip(
                "install",
                "--no-deps",
                "--no-index",
                "--target",
                str(target),
                str(wheel),
            )
            installed = target / "odoo" / "addons" / addon
            missing = [
                str(file.relative_to(source))
                for file in sorted(source.rglob("*"))
                if file.is_file()
                and "build" not in file.relative_to(source).parts[:1]
                and file.name not in ("pyproject.toml", "PKG-INFO")
                and not (installed / file.relative_to(source)).is_file()
            ]
            if missing:
                failed.append(addon)
                say(f"{wheel.name} lacks {missing}")
            else:
                with zipfile.ZipFile(wheel) as archive:
                    count = len(archive.namelist())
                say(f"    {wheel.name}: {count} files")
    return 1 if failed else 0
