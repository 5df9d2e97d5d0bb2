"""``tools/kvitt COMMAND``: what the Makefile and bin/odoo call."""

import os
import sys

from . import python_env, ui
from .paths import ROOT, prepare

COMMANDS = {
    "bootstrap": "fetch Odoo, the Python packages and PostgreSQL; start the server",
    "odoo": "Odoo's own command line (this is bin/odoo)",
    "demo": "the demo: database, damaged bank file, import, Odoo on localhost",
    "sms-gateway": "an SMS gateway with a fake centre, to try SMS with",
    "test": "the tests of every change: without and with database, in browsers",
    "nightly": "all tests, those that take long among them",
    "unit": "the tests that need no database",
    "lint": "ruff, pylint-odoo, prettier and eslint",
    "format": "put everything in the house's format",
    "i18n": "check that the translations are complete (--export writes the .pot)",
    "wheels": "build a wheel of each addon and try to install it",
    "bench": "the benchmarks",
    "screenshots": "the pictures of the documentation, from the demo",
    "ci": "all of the continuous integration (.ci/run); --nightly for all tests",
    "shell-env": "print the environment of the tools as shell assignments",
    "stop": "stop the private PostgreSQL server",
    "clean": "stop it and remove the cache with everything in it",
}


def _inside_environment() -> bool:
    return os.path.realpath(sys.prefix) == os.path.realpath(python_env.VENV)


def _stop() -> int:
    from . import postgres

    ui.say("PostgreSQL stopped" if postgres.stop() else "PostgreSQL was not running")
    return 0


def _clean() -> int:
    import shutil

    from . import postgres
    from .paths import CACHE

    postgres.remove()
    shutil.rmtree(CACHE, ignore_errors=True)
    shutil.rmtree(ROOT / "node_modules", ignore_errors=True)
    return 0


def _dispatch(command: str, args: list[str]) -> int:
    """Run a command inside the virtual environment."""
    if command == "bootstrap":
        from . import runtime

        runtime.ensure()
        return 0
    if command == "odoo":
        from . import runtime

        runtime.exec_odoo(args)
    if command in ("test", "nightly", "unit", "bench", "shell-env"):
        from . import testing

        return getattr(testing, command.replace("-", "_"))(args)
    from importlib import import_module

    module = {"format": "lint", "sms-gateway": "kannel"}.get(command, command)
    function = command.replace("-", "_")
    return getattr(import_module(f"kvitt_dev.{module}"), function)(args)


def main(argv: list[str]) -> int:
    """Run one command; return the exit code."""
    if not argv or argv[0] not in COMMANDS:
        width = max(map(len, COMMANDS))
        for name, text in COMMANDS.items():
            print(f"  {name:{width}}  {text}")
        return 0 if not argv or argv[0] in ("help", "--help", "-h") else 2
    command, *args = argv
    # Odoo's own command line should look like Odoo's.
    ui.QUIET = command in ("shell-env",)
    try:
        if command == "stop":
            return _stop()
        if command == "clean":
            return _clean()
        if not _inside_environment():
            prepare()
            python = str(python_env.ensure())
            os.execv(python, [python, "-m", "kvitt_dev", *argv])
        if not python_env.ready():
            python_env.ensure()
        # For the children: the caller's own, not the one that leads to this package.
        os.environ["PYTHONPATH"] = os.environ.pop("KVITT_OUTER_PYTHONPATH", "")
        return _dispatch(command, args)
    except ui.SetupError as error:
        print(f"kvitt: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
