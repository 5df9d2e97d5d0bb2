"""Run in Odoo's shell: two people, each in a transaction of their own, at once.

Prints one JSON object with what each of them was told and what the books say.
"""

import io
import json
import threading

import psycopg2

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError

from tests.operations.processes import a_payment, write_camt

registry = env.registry  # noqa: F821
told = {}


def new_env(cr):
    company = api.Environment(cr, SUPERUSER_ID, {})["res.company"].search(
        [("name", "=", "Fjordlys AS")]
    )
    return api.Environment(cr, SUPERUSER_ID, {"allowed_company_ids": company.ids})


def outcome(work, *args):
    """What a person is told, after the retry Odoo's server makes."""
    try:
        work(*args)
        return "done"
    except UserError:
        return "refused"
    except psycopg2.errors.SerializationFailure:
        return "again"


def set_up():
    with registry.cursor() as cr:
        here = new_env(cr)
        customers = here["res.partner"].create(
            [{"name": f"Samtidig {number}"} for number in range(4)]
        )
        moves = here["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customer.id,
                    "invoice_date": "2026-10-01",
                    "invoice_line_ids": [
                        Command.create({"name": "x", "price_unit": 1000, "tax_ids": []})
                    ],
                }
                for customer in customers
            ]
        )
        moves.action_post()
        stream = io.StringIO()
        payments = [
            a_payment(
                100000,
                message=f"Samtidig betaling {number}",
                end_to_end_id=f"D{number}",
                payer_name="Ukjent Betaler",
            )
            for number in range(6)
        ]
        write_camt(stream, "DECIDERS", [[payment] for payment in payments])
        file, _seen = here["billing.bank.file"]._import(
            stream.getvalue().encode(), "deciders.xml"
        )
        return file.id, moves.ids, customers.ids


file_id, move_ids, partner_ids = set_up()

# Two booking runs over the same payments: the second passes over what the first holds.
with registry.cursor() as first, registry.cursor() as second:
    one, two = new_env(first), new_env(second)
    file = one["billing.bank.file"].browse(file_id)
    told["first run"] = one["billing.payment"]._process_next(file)[0]
    told["second run"] = two["billing.payment"]._process_next(file.with_env(two))[0]
    payment_ids = file.payment_ids.sorted("position").ids


def payment_of(here, number):
    return here["billing.payment"].browse(payment_ids[number])


def race(name, first_work, second_work):
    """Let a second person begin while the first has not finished.

    The second is refused at once, or waits and is told to try again; trying again, it
    sees what the first has done.
    """
    with registry.cursor() as first, registry.cursor() as second:
        two = new_env(second)
        # the second transaction has looked before the first one begins
        two["billing.payment"].search_count([])
        first_work(new_env(first))
        first.flush()
        answers = []
        worker = threading.Thread(
            target=lambda: answers.append(outcome(second_work, two))
        )
        worker.start()
        worker.join(2)
        first.commit()
        worker.join()
        second.rollback()
    with registry.cursor() as third:
        answers.append(outcome(second_work, new_env(third)))
    told[name] = answers


def accept(number, move):
    return lambda here: payment_of(here, number)._accept_shares({move_ids[move]: 1000})


def assign(number, customer):
    return lambda here: payment_of(here, number)._assign(
        here["res.partner"].browse(partner_ids[customer])
    )


race("same payment", accept(0, 0), accept(0, 1))
race("same invoice", accept(1, 1), accept(2, 1))
race(
    "invoice cancelled",
    lambda here: here["account.move"].browse(move_ids[2]).button_cancel(),
    accept(3, 2),
)
race("payment given away", assign(4, 3), accept(4, 3))
with registry.cursor() as cr:
    assign(2, 3)(new_env(cr))
race(
    "refund",
    lambda here: payment_of(here, 2)._refund(),
    lambda here: payment_of(here, 2)._refund(),
)
race(
    "undo",
    lambda here: payment_of(here, 0).action_undo(),
    lambda here: payment_of(here, 0).action_undo(),
)
race("park", lambda here: payment_of(here, 5)._park("x"), assign(5, 0))

with registry.cursor() as cr:
    here = new_env(cr)
    payments = here["billing.payment"].browse(payment_ids)
    moves = here["account.move"].browse(move_ids)
    entries = payments.statement_line_id.move_id
    told["states"] = payments.mapped("state")
    told["invoices"] = moves.mapped("payment_state")
    told["lines"] = [
        len(payments.statement_line_id),
        sum(payments.mapped("statement_line_id.amount")),
    ]
    told["balanced"] = [
        round(sum(entry.line_ids.mapped("balance")), 2) for entry in entries
    ]
    told["settled"] = sum(moves.mapped("amount_total")) - sum(
        moves.mapped("amount_residual")
    )
    told["refunds"] = here["account.payment"].search_count(
        [("billing_refund_of_id", "in", payment_ids)]
    )

print("RESULT " + json.dumps(told))
