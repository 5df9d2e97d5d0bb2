"""Run in Odoo's shell: workers that send, and that are killed while they do.

The process that loaded Odoo forks workers, each with connections of its own, as Odoo's
own server does. ``ORDER`` names what to do; one line with ``RESULT`` and a JSON object
is the answer.
"""

import http.client
import json
import os
import random
import signal
import sys
import time
from datetime import date, timedelta

import psycopg2

import odoo.sql_db
from odoo import SUPERUSER_ID, api, fields, models
from odoo.orm.model_classes import add_to_registry

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import (
    NOT_RECEIVED,
    Outcome,
    Prepared,
)
from odoo.addons.billing_dynamic_distribution.models import (
    billing_distribution_sender_outcomes,
)

from benchmarks import deliveries  # noqa: E402

ORDER = json.loads(os.environ["ORDER"])
PORT = ORDER["port"]
#: Seconds the gateway has to answer; it is silent for longer than that.
PATIENCE = 0.5
#: This gateway knows at once what it was handed.
billing_distribution_sender_outcomes.GRACE = timedelta(seconds=1)
registry = env.registry  # noqa: F821
database = env.cr.dbname  # noqa: F821


def die_at(point):
    """Die here, with no farewell, if the order says so."""
    if ORDER.get("die_at") == point:
        os.kill(os.getpid(), signal.SIGKILL)


class GatewayChannel(models.AbstractModel):
    """Messages to the counting gateway."""

    _name = "billing.channel.counting"
    _inherit = "billing.channel"
    _description = "Counting gateway"
    _module = "billing_dynamic_distribution"

    _channel = "sms"
    _group = "sms"
    _can_look_up = True

    def _prepare(self, attempt):
        return Prepared("", ",".join(str(i) for i in attempt.item_ids.move_id.ids))

    def _call(self, attempt, prepared):
        die_at("before call")
        line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
        try:
            line.connect()
        except OSError as error:
            return Outcome(state.FAILED_SOFT, reason=str(error), address_fault=False)
        try:
            body = json.dumps({"key": attempt.key, "text": prepared.text})
            line.request("POST", "/messages", body)
            answer = line.getresponse()
            found = json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            return Outcome(state.UNCERTAIN, reason=str(error))
        finally:
            line.close()
        die_at("after call")
        if answer.status != 200:
            return Outcome(state.FAILED_SOFT, reason="busy", address_fault=False)
        return Outcome(state.SENT, reference=found["id"])

    def _look_up(self, attempt):
        line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
        line.request("GET", f"/messages/{attempt.key}")
        answer = line.getresponse()
        answer.read()
        if answer.status == 200:
            return Outcome(state.SENT)
        return Outcome(state.FAILED_SOFT, code=NOT_RECEIVED, address_fault=False)


add_to_registry(registry, GatewayChannel)
registry._setup_models__(env.cr, ["billing.channel.counting"])  # noqa: F821
registry["billing.channel"]._registry = api.model(
    lambda self: {"sms": "billing.channel.counting"}
)


def new_env(cr):
    company = api.Environment(cr, SUPERUSER_ID, {})["res.company"].search(
        [("name", "=", "Fjordlys AS")]
    )
    return api.Environment(cr, SUPERUSER_ID, {"allowed_company_ids": company.ids})


def set_up():
    """Invoices that wait for an SMS, and a company that sends at any hour."""
    with registry.cursor() as cr:
        here = new_env(cr)
        company = here.company
        # What the demo sends is not counted.
        here.cr.execute(
            "TRUNCATE billing_distribution_run, billing_distribution_attempt CASCADE"
        )
        here["billing.distribution.plan"].search([]).active = False
        company.write(
            {"billing_quiet_hours": False, "billing_cap_sms_day": 0,
             "billing_cap_sms_week": 0}
        )  # fmt: skip
        plan = here["billing.distribution.plan"].create(
            {"name": "Counted", "company_id": company.id, "trigger": "asked"}
        )
        content = here.ref("billing_dynamic_distribution.content_invoice")
        plan._get_draft().step_ids = [
            (
                0,
                0,
                {"channel": "sms", "condition": "not_paid", "template_id": content.id},
            )
        ]
        plan.version_ids._publish()
        first, last = deliveries.grow(
            here, company, ORDER["customers"], ORDER["invoices"],
            date.today() + timedelta(days=9),
        )  # fmt: skip
        moves = here["account.move"].browse(range(first, last + 1))
        runs = moves._billing_distribute("asked")
        assert len(runs) == ORDER["invoices"], len(runs)


def hurry(cr):
    """Put the clock on: the waits before further tries are over."""
    try:
        cr.execute(
            "UPDATE billing_distribution_run SET next_at = %s"
            " WHERE state = 'waiting' AND next_at > %s",
            [fields.Datetime.now()] * 2,
            log_exceptions=False,
        )
        cr.commit()
    except psycopg2.errors.SerializationFailure:
        # The other worker has these; next time.
        cr.rollback()


def work(forever=True):
    """Send what is due, again and again, as the jobs do."""
    while True:
        with registry.cursor() as cr:
            here = new_env(cr)
            hurry(here.cr)
            here["billing.distribution.sender"]._cron_send("sms")
            here["billing.distribution.sender"]._cron_settle()
            here.cr.commit()
            if not forever or not left(here.cr):
                return
        time.sleep(0.05)


def left(cr):
    """Whether there is something to send, or to find out."""
    cr.execute(
        "SELECT EXISTS (SELECT FROM billing_distribution_run"
        " WHERE state IN ('waiting', 'sending'))"
        " OR EXISTS (SELECT FROM billing_distribution_attempt"
        " WHERE state IN ('calling', 'uncertain'))"
    )
    return cr.fetchone()[0]


def fork(**options):
    """Start a worker and return its process number."""
    odoo.sql_db.close_all()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        ORDER.update(options)
        work(forever=not options)
        status = 0
    except BaseException as error:  # noqa: B036 - a worker says why it ended
        print(f"WORKER {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def states():
    """How many messages and runs are in which state."""
    with registry.cursor() as cr:
        cr.execute(
            "SELECT state, count(*) FROM billing_distribution_attempt GROUP BY state"
        )
        attempts = dict(cr.fetchall())
        cr.execute(
            "SELECT state, count(*) FROM billing_distribution_run GROUP BY state"
        )
        return {"attempts": attempts, "runs": dict(cr.fetchall())}


def one_death():
    """One worker dies at the point of the order, another one comes after it."""
    _pid, status = os.waitpid(fork(die_at=ORDER["point"]), 0)
    answer = {"killed": os.WIFSIGNALED(status), "after death": states()}
    time.sleep(2)
    os.waitpid(fork(die_at="nowhere"), 0)
    answer["after the next worker"] = states()
    return answer


def two_workers():
    """Two workers on one queue, undisturbed."""
    pids = [fork(), fork()]
    answer = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    return {"ends": answer, **states()}


def mayhem():
    """Workers are killed at random moments until everything is sent."""
    dice = random.Random(ORDER["seed"])
    deaths = 0
    started = time.monotonic()
    pids = {fork(): time.monotonic() + dice.uniform(0.2, 2) for _n in range(2)}
    done = False
    while pids:
        time.sleep(0.02)
        for pid in list(pids):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del pids[pid]
                done |= os.waitstatus_to_exitcode(status) == 0
                if os.waitstatus_to_exitcode(status) == 1:
                    for other in pids:
                        os.kill(other, signal.SIGKILL)
                    raise AssertionError("a worker broke down")
            elif time.monotonic() > pids[pid] and deaths < ORDER["deaths"]:
                os.kill(pid, signal.SIGKILL)
                deaths += 1
        while not done and len(pids) < 2:
            pids[fork()] = time.monotonic() + dice.uniform(0.2, 2)
    return {"deaths": deaths, "seconds": time.monotonic() - started, **states()}


set_up()
env.cr.rollback()  # noqa: F821
print("RESULT " + json.dumps(globals()[ORDER["task"]]()), flush=True)
os._exit(0)
