"""The distribution as jobs of the OCA's queue, and the addon that makes them.

The OCA's addon comes with none of ours: it is fetched from the package index into the
cache. Where that cannot be done the tests fail and say so; nobody shall believe that
they ran.
"""

import json
import os
import socket
import subprocess
import time

import pytest

from benchmarks.scratch import BenchError, peers_path

from . import sending
from .balancer import Balancer
from .processes import COMPANY, ODOO, ROOT, odoo, query

pytestmark = pytest.mark.nightly

ADDON = "billing_queue_job"
#: The OCA's addon, and what its own migrations import.
QUEUE = ("odoo-addon-queue-job==19.0.2.4.0.1", "openupgradelib==3.13.7")
CUSTOMERS = 60
WORKER_LOCK = 0x6B76_7701
LANES = 4
CHANNELS = f"root:6,root.billing:6,root.billing.send:{LANES}"

# Small batches, so that there are many; and no crons but those that are tested.
QUEUE_ONLY = """
env["ir.config_parameter"].set_param("billing_queue_job.batch_size", "4")
crons = env["ir.cron"].search([])
crons.nextcall = "2099-01-01"
ours = ("ir_cron_send_email", "ir_cron_settle")
(crons - crons.concat(
    *(env.ref(f"billing_dynamic_distribution.{name}") for name in ours)
)).active = False
env.cr.commit()
"""
UNCERTAIN = """
SELECT address FROM billing_distribution_attempt WHERE state = 'uncertain'
"""
UNFINISHED = """
SELECT count(*)
  FROM billing_distribution_run AS run JOIN res_company AS company
    ON company.id = run.company_id
 WHERE run.state IN ('waiting', 'sending') AND company.name = %s
"""
# Messages that are being handed over by nobody any more, as if for an hour.
AGE = f"""
UPDATE billing_distribution_attempt
   SET called_at = called_at - interval '1 hour'
 WHERE state = 'calling'
   AND worker NOT IN (SELECT objid::int FROM pg_locks
                       WHERE locktype = 'advisory' AND classid::bigint = {WORKER_LOCK})
"""
HURRY = """
UPDATE billing_distribution_run SET next_at = now() at time zone 'utc'
 WHERE state = 'waiting' AND next_at > now() at time zone 'utc'
"""
WAKE = """
INSERT INTO ir_cron_trigger (cron_id, call_at)
SELECT cron.id, now() at time zone 'utc'
  FROM ir_cron AS cron JOIN ir_model_data AS data
    ON data.model = 'ir.cron' AND data.res_id = cron.id
 WHERE data.module = 'billing_dynamic_distribution'
   AND data.name IN ('ir_cron_send_email', 'ir_cron_settle')
"""


@pytest.fixture(scope="module")
def queue():
    """Install the OCA's addon, and name its folder to Odoo."""
    try:
        path = peers_path(QUEUE, "queue")
    except BenchError as error:
        pytest.fail(f"without the OCA's addon nothing was tested: {error}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KVITT_EXTRA_ADDONS", str(path))
        patch.setenv("PYTHONPATH", str(path.parents[1]), prepend=os.pathsep)
        yield f"--addons-path={ROOT / 'addons'},{path}"


class Server:
    """Odoo serving one database, with the queue's runner and one thread for crons."""

    def __init__(self, number, addons, database, balancer, ports, folder):
        self.port = ports[number]
        self._path = folder / f"server-{number}.log"
        self._log = open(self._path, "wb")
        self._process = subprocess.Popen(
            [
                ODOO,
                addons,
                *("-d", database, "--http-port", str(self.port)),
                *("--http-interface", "127.0.0.1", "--max-cron-threads", "1"),
                *("--load", "base,rpc,web,queue_job"),
            ],
            env={
                **os.environ,
                "ODOO_QUEUE_JOB_CHANNELS": CHANNELS,
                "ODOO_QUEUE_JOB_HOST": "127.0.0.1",
                "ODOO_QUEUE_JOB_PORT": str(balancer.port),
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.kill()
        self._log.close()

    def kill(self):
        self._process.kill()
        self._process.wait()

    def is_up(self):
        """Whether it has loaded the database."""
        assert self._process.poll() is None, "the server ended"
        return b"Registry loaded" in self._path.read_bytes()


def wait_for(condition, seconds, meanwhile=None):
    """Wait until something is so.

    :param meanwhile: called about every second
    :raises AssertionError: it did not become so
    """
    started = time.monotonic()
    called = 0
    while not condition():
        waited = time.monotonic() - started
        assert waited < seconds, f"waited {seconds} seconds in vain"
        if meanwhile and waited >= called:
            meanwhile()
            called += 1
        time.sleep(0.05)


def free_ports(count):
    """Return ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _number in range(count)]
    try:
        return [taken.getsockname()[1] for taken in sockets]
    finally:
        for taken in sockets:
            taken.close()


def wake(database):
    """Let the scheduler come by, as it does every ten minutes."""
    query(database, WAKE)
    query("postgres", "SELECT pg_notify('cron_trigger', %s)", database)


def holders(database, condition):
    """The Odoo processes that hold a certain lock of this database."""
    rows = query(
        database,
        "SELECT DISTINCT application_name FROM pg_stat_activity JOIN pg_locks"
        " USING (pid) WHERE datname = current_database()"
        " AND locktype = 'advisory' AND granted AND " + condition,
    )
    return {int(name.rpartition("-")[2]) for (name,) in rows}


def handing_over(database):
    """The processes that hand over a batch at this moment."""
    return holders(database, f"classid::bigint = {WORKER_LOCK}")


def leader(database):
    """The process whose runner gives out the jobs."""
    [found] = holders(database, "objsubid = 1")
    return found


def per_customer(mail_server):
    """How many messages each customer got; Odoo itself writes to others."""
    return {
        address: count
        for address, count in mail_server.counts().items()
        if address.endswith("@kunde.example")
    }


def time_flies(database):
    """Let nobody wait for what is lost, nor for another try; and the crons come by."""
    query(database, AGE)
    query(database, HURRY)
    wake(database)


def test_two_servers_share_the_work_and_one_is_killed(
    queue, database, mail_server, tmp_path
):
    """The leading one is killed while both hand over: none lost, none doubled."""
    log = tmp_path / "odoo.log"
    odoo(
        *(queue, "-d", database, "-i", "queue_job", "--stop-after-init", "--no-http"),
        log=log,
    )
    sending.script(database, QUEUE_ONLY)
    sending.prepare(
        database,
        "email",
        [
            {"name": f"Customer {number}", "email": f"c{number}@kunde.example"}
            for number in range(CUSTOMERS)
        ],
        smtp_port=mail_server.port,
        email="faktura@fjordlys.example",
    )
    mail_server.delay = 1
    ports = free_ports(2)

    def arrived():
        return sum(per_customer(mail_server).values())

    with (
        Balancer(ports) as balancer,
        Server(0, queue, database, balancer, ports, tmp_path) as one,
        Server(1, queue, database, balancer, ports, tmp_path) as other,
    ):
        servers = {one.pid: one, other.pid: other}
        wait_for(lambda: one.is_up() and other.is_up(), 120)
        wait_for(
            lambda: handing_over(database) == set(servers) and arrived() > 4,
            120,
            lambda: wake(database),
        )
        servers.pop(leader(database)).kill()
        before = arrived()
        assert before < CUSTOMERS, "it was to be killed in the middle"
        mail_server.delay = 0
        wait_for(
            lambda: query(database, UNFINISHED, COMPANY) == [(0,)],
            90,
            lambda: time_flies(database),
        )
    received = per_customer(mail_server)
    states = sending.states(database, "c%@kunde.example")
    print(json.dumps({"arrived before": before, **states}))
    assert set(received.values()) == {1}
    # What is not known to have arrived is known to be unknown: what was in the air.
    everybody = {f"c{number}@kunde.example" for number in range(CUSTOMERS)}
    assert everybody - received.keys() <= {row[0] for row in query(database, UNCERTAIN)}
    assert states.get("uncertain", 0) <= LANES
    assert states["sent"] == CUSTOMERS - states.get("uncertain", 0)
    assert "calling" not in states and "planned" not in states


def test_the_addon_installs_itself_works_and_leaves(queue, database, tmp_path):
    """And what is left are the crons as they were."""
    log = tmp_path / "odoo.log"
    common = (queue, "-d", database, "--stop-after-init")
    common += ("--http-interface=127.0.0.1", f"--http-port={free_ports(1)[0]}")
    said = odoo(
        *(*common, "-i", "queue_job", "--test-enable", "--test-tags", f"/{ADDON}"),
        log=log,
    ).stderr
    assert "0 failed, 0 error(s) of" in said, said[-3000:]
    assert query(
        database, "SELECT state FROM ir_module_module WHERE name = %s", ADDON
    ) == [("installed",)]
    odoo("module", "uninstall", "-d", database, ADDON, log=log)
    assert (
        query(
            database,
            "SELECT name FROM ir_model_data WHERE module = %s"
            " UNION SELECT name FROM queue_job_channel WHERE name = 'billing'"
            " UNION SELECT name FROM queue_job WHERE channel LIKE 'root.billing%%'",
            ADDON,
        )
        == []
    )
    odoo(*common, "-i", ADDON, log=log)
    assert query(
        database, "SELECT state FROM ir_module_module WHERE name = %s", ADDON
    ) == [("installed",)]
