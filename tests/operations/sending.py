"""What tests share that kill a worker in the middle of sending."""

import json
import subprocess
import time

from .processes import COMPANY, ODOO, odoo, query

_PREPARE = """
import json
from odoo import Command, fields

order = json.loads(%r)
company = env["res.company"].search([("name", "=", order["company"])])
env = env(context={**env.context, "allowed_company_ids": company.ids})
company.write({
    "billing_quiet_hours": False,
    f"billing_cap_{order['channel']}_day": 0,
    f"billing_cap_{order['channel']}_week": 0,
    **order["settings"],
})
if order["smtp_port"]:
    env["ir.mail_server"].search([]).active = False
    env["ir.mail_server"].create({
        "name": "Test",
        "smtp_host": "127.0.0.1",
        "smtp_port": order["smtp_port"],
        "smtp_encryption": "none",
    })
env["billing.distribution.plan"].search([]).active = False
plan = env["billing.distribution.plan"].create({
    "name": "One channel", "company_id": company.id, "trigger": "posted",
})
content = env.ref("billing_dynamic_distribution.content_invoice")
env["billing.distribution.version"].create({
    "plan_id": plan.id,
    "step_ids": [Command.create({
        "channel": order["channel"],
        "condition": "not_paid",
        "template_id": content.id,
    })],
})._publish()
country_id = env.ref("base.no").id
partners = env["res.partner"].create(
    [{**customer, "country_id": country_id} for customer in order["customers"]]
)
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
_SEND = 'env["billing.distribution.sender"]._cron_send(%r)'
# What was never handed over waits some minutes before it is tried again.
_HURRY = """
runs = env["billing.distribution.run"].search([("state", "=", "waiting")])
runs.next_at = env.company._billing_now()
env.cr.commit()
"""


def _shell(database):
    return ("shell", "-d", database, "--no-http", "--log-level=error")


def script(database, text):
    """Run a script in a shell of Odoo."""
    odoo(*_shell(database), script=text)


def prepare(database, channel, customers, smtp_port=None, **settings):
    """Post an invoice to each of some customers, whose plan is one channel.

    :param customers: dicts of values of ``res.partner``
    :param smtp_port: of the mail server of this machine that e-mails go to
    :param settings: values of the company
    """
    order = {
        "company": COMPANY,
        "channel": channel,
        "customers": customers,
        "smtp_port": smtp_port,
        "settings": settings,
    }
    script(database, _PREPARE % json.dumps(order))


def send_and_kill(database, channel, is_time, seconds=300):
    """Let a worker send, and kill it with `kill -9` when ``is_time()``."""
    worker = subprocess.Popen(
        [ODOO, *_shell(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    worker.stdin.write(_SEND % channel)
    worker.stdin.close()
    deadline = time.monotonic() + seconds
    while not is_time() and time.monotonic() < deadline:
        time.sleep(0.005)
    worker.kill()
    worker.wait()


def go_on(database, channel):
    """Let the jobs find out what became of the worker's messages, and send the rest."""
    # A message whose worker is gone is looked into after a minute.
    query(
        database,
        "UPDATE billing_distribution_attempt"
        " SET called_at = called_at - interval '1 hour' WHERE state = 'calling'",
    )
    for text in (_SEND % channel, _HURRY, _SEND % channel):
        script(database, text)


def states(database, addresses):
    """Return how many messages are in which state.

    :param addresses: a pattern of LIKE
    :rtype: dict[str, int]
    """
    return dict(
        query(
            database,
            """SELECT state, count(*) FROM billing_distribution_attempt
                WHERE address LIKE %s GROUP BY state""",
            addresses,
        )
    )
