"""A worker is killed while it sends SMS through a real Kannel.

Counted at the SMS centre: nobody gets one twice, nobody is left out, and what nobody
knew is settled by the gateway's own reports.
"""

import json
import subprocess
import time
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from ..sms_rig import SmsRig
from .processes import COMPANY, ODOO, odoo, query

CUSTOMERS = 80

PREPARE = """
import json
from odoo import Command, fields

company = env["res.company"].search([("name", "=", %(company)r)])
env = env(context={**env.context, "allowed_company_ids": company.ids})
company.write({
    "billing_quiet_hours": False,
    "billing_cap_sms_day": 0,
    "billing_cap_sms_week": 0,
    "billing_sms_http_connections": 2,
    **json.loads(%(gateway)r),
})
env["billing.distribution.plan"].search([]).active = False
plan = env["billing.distribution.plan"].create({
    "name": "SMS only", "company_id": company.id, "trigger": "posted",
})
content = env.ref("billing_dynamic_distribution.content_invoice")
env["billing.distribution.version"].create({
    "plan_id": plan.id,
    "step_ids": [Command.create({
        "channel": "sms", "condition": "not_paid", "template_id": content.id,
    })],
})._publish()
partners = env["res.partner"].create([
    {
        "name": f"Customer {n}",
        "phone": f"+4799300{n:03d}",
        "country_id": env.ref("base.no").id,
    }
    for n in range(%(customers)s)
])
moves = env["account.move"].create([
    {
        "move_type": "out_invoice",
        "partner_id": partner.id,
        "invoice_date": fields.Date.today(),
        "invoice_line_ids": [Command.create({"name": "Power", "price_unit": 100})],
    }
    for partner in partners
])
moves.action_post()
env.cr.commit()
"""
SEND = """
env["billing.distribution.sender"]._cron_send("sms")
"""
# What was never handed over waits some minutes before it is tried again.
HURRY = """
runs = env["billing.distribution.run"].search([("state", "=", "waiting")])
runs.next_at = env.company._billing_now()
env.cr.commit()
"""
REPORT = """
import json
for key, status in json.loads(%r):
    env["billing.sms.report"]._receive(key, status)
env.cr.commit()
"""
STATES = """
SELECT state, count(*) FROM billing_distribution_attempt
 WHERE address LIKE '+4799300%%' GROUP BY state
"""


@pytest.fixture
def rig():
    rig = SmsRig().start()
    yield rig
    rig.stop()


def receivers(rig):
    """How many messages each number got: the first parts of them."""
    return Counter(
        part.receiver
        for part in rig.kannel.received()
        if not part.header or part.header[5] == 1
    )


def test_a_worker_is_killed_in_the_middle_of_a_batch(database, rig):
    shell = ("shell", "-d", database, "--no-http", "--log-level=error")
    gateway = {
        "billing_sms_provider": "http",
        "billing_sms_http_url": rig.kannel.url,
        "billing_sms_http_username": rig.kannel.username,
        "billing_sms_http_password": rig.kannel.password,
        "billing_sms_report_base_url": rig.box.url,
    }
    values = {
        "company": COMPANY,
        "gateway": json.dumps(gateway),
        "customers": CUSTOMERS,
    }
    odoo(*shell, script=PREPARE % values)
    worker = subprocess.Popen(
        [ODOO, *shell],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    worker.stdin.write(SEND)
    worker.stdin.close()
    deadline = time.monotonic() + 300
    while len(receivers(rig)) < CUSTOMERS // 8 and time.monotonic() < deadline:
        time.sleep(0.005)
    worker.kill()
    worker.wait()
    arrived = len(receivers(rig))
    assert 0 < arrived < CUSTOMERS, "the worker was to be killed in the middle"
    # A message whose worker is gone is looked into after some minutes.
    query(
        database,
        "UPDATE billing_distribution_attempt"
        " SET called_at = called_at - interval '1 hour' WHERE state = 'calling'",
    )

    for script in (SEND, HURRY, SEND):
        odoo(*shell, script=script)
    before = dict(query(database, STATES))
    # No more than were in the air: one for each connection.
    assert before.get("uncertain", 0) <= 2, before
    assert before["sent"] == CUSTOMERS - before.get("uncertain", 0)

    # Kannel reports on all it took, on the uncertain ones too, and more than once.
    keys = [
        key
        for (key,) in query(
            database,
            "SELECT key FROM billing_distribution_attempt"
            " WHERE state IN ('sent', 'uncertain') AND address LIKE '+4799300%%'",
        )
    ]
    deadline = time.monotonic() + 20
    while sum(receivers(rig).values()) < CUSTOMERS and time.monotonic() < deadline:
        time.sleep(0.1)
    reports = [
        (urlsplit(path).path.rpartition("/")[2], status)
        for path in list(rig.box.reports)
        for status in parse_qs(urlsplit(path).query)["status"]
    ]
    assert {key for key, _status in reports} <= set(keys)
    odoo(*shell, script=REPORT % json.dumps(reports[::-1] + reports))
    per_customer = receivers(rig)
    after = dict(query(database, STATES))
    print(json.dumps({"arrived before": arrived, "before": before, "after": after}))
    assert set(per_customer.values()) == {1}
    reached = {key for key, status in reports if status == "1"}
    assert after["delivered"] == len(reached) == len(per_customer)
    # One that was in the air when the worker died may not have reached the gateway.
    assert len(per_customer) >= CUSTOMERS - before.get("uncertain", 0)
