"""Books and payments written straight into the tables of a scratch database.

What is measured on these reads invoices, customers and payments only; to post a million
invoices through Odoo would take a day.
"""

import io
import time


class Copy:
    """Rows into a table, some megabytes at a time.

    :param target: table and columns
    """

    def __init__(self, cr, target):
        self.cr = cr
        self.target = target
        self.buffer = io.StringIO()

    def add(self, *values):
        """Add a row; an empty text is null."""
        self.buffer.write("\t".join(str(v) if v != "" else "\\N" for v in values))
        self.buffer.write("\n")
        if self.buffer.tell() > 8_000_000:
            self.close()

    def close(self):
        """Write what is left."""
        self.buffer.seek(0)
        self.cr.copy_expert(f"COPY {self.target} FROM STDIN", self.buffer)
        self.buffer = io.StringIO()


def decimal(amount):
    """An amount of minor units, above or below zero, as the database writes it."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def id_array(ids):
    """Ids as an array literal."""
    return "{" + ",".join(map(str, ids)) + "}"


def drop_foreign_keys(cr, table):
    """Drop the foreign keys of a table: they take time, and rows need no others."""
    cr.execute(
        "SELECT conname FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    )
    for (name,) in cr.fetchall():
        cr.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def drop_indexes(cr, table):
    """Drop all indexes of a table that is about to be filled, but the primary key.

    :return: definition of each by name
    """
    cr.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)"
        " FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary",
        [table],
    )
    definitions = dict(cr.fetchall())
    for name in definitions:
        cr.execute(f"DROP INDEX {name} CASCADE")
    return definitions


def build_indexes(cr, definitions, words):
    """Build the indexes whose name holds one of some words.

    :param definitions: as :func:`drop_indexes` returned them
    :return: seconds each took by name
    """
    seconds = {}
    for name, definition in definitions.items():
        if any(word in name for word in words):
            started = time.perf_counter()
            cr.execute(definition)
            seconds[name] = time.perf_counter() - started
    return seconds


def skip_ids(cr, table):
    """Let Odoo go on after the ids that were written into a table."""
    cr.execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
    )


def write_payments(env, company, rows, facts):
    """Write payments and what is true about them.

    :param rows: iterable of (values, truth): dict of columns of ``billing_payment``
        with ``amount`` in minor units, and the truth in the order of ``facts``
    :param facts: columns of ``bench_truth`` after the id, with their types
    """
    from . import book

    cr = env.cr
    drop_foreign_keys(cr, "billing_payment")
    columns = ", ".join(f"{name} {kind}" for name, kind in facts.items())
    cr.execute(f"CREATE TABLE IF NOT EXISTS bench_truth (id int, {columns})")
    cr.execute("CREATE INDEX IF NOT EXISTS bench_truth_idx ON bench_truth (id)")
    cr.execute("SELECT coalesce(max(id), 0) FROM billing_payment")
    first = cr.fetchone()[0] + 1
    journal = book.bank_journal(env, company)
    files = env["billing.bank.file"]
    file = files.search([("checksum", "=", "bench")]) or files.create(
        {
            "name": "bench",
            "checksum": "bench",
            "company_id": company.id,
            "state": "imported",
        }
    )
    common = (journal.id, company.id, company.currency_id.id, "new")
    told = ("booking_date", "reference", "text", "payer_name", "payer_account",
            "end_to_end_id")  # fmt: skip
    truths = []
    stream = Copy(
        cr,
        "billing_payment (id, file_id, position, import_key, journal_id, company_id,"
        f" currency_id, state, amount, reference_key, {', '.join(told)})",
    )
    for at, (values, truth) in enumerate(rows, first):
        stream.add(
            at, file.id, at, f"bench-{at}", *common, decimal(values["amount"]),
            values["reference"], *(values.get(name, "") for name in told),
        )  # fmt: skip
        truths.append((at, *truth))
    stream.close()
    skip_ids(cr, "billing_payment")
    stream = Copy(cr, f"bench_truth (id, {', '.join(facts)})")
    for row in truths:
        stream.add(*row)
    stream.close()
