"""How good the evidence is: right, wrong and left, kind by kind, beside the truth.

The world of :mod:`benchmarks.world`, with books of any size in three kinds of
references, is written straight into the tables of a scratch database: what is measured
reads invoices, customers and payments only. Four files are decided on each book, in
batches as production does:

- ``mix``: only damaged and reference-less payments, one in twenty for nothing open;
- ``one_edit``: one slip each and the right amount;
- ``traps``: the cases of :data:`benchmarks.world.TRAPS`, each alike often;
- ``ordinary``: 95 % exact payments, for speed and memory.

``mix`` is decided three times: with all that a camt file tells (name and account), as
from an OCR file (account, no name) and bare (reference, message and amount).

To try a change of the engine on one small book, again and again::

    python -m benchmarks.bench_evidence --template NAME --open 20000 --payments 5000
        --regime S --errors errors.jsonl

The database is kept for the next run and made anew when the world changes. Run with
``--update`` once the addons have new columns or indexes. Needs Odoo's configuration in
``ODOO_RC`` and PostgreSQL's variables, as ``tools/kvitt shell-env`` prints them.
"""

import hashlib
import json
import resource
import time
from array import array
from bisect import bisect
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from math import exp
from operator import itemgetter
from pathlib import Path

from psycopg2.errors import InsufficientPrivilege

from . import evidence_peers, tables
from .bench_decide import REGIME_NAMES, REGIMES

LEVELS = {
    "camt": "name and account of the payer",
    "ocr": "account, no name",
    "bare": "neither name nor account",
}
COLUMNS = {
    "sent": "sent",
    "right": "right",
    "incomplete": "in part",
    "wrong_invoice": "wrong invoice",
    "wrong_customer": "wrong customer",
    "assigned": "to customer",
    "assigned_wrong": "wrongly",
    "first": "first",
    "top3": "top 3",
    "left": "left",
}
BOOKED = ("right", "incomplete", "wrong_invoice", "wrong_customer")
WRONG = ("wrong_invoice", "wrong_customer", "assigned_wrong")
THRESHOLDS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99999)
#: Upper ends of the bins of the reliability table.
BINS = (
    0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995,
    0.998, 0.999, 0.9995, 0.9999, 1,
)  # fmt: skip
#: Raised when the same world is written in another way.
FILL_VERSION = "1"
FILES = ("mix", "one_edit", "traps")
#: How much of it is run; whatever the options say comes first.
SIZES = {
    "full": {
        "books": [20_000, 1_000_000], "mixed": 100_000, "one_edit": 100_000,
        "traps": 300, "ordinary": [100_000], "levels": list(LEVELS), "baseline": 1000,
        "compared": 300,
    },
    "small": {
        "books": [20_000, 1_000_000], "mixed": 20_000, "one_edit": 20_000,
        "traps": 60, "ordinary": [100_000], "levels": list(LEVELS), "baseline": 200,
        "compared": 60,
    },
}  # fmt: skip
#: Where this part is run alone, to try a change.
ALONE = {
    "books": [20_000], "mixed": 5_000, "one_edit": 0, "traps": 0, "ordinary": [0],
    "levels": ["camt"], "baseline": 0, "compared": 0,
}  # fmt: skip
#: Larger books are made in one kind of references only when the size is small.
SMALL_BOOK = 100_000
#: What a best candidate is: right, right in part, wrong, of a payment for nothing open.
RIGHT, PART, AMISS, EMPTY = range(4)
#: Share of damaged payments in an ordinary file.
ORDINARY_DAMAGED = 0.05
#: What is true about a payment, as columns.
TRUTH = {
    "file": "text", "round": "int", "kind": "text", "amount_kind": "text",
    "name_kind": "text", "account_kind": "text", "moves": "int[]", "credits": "int[]",
    "partners": "int[]",
}  # fmt: skip
#: Indexes of Odoo's own that a book needs beside Kvitt's; the others only take time.
KEPT_INDEXES = (
    "billing", "sequence", "unique_name", "partner_id", "res_partner__name", "_phone_",
)  # fmt: skip


# === WRITING THE WORLD === #


def prepare(env, regime, open_count, seed, files, draw=0, indexes=KEPT_INDEXES):
    """Write the book and the payments, unless the database has them already.

    :param draw: seed of the payments, 0 for that of the book
    :param files: number of payments of each file, or cases of each trap
    :param indexes: words in the names of the indexes that are built anew
    :return: dict: ``stale`` when the database holds another book; ``written``
    """
    cr = env.cr
    cr.execute("CREATE TABLE IF NOT EXISTS bench_stamp (part text, stamp text)")
    cr.execute("SELECT part, stamp FROM bench_stamp")
    stamps = dict(cr.fetchall())
    here = Path(__file__).parent
    world_code, people_code = (
        (here / name).read_text().split('"""', 2)[2]
        for name in ("world.py", "people.py")
    )
    # how payments are drawn may change without the book
    book_code = world_code.partition("class Drawer")[0]
    facts = f"{_optional_tables(cr)}{FILL_VERSION}{regime}-{open_count}-{seed}"
    book_stamp = _digest(book_code + people_code + facts)
    if stamps.get("book", book_stamp) != book_stamp:
        return {"stale": True}
    drawn_by = f"-{draw}" if draw else ""
    payments_stamp = _digest(world_code + people_code + facts + drawn_by)
    wanted = {f: f"{count}-{payments_stamp}" for f, count in files.items() if count}
    wanted = {f: stamp for f, stamp in wanted.items() if stamps.get(f) != stamp}
    if not wanted and "book" in stamps:
        return {"stale": False, "written": []}
    from . import book as books
    from .world import World

    env, company = books.company_of(env)
    made = time.perf_counter()
    world = World(regime, open_count, seed)
    written = []
    made = time.perf_counter() - made
    built = {}
    if "book" not in stamps:
        built = _write_book(env, company, world, indexes)
        _stamp(cr, "book", book_stamp)
        written.append("book")
    offsets = _offsets(cr)
    for file, stamp in wanted.items():
        drawn = _draw(world, file, draw or seed, files[file])
        _write_payments(env, company, world, offsets, file, drawn)
        _stamp(cr, file, stamp)
        written.append(file)
    cr.commit()
    return {
        "stale": False,
        "written": written,
        "indexes": built,
        "world_seconds": made,
        "customers": world.customer_count,
        "invoices": len(world.amounts),
    }


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _stamp(cr, part, stamp):
    cr.execute("DELETE FROM bench_stamp WHERE part = %s", [part])
    cr.execute("INSERT INTO bench_stamp VALUES (%s, %s)", [part, stamp])


def _draw(world, file, seed, count):
    from . import world as worlds

    if file == "mix":
        return worlds.draw_mix(world, seed, count)
    if file == "one_edit":
        return worlds.draw_one_edit(world, seed, count)
    if file == "traps":
        return worlds.draw_traps(world, seed, count)
    return worlds.draw_ordinary(world, seed, count, ORDINARY_DAMAGED)


def _optional_tables(cr):
    """What the addons at hand remember beside invoices and customers."""
    names = ("billing_payer_memory", "billing_payer_habit", "billing_installation")
    cr.execute(
        "SELECT relname FROM pg_class WHERE oid = ANY(SELECT to_regclass(name)"
        " FROM unnest(%s) AS name) ORDER BY 1",
        [list(names)],
    )
    return [name for (name,) in cr.fetchall()]


def _offsets(cr):
    """Database ids before the first invoice, credit note and customer."""
    cr.execute("SELECT stamp FROM bench_stamp WHERE part = 'offsets'")
    return json.loads(cr.fetchone()[0])


def _write_book(env, company, world, indexes):
    """Write customers, invoices and what is remembered; return index seconds."""
    cr = env.cr
    offsets = {}
    for table in ("account_move", "res_partner"):
        cr.execute(f"SELECT max(id) FROM {table}")
        offsets[table] = cr.fetchone()[0]
    offsets["credits"] = offsets["account_move"] + len(world.amounts)
    _stamp(cr, "offsets", json.dumps(offsets))
    # the demo's customers and invoices give way to the numbers of the world
    cr.execute(
        "UPDATE res_partner SET billing_customer_number = NULL"
        " WHERE billing_customer_number IS NOT NULL"
    )
    cr.execute(
        "UPDATE account_move SET name = 'DEMO/' || name,"
        " sequence_prefix = 'DEMO/' || sequence_prefix"
        " WHERE move_type LIKE 'out%%' AND sequence_prefix IS NOT NULL"
    )
    definitions = {}
    for table in ("account_move", "res_partner"):
        tables.drop_foreign_keys(cr, table)
        definitions.update(tables.drop_indexes(cr, table))
    _write_partners(env, world, offsets["res_partner"])
    _write_moves(env, company, world, offsets)
    _write_memory(cr, company, world, offsets["res_partner"])
    for table in ("account_move", "res_partner"):
        tables.skip_ids(cr, table)
    definitions = {
        # the world numbers the invoices of several series alike
        name: definition.replace("UNIQUE ", "")
        if "_unique_name" in name
        else definition
        for name, definition in definitions.items()
        if "gin_trgm" not in definition
    }
    seconds = tables.build_indexes(cr, definitions, indexes)
    _let_indexes_be_used(cr)
    return seconds


def _let_indexes_be_used(cr):
    """Have PostgreSQL use indexes that were built over updated rows at once.

    It would wait for all transactions on the server that are older, lest they miss the
    rows as they were. None of these looks at a scratch database. Whoever may not say so
    waits.
    """
    with suppress(InsufficientPrivilege), cr.savepoint():
        cr.execute(
            "UPDATE pg_index SET indcheckxmin = false WHERE indcheckxmin AND indrelid"
            " IN ('account_move'::regclass, 'res_partner'::regclass)"
        )


def _write_partners(env, world, offset):

    stream = tables.Copy(
        env.cr,
        "res_partner (id, name, complete_name, commercial_partner_id, active, type,"
        " autopost_bills, is_company, partner_share, customer_rank, lang, phone,"
        " phone_sanitized, billing_customer_number)",
    )
    for at, name in enumerate(world.names):
        phone = world.phone(at)
        number = offset + at + 1
        stream.add(
            number, name, name, number, "t", "contact", "ask",
            "t" if world.companies[at] else "f", "t", 1, "en_US",
            f"+47 {phone[:3]} {phone[3:5]} {phone[5:]}", f"+47{phone}", at + 1,
        )  # fmt: skip
    stream.close()


def _write_moves(env, company, world, offsets):
    from datetime import timedelta

    from .world import TODAY

    journal = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
    )
    stream = tables.Copy(
        env.cr,
        "account_move (id, name, sequence_prefix, sequence_number, journal_id,"
        " company_id, currency_id, state, move_type, auto_post, date, invoice_date,"
        " invoice_date_due, partner_id, commercial_partner_id, payment_reference,"
        " payment_state, amount_total, amount_residual, amount_residual_signed)",
    )
    common = (journal.id, company.id, company.currency_id.id, "posted")

    def add(move, prefix, number, kind, issued, due, owner, reference, amount, is_open):
        issued, due = TODAY + timedelta(days=issued), TODAY + timedelta(days=due)
        partner = offsets["res_partner"] + owner + 1
        decimal = tables.decimal(amount)
        left = decimal if is_open else "0.00"
        stream.add(
            move, f"{prefix}{number:05d}", prefix, number, *common, kind, "no", issued,
            issued, due, partner, partner, reference, "not_paid" if is_open else "paid",
            decimal, left, f"-{left}" if kind == "out_refund" else left,
        )  # fmt: skip

    first = offsets["account_move"] + 1
    for rank, at in enumerate(world.order):
        add(
            first + rank, world.prefix(at), world.numbers[at], "out_invoice",
            world.issued(at), world.dues[at], world.owners[at], world.references[at],
            world.amounts[at], world.open[at],
        )  # fmt: skip
    for at, (customer, amount) in enumerate(world.credits):
        add(
            offsets["credits"] + at + 1, "RINV/2026/", at + 1, "out_refund", -10, -10,
            customer, "", amount, True,
        )  # fmt: skip
    stream.close()


def _write_memory(cr, company, world, offset):
    """Accounts, names, habits and meters, as far as the addons have these."""
    from datetime import timedelta

    from odoo.addons.billing_kid_match.core.names import name_key

    from .world import TODAY

    names = _optional_tables(cr)
    if "billing_payer_memory" in names:
        rows = {}
        for kind, value, customer, times, first, last in world.memory():
            key = name_key(value) if kind == "name" else value
            rows[kind, key, offset + customer + 1] = (times, first, last)
        stream = tables.Copy(
            cr,
            "billing_payer_memory (company_id, kind, key, partner_id, count,"
            " first_date, last_date)",
        )
        for (kind, key, partner), (times, first, last) in rows.items():
            stream.add(
                company.id, kind, key, partner, times,
                TODAY - timedelta(days=first), TODAY - timedelta(days=last),
            )  # fmt: skip
        stream.close()
    if "billing_payer_habit" in names:
        stream = tables.Copy(
            cr,
            "billing_payer_habit (company_id, partner_id, count, mean_delay,"
            " last_date)",
        )
        for customer, count, delay, last in world.habit_rows():
            stream.add(
                company.id, offset + customer + 1, count, round(delay, 2),
                TODAY - timedelta(days=last),
            )  # fmt: skip
        stream.close()
    if "billing_installation" in names:
        stream = tables.Copy(
            cr, "billing_installation (company_id, partner_id, number, active)"
        )
        for customer in range(world.customer_count):
            stream.add(company.id, offset + customer + 1, world.meter(customer), "t")
        stream.close()


def _write_payments(env, company, world, offsets, file, payments):
    """Write a file's payments and what is true about them."""
    from datetime import timedelta

    from .world import TODAY

    cr = env.cr
    cr.execute("SELECT to_regclass('bench_truth')")
    if cr.fetchone()[0]:
        cr.execute(
            "DELETE FROM billing_payment p USING bench_truth t"
            " WHERE t.id = p.id AND t.file = %s",
            [file],
        )
        cr.execute("DELETE FROM bench_truth WHERE file = %s", [file])

    def ids(offset, places):
        return tables.id_array(offset + place + 1 for place in places)

    tables.write_payments(
        env,
        company,
        (
            (
                {
                    "amount": payment.amount,
                    "booking_date": TODAY + timedelta(days=payment.day),
                    "reference": payment.reference,
                    "text": payment.text,
                    "payer_name": payment.name,
                    "payer_account": payment.account,
                    "end_to_end_id": payment.end_to_end or "NOTPROVIDED",
                },
                (
                    file,
                    payment.round,
                    payment.kind,
                    payment.amount_kind,
                    payment.name_kind,
                    payment.account_kind,
                    ids(
                        offsets["account_move"], [world.ranks[m] for m in payment.moves]
                    ),
                    ids(offsets["credits"], payment.credits),
                    ids(offsets["res_partner"], payment.customers),
                ),
            )
            for payment in payments
        ),
        TRUTH,
    )


# === DECIDING === #


def decide(
    env, file, level, batch, errors="", samples=20, profile="", limit=0, share=(0, 1)
):
    """Decide the payments of a file and compare with the truth.

    :param level: key of :data:`LEVELS`
    :param batch: payments in a batch; 0 for all of a round at once
    :param errors: file that gets one JSON line for each wrong decision, and for
        ``samples`` of each kind that were not reconciled
    :param profile: file for a profile of the run
    :param limit: decide the first so many only; 0 for all
    :param share: which of how many processes this is; they take batches in turn
    """
    from . import book

    env, _company = book.company_of(env)
    cr = env.cr
    cr.execute("SELECT id, round FROM bench_truth WHERE file = %s ORDER BY id", [file])
    groups = list(_batches(cr.fetchall()[: limit or None], batch))
    _blank(cr, groups[0][0], groups[-1][-1], level)
    groups = groups[share[0] :: share[1]]
    matcher = env["billing.matcher"]
    # what every process reads once
    matcher._decide([groups[0][0]])
    start = peak = _peak_mib()
    tally = Tally(samples if errors else 0)
    seconds = cpu = 0.0
    profiler = _profiler(profile)
    for group in groups:
        _forget_peak()
        began, used = time.perf_counter(), time.process_time()
        if profiler:
            profiler.enable()
        decisions = matcher._decide(group)
        if profiler:
            profiler.disable()
        seconds += time.perf_counter() - began
        cpu += time.process_time() - used
        peak = max(peak, _peak_mib())
        truths = _load_truths(cr, group)
        tally.add(truths, decisions, _owners(cr, truths, decisions))
    if profiler:
        profiler.dump_stats(profile)
    if errors:
        _write_errors(cr, tally.kept, file, level, errors)
    cr.rollback()
    return {
        "file": file,
        "level": level,
        "batch": batch,
        "payments": sum(len(group) for group in groups),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_mib": peak,
        "start_mib": start,
        **tally.result(),
    }


def _peak_mib():
    """Most memory this process had since :func:`_forget_peak`."""
    with suppress(OSError), open("/proc/self/status") as stream:
        for line in stream:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _forget_peak():
    """Start measuring memory anew: judging takes some, and is no part of deciding."""
    with suppress(OSError), open("/proc/self/clear_refs", "w") as stream:
        stream.write("5")


def _load_truths(cr, ids):
    cr.execute(
        "SELECT id, round, kind, amount_kind, name_kind, account_kind, moves, credits,"
        " partners FROM bench_truth WHERE id BETWEEN %s AND %s ORDER BY id",
        [ids[0], ids[-1]],
    )
    return [Truth(*row) for row in cr.fetchall()]


class Truth:
    """What is true about one payment; ids of the database."""

    __slots__ = (
        "id", "round", "kind", "amount_kind", "name_kind", "account_kind", "moves",
        "credits", "partners",
    )  # fmt: skip

    def __init__(self, *values):
        for name, value in zip(self.__slots__, values, strict=True):
            setattr(self, name, value)
        self.moves = frozenset(self.moves)
        self.partners = frozenset(self.partners)
        self.credits = frozenset(self.credits)


def _batches(rows, size):
    """Ids in batches within which no invoice is meant twice.

    :param rows: pairs of id and round
    """
    for _round, members in groupby(rows, key=itemgetter(1)):
        ids = [member for member, _round in members]
        step = size or len(ids)
        for start in range(0, len(ids), step):
            yield ids[start : start + step]


def _blank(cr, first, last, level):
    """Take away what the bank does not tell at a level; rolled back later.

    :param first: id of the first payment of the file, ``last`` of the last
    """
    columns = {"ocr": ("payer_name",), "bare": ("payer_name", "payer_account")}
    for column in columns.get(level, ()):
        cr.execute(
            f"UPDATE billing_payment SET {column} = NULL WHERE id BETWEEN %s AND %s",
            [first, last],
        )


def _owners(cr, truths, decisions):
    """Customer of each invoice that was settled though not meant."""
    odd = {
        share.move_id
        for truth, decision in zip(truths, decisions, strict=True)
        for share in decision.shares
        if share.move_id not in truth.moves
    }
    if not odd:
        return {}
    cr.execute(
        "SELECT id, commercial_partner_id FROM account_move WHERE id = ANY(%s)",
        [list(odd)],
    )
    return dict(cr.fetchall())


def judge(truth, decision, owners):
    """What a decision is worth, one of :data:`COLUMNS`.

    Right is the invoice, or exactly the invoices, that were meant. Money for nothing
    open is wrong on any invoice and right on the account of the customer who paid.
    """
    settled = {share.move_id for share in decision.shares if share.amount > 0}
    if settled:
        if settled == truth.moves:
            return "right"
        if settled < truth.moves:
            return "incomplete"
        others = {owners[move] for move in settled - truth.moves}
        return "wrong_invoice" if others <= truth.partners else "wrong_customer"
    if decision.partner_id:
        right = decision.partner_id in truth.partners
        return "assigned" if right else "assigned_wrong"
    proposed = [candidate.move_id for candidate in decision.candidates]
    if truth.moves & set(proposed[:1]):
        return "first"
    return "top3" if truth.moves & set(proposed[:3]) else "left"


def best_of(decision, credits=frozenset()):
    """Invoices of the best candidate or, together, of the best set; probability.

    :param credits: ids of the credit notes that were set off
    :return: (set of invoice ids, probability); empty when nothing was found
    """
    settled = {share.move_id for share in decision.shares if share.amount > 0}
    if settled:
        return settled, decision.probability
    candidates = decision.candidates
    if not candidates:
        return set(), 0.0
    top = candidates[0]
    moves = {top.move_id}
    for reason in top.reasons:
        if reason.code == "part_of_sum":
            moves.update(dict(reason.values)["move_ids"])
    return moves - credits, top.probability


class Tally:
    """Counts decisions.

    :param samples: decisions of each kind and verdict kept that were not reconciled
    """

    def __init__(self, samples):
        self.samples = samples
        self.kinds = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
        self.amounts = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
        self.names = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
        self.accounts = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
        self.top3 = defaultdict(int)
        self.bins = [[0, 0.0, 0] for _ in BINS]
        self.reported = array("d")
        self.reported_as = bytearray()
        self.empty = dict.fromkeys(COLUMNS, 0)
        self.kept = []
        self.counted = defaultdict(int)

    def add(self, truths, decisions, owners):
        for truth, decision in zip(truths, decisions, strict=True):
            self._add_one(truth, decision, judge(truth, decision, owners))

    def _add_one(self, truth, decision, verdict):
        groups = [self.kinds[truth.kind]]
        if truth.moves:
            groups += [
                self.amounts[truth.amount_kind],
                self.names[truth.name_kind],
                self.accounts[truth.account_kind],
            ]
        else:
            groups.append(self.empty)
        for row in groups:
            row["sent"] += 1
            row[verdict] += 1
        proposed = {candidate.move_id for candidate in decision.candidates[:3]}
        if verdict in ("right", "incomplete") or truth.moves & proposed:
            self.top3[truth.kind] += 1
        moves, probability = best_of(decision, truth.credits)
        if moves:
            is_right = bool(truth.moves) and moves <= truth.moves
            row = self.bins[min(bisect(BINS, probability), len(BINS) - 1)]
            row[0] += 1
            row[1] += probability
            row[2] += is_right
            if probability >= THRESHOLDS[0]:
                is_part = is_right and moves != truth.moves
                self.reported.append(probability)
                self.reported_as.append(
                    PART if is_part else RIGHT if is_right
                    else AMISS if truth.moves else EMPTY
                )  # fmt: skip
        if self.samples and verdict != "right":
            self.counted[truth.kind, verdict] += 1
            if verdict in WRONG or self.counted[truth.kind, verdict] <= self.samples:
                self.kept.append((truth, decision, verdict))

    def result(self):
        sent = sum(row["sent"] for row in self.kinds.values())
        meant = sent - self.empty["sent"]
        frontier = []
        for threshold in THRESHOLDS:
            taken = Counter(
                what
                for probability, what in zip(
                    self.reported, self.reported_as, strict=True
                )
                if probability >= threshold
            )
            count = sum(taken.values())
            frontier.append(
                {
                    "threshold": threshold,
                    "taken": count,
                    "right": taken[RIGHT],
                    "incomplete": taken[PART],
                    "wrong": taken[AMISS],
                    "nothing_open": taken[EMPTY],
                    "precision": (taken[RIGHT] + taken[PART]) / count
                    if count
                    else None,
                    "recall": taken[RIGHT] / meant if meant else None,
                }
            )
        return {
            "kinds": self.kinds,
            "amounts": self.amounts,
            "names": self.names,
            "accounts": self.accounts,
            "nothing_open": self.empty,
            "in_top3": self.top3,
            "frontier": frontier,
            "bins": [
                {"upto": upto, "count": count, "said": said, "right": right}
                for upto, (count, said, right) in zip(BINS, self.bins, strict=True)
            ],
        }


def _profiler(path):
    if not path:
        return None
    import cProfile

    # The time of this process alone: a busy machine does not blur it.
    return cProfile.Profile(time.process_time)


def _write_errors(cr, kept, file, level, path):
    """Write what was decided, what was meant and all that was known."""
    moves = set()
    for truth, decision, _verdict in kept:
        moves |= truth.moves | {share.move_id for share in decision.shares}
        moves |= {candidate.move_id for candidate in decision.candidates}
    cr.execute(
        "SELECT m.id, m.name, m.payment_reference, m.amount_total::float8,"
        " m.amount_residual::float8, m.invoice_date_due::text, m.payment_state, p.id,"
        " p.name FROM account_move m JOIN res_partner p ON p.id = m.partner_id"
        " WHERE m.id = ANY(%s)",
        [list(moves)],
    )
    names = ("id", "name", "reference", "total", "open", "due", "state", "customer",
             "customer_name")  # fmt: skip
    invoices = {row[0]: dict(zip(names, row, strict=True)) for row in cr.fetchall()}
    cr.execute(
        "SELECT id, reference, text, end_to_end_id, amount::float8, booking_date::text,"
        " payer_name, payer_account FROM billing_payment WHERE id = ANY(%s)",
        [[truth.id for truth, _decision, _verdict in kept]],
    )
    names = ("id", "reference", "text", "end_to_end", "amount", "day", "payer",
             "account")  # fmt: skip
    payments = {row[0]: dict(zip(names, row, strict=True)) for row in cr.fetchall()}
    kept.sort(key=lambda row: (row[2] not in WRONG, row[0].kind, row[0].id))
    with open(path, "a", encoding="utf-8") as stream:
        for truth, decision, verdict in kept:
            line = {
                "file": file,
                "level": level,
                "verdict": verdict,
                "kind": truth.kind,
                "amount_kind": truth.amount_kind,
                "name_kind": truth.name_kind,
                "account_kind": truth.account_kind,
                "paid": payments[truth.id],
                "meant": [invoices[move] for move in sorted(truth.moves)],
                "customers": sorted(truth.partners),
                "outcome": decision.outcome,
                "probability": decision.probability,
                "shares": [
                    {**invoices[share.move_id], "share": share.amount}
                    for share in decision.shares
                    if share.move_id in invoices
                ],
                "assigned_to": decision.partner_id,
                "why": [_reason(reason) for reason in decision.reasons],
                "candidates": [
                    {
                        **invoices[candidate.move_id],
                        "probability": candidate.probability,
                        "why": [_reason(reason) for reason in candidate.reasons],
                    }
                    for candidate in decision.candidates[:4]
                ],
            }
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def _reason(reason):
    values = ",".join(f"{name}={value}" for name, value in reason.values)
    weight = f"{reason.weight:+.2f}" if reason.weight else ""
    return f"{reason.code}({values}){weight}"


# === PART OF THE RUN === #


def bench_evidence(databases, args, report):
    """Decide all files on each book, at each level of what the bank tells."""
    report.say("## Evidence: right, wrong and left")
    report.say()
    report.data["evidence"] = {}
    if args.errors:
        Path(args.errors).unlink(missing_ok=True)
    for name, value in SIZES[args.size].items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    for open_count in [2_000] if args.quick else args.books:
        for regime in args.regimes:
            if args.size == "small" and open_count > SMALL_BOOK and regime != "S":
                continue
            found = _run_book(databases, args, regime, open_count)
            report.data["evidence"][f"{regime} {open_count}"] = found
            _report_book(report, regime, open_count, found)
    if args.compared:
        report.data["evidence"]["posted"] = evidence_peers.bench_posted(
            databases, args, report
        )


def _run_book(databases, args, regime, open_count):
    from .run import progress

    part = f"evidence_{regime}_{open_count}".lower()
    files = {
        "mix": args.mixed,
        "one_edit": args.one_edit,
        "traps": args.traps,
    }
    if args.quick:
        files = {"mix": 1000, "one_edit": 500, "traps": 10}
    ordinary = [1000] if args.quick else args.ordinary
    files.update({f"ordinary_{count}": count for count in ordinary if count})
    task = dict(
        regime=regime,
        open_count=open_count,
        seed=args.seed,
        files=files,
        draw=args.draw,
    )
    name = databases.name(part)
    prepared = {"stale": True}
    if args.keep and databases.exists(part):
        if args.update:
            databases.work("update", name, modules=["billing_base"])
        prepared = databases.work("evidence_prepare", name, **task)
    if prepared["stale"]:
        progress(f"book of {open_count} open invoices, references {regime}")
        databases.clone(part)
        if args.keep:
            # whoever keeps databases works on addons that the template does not have
            databases.work("update", name, modules=["billing_base"])
        prepared = databases.work("evidence_prepare", name, **task)
    if prepared["written"]:
        databases.vacuum(name)
    found = {"prepared": prepared, "runs": []}
    if args.prepare:
        return found
    runs = []
    for file in files:
        if file not in FILES:
            runs += [(file, "camt", batch) for batch in args.ordinary_batch]
        elif files[file]:
            levels = args.levels if file == "mix" else ["camt"]
            runs += [(file, level, args.batch) for level in levels]
    for file, level, batch in runs:
        progress(f"deciding {file}, {LEVELS[level]}, {batch} at once")
        task = dict(
            file=file,
            level=level,
            batch=batch,
            errors=args.errors,
            samples=args.samples,
            profile=args.profile,
            limit=args.limit,
        )
        # each process takes a batch at least
        most = 1 if file in FILES else max(files[file] // (batch or files[file]), 1)
        for processes in sorted({min(number, most) for number in args.processes}):
            found["runs"].append(_decide_at_once(databases, name, processes, task))
    count = min(args.baseline, 200 if open_count > 100_000 else args.baseline)
    if count and files["mix"]:
        progress("plain best matches")
        found["best_matches"] = databases.work(
            "evidence_best", name, file="mix", count=count
        )
    if not args.keep:
        databases.drop(name)
    return found


def _decide_at_once(databases, name, processes, task):
    """Decide a file by some processes, as so many workers of a server would.

    :return: as :func:`decide`, the counts of all together; seconds of the slowest
    """

    def decide_share(number):
        return databases.work(
            "evidence_decide",
            name,
            process=f"_{number}",
            share=(number, processes),
            **task,
        )

    with ThreadPoolExecutor(processes) as pool:
        parts = list(pool.map(decide_share, range(processes)))
    whole = {**parts[0], "processes": processes}
    for part in parts[1:]:
        for key in ("kinds", "amounts", "names", "accounts"):
            for group, row in part[key].items():
                total = whole[key].setdefault(group, dict.fromkeys(COLUMNS, 0))
                for column in COLUMNS:
                    total[column] += row[column]
        for kind, count in part["in_top3"].items():
            whole["in_top3"][kind] = whole["in_top3"].get(kind, 0) + count
        for column in COLUMNS:
            whole["nothing_open"][column] += part["nothing_open"][column]
        for key in ("payments", "cpu_seconds"):
            whole[key] += part[key]
        for key in ("seconds", "peak_mib"):
            whole[key] = max(whole[key], part[key])
    return whole


def _report_book(report, regime, open_count, found):
    report.say(f"### {open_count:,} open invoices, references: {REGIME_NAMES[regime]}")
    report.say()
    for run in found["runs"]:
        report.say(
            f"#### {run['file']}, {LEVELS[run['level']]}: {run['payments']:,} payments,"
            f" {run['batch'] or 'all'} at once, by {run['processes']} process(es),"
            f" in {run['seconds']:.1f} s"
            f" ({run['cpu_seconds']:.1f} s CPU of Odoo),"
            f" {run['payments'] / run['seconds']:.0f}/s,"
            f" peak {run['peak_mib']:.0f} MiB ({run['start_mib']:.0f} before)"
        )
        report.say()
        _report_counts(report, "Kind", run["kinds"], run["in_top3"])
        if run["file"] == "mix":
            for title, part in (
                ("Amount", "amounts"),
                ("Name", "names"),
                ("Account", "accounts"),
            ):
                _report_counts(report, title, run[part])
            _report_frontier(report, run)
            _report_bins(report, run)
        _report_targets(report, run)
    if "best_matches" in found:
        evidence_peers.report_best_matches(report, found["best_matches"])


def _report_counts(report, title, groups, in_top3=None):
    from .world import EMPTY_TRAPS, NOTHING_OPEN

    rows = []
    empty = EMPTY_TRAPS | NOTHING_OPEN.keys() if in_top3 is not None else ()
    total = {c: sum(row[c] for row in groups.values()) for c in COLUMNS}
    for name, row in [*sorted(groups.items(), key=itemgetter(0)), ("all", total)]:
        booked = sum(row[column] for column in BOOKED)
        good = row["right"] + row["incomplete"]
        cells = [
            name.replace("_", " "),
            *(row[column] or "·" for column in COLUMNS),
            f"{good / booked:.3%}" if booked else "–",
            "–" if name in empty else f"{row['right'] / row['sent']:.1%}",
        ]
        if in_top3 is not None:
            count = sum(in_top3.values()) if name == "all" else in_top3.get(name, 0)
            cells.append("–" if name in empty else f"{count / row['sent']:.1%}")
        rows.append(cells)
    columns = [title, *COLUMNS.values(), "precision", "recall"]
    if in_top3 is not None:
        columns.append("in top 3")
    report.table(columns, rows)


def _report_frontier(report, run):
    report.say(
        "Were every best candidate taken whose probability reaches a threshold,"
        " whatever else the policy asks:"
    )
    report.say()
    report.table(
        [
            "Threshold",
            "taken",
            "right",
            "in part",
            "wrong",
            "nothing open",
            "precision",
            "recall",
        ],
        [
            [
                f"{row['threshold']:g}",
                row["taken"],
                row["right"],
                row["incomplete"],
                row["wrong"],
                row["nothing_open"],
                f"{row['precision']:.4%}" if row["taken"] else "–",
                f"{row['recall']:.2%}",
            ]
            for row in run["frontier"]
        ],
    )


def _report_bins(report, run):
    report.say("How far the probability of the best candidate is to be believed:")
    report.say()
    rows = []
    lowest = 0.0
    for row in run["bins"]:
        if row["count"]:
            rows.append(
                [
                    f"{lowest:g}–{row['upto']:g}",
                    row["count"],
                    f"{row['said'] / row['count']:.5f}",
                    f"{row['right'] / row['count']:.5f}",
                ]
            )
        lowest = row["upto"]
    report.table(["Said", "payments", "in the mean", "right"], rows)


def targets(run):
    """What was asked for, beside what was measured.

    :return: list of (what, measured share, limit, ``least`` or ``most``, wrong ones,
        of so many); the last two for limits on what may go wrong
    """
    empty = run["nothing_open"]
    everything = {c: sum(row[c] for row in run["kinds"].values()) for c in COLUMNS}
    meant = {c: everything[c] - empty[c] for c in COLUMNS}
    sent = meant["sent"]
    if run["file"] == "one_edit":
        wrong = sum(everything[c] for c in WRONG)
        return [
            ("one slip: reconciled", meant["right"] / sent, 0.995, "least", None, sent),
            ("one slip: wrong", wrong / sent, 0, "most", wrong, sent),
        ]
    if run["file"] != "mix":
        return []
    in_top3 = sum(run["in_top3"].values())
    booked_empty = empty["wrong_invoice"] + empty["wrong_customer"]
    customer = meant["wrong_customer"] + meant["assigned_wrong"]
    known = sum(meant[c] for c in ("right", "incomplete", "wrong_invoice", "assigned"))
    return [
        (
            "reconciled without a person",
            meant["right"] / sent,
            0.95,
            "least",
            None,
            sent,
        ),
        ("in the top three", in_top3 / sent, 0.995, "least", None, sent),
        ("wrong customer", customer / sent, 1e-5, "most", customer, sent),
        (
            "right customer, wrong invoice",
            meant["wrong_invoice"] / sent,
            1e-4,
            "most",
            meant["wrong_invoice"],
            sent,
        ),
        (
            "nothing open, reconciled",
            booked_empty / max(empty["sent"], 1),
            1e-4,
            "most",
            booked_empty,
            empty["sent"],
        ),
        ("money with its customer", known / sent, 0, "least", None, sent),
    ]


def _report_targets(report, run):
    rows = []
    for what, measured, limit, way, wrong, count in targets(run):
        reached = measured >= limit if way == "least" else measured <= limit
        if wrong is None:
            shown, upper = f"{measured:.3%}", ""
            wanted = f"≥ {limit:.1%}" if limit else "–"
        else:
            shown = f"{wrong} of {count}"
            upper = f"{min(upper_limit(wrong) / max(count, 1), 1):.1e}"
            wanted = f"≤ {limit:.0e}" if limit else "0"
        told = ("yes" if reached else "no") if limit or wrong is not None else "–"
        rows.append([what, shown, upper, wanted, told])
    if rows:
        report.table(["Asked for", "measured", "95 % below", "limit", "reached"], rows)


def upper_limit(count):
    """Largest mean of a Poisson count that shows ``count`` or fewer in one case of
    twenty."""
    low, high = 0.0, count * 3.0 + 10.0
    for _ in range(60):
        mean = (low + high) / 2
        term = chance = exp(-mean)
        for number in range(1, count + 1):
            term *= mean / number
            chance += term
        low, high = (mean, high) if chance > 0.05 else (low, mean)
    return high


def add_arguments(parser, alone=False):
    """Options of this part.

    :param alone: the part has the parser for itself
    """

    def add(name, *others, **options):
        value = ALONE[name] if alone else None
        names = [f"--{name.replace('_', '-')}", *(others if alone else ())]
        parser.add_argument(*names, dest=name, default=value, **options)

    add("books", "--open", type=int, nargs="+", help="open invoices of the books")
    add("mixed", "--payments", type=int, help="damaged payments")
    add("one_edit", type=int, help="payments with one slip each")
    add("traps", type=int, help="of each trap")
    add("ordinary", type=int, nargs="+", help="payments of ordinary files")
    add(
        "levels", "--level", nargs="+", choices=LEVELS,
        help="what the bank tells of the payer",
    )  # fmt: skip
    add(
        "baseline", type=int,
        help="payments for the plain best matches; 200 at most on a large book",
    )  # fmt: skip
    add(
        "compared", type=int,
        help="payments through OCA's addons, on a book posted through Odoo",
    )  # fmt: skip
    parser.add_argument(
        "--size",
        choices=SIZES,
        default="full",
        help="of the evidence, where no other option says: all of it takes about two"
        " hours; small, with 1,000,000 open invoices in one kind of references only,"
        " half an hour",
    )
    parser.add_argument(
        "--draw", type=int, default=0, help="seed of the payments; 0: as the book"
    )
    if alone:
        parser.add_argument(
            "--invoices", type=int, default=2500, help="in the posted book"
        )
    parser.add_argument(
        "--prepare", action="store_true", help="only write the books, to be kept"
    )
    parser.add_argument(
        "--limit", type=int, default=0, help="decide the first so many of each file"
    )
    parser.add_argument("--batch", type=int, default=1000, help="decided at once")
    parser.add_argument(
        "--ordinary-batch",
        type=int,
        nargs="+",
        default=[1000, 100_000],
        help="of an ordinary file, decided at once",
    )
    parser.add_argument(
        "--processes",
        type=int,
        nargs="+",
        default=[1, 2],
        help="that decide an ordinary file together",
    )
    parser.add_argument("--errors", default="", help="file for wrong decisions")
    parser.add_argument(
        "--samples", type=int, default=20, help="kept of each kind that was left"
    )
    parser.add_argument("--profile", default="", help="file for a profile")


def main():
    """Run this part alone and print the result."""
    import argparse
    import os

    from . import scratch
    from .run import Report

    parser = argparse.ArgumentParser(
        prog="benchmarks.bench_evidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser, alone=True)
    parser.add_argument(
        "--regimes", "--regime", nargs="+", choices=REGIMES, default=list(REGIMES)
    )
    parser.add_argument("--quick", action="store_true", help="small: does it work?")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--drop", dest="keep", action="store_false", help="keep no database"
    )
    parser.add_argument(
        "--update", action="store_true", help="bring the database to the addons' state"
    )
    parser.add_argument("--json", help="file for all that was measured")
    parser.add_argument("--template", default=os.environ.get("KVITT_TEMPLATE"))
    args = parser.parse_args()
    if args.errors:
        args.errors = str(Path(args.errors).absolute())
    if args.profile:
        args.profile = str(Path(args.profile).absolute())
    report = Report()
    with scratch.Scratch(args.template, args.keep) as databases:
        bench_evidence(databases, args, report)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as stream:
            json.dump(report.data, stream, indent=1)


if __name__ == "__main__":
    main()
