"""Read the book of a company out of an Odoo database.

Pipe it into Odoo's shell, with the answers to its questions in the environment:

    BOOK_OUT=book.jsonl BOOK_COMPANY="Fjordlys AS" odoo shell -d DB < export_book.py

or import :func:`export_book` where an ``env`` is at hand. The file stands alone on
purpose: code piped into the shell has no package around it.
"""

import json
import os
import sys

#: Rows fetched from the database at a time.
CHUNK = 10_000


def export_book(env, company, out):
    """Write the open and paid customer invoices of ``company`` to the file ``out``.

    The lines are what ``payment_generator.book`` reads. Amounts are in minor units:
    what is open, or the total where nothing is. Only invoices in the company's own
    currency are written, and credit notes never.

    :param env: Odoo environment
    :param company: ``res.company`` record
    :param out: path of the file to write
    :return: number of invoices written
    """
    env.flush_all()
    bank = env["account.journal"].search(
        [
            ("company_id", "=", company.id),
            ("type", "=", "bank"),
            ("bank_account_id", "!=", False),
        ],
        limit=1,
    )
    account = bank.bank_account_id.sanitized_acc_number or ""
    partner_fields = env["res.partner"]._fields
    number = "commercial.id::text"
    if "billing_customer_number" in partner_fields:
        number = "commercial.billing_customer_number"
    # Fees are paid with the invoice they were charged on, whose reference they have.
    claims = "TRUE"
    if "billing_claim_id" in env["account.move"]._fields:
        claims = "move.billing_claim_id IS NULL"
    env.cr.execute(
        f"""
        SELECT move.id, move.name, COALESCE(move.payment_reference, ''),
               CASE WHEN move.payment_state = 'paid' THEN move.amount_total
                    ELSE move.amount_residual END,
               commercial.id, partner.name, COALESCE(bank.sanitized_acc_number, ''),
               COALESCE({number}, ''), move.invoice_date_due, move.payment_state
          FROM account_move move
          JOIN res_partner partner ON partner.id = move.partner_id
          JOIN res_partner commercial ON commercial.id = move.commercial_partner_id
          LEFT JOIN LATERAL (
                SELECT sanitized_acc_number
                  FROM res_partner_bank
                 WHERE partner_id = commercial.id AND active
                 ORDER BY sequence, id
                 LIMIT 1
               ) bank ON TRUE
         WHERE move.company_id = %s
           AND move.currency_id = %s
           AND move.move_type = 'out_invoice'
           AND move.state = 'posted'
           AND move.payment_state IN ('not_paid', 'partial', 'in_payment', 'paid')
           AND move.amount_total > 0
           AND {claims}
         ORDER BY move.id
        """,  # noqa: S608 - the variable parts are constants
        [company.id, company.currency_id.id],
    )
    count = 0
    with open(out, "w", encoding="utf-8") as stream:
        while rows := env.cr.fetchmany(CHUNK):
            for row in rows:
                item = {
                    "move_id": row[0],
                    "name": row[1],
                    "reference": row[2],
                    "amount": round(row[3] * 100),
                    "currency": company.currency_id.name,
                    "partner_id": row[4],
                    "partner": row[5] or "",
                    "partner_account": row[6],
                    "customer_number": row[7],
                    "due": str(row[8]),
                    "state": "paid" if row[9] == "paid" else "open",
                    "account": account,
                }
                if item["amount"] > 0:
                    stream.write(json.dumps(item, ensure_ascii=False) + "\n")
                    count += 1
    return count


def main(env):
    """Export as the environment variables BOOK_OUT and BOOK_COMPANY say."""
    name = os.environ.get("BOOK_COMPANY")
    company = env.company
    if name:
        company = env["res.company"].search([("name", "=", name)], limit=1)
        if not company:
            sys.exit(f"export_book: no company is called {name!r}")
    out = os.environ.get("BOOK_OUT", "book.jsonl")
    print(f"{out}: {export_book(env, company, out)} invoices of {company.name}")


if __name__ == "__main__" and "env" in globals():
    main(globals()["env"])
