"""Run in Odoo's shell: prepare and send reminders, and die where the order says.

``ORDER`` in the environment: ``kill`` is one of the points below, or empty.
"""

import json
import os
import signal
from datetime import timedelta

from odoo import Command

from odoo.addons.billing_fee_policy.models import billing_dunning_planner

order = json.loads(os.environ["ORDER"])
company = env["res.company"].search([("name", "=", "Fjordlys AS")])  # noqa: F821
env = env(context={**env.context, "allowed_company_ids": company.ids})  # noqa: F821
planner = env["billing.dunning.planner"]
today = company._billing_today()
# Two invoices fill a batch, so that there are several.
billing_dunning_planner.BATCH_SIZE = 2
CUSTOMERS = 4


def set_up():
    """Overdue invoices of some customers, and a policy for nobody else."""
    policies = env["billing.dunning.policy"]
    policies.search([("state", "=", "active")]).action_draft()
    env["billing.reminder"].search([("state", "!=", "sent")])._billing_cancel("test")
    env["billing.waiver.rule"].search([]).active = False
    company.write(
        {"billing_reminder_approval": "automatic", "billing_reminder_hours": False}
    )
    policies.create(
        {
            "name": "One step",
            "company_id": company.id,
            "domain": "[('ref', '=', 'KILL')]",
            "step_ids": [
                Command.create({"kind": "reminder", "wait_days": 14, "has_fee": True})
            ],
        }
    ).action_activate()
    partners = env["res.partner"].create(
        [
            {
                "name": f"Purret {nth}",
                "ref": "KILL",
                "email": f"purret{nth}@kunde.example",
                "street": "Kaiveien 1",
                "zip": "5003",
                "city": "Bergen",
                "country_id": env.ref("base.no").id,
            }
            for nth in range(CUSTOMERS)
        ]
    )
    env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": today - timedelta(days=40),
                "invoice_payment_term_id": False,
                "invoice_date_due": today - timedelta(days=20),
                "invoice_line_ids": [
                    Command.create({"name": "Strøm", "price_unit": 500, "tax_ids": []})
                ],
            }
            for partner in partners
            for _twice in range(2)
        ]
    ).action_post()
    env.cr.commit()


def dying(model, name):
    """Let the process die at the end of a method."""
    cls = env.registry[model]
    original = getattr(cls, name)

    def method(*args, **kwargs):
        result = original(*args, **kwargs)
        # Commits before the first reminder of the test are none that matter.
        if name != "_commit_progress" or args[0].env["billing.reminder"].search_count(
            [("commercial_partner_id.ref", "=", "KILL")]
        ):
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(cls, name, method)


POINTS = {
    "written, not committed": ("billing.dunning.planner", "_write_drafts"),
    "a batch committed": ("ir.cron", "_commit_progress"),
    "queued, not committed": ("billing.reminder", "_note_sent"),
    "before the next one": ("ir.cron", "_commit_progress"),
}

if order.get("set_up"):
    set_up()
if order["kill"] == "before the next one":
    # Everything is prepared; the process dies once a reminder is sent and committed.
    dying(*POINTS[order["kill"]])
    planner._cron_send()
elif order["kill"]:
    dying(*POINTS[order["kill"]])
planner._cron_plan()
planner._cron_send()
env.cr.commit()
