"""The parts put together: interpreter, Odoo, server, and how Odoo is called."""

import configparser
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import odoo_source, postgres, python_env
from .paths import ADDONS, CACHE, DATA, LOGS, ROOT, prepare
from .ui import SetupError

CONFIG = CACHE / "odoo.conf"
LAUNCHER = python_env.VENV / "bin" / "odoo"


@dataclass(frozen=True)
class Runtime:
    """Everything a program needs to run with Odoo."""

    python: Path
    odoo: Path
    server: postgres.Server

    def environment(self) -> dict[str, str]:
        """Return the environment for a child: this interpreter, Odoo and server."""
        env = {
            key: value
            for key, value in os.environ.items()
            if key not in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")
        }
        path = [str(self.odoo), *filter(None, [env.get("PYTHONPATH")])]
        env |= self.server.environment()
        env |= {
            "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
            "PATH": os.pathsep.join(
                [str(python_env.VENV / "bin"), env.get("PATH", os.defpath)]
            ),
            "ODOO_RC": str(CONFIG),
        }
        return env

    def odoo_command(self, *args: str) -> list[str]:
        """Return the command line that runs Odoo with these arguments."""
        return [str(self.python), str(LAUNCHER), *with_addons_path(list(args))]

    def run_odoo(
        self,
        *args: str,
        log: Path | None = None,
        check: bool = True,
        stdin: str = "",
    ):
        """Run Odoo to its end, its log into a file.

        :param log: file for everything it says; default ``log/odoo.log``.
        :param stdin: what it reads, as ``odoo shell`` does.
        :raises SetupError: when it fails, with the errors of the log.
        """
        log = log or LOGS / "odoo.log"
        with open(log, "ab") as output:
            start = output.tell()
            result = subprocess.run(
                self.odoo_command(*args),
                env=self.environment(),
                cwd=ROOT,
                input=stdin.encode(),
                stdout=output,
                stderr=output,
            )
        if check and result.returncode:
            with open(log, encoding="utf-8", errors="replace") as said:
                said.seek(start)
                tail = said.read().splitlines()[-25:]
            raise SetupError(
                f"odoo {' '.join(args)} failed ({log}):\n  " + "\n  ".join(tail)
            )
        return result.returncode


def addons_paths() -> list[str]:
    """Return the addons path of the suite (Odoo adds its own by itself)."""
    extra = os.environ.get("KVITT_EXTRA_ADDONS", "")
    return [str(ADDONS), *filter(None, extra.split(","))]


def _own_config(args: list[str]) -> Path | None:
    """Return the configuration file that the caller names with -c, if any."""
    for index, arg in enumerate(args):
        if arg in ("-c", "--config") and index + 1 < len(args):
            return Path(args[index + 1])
        if arg.startswith("--config="):
            return Path(arg.partition("=")[2])
        if arg.startswith("-c") and len(arg) > 2 and not arg.startswith("--"):
            return Path(arg[2:])
    return None


def with_addons_path(args: list[str]) -> list[str]:
    """Put the addons path in front of a sub-command.

    Odoo looks for sub-commands of addons before it reads any configuration file,
    and takes the addons path only as the very first argument then.
    """
    if not args or args[0].startswith("-"):
        return args
    paths = addons_paths()
    own = _own_config(args)
    if own and own.is_file():
        parser = configparser.RawConfigParser()
        parser.read(own, encoding="utf-8")
        named = parser.get("options", "addons_path", fallback="")
        paths = [p.strip() for p in named.split(",") if p.strip()] + paths
    return ["--addons-path=" + ",".join(dict.fromkeys(paths)), *args]


def write_config(file: Path, server: postgres.Server, **options: str) -> None:
    """Write an Odoo configuration file that only its owner can read."""
    parser = configparser.RawConfigParser()
    values = {
        "addons_path": ",".join(addons_paths()),
        "data_dir": str(DATA),
        "db_host": server.host,
        "db_port": server.port,
        "db_user": server.user,
        "db_password": server.password,
        "http_interface": "127.0.0.1",
        "list_db": "False",
        **options,
    }
    parser["options"] = {key: value for key, value in values.items() if value}
    # Several commands may start at the same moment.
    partial = file.with_suffix(f".{os.getpid()}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        parser.write(f)
    partial.replace(file)


def ensure() -> Runtime:
    """Set up whatever is missing and return the runtime."""
    prepare()
    python = python_env.ensure()
    odoo = odoo_source.ensure()
    server = postgres.ensure()
    write_config(CONFIG, server)
    return Runtime(python, odoo, server)


def exec_odoo(args: list[str]) -> None:
    """Become Odoo's own command line."""
    runtime = ensure()
    env = runtime.environment()
    if _own_config(args):
        # Odoo lets the environment win over the file: the caller's file should.
        for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "ODOO_RC"):
            env.pop(name, None)
            if name in os.environ:
                env[name] = os.environ[name]
    command = runtime.odoo_command(*args)
    os.execve(command[0], command, env)
