"""What becomes of Autogiro debits: a large payment specification of Bankgirot.

Customers with mandates and debits at the bank are written into the tables. Most debits
of the file were executed and become payments, which are booked apart; the others failed
and each changes its claim, or asks for one more try.
"""

import resource
import time

from . import deliveries

#: Of so many debits each: no money, account closed, and the bank tries again.
FAILED = {"1": 20, "2": 100, "9": 50}
PAYER = 1_000_000


def fill(env, count):
    """Write customers with Autogiro, and a debit of each that is at the bank.

    :return: dict of ``claims``
    """
    env, company = _company_of(env)
    cr = env.cr
    journal = _journal(env, company)
    agreements = env["billing.debit.agreement"].with_context(active_test=False)
    agreement = agreements.search(
        [("company_id", "=", company.id), ("scheme", "=", "autogiro")], limit=1
    )
    agreement = agreement or agreements.create(
        {
            "name": "Autogiro",
            "scheme": "autogiro",
            "company_id": company.id,
            "journal_id": journal.id,
            "bankgiro_number": "9912346",
            "customer_number": "471117",
        }
    )
    agreement.write({"active": True, "journal_id": journal.id})
    cr.execute("DELETE FROM billing_debit_answer")
    cr.execute("DELETE FROM billing_debit_claim")
    day = company._billing_today()
    first, last = deliveries.grow(env, company, count, count, day, large=True)
    cr.execute(
        """INSERT INTO billing_mandate
                  (company_id, agreement_id, scheme, partner_id, state, origin,
                   payer_number, active_from, create_date, write_date)
           SELECT company_id, %(agreement)s, 'autogiro', commercial_partner_id,
                  'active', 'import', (%(payer)s + commercial_partner_id)::text,
                  %(day)s::date - 100, now(), now()
             FROM account_move WHERE id BETWEEN %(first)s AND %(last)s
            GROUP BY company_id, commercial_partner_id""",
        {
            "agreement": agreement.id,
            "payer": PAYER,
            "day": day,
            "first": first,
            "last": last,
        },
    )
    cr.execute(
        """INSERT INTO billing_debit_claim
                  (company_id, agreement_id, mandate_id, move_id, partner_id, amount,
                   currency_id, date_asked, date_due, date, grace_until, reference,
                   attempt, state, notice, told_on, told_by, is_unreachable,
                   create_date, write_date)
           SELECT move.company_id, mandate.agreement_id, mandate.id, move.id,
                  mandate.partner_id, move.amount_total, move.currency_id, %(day)s,
                  %(day)s, %(day)s, %(day)s::date + 5, 'M' || move.id, 1,
                  'delivered', 'us', %(day)s::date - 14, 'message', FALSE, now(),
                  now()
             FROM account_move AS move
             JOIN billing_mandate AS mandate
               ON mandate.partner_id = move.commercial_partner_id
              AND mandate.agreement_id = %(agreement)s
            WHERE move.id BETWEEN %(first)s AND %(last)s""",
        {"agreement": agreement.id, "day": day, "first": first, "last": last},
    )
    claims = cr.rowcount
    cr.commit()
    return {"claims": claims}


def read(env):
    """Read a file with the result of each debit.

    :return: dict of ``answers``, ``executed``, ``seconds``, ``queries``, ``states`` of
        the claims and ``peak_mib``
    """
    env, company = _company_of(env)
    cr = env.cr
    data, executed = _specification(cr, company)
    before = cr.sql_log_count
    started = time.perf_counter()
    env["billing.bank.file"].sudo()._import(
        data, "autogiro.txt", _journal(env, company)
    )
    cr.commit()
    seconds = time.perf_counter() - started
    cr.execute("SELECT state, count(*) FROM billing_debit_claim GROUP BY state")
    return {
        "answers": data.count(b"\r\n82"),
        "executed": executed,
        "seconds": seconds,
        "queries": cr.sql_log_count - before,
        "states": dict(cr.fetchall()),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _company_of(env):
    from . import book

    company = env["res.company"].search([("name", "=", "Fjordljus AB")], limit=1)
    if not company:
        raise ValueError("the template has no demo company Fjordljus AB")
    return env(context={**book.QUIET, "allowed_company_ids": company.ids}), company


def _journal(env, company):
    return env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
    )


def _specification(cr, company):
    """The bytes of a payment specification over all debits at the bank.

    :return: them, and how many debits were executed
    """
    cr.execute(
        """SELECT mandate.payer_number, claim.reference,
                  round(claim.amount * 100)::bigint, claim.date,
                  agreement.bankgiro_number, agreement.customer_number
             FROM billing_debit_claim AS claim
             JOIN billing_mandate AS mandate ON mandate.id = claim.mandate_id
             JOIN billing_debit_agreement AS agreement
               ON agreement.id = claim.agreement_id
            WHERE claim.company_id = %s AND claim.state = 'delivered'
            ORDER BY claim.id""",
        [company.id],
    )
    rows = cr.fetchall()
    *_rest, day, giro, customer = rows[0]
    lines, total, executed = [], 0, 0
    for number, (payer, reference, amount, *_same) in enumerate(rows):
        status = next((s for s, each in FAILED.items() if number % each == 1), "0")
        if status == "0":
            total += amount
            executed += 1
        lines.append(
            f"82{day:%Y%m%d}0    {payer:>016}{amount:012d}{giro:>010}"
            f"{reference:>016}{'':10}{status}"
        )
    opening = (
        f"01{'AUTOGIRO':22}{day:%Y%m%d}{'193055123456'}{'BET. SPEC & STOPP TK':20}"
        f"{customer}{giro:>010}"
    )
    deposit = f"15{giro:>035}{day:%Y%m%d}00001{total:018d}   {executed:08d}"
    end = f"09{day:%Y%m%d}9900{1:06d}{executed:012d}{0:036d}"
    records = [opening, deposit, *lines, end]
    data = "".join(f"{record:80}\r\n" for record in records)
    return data.encode("iso-8859-1"), executed
