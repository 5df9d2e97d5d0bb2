import json
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core import decision, resolution

#: Rows of one answer; the screen asks for the next ones as it scrolls.
MOST_ROWS = 200
#: Characters of what a person searches for.
LONGEST_SEARCH = 100
#: Reasons a row of the list has room for.
REASONS_IN_ROW = 2

SORTS = {
    "oldest": "booking_date, id",
    "newest": "booking_date desc, id desc",
    "largest": "amount desc, id",
    "smallest": "amount, id",
    "surest": "probability desc, id",
    "unsurest": "probability, id",
}
WAITING = (decision.PROPOSED, decision.UNMATCHED)

#: Not settled by an accountant in Odoo's own screens. One probe for each payment of
#: the list, which is short; a join would read all statement lines there are.
_FREE = SQL(
    """
    COALESCE((
        SELECT NOT line.is_reconciled OR EXISTS (
                   SELECT 1 FROM account_move_line item
                    WHERE item.billing_payment_id = billing_payment.id
                      AND NOT item.reconciled)
          FROM account_bank_statement_line line
         WHERE line.id = billing_payment.statement_line_id), TRUE)
    """
)

#: The likeliest candidate of payment ``p`` with something open on it.
_BEST = SQL(
    """
    SELECT c.probability, c.reasons, c.move_id, m.name AS move_name,
           partner.name AS partner_name, m.amount_residual
      FROM billing_payment_candidate c
      JOIN account_move m ON m.id = c.move_id
      JOIN res_partner partner ON partner.id = m.commercial_partner_id
     WHERE c.payment_id = p.id AND m.state = 'posted' AND m.amount_residual > 0
     ORDER BY c.sequence, c.id
     LIMIT 1
    """
)


class BillingReviewDesk(models.AbstractModel):
    """The screen on which staff decides what matching leaves to people.

    Answers to the screen ``billing_kid_match.review_desk``. Reading takes a constant
    number of statements whatever is asked for; deciding goes through the methods of
    ``billing.payment``, which check rights and the state of the books themselves.
    """

    _name = "billing.review.desk"
    _description = "Review Desk"

    # === ACTIONS - READING === #

    @api.model
    @api.readonly
    def load(self, filters, offset=0, limit=MOST_ROWS):
        """Rows of the list.

        :param dict filters: ``state`` (a key of :meth:`_domains`), ``journal_id``,
            ``amount_from`` and ``amount_to`` in whole currency units, ``text`` and
            ``sort`` (a key of :data:`SORTS`); each may be missing
        :param int offset: place of the first row
        :param int limit: most rows
        :return: ``rows`` (see :meth:`_rows`), ``offset``, ``total``
        :rtype: dict
        :raises AccessError: for others than billing users
        """
        self._check_staff()
        query = self._query(filters)
        query.limit = min(max(int(limit), 1), MOST_ROWS)
        query.offset = max(int(offset), 0)
        found = self.env.execute_query(
            query.select(SQL("billing_payment.id"), SQL("count(*) OVER ()"))
        )
        # Beyond the end nobody tells how many there are.
        total = found[0][1] if found else query.offset and self._count(query)
        return {
            "rows": self._rows([payment_id for payment_id, _total in found]),
            "offset": query.offset,
            "total": total,
        }

    @api.model
    @api.readonly
    def overview(self):
        """What stands above the list.

        :return: ``counts`` by state, ``closing`` by company, ``journals`` to filter by
        :rtype: dict
        :raises AccessError: for others than billing users
        """
        self._check_staff()
        return {
            "counts": self._state_counts(),
            "closing": [self._closing(company) for company in self.env.companies],
            "journals": [
                {"id": journal.id, "name": journal.display_name}
                for journal in self.env["account.journal"].search_fetch(
                    [
                        ("type", "in", ("bank", "cash", "credit")),
                        ("company_id", "in", self.env.companies.ids),
                    ],
                    ["display_name"],
                )
            ],
        }

    @api.model
    @api.readonly
    def details(self, payment_id):
        """One payment beside the invoices it may belong to.

        :param int payment_id: id of a ``billing.payment``
        :return: ``payment`` as the bank sent it, ``cards`` (see :meth:`_cards`), the
            ``customer`` of the best card with what is open, the ``stamp`` of all this
        :rtype: dict
        :raises AccessError: for others than billing users, and for payments of
            companies they do not work in
        """
        payment = self._payment(payment_id)
        cards = self._cards(payment)
        owner = payment.partner_id.id or next(
            (card["partner_id"] for card in cards if card["is_open"]), False
        )
        return {
            "payment": self._payment_values(payment),
            "row": next(iter(self._rows(payment.ids)), None),
            "cards": cards,
            "scale": self._scale(cards),
            "customer": self._customer(payment, owner) if owner else None,
            "stamp": self._stamp(payment),
        }

    @api.model
    @api.readonly
    def raw_record(self, payment_id):
        """What the bank sent, word by word.

        :return: JSON, indented
        :rtype: str
        """
        payment = self._payment(payment_id)
        return json.dumps(payment.raw, indent=2, ensure_ascii=False, sort_keys=True)

    @api.model
    @api.readonly
    def customer(self, payment_id, partner_id):
        """What a customer owes, for a payment to be split over.

        :return: see :meth:`_customer`
        :rtype: dict
        """
        return self._customer(self._payment(payment_id), int(partner_id))

    # === BUSINESS METHODS - THE LIST === #

    @api.model
    def _domains(self):
        """Domains of the states that the list can be narrowed to."""
        waiting = [("amount", ">", 0), ("resolution", "!=", resolution.PARKED)]
        return {
            "waiting": [*waiting, ("state", "in", WAITING)],
            "proposed": [*waiting, ("state", "=", decision.PROPOSED)],
            "unmatched": [*waiting, ("state", "=", decision.UNMATCHED)],
            "parked": [
                ("resolution", "=", resolution.PARKED),
                ("state", "in", WAITING),
            ],
            "assigned": [("state", "=", decision.ASSIGNED)],
        }

    def _query(self, filters):
        """The payments of the list, as the user may see them.

        :param dict filters: see :meth:`load`
        :rtype: odoo.tools.query.Query
        :raises UserError: a filter that does not exist
        """
        domains = self._domains()
        state = filters.get("state") or "waiting"
        sort = filters.get("sort") or "oldest"
        if state not in domains or sort not in SORTS:
            raise UserError(self.env._("The review desk has no such filter."))
        domain = Domain(domains[state])
        domain &= Domain("company_id", "in", self.env.companies.ids)
        if filters.get("journal_id"):
            domain &= Domain("journal_id", "=", int(filters["journal_id"]))
        if filters.get("amount_from"):
            domain &= Domain("amount", ">=", float(filters["amount_from"]))
        if filters.get("amount_to"):
            domain &= Domain("amount", "<=", float(filters["amount_to"]))
        text = str(filters.get("text") or "").strip()[:LONGEST_SEARCH]
        if text:
            domain &= self._text_domain(text)
        query = self.env["billing.payment"]._search(domain, order=SORTS[sort])
        if state != "assigned":
            self._leave_out_settled(query)
        return query

    def _leave_out_settled(self, query):
        """Leave out payments that an accountant settled in Odoo's own screens."""
        self.env["account.bank.statement.line"].flush_model(["is_reconciled"])
        self.env["account.move.line"].flush_model(["billing_payment_id", "reconciled"])
        query.add_where(_FREE)

    def _text_domain(self, text):
        """Payments that carry a text anywhere, or are of this amount."""
        names = ("payer_name", "reference", "text", "payer_account", "bank_reference")
        domain = Domain.OR([(name, "ilike", text)] for name in names)
        amount = self._read_amount(text)
        if amount is not None:
            domain |= Domain("amount", "=", amount)
        return domain

    def _count(self, query):
        [(count,)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM %s WHERE %s",
                query.from_clause,
                query.where_clause or SQL("TRUE"),
            )
        )
        return count

    def _rows(self, payment_ids):
        """What the list shows of payments, in the order given.

        :param payment_ids: ids the user may read
        :rtype: list[dict]
        """
        if not payment_ids:
            return []
        self._flush()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT p.id, p.state, p.amount, p.currency_id, p.payer_name,
                       p.booking_date, p.reference, p.text, p.reasons, p.error,
                       p.resolution, p.park_note, owner.name AS owner,
                       best.probability, best.reasons AS best_reasons, best.move_id,
                       best.move_name, best.partner_name, best.amount_residual
                  FROM unnest(%s::int[]) WITH ORDINALITY AS o(id, place)
                  JOIN billing_payment p ON p.id = o.id
                  LEFT JOIN res_partner owner ON owner.id = p.partner_id
                  LEFT JOIN LATERAL (%s) AS best ON TRUE
                 ORDER BY o.place
                """,
                list(payment_ids),
                _BEST,
            )
        )
        specials = self._specials()
        moves = self.env["account.move"].browse(
            [row["move_id"] for row in rows if row["move_id"]]
        )
        shielding = {
            shield.payment_id
            for shields in moves._billing_shields().values()
            for shield in shields
        }
        return [self._row(row, specials, row["id"] in shielding) for row in rows]

    def _flush(self):
        """Write what plain SQL reads."""
        for name in ("account.move", "billing.payment.candidate", "billing.payment"):
            self.env[name].flush_model()

    def _specials(self):
        """What may be special about a payment, in the reader's language."""
        field = self.env["billing.payment"]._fields["resolution"]
        return dict(field._description_selection(self.env))

    def _row(self, row, specials, is_shielding):
        waits = row["state"] in WAITING
        parked = waits and row["resolution"] == resolution.PARKED
        reasons = list(row["reasons"] or [])
        if row["state"] == decision.PROPOSED:
            known = {reason["code"] for reason in reasons}
            reasons += [
                reason
                for reason in row["best_reasons"] or []
                if reason["code"] not in known and reason["code"] != "open_invoices"
            ]
        words = self.env["billing.payment"]._reasons_in_words(reasons)
        probability = row["probability"] if waits else None
        return {
            "id": row["id"],
            "state": row["state"],
            "tab": "parked" if parked else self._tab(row["state"]),
            "amount": float(row["amount"]),
            "currency_id": row["currency_id"],
            "payer": row["payer_name"] or "",
            "owner": row["owner"] or "",
            "special": specials.get(row["resolution"], ""),
            "date": fields.Date.to_string(row["booking_date"]),
            "stated": row["reference"] or row["text"] or "",
            "why": row["error"] or ", ".join(words[:REASONS_IN_ROW]),
            "note": row["park_note"] or "",
            "probability": probability,
            "candidate": row["move_name"]
            and {
                "invoice": row["move_name"],
                "customer": row["partner_name"],
                "open": float(row["amount_residual"]),
            },
            # The invoice gets no fee while this payment waits for a person.
            "shield": is_shielding,
        }

    @api.model
    def _tab(self, state):
        """The part of the desk a state belongs to."""
        if state in WAITING:
            return "waiting"
        return "assigned" if state == decision.ASSIGNED else "decided"

    def _state_counts(self):
        """Number and sums of what is on the desk, by part of it."""
        counts = {name: {"count": 0, "sums": []} for name in self._domains()}
        for name in ("proposed", "unmatched", "parked", "assigned"):
            query = self._query({"state": name})
            query.order = None
            rows = self.env.execute_query(
                SQL(
                    "SELECT billing_payment.currency_id, count(*),"
                    " sum(billing_payment.amount) FROM %s WHERE %s GROUP BY 1",
                    query.from_clause,
                    query.where_clause or SQL("TRUE"),
                )
            )
            counts[name] = {
                "count": sum(row[1] for row in rows),
                "sums": [
                    {"currency_id": row[0], "amount": float(row[2])} for row in rows
                ],
            }
        counts["waiting"]["count"] = (
            counts["proposed"]["count"] + counts["unmatched"]["count"]
        )
        return counts

    def _closing(self, company):
        """What still stands in the way of closing the last month.

        Odoo locks no period in which bank payments wait on the suspense account.

        :return: ``locked`` until when the books are closed, ``until`` the end of the
            month to close next, ``waiting`` payments booked by then
        :rtype: dict
        """
        company_sudo = company.sudo()
        locks = [
            day
            for day in (company_sudo.fiscalyear_lock_date, company_sudo.hard_lock_date)
            if day and day > datetime.min.date()
        ]
        locked = max(locks, default=None)
        until = company._billing_today().replace(day=1) - timedelta(days=1)
        query = self.env["billing.payment"]._search(
            Domain("state", "in", WAITING)
            & Domain("company_id", "=", company.id)
            & Domain("booking_date", "<=", until)
        )
        self._leave_out_settled(query)
        return {
            "company": company.name,
            "locked": fields.Date.to_string(locked) if locked else None,
            "until": fields.Date.to_string(until),
            "waiting": self._count(query),
        }

    # === HELPERS === #

    def _check_staff(self):
        """
        :raises AccessError: for others than billing users
        """
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("The review desk is for billing staff."))

    def _payment(self, payment_id):
        return self._payments([payment_id])

    def _payments(self, payment_ids):
        """Payments the user may see.

        :raises AccessError: others
        """
        self._check_staff()
        payments = self.env["billing.payment"].browse(
            [int(payment_id) for payment_id in payment_ids]
        )
        payments.check_access("read")
        return payments

    def _read_amount(self, text):
        """A number as people write amounts, with either decimal mark.

        :rtype: float | None
        """
        plain = "".join(text.split()).replace("\u00a0", "").rstrip("-").lower()
        plain = plain.removesuffix("kr").removeprefix("kr").rstrip(",.")
        whole, mark, cents = plain.replace(",", ".").rpartition(".")
        if mark and len(cents) <= 2:
            plain = f"{whole.replace('.', '')}.{cents}"
        else:
            plain = plain.replace(".", "").replace(",", "")
        try:
            amount = float(plain)
        except ValueError:
            return None
        return amount if 0 < amount < 1e12 else None

    @api.model
    def _open_amount(self, move):
        """What is open on an invoice; below zero for a credit note."""
        sign = -1 if move.move_type == "out_refund" else 1
        return sign * move.amount_residual

    @api.model
    def _is_open(self, move):
        return move.state == "posted" and move.amount_residual > 0
