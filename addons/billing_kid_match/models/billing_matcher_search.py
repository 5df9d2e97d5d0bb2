from collections import Counter, defaultdict

from rapidfuzz.distance import OSA

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_base.core.reference import bucket, check_passes, compact

from ..core import search
from ..core.arrays import decimal_array, int_array, text_array
from ..core.edits import MAX_EDITS
from .account_move import ISSUED_SQL, OPEN_SQL
from .billing_matcher import COLUMNS, amount_of, to_invoice

_ISSUED = SQL(ISSUED_SQL)
_OPEN = SQL(OPEN_SQL)
_LENGTH = SQL(search.LENGTH_SQL.format(column="m.payment_reference"))
_PIECES = [SQL(sql.format(column="m.payment_reference")) for sql in search.PIECES_SQL]

#: An amount that at most so many open invoices share is searched whole; a more usual
#: one by pieces of the reference.
MAX_SAME_AMOUNT = 300
#: Invoices looked at that share amount and one piece. A dense numbering has thousands
#: behind its first digits; then the other pieces have to do.
MAX_SAME_PIECE = 400
#: References looked at to find which kinds are about, and the share of them a kind
#: needs to be searched.
SAMPLE = 4_000
MIN_FAMILY_SHARE = 0.002


class BillingMatcher(models.AbstractModel):
    """Searches the invoices a damaged reference may have been meant for."""

    _inherit = "billing.matcher"

    def _find_same_amount(self, payments, looks, places, sharing, near, units):
        """Add the open invoices with just the paid amount up to two edits away.

        :return: places whose search was cut short
        """
        limited = set()
        blocks = defaultdict(list)
        usual = []
        for at in places:
            amount = amount_of(payments[at])
            if not sharing[amount]:
                continue
            if sharing[amount] <= MAX_SAME_AMOUNT:
                blocks[amount].append(at)
            elif len(bucket(looks[at].query.key)) >= search.MIN_PIECES_LENGTH:
                usual.append(at)
            else:
                limited.add(at)
        for amount, invoices in self._load_blocks(blocks, payments, units):
            for at in blocks[amount]:
                _keep_near(near[at], looks[at].query.key, invoices)
        self._probe_pieces(payments, looks, usual, near, limited, units)
        return limited

    def _load_blocks(self, blocks, payments, units):
        """All open invoices of some amounts.

        :return: iterator over pairs of amount and list of invoices
        """
        amounts = sorted(blocks)
        if not amounts:
            return
        self.env.cr.execute(
            SQL(
                """
                SELECT q.at, found.*
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::numeric[])
                       AS q(at, company_id, currency_id, amount)
                 CROSS JOIN LATERAL (
                       SELECT %s
                         FROM account_move m
                        WHERE m.company_id = q.company_id
                          AND m.currency_id = q.currency_id
                          AND m.amount_residual = q.amount AND %s
                          AND m.payment_reference IS NOT NULL
                       OFFSET 0) AS found
                 ORDER BY q.at
                """,
                int_array(range(len(amounts))),
                int_array(company for company, _, _ in amounts),
                int_array(currency for _, currency, _ in amounts),
                decimal_array(
                    (amount, payments[blocks[amount][0]].unit) for amount in amounts
                ),
                COLUMNS,
                _OPEN,
            )
        )
        found = defaultdict(list)
        for at, *row in self.env.cr.fetchall():
            found[amounts[at]].append(to_invoice(row, units))
        yield from found.items()

    def _probe_pieces(self, payments, looks, places, near, limited, units):
        """Search usual amounts by the pieces of the reference that are left."""
        queries = sorted(
            (*probe, at)
            for at in places
            for probe in search.probes(bucket(looks[at].query.key))
        )
        self.env.cr.execute(
            SQL(" UNION ALL ").join(
                self._piece_query(
                    piece_sql,
                    [query for query in queries if query[0] == number],
                    payments,
                    places,
                )
                for number, piece_sql in enumerate(_PIECES)
            )
        )
        seen = Counter()
        invoices = {}
        found = defaultdict(set)
        for (
            at,
            *probe,
            move,
            partner,
            reference,
            residual,
            total,
            currency,
            is_open,
        ) in self.env.cr.fetchall():
            seen[(at, *probe)] += 1
            found[at].add(move)
            if move not in invoices:
                invoices[move] = to_invoice(
                    (move, partner, reference, residual, total, currency, is_open),
                    units,
                )
        for at, moves in found.items():
            key = looks[at].query.key
            _keep_near(near[at], key, [invoices[move] for move in sorted(moves)])
        limited.update(key[0] for key, count in seen.items() if count >= MAX_SAME_PIECE)

    def _piece_query(self, piece_sql, queries, payments, places):
        return SQL(
            """
            SELECT q.*, found.*
              FROM unnest(%s::int[], %s::int[], %s::int[], %s::text[])
                   AS q(at, number, length, piece)
              JOIN unnest(%s::int[], %s::int[], %s::int[], %s::numeric[])
                   AS p(at, company_id, currency_id, amount) ON p.at = q.at
             CROSS JOIN LATERAL (
                   SELECT %s
                     FROM account_move m
                    WHERE %s = q.piece AND %s = q.length
                      AND m.amount_residual = p.amount
                      AND m.company_id = p.company_id
                      AND m.currency_id = p.currency_id AND %s
                      AND m.payment_reference IS NOT NULL
                    LIMIT %s) AS found
            """,
            int_array(at for *_, at in queries),
            int_array(number for number, *_ in queries),
            int_array(length for _, length, _, _ in queries),
            text_array(piece for _, _, piece, _ in queries),
            int_array(at for at in places),
            int_array(payments[at].company_id for at in places),
            int_array(payments[at].currency_id for at in places),
            decimal_array(
                (amount_of(payments[at]), payments[at].unit) for at in places
            ),
            COLUMNS,
            piece_sql,
            _LENGTH,
            _OPEN,
            MAX_SAME_PIECE,
        )

    def _find_one_edit(self, payments, looks, places, families, near, units):
        """Add the invoices of any amount and state that are one edit away.

        :param families: kinds of references to search by company; without, all
        """
        wanted = defaultdict(list)
        for at in places:
            key = looks[at].query.key
            company = payments[at].company_id
            kinds = families.get(company)
            if kinds and key.rstrip("-").isdecimal():
                found = search.valid_neighbours(key, kinds)
            else:
                found = search.neighbours(key)
            for text in found:
                wanted[text, company].append(at)
        targets = list(wanted)
        for target, invoice in self._probe_buckets(targets, units):
            for at in wanted[targets[target]]:
                _keep_near(near[at], looks[at].query.key, [invoice])

    def _sample_families(self, company_ids):
        """Which check digits and lengths references have, from a sample of invoices.

        References that are so rare that the sample misses them are still found when
        the amount is equal; that search knows no check digits.

        :return: set of families by company, None where they have no check digit
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.company_id, m.payment_reference
                  FROM account_move m
                       TABLESAMPLE SYSTEM (
                           (SELECT least(100, 100.0 * %s / greatest(reltuples, 1))
                              FROM pg_class WHERE oid = 'account_move'::regclass))
                       REPEATABLE (1)
                 WHERE m.company_id = ANY(%s) AND %s
                """,
                SAMPLE,
                list(company_ids),
                _ISSUED,
            )
        )
        counts = {company: defaultdict(int) for company in company_ids}
        for company, reference in rows:
            counts[company][_family(compact(reference))] += 1
        families = {}
        for company, found in counts.items():
            least = MIN_FAMILY_SHARE * sum(found.values())
            kinds = {kind for kind, count in found.items() if count >= least}
            families[company] = None if None in kinds else kinds - {()}
        return families


def _family(key):
    """Family of an issued reference; empty with letters, None without check digit."""
    if not key.rstrip("-").isdecimal():
        return ()
    for check in ("mod10", "mod11"):
        if check_passes(key, check):
            return check, len(key)
    return None


def _keep_near(kept, key, invoices):
    """Keep the invoices whose reference is at most two edits from ``key``."""
    bare = key.lstrip("0")
    for invoice in invoices:
        issued = invoice.key
        if (
            OSA.distance(key, issued, score_cutoff=MAX_EDITS) <= MAX_EDITS
            or OSA.distance(bare, issued.lstrip("0"), score_cutoff=MAX_EDITS)
            <= MAX_EDITS
        ):
            kept[invoice.move_id] = invoice
