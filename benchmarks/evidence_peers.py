"""The same payments through others: plain best matches, and OCA's addons.

Best matches are what one writes in an afternoon with ``rapidfuzz``: the most similar
reference, or the most similar name among the invoices of the right amount, taken when
it is similar enough, the amount is right and nothing else is as similar.

OCA's addons and Kvitt as a whole, from the bank file to the books, are compared on a
book that was posted through Odoo.
"""

import json
import time
from array import array
from bisect import bisect_left
from datetime import date
from io import StringIO
from pathlib import Path

from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import OSA

from .world import TODAY, Drawer, World, account_number

#: Similarity (0–100) from which a best match is taken.
SIMILAR = 90
#: Exact payments in the file for a posted book: they show that all ways do work.
EXACT_SHARE = 1 / 6
WAYS = {
    "reference": "rapidfuzz, reference",
    "name": "rapidfuzz, name",
    "both": "rapidfuzz, reference, then name",
}


# === PLAIN BEST MATCHES === #


def best_matches(env, file, count):
    """Match the first payments of a file each plain way.

    :param count: payments; scanning a large book takes its time
    :return: dict of way to counts and seconds
    """
    from odoo.addons.billing_base.core.reference import normalise

    from . import book
    from .bench_evidence import Tally, Truth, _owners

    env, company = book.company_of(env)
    cr = env.cr
    cr.execute(
        "SELECT m.id, m.payment_reference, (m.amount_residual * 100)::bigint, p.name,"
        " p.id FROM account_move m JOIN res_partner p"
        " ON p.id = m.commercial_partner_id WHERE m.company_id = %s"
        " AND m.move_type = 'out_invoice' AND m.state = 'posted'"
        " AND m.payment_state IN ('not_paid', 'partial') ORDER BY 3, 1",
        [company.id],
    )
    matcher = _BestMatch(cr.fetchall(), normalise)
    cr.execute(
        "SELECT t.id, t.round, t.kind, t.amount_kind, t.name_kind, t.account_kind,"
        " t.moves, t.credits, t.partners, p.reference, p.text, p.payer_name,"
        " (p.amount * 100)::bigint"
        " FROM bench_truth t JOIN billing_payment p ON p.id = t.id"
        " WHERE t.file = %s ORDER BY t.id LIMIT %s",
        [file, count],
    )
    rows = cr.fetchall()
    truths = [Truth(*row[:9]) for row in rows]
    found = {}
    for way in WAYS:
        began = time.perf_counter()
        decisions = [matcher.decide(way, row[0], *row[9:]) for row in rows]
        seconds = time.perf_counter() - began
        tally = Tally(0)
        tally.add(truths, decisions, _owners(cr, truths, decisions))
        found[way] = {
            "file": file,
            "payments": len(rows),
            "seconds": seconds,
            **tally.result(),
        }
    return found


class _BestMatch:
    """Open invoices, sorted by amount.

    :param rows: id, reference, minor units, customer's name and id
    """

    def __init__(self, rows, normalise):
        self.rows = rows
        self.normalise = normalise
        self.references = [row[1] or "" for row in rows]
        self.amounts = [row[2] for row in rows]
        self.names = [utils.default_process(row[3]) for row in rows]

    def decide(self, way, payment_id, reference, text, name, amount):
        """Decide one payment by the best match."""
        from odoo.addons.billing_bank_file.core import decision

        proposed, sure = [], False
        if way in ("reference", "both"):
            proposed, sure = self._by_reference(reference or text or "", amount)
        if way == "name" or (way == "both" and not sure):
            others, sure = self._by_name(name or "", amount)
            proposed = others if sure else proposed or others
        candidates = tuple(
            decision.Candidate(
                self.rows[at][0],
                self.rows[at][4],
                similar / 100,
                self.amounts[at],
                self.references[at],
                -1,
            )
            for similar, at in proposed
        )
        if not sure:
            outcome = decision.PROPOSED if candidates else decision.UNMATCHED
            return decision.Decision(payment_id, outcome, candidates=candidates)
        top = candidates[0]
        return decision.Decision(
            payment_id,
            decision.RECONCILED,
            (decision.Share(top.move_id, amount),),
            top.probability,
            (),
            candidates,
        )

    def _by_reference(self, stated, amount):
        key = self.normalise(stated)
        if len(key) < 4:
            return [], False
        found = process.extract(
            key, self.references, scorer=OSA.normalized_similarity, limit=3
        )
        proposed = [(100 * similar, at) for _text, similar, at in found]
        return proposed, self._is_sure(proposed, amount)

    def _by_name(self, name, amount):
        start = bisect_left(self.amounts, amount)
        stop = bisect_left(self.amounts, amount + 1)
        found = process.extract(
            utils.default_process(name),
            self.names[start:stop],
            scorer=fuzz.token_sort_ratio,
            limit=3,
        )
        proposed = [(similar, start + at) for _text, similar, at in found]
        return proposed, self._is_sure(proposed, amount)

    def _is_sure(self, proposed, amount):
        return bool(
            proposed
            and proposed[0][0] >= SIMILAR
            and self.amounts[proposed[0][1]] == amount
            and (len(proposed) < 2 or proposed[0][0] > proposed[1][0])
        )


# === FROM A BANK FILE TO THE BOOKS === #


class PostedWorld(World):
    """The customers and invoices of a book that was posted through Odoo.

    Dates are as the book has them, so that any open invoice may be paid on any day.
    """

    def __init__(self, env, company, seed):
        from random import Random

        self.rng = Random(f"posted-{seed}")
        self.regime = "posted"
        self.twins, self.apart, self.credits = [], [], []
        self.payers, self.sponsored, self.own_reference = {}, {}, set()
        self.sponsors = []
        self.names, self.accounts, self.partner_ids = [], [], []
        self.companies, self.known, self.open = bytearray(), bytearray(), bytearray()
        self.first = array("i")
        self.owners, self.numbers = array("i"), array("i")
        self.amounts, self.dues = array("q"), array("h")
        self.move_ids, self.references, self.prefixes = [], [], []
        env.cr.execute(
            """
            SELECT p.id, p.name, p.is_company,
                   (SELECT min(acc_number) FROM res_partner_bank
                     WHERE partner_id = p.id),
                   m.id, m.payment_reference, m.sequence_prefix, m.sequence_number,
                   (m.amount_total * 100)::bigint, m.invoice_date_due,
                   m.payment_state = 'not_paid' AS is_open
              FROM account_move m
              JOIN res_partner p ON p.id = m.commercial_partner_id
             WHERE m.company_id = %s AND m.move_type = 'out_invoice'
               AND m.state = 'posted' AND m.payment_reference ~ '^[0-9]+$'
               AND m.payment_state IN ('not_paid', 'paid')
             ORDER BY p.id, is_open DESC, m.invoice_date_due DESC, m.id
            """,
            [company.id],
        )
        for row in env.cr.fetchall():
            self._add(*row)
        self.first.append(len(self.amounts))
        self.customer_count = len(self.names)
        self.open_count = sum(self.open)

    def _add(self, partner, name, company, account, move, *invoice):
        reference, prefix, number, amount, due, is_open = invoice
        if not self.partner_ids or self.partner_ids[-1] != partner:
            self.first.append(len(self.amounts))
            self.partner_ids.append(partner)
            self.names.append(name)
            self.companies.append(bool(company))
            self.known.append(bool(account))
            self.accounts.append(account or account_number(self.rng))
        self.move_ids.append(move)
        self.references.append(reference)
        self.prefixes.append(prefix)
        self.numbers.append(number)
        self.amounts.append(amount)
        self.dues.append((due - TODAY).days)
        self.open.append(is_open)
        self.owners.append(len(self.names) - 1)

    def prefix(self, at):
        return self.prefixes[at]

    def chance(self, at, day):
        return 1.0


def write_file(env, folder, seed, count):
    """Write a bank file over the posted book, and what is true about it.

    Kvitt gets to remember the accounts and names that the customers' own records
    show; OCA's addons look into these records themselves.

    :return: dict with paths and the number of payments
    """
    from payment_generator import camt054
    from payment_generator.__main__ import write_file as write_payments
    from payment_generator.payments import Payment, Truth

    from . import book

    env, company = book.company_of(env)
    world = PostedWorld(env, company, seed)
    _remember(env, company, world)
    drawer = Drawer(world, f"posted-{seed}")
    drawn = []
    for _ in range(count):
        chance = drawer.rng.random()
        if chance < EXACT_SHARE:
            drawn.append(drawer.exact())
        elif chance > 0.96:
            drawn.append(drawer.nothing_open())
        else:
            drawn.append(drawer.damaged())
    if drawer.round:
        raise ValueError("the posted book has too few open invoices")
    payments = [
        Payment(
            amount=payment.amount,
            currency=company.currency_id.name,
            reference=payment.reference,
            message=payment.text,
            payer_name=payment.name,
            payer_account=payment.account,
            end_to_end_id="NOTPROVIDED",
            # what is true is written below; this only tells the order in the file
            truth=Truth("exact", (), (), 0, str(at)),
        )
        for at, payment in enumerate(drawn)
    ]
    options = camt054.Options(
        account=book.bank_journal(env, company).bank_account_id.sanitized_acc_number,
        currency=company.currency_id.name,
        booked=date.today(),
        message_id=f"EVIDENCE-{seed}",
    )
    path = Path(folder) / "evidence.xml"
    answers = StringIO()
    with path.open("w", encoding="utf-8") as stream:
        write_payments(camt054.Camt054Writer(stream, options), payments, 50, answers)
    truths = []
    for line in answers.getvalue().splitlines():
        payment = drawn[int(json.loads(line)["original"])]
        truths.append(
            [
                payment.kind,
                payment.amount_kind,
                payment.name_kind,
                payment.account_kind,
                [world.move_ids[at] for at in payment.moves],
                [],
                [world.partner_ids[at] for at in payment.customers],
            ]
        )
    truth = Path(folder) / "evidence.truth.json"
    truth.write_text(json.dumps(truths))
    env.cr.commit()
    return {"file": str(path), "truth": str(truth), "payments": len(truths)}


def _remember(env, company, world):
    from odoo.addons.billing_kid_match.core.names import name_key

    for customer, name in enumerate(world.names):
        if world.known[customer]:
            account = world.accounts[customer]
            for kind, key in (("account", account), ("name", name_key(name))):
                env.cr.execute(
                    "INSERT INTO billing_payer_memory (company_id, kind, key,"
                    " partner_id, count, first_date, last_date) VALUES (%s, %s, %s, %s,"
                    " 4, current_date - 150, current_date - 30)"
                    " ON CONFLICT DO NOTHING",
                    [company.id, kind, key, world.partner_ids[customer]],
                )


def pay(env, way, file, truth):
    """Take the bank file one way and compare with the truth.

    :param way: ``kvitt``, ``oca`` or ``odoo``
    """
    from . import book, quality, ways
    from .bench_evidence import Tally, Truth, _owners

    env, company = book.company_of(env)
    journal = book.bank_journal(env, company)
    truths = [
        Truth(at, 0, *row) for at, row in enumerate(json.loads(Path(truth).read_text()))
    ]
    began = time.perf_counter()
    ways.WAYS["collective" if way == "kvitt" else way](env, journal, file)
    env.cr.commit()
    seconds = time.perf_counter() - began
    env.invalidate_all()
    reader = quality._read_kvitt if way == "kvitt" else quality._read_statement_lines
    outcomes = reader(env, journal, len(truths), way)
    customers = _assigned(env) if way == "kvitt" else {}
    decisions = [
        _as_decision(at, settled, proposed, customers.get(at, 0))
        for at, (settled, proposed) in enumerate(outcomes)
    ]
    tally = Tally(0)
    tally.add(truths, decisions, _owners(env.cr, truths, decisions))
    return {
        "file": "mix",
        "payments": len(truths),
        "seconds": seconds,
        **tally.result(),
    }


def _assigned(env):
    """Customers whose account was credited, by place in the file."""
    file = env["billing.bank.file"].search([], limit=1, order="id desc")
    return {
        at: payment.counterpart_line_ids.partner_id[:1].id
        for at, payment in enumerate(file.payment_ids.sorted("position"))
        if payment.state == "assigned"
    }


def _as_decision(at, settled, proposed, partner):
    from odoo.addons.billing_bank_file.core import decision

    return decision.Decision(
        at,
        decision.RECONCILED if settled else decision.PROPOSED,
        tuple(decision.Share(move, 1) for move in sorted(settled)),
        1.0 if settled else 0.0,
        (),
        tuple(decision.Candidate(move, 0, 0.0, 0, "", -1) for move in proposed),
        0 if settled else partner,
    )


# === PARTS OF THE RUN === #


def report_best_matches(report, found):
    """Tables of the plain best matches."""
    from .bench_evidence import _report_counts

    for way, name in WAYS.items():
        run = found[way]
        report.say(
            f"#### {name}: {run['payments']} payments,"
            f" {1000 * run['seconds'] / run['payments']:.1f} ms each"
        )
        report.say()
        _report_counts(report, "Kind", run["kinds"], run["in_top3"])


def bench_posted(databases, args, report):
    """Kvitt, OCA's addons and Odoo on one bank file over a posted book."""
    from . import scratch
    from .bench_evidence import _report_counts
    from .run import WAY_NAMES, make_book, progress

    posted, oca = make_book(databases, args)
    written = databases.work(
        "evidence_write",
        posted,
        folder=str(databases.folder),
        seed=args.seed,
        count=40 if args.quick else args.compared,
    )
    report.say("### From a bank file to the books, beside others")
    report.say()
    found = {}
    for way in ("kvitt", "oca", "odoo"):
        progress(f"{WAY_NAMES[way]}, {written['payments']} payments")
        name = databases.clone("way", oca if way == "oca" else posted)
        found[way] = databases.work(
            "evidence_pay",
            name,
            addons=scratch.peers_path() if way == "oca" else None,
            way=way,
            file=written["file"],
            truth=written["truth"],
        )
        databases.drop(name)
        report.say(f"#### {WAY_NAMES[way]} ({found[way]['seconds']:.0f} s)")
        report.say()
        _report_counts(report, "Kind", found[way]["kinds"], found[way]["in_top3"])
    return found
