"""A reminder with a fee, from the planner to a real SMTP server: once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .processes import odoo, open_invoices, query

ADDRESS = "kari.nordmann@kunde.example"

# A Monday for which the law that comes along was looked through.
ON_A_MONDAY = """
from datetime import date
env = env(context={**env.context, "billing_date": date(2026, 11, 2)})
"""
PREPARE = """
from datetime import timedelta
from odoo import Command

company = env["res.company"].search([("name", "=", "Fjordlys AS")])
env = env(context={**env.context, "allowed_company_ids": company.ids})
company.write({
    "email": "faktura@fjordlys.example",
    "billing_reminder_approval": "automatic",
    "billing_reminder_hours": False,
    "billing_quiet_hours": False,
})
env["res.lang"]._activate_lang("nb_NO")
env["ir.mail_server"].search([]).active = False
env["ir.mail_server"].create({
    "name": "Test",
    "smtp_host": "127.0.0.1",
    "smtp_port": %(port)s,
    "smtp_encryption": "none",
})
# The invoice itself is not what is counted.
env["billing.distribution.plan"].search([]).active = False
move = env["account.move"].browse(%(move)s)
partner = move.partner_id.copy({
    "name": "Kari Nordmann",
    "email": %(address)r,
    "lang": "nb_NO",
    "company_id": False,
})
policies = env["billing.dunning.policy"].search([("company_id", "=", company.id)])
policies.state = "retired"
day = company._billing_today()
late = move.copy({
    "partner_id": partner.id,
    "invoice_date": day - timedelta(days=40),
    "invoice_date_due": day - timedelta(days=20),
    "invoice_payment_term_id": False,
    "partner_bank_id": env["res.partner.bank"].search(
        [("partner_id", "=", company.partner_id.id)], limit=1
    ).id,
})
late.action_post()
policy = env["billing.dunning.policy"].create({
    "name": "Reminder",
    "company_id": company.id,
    "country_id": env.ref("base.no").id,
    "domain": f"[('id', '=', {partner.id})]",
    "step_ids": [Command.create({
        "kind": "reminder", "wait_days": 14, "has_fee": True, "deadline_days": 14,
    })],
})
policy.state = "active"
env["billing.waiver.rule"].search([]).active = False
env["billing.dunning.planner"]._plan(company, day)
env.cr.commit()
"""
SEND = """
env["billing.dunning.planner"]._cron_send()
env.cr.commit()
"""
DELIVER = """
env["billing.distribution.sender"]._cron_send("email")
env.cr.commit()
"""


@pytest.mark.nightly
def test_a_reminder_is_sent_and_charged_once(database, mail_server):
    [(move_id, *_rest)] = open_invoices(database, 1)
    shell = ("shell", "-d", database, "--no-http")
    odoo(
        *shell,
        script=ON_A_MONDAY
        + PREPARE % {"move": move_id, "address": ADDRESS, "port": mail_server.port},
    )
    assert query(
        database,
        """SELECT reminder.state FROM billing_reminder AS reminder
             JOIN res_partner ON res_partner.id = reminder.partner_id
            WHERE res_partner.email = %s""",
        ADDRESS,
    ) == [("approved",)]

    # Two workers at once, each of the jobs; and both jobs once more after that.
    for script in (SEND, DELIVER):
        with ThreadPoolExecutor() as workers:
            list(
                workers.map(
                    lambda text: odoo(*shell, script=ON_A_MONDAY + text), [script] * 2
                )
            )
    odoo(*shell, script=ON_A_MONDAY + SEND + DELIVER)

    [mail] = mail_server.to(ADDRESS)
    assert "faktura@fjordlys.example" in mail.message["From"]
    [letter] = mail.message.iter_attachments()
    assert letter.get_content().startswith(b"%PDF-")
    body = mail.body()
    assert 'lang="nb-NO"' in body
    assert "access_token=" in body
    [(move_id, state)] = query(
        database,
        """SELECT line.move_id, line.state FROM billing_reminder_line AS line
             JOIN billing_reminder AS reminder ON reminder.id = line.reminder_id
             JOIN res_partner ON res_partner.id = reminder.partner_id
            WHERE res_partner.email = %s""",
        ADDRESS,
    )
    assert state == "sent"
    for text, expected in (
        ("SELECT count(*) FROM billing_charge WHERE move_id = %s", 1),
        (
            "SELECT count(*) FROM billing_event"
            " WHERE kind = 'reminder.sent' AND move_id = %s",
            1,
        ),
    ):
        assert query(database, text, move_id) == [(expected,)]
