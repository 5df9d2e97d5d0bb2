"""Messages of the last weeks for the pictures, in Odoo's shell on a copy of the demo.

The demo sends nothing: it has no mail server. Here its latest invoices get a past, by
the same methods that the engine uses, the same one every time.
"""

import os
import random
from datetime import datetime, time, timedelta

from odoo import fields

COUNT = 160
#: Of 100 messages by a channel: bounced, opened; and what one costs.
FATES = {"email": (5, 58, 0.02), "sms": (2, 61, 0.49), "letter": (1, 64, 17.5)}
HOLDS_ON = 12  # runs that still wait
chance = random.Random(2026)


def send(env, run, step, at, number):
    """Send one message and let its fate take its course; return whether it arrived."""
    bounces, opens, cost = FATES[step.channel]
    partner = run.move_id.partner_id
    attempt = env["billing.distribution.attempt"]._make(
        [
            {
                "company_id": run.company_id.id,
                "partner_id": run.partner_id.id,
                "recipient_id": partner.id,
                "channel": step.channel,
                "contact_point_id": partner.billing_contact_point_ids.filtered(
                    lambda point: point.channel == step.channel
                )[:1].id,
                "address": partner.email if step.channel == "email" else partner.phone,
                "content_id": step.template_id.id,
                "subject": run.move_id.name,
                "segments": 2 if step.channel == "sms" else 0,
                "planned_at": at,
                "items": [
                    {
                        "move_id": run.move_id.id,
                        "company_id": run.company_id.id,
                        "run_id": run.id,
                        "step_id": step.id,
                        "try_number": number,
                    }
                ],
            }
        ]
    )
    attempt._apply("called", at=at)
    attempt._apply("sent", at=at, cost=cost)
    fate = chance.randrange(100)
    if fate < bounces:
        attempt._apply(
            "failed_hard",
            at=at + timedelta(minutes=1),
            code="5.1.1",
            reason="Nobody has this address",
        )
        return attempt, False
    if step.channel == "sms":
        attempt._apply("delivered", at=at + timedelta(minutes=1))
    if fate < bounces + opens:
        attempt._apply("opened", at=at + timedelta(hours=chance.randrange(1, 60)))
    return attempt, True


def go(env, run, now):
    """Let an invoice go through the steps of its version."""
    at, fell = run.started_at, False
    seen = env["billing.distribution.attempt"]
    for number, step in enumerate(run.version_id._ordered_steps(), start=1):
        if number > 1 and not fell:
            at += timedelta(days=step.wait)
        if at >= now or (number > 2 and chance.random() < 0.3):
            break
        attempt, arrived = send(env, run, step, at, number)
        seen |= attempt
        fell = not arrived
        if attempt.state == "opened":
            break
    run.write(
        {
            "state": "done",
            "reason_code": "opened" if "opened" in seen.mapped("state") else "sent",
            "ended_at": at,
            "try_count": len(seen),
            "last_item_id": seen.item_ids[-1:].id,
        }
    )


def write_past(env, company):
    # All channels are there; nothing is sent, no job runs on the copy.
    company.write(
        {
            "billing_letter_provider": "directory",
            "billing_sms_provider": "http",
            "billing_sms_http_url": "https://sms.example.com/send",
        }
    )
    now = fields.Datetime.now()
    plan = env["billing.distribution.plan"].search(
        [("company_id", "=", company.id), ("shipped_code", "=", "invoice")]
    )
    version = plan.live_version_id
    moves = env["account.move"].search(
        [
            ("company_id", "=", company.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
        ],
        order="invoice_date DESC, id DESC",
        limit=COUNT,
    )
    version.published_at = now - timedelta(days=120)
    for place, move in enumerate(moves):
        # Spread over ten weeks, at different hours of the morning.
        day = (now - timedelta(days=1 + place * 70 // COUNT)).date()
        began = datetime.combine(day, time(7, 5 + chance.randrange(50)))
        run = env["billing.distribution.run"].create(
            {
                "move_id": move.id,
                "partner_id": move.commercial_partner_id.id,
                "company_id": company.id,
                "plan_id": plan.id,
                "version_id": version.id,
                "trigger_key": "past",
                "started_at": began,
                "state": "done",
                "planned_due": move.invoice_date_due,
                "planned_amount": move.amount_total,
            }
        )
        go(env, run, now)
        if place < HOLDS_ON:
            letter = version._ordered_steps()[1 + place % 2]
            run.write(
                {
                    "state": "waiting",
                    "reason_code": False,
                    "ended_at": False,
                    "step_id": letter.id,
                    "channel": letter.channel,
                    "next_at": now + timedelta(days=1 + place % 3),
                }
            )
        elif place in (20, 41, 77):
            run.write({"state": "stuck", "reason_code": "failed_hard"})
        elif chance.random() < 0.8:
            env["billing.event"]._log(
                [
                    {
                        "kind": "invoice.paid",
                        "move_id": move.id,
                        "occurred_at": began + timedelta(days=chance.randrange(1, 16)),
                    }
                ]
            )


if "env" in globals():
    shell = globals()["env"]
    write_past(
        shell, shell["res.company"].search([("name", "=", os.environ["COMPANY"])])
    )
    shell.cr.commit()
