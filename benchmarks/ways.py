"""Four ways from one bank file to reconciled books, measured alike."""

import gc
import hashlib
import json
import resource
import time
from pathlib import Path

from odoo.exceptions import UserError

from odoo.addons.billing_bank_file.core.recognise import open_bank_file

from . import book

#: Payments in a batch, as in ``billing.payment``.
BATCH = 1000


def statement_values(transaction, journal):
    """Values of the statement line of one payment, as importers write them."""
    return {
        "journal_id": journal.id,
        "date": transaction.booking_date,
        "payment_ref": transaction.reference
        or " ".join(transaction.texts)
        or transaction.payer_name,
        "ref": transaction.bank_reference,
        "amount": transaction.amount / 100,
        "partner_name": transaction.payer_name,
        "account_number": transaction.payer_account,
        "transaction_type": transaction.kind,
    }


def read(path):
    """Transactions of a bank file.

    :return: list of ``core.types.Transaction``
    """
    with open(path, "rb") as source:
        return list(open_bank_file(source, Path(path).name))


def one_by_one(env, journal, path):
    """Payment after payment as Odoo's own tests reconcile a bank line."""
    for transaction in read(path):
        invoice = env["account.move"].search(
            [
                ("company_id", "=", journal.company_id.id),
                ("payment_reference", "=", transaction.reference),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
            ]
        )
        line = env["account.bank.statement.line"].create(
            {
                **statement_values(transaction, journal),
                "partner_id": invoice.commercial_partner_id.id,
            }
        )
        _bank, suspense, _other = line.with_context(
            skip_account_move_synchronization=True
        )._seek_for_lines()
        item = invoice.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )
        suspense.account_id = item.account_id
        (suspense + item).reconcile()
        env.cr.commit()
    return {}


def statement_lines(env, journal, path):
    """Statement lines in batches: with OCA's addons these reconcile as they can."""
    transactions = read(path)
    lines = env["account.bank.statement.line"]
    for start in range(0, len(transactions), BATCH):
        values = [
            statement_values(transaction, journal)
            for transaction in transactions[start : start + BATCH]
        ]
        try:
            with env.cr.savepoint():
                lines.create([dict(vals) for vals in values])
        except UserError:
            # OCA's addons refuse a batch in which two payments name one invoice.
            for vals in values:
                lines.create([vals])
        env.cr.commit()
        env.invalidate_all()
    return {}


def kvitt(env, journal, path):
    """The whole chain of ``odoo billing_import``, its report apart."""
    command = env["billing.import.command"]
    started = time.perf_counter()
    file, seen = command._import_file(Path(path), None)
    booked = time.perf_counter()
    env.cr.execute(
        "SELECT state, count(*) FROM billing_payment WHERE file_id = %s GROUP BY 1",
        [file.id],
    )
    outcomes = dict(env.cr.fetchall())
    queries = env.cr.sql_log_count
    sum(1 for _ in command._report(Path(path), file, seen))
    return {
        "outcomes": outcomes,
        "seconds": booked - started,
        "queries_to_leave_out": env.cr.sql_log_count - queries + 1,
        "report_seconds": time.perf_counter() - booked,
    }


WAYS = {
    "one_by_one": one_by_one,
    "oca": statement_lines,
    "odoo": statement_lines,
    "own_lines": kvitt,
    "collective": kvitt,
}


def run(env, way, warm_up, file, profile=""):
    """Take one way from a bank file to reconciled books.

    :param way: key of :data:`WAYS`
    :param warm_up: small file taken first, so that a long-running server is measured
    :param profile: file for a profile of the run
    :return: figures and the state of the books
    """
    env, company = book.company_of(env)
    journal = book.bank_journal(env, company)
    journal.billing_collective = way == "collective"
    env.cr.commit()
    WAYS[way](env, journal, warm_up)
    env.cr.commit()
    env.invalidate_all()
    gc.collect()
    queries = env.cr.sql_log_count
    profiler = _profiler(profile)
    started, cpu = time.perf_counter(), time.process_time()
    found = WAYS[way](env, journal, file)
    env.cr.commit()
    seconds = time.perf_counter() - started
    if profiler:
        profiler.disable()
        profiler.dump_stats(profile)
    left_out = found.pop("queries_to_leave_out", 0)
    return {
        "way": way,
        "seconds": seconds,
        "cpu_seconds": time.process_time() - cpu,
        "queries": env.cr.sql_log_count - queries - left_out,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **found,
        "books": books(env, company),
    }


def _profiler(path):
    if not path:
        return None
    import cProfile

    # The time of this process alone: a busy machine does not blur it.
    profiler = cProfile.Profile(time.process_time)
    profiler.enable()
    return profiler


def books(env, company):
    """What the books say, for comparison: hashes of rows, and totals to look at."""
    queries = {
        "invoices": """
            SELECT id, payment_state, amount_residual::numeric(16, 2)::text
              FROM account_move
             WHERE company_id = %s AND move_type = 'out_invoice' ORDER BY id""",
        "accounts": """
            SELECT account_id, sum(balance)::numeric(16, 2)::text
              FROM account_move_line
             WHERE company_id = %s AND parent_state = 'posted'
             GROUP BY 1 HAVING sum(balance) <> 0 ORDER BY 1""",
        "customers": """
            SELECT item.account_id, item.partner_id,
                   sum(balance)::numeric(16, 2)::text,
                   sum(amount_residual)::numeric(16, 2)::text
              FROM account_move_line AS item
              JOIN account_account AS account ON account.id = item.account_id
             WHERE item.company_id = %s AND parent_state = 'posted'
               AND account.account_type = 'asset_receivable'
             GROUP BY 1, 2 ORDER BY 1, 2""",
        "unbalanced": """
            SELECT move_id FROM account_move_line
             WHERE company_id = %s AND parent_state = 'posted'
             GROUP BY 1 HAVING sum(balance) <> 0""",
        "statement lines not reconciled": """
            SELECT line.id FROM account_bank_statement_line AS line
              JOIN account_move AS move ON move.id = line.move_id
             WHERE move.company_id = %s AND NOT line.is_reconciled""",
    }
    state = {}
    for name, query in queries.items():
        env.cr.execute(query, [company.id])
        rows = env.cr.fetchall()
        state[name] = {
            "rows": len(rows),
            "hash": hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16],
        }
    return state
