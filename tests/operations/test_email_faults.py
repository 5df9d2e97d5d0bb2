"""A worker is killed while it sends e-mails: nobody gets one twice, nobody is lost."""

import json
import subprocess
import time

import pytest

from ..mail_server import MailServer
from .processes import COMPANY, ODOO, odoo, query

CUSTOMERS = 40

PREPARE = """
import json
from odoo import Command, fields

company = env["res.company"].search([("name", "=", %(company)r)])
env = env(context={**env.context, "allowed_company_ids": company.ids})
company.write({
    "email": "faktura@fjordlys.example",
    "billing_quiet_hours": False,
    "billing_cap_email_day": 0,
    "billing_cap_email_week": 0,
})
env["ir.mail_server"].search([]).active = False
env["ir.mail_server"].create({
    "name": "Test",
    "smtp_host": "127.0.0.1",
    "smtp_port": %(port)s,
    "smtp_encryption": "none",
})
env["billing.distribution.plan"].search([]).active = False
plan = env["billing.distribution.plan"].create({
    "name": "E-mail only", "company_id": company.id, "trigger": "posted",
})
content = env.ref("billing_dynamic_distribution.content_invoice")
env["billing.distribution.version"].create({
    "plan_id": plan.id,
    "step_ids": [Command.create({
        "channel": "email", "condition": "not_paid", "template_id": content.id,
    })],
})._publish()
partners = env["res.partner"].create([
    {"name": f"Customer {n}", "email": f"c{n}@kunde.example"}
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
env["billing.distribution.sender"]._cron_send("email")
"""
# What was never handed over waits some minutes before it is tried again.
HURRY = """
runs = env["billing.distribution.run"].search([("state", "=", "waiting")])
runs.next_at = env.company._billing_now()
env.cr.commit()
"""
STATES = """
SELECT attempt.state, count(*)
  FROM billing_distribution_attempt AS attempt
 WHERE attempt.address LIKE %s
 GROUP BY attempt.state
"""


@pytest.fixture
def server():
    with MailServer() as server:
        yield server


def test_a_worker_is_killed_in_the_middle_of_a_batch(database, server):
    shell = ("shell", "-d", database, "--no-http", "--log-level=error")
    odoo(
        *shell,
        script=PREPARE
        % {"company": COMPANY, "port": server.port, "customers": CUSTOMERS},
    )
    server.delay = 0.1
    worker = subprocess.Popen(
        [ODOO, *shell],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    worker.stdin.write(SEND)
    worker.stdin.close()
    deadline = time.monotonic() + 120
    while len(server.received) < CUSTOMERS // 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.kill()
    worker.wait()
    arrived = len(server.received)
    assert 0 < arrived < CUSTOMERS, "the worker was to be killed in the middle"
    server.delay = 0
    # A message whose worker is gone is looked into after a minute.
    query(
        database,
        "UPDATE billing_distribution_attempt"
        " SET called_at = called_at - interval '1 hour' WHERE state = 'calling'",
    )

    for script in (SEND, HURRY, SEND):
        odoo(*shell, script=script)
    per_customer = server.counts()
    states = dict(query(database, STATES, "c%@kunde.example"))
    print(json.dumps({"arrived before": arrived, **states}))
    # Nobody twice; and all but perhaps the one in the middle are known for sure.
    assert set(per_customer.values()) == {1}
    assert states.get("uncertain", 0) <= 1
    assert states["sent"] == CUSTOMERS - states.get("uncertain", 0)
    assert len(per_customer) >= states["sent"]
    assert "calling" not in states and "planned" not in states
