"""The book the benchmarks work on: the demo company's, made larger through Odoo."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random

from odoo import Command

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from payment_generator import camt054  # noqa: E402
from payment_generator.__main__ import write_file  # noqa: E402
from payment_generator.book import read_book  # noqa: E402
from payment_generator.export_book import export_book  # noqa: E402
from payment_generator.payments import DAMAGED_MIX, draw_payments  # noqa: E402
from payment_generator.synthetic import synthetic_book  # noqa: E402

#: Records made at a time.
CHUNK = 250
QUIET = {
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "tracking_disable": True,
}


def company_of(env):
    """The company of the benchmarks and its environment.

    :return: (environment in the company, company)
    """
    company = env["res.company"].search([("name", "=", "Fjordlys AS")], limit=1)
    if not company:
        raise ValueError("the template has no demo company Fjordlys AS")
    env = env(context={**QUIET, "allowed_company_ids": company.ids})
    return env, company


def bank_journal(env, company):
    """The bank journal the payments come in on."""
    return env["account.journal"].search(
        [
            ("company_id", "=", company.id),
            ("type", "=", "bank"),
            ("bank_account_id", "!=", False),
        ],
        limit=1,
    )


def grow(env, size, seed, paid_share=0.2):
    """Add customers and posted invoices to the demo company, some of them paid.

    Names, amounts and shares are those of the matching study; references are made
    by the company's own scheme on posting.

    :param size: invoices to add
    :param paid_share: 0–1, share of them that gets paid at once
    :return: dict with counts
    """
    env, company = company_of(env)
    items = list(synthetic_book(size, seed=seed, paid_share=0, today=date.today()))
    partners = _customers(env, company, items)
    journal = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
    )
    taxed = Command.set(company.account_sale_tax_id.ids)
    paid = env["account.move"]
    rng = Random(seed)
    for start in range(0, size, CHUNK):
        moves = env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "journal_id": journal.id,
                    "partner_id": partners[item.partner_id].id,
                    "invoice_date": date.fromisoformat(item.due) - timedelta(days=14),
                    "invoice_date_due": item.due,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Strøm",
                                "quantity": 1,
                                "price_unit": item.amount / 125,
                                "tax_ids": [taxed],
                            }
                        )
                    ],
                }
                for item in items[start : start + CHUNK]
            ]
        )
        moves.action_post()
        paid |= moves.filtered(lambda _move: rng.random() < paid_share)
        env.cr.commit()
        env.invalidate_all()
    _pay(env, company, paid)
    env.cr.commit()
    env.cr.execute(
        "SELECT count(*) FROM account_move WHERE company_id = %s"
        " AND move_type = 'out_invoice' AND state = 'posted'"
        " AND payment_state = 'not_paid'",
        [company.id],
    )
    return {"open": env.cr.fetchone()[0], "paid": len(paid)}


def _customers(env, company, items):
    """One customer for each in the items; most have told their bank account."""
    wanted = {item.partner_id: item for item in items}
    rng = Random(len(items))
    records = env["res.partner"].create(
        [{"name": item.partner, "company_id": company.id} for item in wanted.values()]
    )
    partners = dict(zip(wanted, records, strict=True))
    env["res.partner.bank"].create(
        [
            {
                "acc_number": item.partner_account,
                "partner_id": partners[partner_id].id,
            }
            for partner_id, item in wanted.items()
            if item.partner_account and rng.random() < 0.85
        ]
    )
    env.cr.commit()
    return partners


def _pay(env, company, moves):
    """Have invoices paid in one sum, so that there are references of the past."""
    account = moves.line_ids.account_id.filtered(
        lambda item: item.account_type == "asset_receivable"
    )
    entry = env["account.move"].create(
        {
            "journal_id": env["account.journal"]
            .search(
                [("company_id", "=", company.id), ("type", "=", "general")], limit=1
            )
            .id,
            "date": date.today(),
            "line_ids": [
                Command.create(
                    {
                        "account_id": account.id,
                        "partner_id": move.partner_id.id,
                        "credit": move.amount_residual,
                    }
                )
                for move in moves
            ]
            + [
                Command.create(
                    {
                        "account_id": company.transfer_account_id.id,
                        "debit": sum(moves.mapped("amount_residual")),
                    }
                )
            ],
        }
    )
    entry.action_post()
    credits = entry.line_ids.filtered(lambda line: line.account_id == account)
    open_lines = moves.line_ids.filtered(lambda line: line.account_id == account)
    by_move = {line.move_id: line for line in open_lines}
    env["account.move.line"]._reconcile_plan(
        [
            by_move[move] + line
            for move, line in zip(moves, credits.sorted("id"), strict=True)
        ]
    )


def write_payments(env, folder, name, seed, count, mix, batch_size, leave_out=None):
    """Write a bank file over the company's open invoices, and its truth.

    :param mix: weights of the kinds of damage; empty for exact payments only
    :param batch_size: payments in one bank entry
    :param leave_out: truth of another file, whose invoices are not paid again
    :return: paths of file and truth
    """
    env, company = company_of(env)
    folder = Path(folder)
    export_book(env, company, folder / "book.jsonl")
    items = read_book(folder / "book.jsonl")
    if leave_out:
        taken = {
            move_id
            for line in Path(leave_out).read_text(encoding="utf-8").splitlines()
            for move_id in json.loads(line)["moves"]
        }
        items = [item for item in items if item.move_id not in taken]
    share = 1.0 if mix else 0.0
    payments = draw_payments(
        items,
        seed=seed,
        count=count,
        damaged_share=share,
        mix=mix or DAMAGED_MIX,
    )
    options = camt054.Options(
        account=items[0].account,
        currency="NOK",
        booked=date.today(),
        message_id=f"BENCH-{name}-{seed}",
    )
    path = folder / f"{name}.xml"
    truth = folder / f"{name}.truth.jsonl"
    with (
        path.open("w", encoding="utf-8") as stream,
        truth.open("w", encoding="utf-8") as answers,
    ):
        writer = camt054.Camt054Writer(stream, options)
        kinds = write_file(writer, payments, batch_size, answers)
    return {"file": str(path), "truth": str(truth), "kinds": dict(kinds)}
