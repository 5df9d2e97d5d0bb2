"""What becomes of damaged payments, kind by kind, beside what was meant."""

import json
import time
from collections import defaultdict
from pathlib import Path

from . import book, ways

COLUMNS = ("sent", "right", "wrong", "first", "top3", "left")


def run(env, way, file, truth):
    """Take a file of damaged payments one way and compare with the truth.

    :param way: ``kvitt``, ``oca`` or ``odoo``
    :return: dict of kind to counts, see :data:`COLUMNS`
    """
    env, company = book.company_of(env)
    journal = book.bank_journal(env, company)
    truths = [json.loads(line) for line in Path(truth).read_text().splitlines()]
    started = time.perf_counter()
    ways.WAYS["collective" if way == "kvitt" else way](env, journal, file)
    env.cr.commit()
    seconds = time.perf_counter() - started
    env.invalidate_all()
    reader = _read_kvitt if way == "kvitt" else _read_statement_lines
    outcomes = reader(env, journal, len(truths), way)
    return {"seconds": seconds, "kinds": _count(truths, outcomes)}


def _count(truths, outcomes):
    """Counts of each kind.

    A payment with several invoices is right when it settles some of these and no
    other. What a payment of a stranger or a second payment settles is always wrong.
    """
    counts = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    for truth, (settled, proposed) in zip(truths, outcomes, strict=True):
        row = counts[truth["kind"]]
        row["sent"] += 1
        meant = set(truth["moves"])
        if settled:
            row["right" if settled <= meant else "wrong"] += 1
        elif meant & set(proposed[:1]):
            row["first"] += 1
            row["top3"] += 1
        elif meant & set(proposed[:3]):
            row["top3"] += 1
        else:
            row["left"] += 1
    return counts


def _read_kvitt(env, _journal, count, _way):
    """What Kvitt did: (invoices settled, invoices proposed) of each payment."""
    file = env["billing.bank.file"].search([], limit=1, order="id desc")
    payments = file.payment_ids.sorted("position")
    assert len(payments) == count, (len(payments), count)
    settled = payments._settled_invoices()
    return [
        (
            set(settled.get(payment.id, ())),
            payment.candidate_ids.move_id.ids if "candidate_ids" in payment else [],
        )
        for payment in payments
    ]


def _read_statement_lines(env, journal, count, way):
    """What became of statement lines, the latest in the journal."""
    lines = env["account.bank.statement.line"].search(
        [("journal_id", "=", journal.id)], order="id desc", limit=count
    )
    found = []
    for line in lines.sorted("id"):
        _bank, _suspense, others = line._seek_for_lines()
        partials = others.matched_debit_ids + others.matched_credit_ids
        items = partials.debit_move_id + partials.credit_move_id - others
        proposed = []
        if way == "oca" and not items:
            # What its form shows for this line.
            data = line.reconcile_data_info or {}
            proposed = (
                env["account.move.line"].browse(data.get("counterparts")).move_id.ids
            )
        found.append((set(items.move_id.ids), proposed))
    return found
