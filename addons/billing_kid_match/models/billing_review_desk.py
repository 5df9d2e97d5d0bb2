import dataclasses
import hashlib
import json
import re
from collections import defaultdict
from datetime import date, datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, float_round, groupby

from odoo.addons.billing_bank_file.core import decision, resolution

from ..core import edits, names
from ..core.meter import Meter
from ..core.queries import stated_references
from ..core.subsets import subsets
from ..core.waterfall import CALIBRATION, RIVALS, waterfall

#: Rows of one answer; the screen asks for the next ones as it scrolls.
MOST_ROWS = 200
#: Open items of a customer, and found invoices, that are shown.
MOST_ITEMS = 60
MOST_FOUND = 30
#: Customers of one name whose invoices are looked at.
MOST_NAMED = 200
#: Open invoices of one number, customer or amount that are put in order.
MOST_LOOKED_AT = 500
#: Payments one call accepts; the screen calls again until all are done.
MOST_ACCEPTED = 50
#: Payments one bulk accept offers.
MOST_OFFERED = 2000
#: Characters of what a person searches for, and the fewest that say anything.
LONGEST_SEARCH = 100
SHORTEST_SEARCH = 2
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
#: Kinds of events by which a payment is placed.
PLACED_KINDS = ("payment.reconciled", "payment.partial", "payment.assigned")


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
        total = self._count(query)
        query.limit = min(max(int(limit), 1), MOST_ROWS)
        query.offset = max(int(offset), 0)
        payment_ids = [row[0] for row in self.env.execute_query(query.select())]
        return {
            "rows": self._rows(payment_ids),
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
    def meter(self):
        """What matching saved today and this month, in the present company.

        :return: ``today`` and ``month``, see :meth:`_meter`
        :rtype: dict
        :raises AccessError: for others than billing users
        """
        self._check_staff()
        today = self.env.company._billing_today()
        return {
            "today": self._meter(today),
            "month": self._meter(today.replace(day=1)),
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

    @api.model
    @api.readonly
    def search_invoices(self, payment_id, text):
        """Search all open invoices for those a payment may belong to.

        The text is taken for what the payer should have written: references with
        slips, invoice numbers, customer numbers, names and amounts are all found.

        :param int payment_id: id of a ``billing.payment``
        :param str text: what the person is looking for
        :return: ``cards`` like those of :meth:`details`, the likeliest first, their
            ``scale``, and ``limited`` when there were more
        :rtype: dict
        """
        payment = self._payment(payment_id)
        text = str(text or "").strip()[:LONGEST_SEARCH]
        if len(text) < SHORTEST_SEARCH:
            return {"cards": [], "scale": (0.0, 0.0), "limited": False}
        weighed = self._weigh(payment, text)
        found, limited = self._look_up(payment, text)
        cards = self._cards_of_found(payment, weighed, found)
        return {"cards": cards, "scale": self._scale(cards), "limited": limited}

    @api.model
    @api.readonly
    def bulk_preview(self, filters, min_probability):
        """What a bulk accept would do.

        :param dict filters: as in :meth:`load`
        :param float min_probability: 0..1, of the best candidate
        :return: ``ids`` of the payments, their ``count``, the ``sums`` by currency,
            how many of them pay a ``part`` of their invoice, and ``limited`` when
            more qualify than are offered at once
        :rtype: dict
        """
        self._check_staff()
        query = self._query(
            {**filters, "state": "waiting", "sort": filters.get("sort") or "surest"}
        )
        # The stored probability is the best candidate's, open or not: it only rules
        # payments out.
        query.add_where(
            SQL("billing_payment.probability >= %s", self._at_least(min_probability))
        )
        query.limit = MOST_OFFERED + 1
        rows = [
            row
            for row in self._rows(
                [row[0] for row in self.env.execute_query(query.select())]
            )
            if row["probability"]
            and row["probability"] >= self._at_least(min_probability)
        ]
        limited = len(rows) > MOST_OFFERED
        rows = rows[:MOST_OFFERED]
        sums = defaultdict(float)
        for row in rows:
            sums[row["currency_id"]] += row["amount"]
        return {
            "ids": [row["id"] for row in rows],
            "count": len(rows),
            "sums": [
                {"currency_id": currency, "amount": amount}
                for currency, amount in sums.items()
            ],
            "part": sum(row["amount"] < row["candidate"]["open"] for row in rows),
            "limited": limited,
        }

    # === ACTIONS - DECIDING === #

    @api.model
    def act(self, payment_id, action, values=None, stamp=None):
        """Decide on one payment.

        :param int payment_id: id of a ``billing.payment``
        :param str action: ``accept`` (``move_ids``: one invoice, or several that are
            paid in full), ``split`` (``shares``: pairs of invoice id and amount),
            ``assign`` (``partner_id``), ``park`` (``note``), ``unpark``, ``refund``
            (``partner_id`` while nobody knows whose money it is)
        :param dict values: what the action asks for
        :param str stamp: what :meth:`details` gave with what the person saw
        :return: ``done``; ``message``, a sentence; the ``row`` as it is now; when the
            payment or its candidates changed since the stamp, ``done`` is false,
            nothing has happened and ``details`` holds what to look at
        :rtype: dict
        :raises UserError: the action makes no sense for this payment (any more)
        """
        payment = self._payment(payment_id)
        acts = {
            "accept": self._act_accept,
            "split": self._act_split,
            "assign": self._act_assign,
            "park": self._act_park,
            "unpark": self._act_unpark,
            "refund": self._act_refund,
        }
        if action not in acts:
            raise UserError(self.env._("The review desk cannot do this."))
        self.env["billing.booking"]._check_may_decide(payment)
        try:
            payment.sudo().lock_for_update(allow_referencing=True)
        except LockError:
            return self._changed(payment)
        if stamp and stamp != self._stamp(payment):
            return self._changed(payment)
        message = acts[action](payment, values or {})
        payment.invalidate_recordset()
        return {
            "done": True,
            "message": message,
            "row": next(iter(self._rows(payment.ids)), None),
        }

    @api.model
    def bulk_accept(self, min_probability, ids):
        """Accept the best candidate of each payment that is certain enough.

        One that cannot be booked does not stop the others.

        :param float min_probability: 0..1, of the best candidate
        :param ids: ids of at most :data:`MOST_ACCEPTED` payments
        :return: ids that were ``accepted``; those that were not, as ``refused``: pairs
            of id and sentence
        :rtype: dict
        """
        payments = self._payments(ids[:MOST_ACCEPTED])
        self.env["billing.booking"]._check_may_decide(payments)
        least = self._at_least(min_probability)
        accepted, refused = [], []
        for payment in payments:
            try:
                with self.env.cr.savepoint():
                    card = next(
                        (card for card in self._cards(payment) if card["is_open"]), None
                    )
                    if not card or card["probability"] < least:
                        raise UserError(self._sentence_changed(payment))
                    self._act_accept(payment, {"move_ids": card["move_ids"]})
                accepted.append(payment.id)
            except UserError as error:
                refused.append((payment.id, str(error)))
        return {"accepted": accepted, "refused": refused}

    @api.model
    def undo(self, payment_id):
        """Take back what was decided on a payment; it waits for a person again.

        :param int payment_id: id of a ``billing.payment``
        :return: as :meth:`act`
        :rtype: dict
        :raises UserError: nothing was decided on it
        """
        payment = self._payment(payment_id)
        if payment.resolution == resolution.PARKED:
            payment._unpark()
        else:
            payment.action_undo()
        payment.invalidate_recordset()
        return {
            "done": True,
            "message": self.env._(
                "Taken back: %(payment)s waits on the desk again.",
                payment=payment.display_name,
            ),
            "row": next(iter(self._rows(payment.ids)), None),
        }

    # === BUSINESS METHODS - DECIDING === #

    def _act_accept(self, payment, values):
        moves = self._moves(payment, values.get("move_ids"))
        if len(moves) == 1:
            payment._accept(moves)
        else:
            payment._accept_shares({move.id: self._open_amount(move) for move in moves})
        return self.env._(
            "%(amount)s from %(payer)s now pays %(invoices)s.",
            invoices=", ".join(moves.mapped("name")),
            **self._who(payment),
        )

    def _act_split(self, payment, values):
        shares = {
            int(move_id): float(amount) for move_id, amount in values.get("shares", [])
        }
        moves = self._moves(payment, list(shares))
        payment._accept_shares(shares)
        return self.env._(
            "%(amount)s from %(payer)s now pays %(invoices)s.",
            invoices=", ".join(moves.mapped("name")),
            **self._who(payment),
        )

    def _act_assign(self, payment, values):
        partner = self.env["res.partner"].browse(int(values.get("partner_id") or 0))
        if not partner.exists():
            raise UserError(self.env._("Choose the customer who gets the money."))
        partner.check_access("read")
        payment._assign(partner)
        return self.env._(
            "%(amount)s from %(payer)s is on the account of %(customer)s.",
            customer=partner.name,
            **self._who(payment),
        )

    def _act_park(self, payment, values):
        payment._park(str(values.get("note") or "").strip())
        return self.env._("%(amount)s from %(payer)s is parked.", **self._who(payment))

    def _act_unpark(self, payment, values):
        payment._unpark()
        return self.env._(
            "%(amount)s from %(payer)s waits on the desk again.", **self._who(payment)
        )

    def _act_refund(self, payment, values):
        if payment.state in WAITING and values.get("partner_id"):
            self._act_assign(payment, values)
        payment._refund()
        return self.env._(
            "A refund of %(amount)s to %(payer)s is proposed.", **self._who(payment)
        )

    def _who(self, payment):
        """Amount and payer for a sentence."""
        return {
            "amount": payment.currency_id.format(payment.amount),
            "payer": payment.payer_name or self.env._("an unknown payer"),
        }

    def _changed(self, payment):
        """Answer to a decision on something that looks different by now."""
        payment.invalidate_recordset()
        return {
            "done": False,
            "message": self._sentence_changed(payment),
            "row": next(iter(self._rows(payment.ids)), None),
            "details": self.details(payment.id),
        }

    def _sentence_changed(self, payment):
        return self.env._(
            "%(payment)s has changed meanwhile. Please look again.",
            payment=payment.display_name,
        )

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
            query.add_where(_FREE)
        return query

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
        self.env["account.move"].flush_model()
        self.env["billing.payment.candidate"].flush_model()
        self.env["billing.payment"].flush_model()
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
                  LEFT JOIN LATERAL (
                       SELECT c.probability, c.reasons, c.move_id, m.name AS move_name,
                              partner.name AS partner_name, m.amount_residual
                         FROM billing_payment_candidate c
                         JOIN account_move m ON m.id = c.move_id
                         JOIN res_partner partner
                           ON partner.id = m.commercial_partner_id
                        WHERE c.payment_id = p.id
                          AND m.state = 'posted' AND m.amount_residual > 0
                        ORDER BY c.sequence, c.id
                        LIMIT 1) AS best ON TRUE
                 ORDER BY o.place
                """,
                list(payment_ids),
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
        query.add_where(_FREE)
        return {
            "company": company.name,
            "locked": fields.Date.to_string(locked) if locked else None,
            "until": fields.Date.to_string(until),
            "waiting": self._count(query),
        }

    # === BUSINESS METHODS - ONE PAYMENT === #

    def _payment_values(self, payment):
        """The payment as the bank sent it, and what became of it."""
        return {
            "id": payment.id,
            "name": payment.display_name,
            "state": payment.state,
            "tab": "parked"
            if payment.resolution == resolution.PARKED
            else self._tab(payment.state),
            "special": self._specials().get(payment.resolution, ""),
            "owner_id": payment.partner_id.id,
            "owner": payment.partner_id.name or "",
            "refund_id": payment.refund_id.id,
            "amount": payment.amount,
            "currency_id": payment.currency_id.id,
            "why": payment.reason_text or "",
            "error": payment.error or "",
            "note": payment.park_note or "",
            "fields": [
                {"label": label, "value": value, "kind": kind}
                for label, value, kind in self._bank_fields(payment)
                if value
            ],
            "payer": payment.payer_name or "",
            "payer_account": payment.payer_account or "",
            "invoices": [
                {"id": move.id, "name": move.name} for move in payment.invoice_ids
            ],
        }

    def _bank_fields(self, payment):
        """What the bank told, in the order people look at it."""
        _ = self.env._
        others = [
            item["value"]
            for item in payment.reference_values or []
            if item.get("value") and item["value"] != payment.reference
        ]
        return [
            (_("Payer"), payment.payer_name, "text"),
            (_("Account"), payment.payer_account, "number"),
            (_("KID/OCR"), payment.reference, "number"),
            (_("More references"), ", ".join(others), "number"),
            (_("Message"), payment.text, "text"),
            (_("Booked"), fields.Date.to_string(payment.booking_date), "date"),
            (_("Value date"), fields.Date.to_string(payment.value_date), "date"),
            (_("Journal"), payment.journal_id.name, "text"),
            (_("Bank's reference"), payment.bank_reference, "number"),
            (_("End-to-end id"), payment.end_to_end_id, "number"),
            (_("Mandate"), payment.mandate_reference, "number"),
            (_("Type"), payment.payment_type, "text"),
            (
                _("File"),
                payment.file_id and f"{payment.file_id.name}, {payment.position}",
                "text",
            ),
        ]

    def _cards(self, payment):
        """The candidates of a payment, the likeliest first.

        Invoices that only together make the amount are one card.

        :return: dicts of ``move_ids``, ``invoices``, ``partner_id``, ``customer``,
            ``probability``, ``is_open``, ``paid`` and ``open`` amounts, ``pairs`` of
            characters of the references and ``steps`` of the waterfall
        :rtype: list[dict]
        """
        candidates = payment.candidate_ids
        moves = candidates.move_id
        self._fetch_moves(moves)
        cards = [
            self._card(
                payment,
                [(candidate.move_id, candidate.reference) for candidate in together],
                # of a sum all must be right
                min(candidate.probability for candidate in together),
                together[0].distance,
                together[0].reasons,
            )
            for _key, together in groupby(candidates, _set_key)
        ]
        self._tell_accounts(payment, cards)
        return cards

    def _cards_of_found(self, payment, weighed, found):
        """Cards of what a search found.

        :param weighed: candidates of the engine, the likeliest first
        :param found: ``account.move`` records that were looked up
        """
        known = {candidate.move_id for candidate in weighed}
        moves = self.env["account.move"].browse(
            [candidate.move_id for candidate in weighed]
            + [move.id for move in found if move.id not in known]
        )
        moves = moves._filtered_access("read")
        self._fetch_moves(moves)
        by_id = {move.id: move for move in moves}
        cards = [
            self._card(
                payment,
                [(by_id[candidate.move_id], candidate.reference)],
                candidate.probability,
                candidate.distance,
                [
                    self.env["billing.payment"]._reason_to_json(reason)
                    for reason in candidate.reasons
                ],
            )
            for candidate in weighed
            if candidate.move_id in by_id
        ]
        cards += [
            self._card(payment, [(move, move.payment_reference)], None, -1, [])
            for move in moves
            if move.id not in known
        ]
        self._tell_accounts(payment, cards)
        return cards[:MOST_FOUND]

    def _fetch_moves(self, moves):
        moves.fetch(
            [
                "name",
                "state",
                "move_type",
                "payment_state",
                "amount_residual",
                "amount_total",
                "currency_id",
                "invoice_date_due",
                "payment_reference",
                "commercial_partner_id",
            ]
        )
        moves.commercial_partner_id.fetch(["name", "ref", "billing_customer_number"])

    def _card(self, payment, invoices, probability, distance, reasons):
        """One candidate: an invoice, or several that make the amount together."""
        moves = [move for move, _reference in invoices]
        partner = moves[0].commercial_partner_id
        currency = moves[0].currency_id
        total = sum(self._open_amount(move) for move in moves)
        is_open = all(self._is_open(move) for move in moves)
        return {
            "key": "-".join(str(move.id) for move in moves),
            "move_ids": [move.id for move in moves],
            "invoices": [
                {
                    "id": move.id,
                    "name": move.name,
                    "reference": reference or "",
                    "pairs": self._pairs(payment, reference, distance),
                    "due": fields.Date.to_string(move.invoice_date_due),
                    "open": self._open_amount(move),
                    "total": move.amount_total,
                }
                for move, reference in invoices
            ],
            "partner_id": partner.id,
            "customer": partner.name or "",
            "customer_number": partner.billing_customer_number or partner.ref or "",
            "currency_id": currency.id,
            "same_currency": currency == payment.currency_id,
            "open": currency.round(total),
            "difference": currency.round(payment.amount - total),
            "probability": probability,
            # an invoice of a sum whose other invoices are not among the candidates
            "is_whole": len(moves) == max(_set_size(reasons), 1),
            "is_open": is_open,
            "steps": self._steps(reasons, probability),
            "notes": [
                text
                for reason in reasons or []
                if not reason.get("weight") and reason["code"] != "part_of_sum"
                for text in payment._reasons_in_words([reason])
            ],
        }

    def _pairs(self, payment, issued, distance):
        """Paid and issued reference, character beside character.

        :param distance: below zero when the reference took no part
        :return: list of (paid character, issued character, kind), or None
        """
        if not issued or distance < 0:
            return None
        explained = self.env["billing.payment.candidate"]._explain(payment, issued)
        return explained and edits.alignment(explained[0], issued, explained[1])

    def _steps(self, reasons, probability):
        """The evidence as a waterfall.

        :param reasons: as stored on candidates
        :rtype: list[dict]
        """
        if not reasons or probability is None:
            return []
        added = {
            RIVALS: self.env._("other explanations of this payment"),
            CALIBRATION: self.env._("what cases like this turned out to be"),
        }
        return [
            {
                "text": added[step.code]
                if step.place < 0
                else ", ".join(
                    self.env["billing.payment"]._reasons_in_words([reasons[step.place]])
                )
                or self.env._("other evidence"),
                "weight": step.weight,
                "before": step.before,
                "after": step.after,
                "factor": float_round(step.factor, precision_digits=1),
                "strength": step.strength,
            }
            for step in waterfall(
                [(reason["code"], reason.get("weight", 0.0)) for reason in reasons],
                probability,
            )
        ]

    def _scale(self, cards):
        """Lowest and highest sum on the cards, so that their bars compare."""
        points = [
            point
            for card in cards
            for step in card["steps"]
            for point in (step["before"], step["after"])
        ]
        return (min(points, default=0.0), max(points, default=0.0))

    def _tell_accounts(self, payment, cards):
        """Say on cards whether the payer's account has paid for the customer before.

        Adds ``account_count``: payments for this customer from the account, and
        ``account_others``: those for others.
        """
        counts = self._account_counts(payment)
        total = sum(counts.values())
        for card in cards:
            own = counts.get(card["partner_id"], 0)
            card["account_count"] = own
            card["account_others"] = total - own

    def _account_counts(self, payment):
        """How often the payer's account has paid for whom.

        :rtype: dict[int, int]
        """
        account = payment.payer_account or ""
        key = "".join(char for char in account if char.isalnum()).upper()
        if not key:
            return {}
        pair = (payment.company_id.id, key)
        remembered = self.env["billing.matcher"].sudo()._remembered("account", [pair])
        return dict(remembered.get(pair, ()))

    def _customer(self, payment, partner_id):
        """A customer and what is open between him and the company.

        :return: ``id``, ``name``, ``items`` (credit notes below zero), their ``sum``,
            ``more`` when there are more items than are shown, and ``matches``: ids of
            items that add up to the payment
        :rtype: dict
        """
        partner = self.env["res.partner"].browse(partner_id).commercial_partner_id
        partner.check_access("read")
        moves = self._open_moves(payment, partner)
        more = len(moves) > MOST_ITEMS
        items = [
            {
                "id": move.id,
                "name": move.name,
                "reference": move.payment_reference or "",
                "due": fields.Date.to_string(move.invoice_date_due),
                "open": self._open_amount(move),
            }
            for move in moves[:MOST_ITEMS]
        ]
        unit = 10**payment.currency_id.decimal_places
        matches = subsets(
            [round(item["open"] * unit) for item in items],
            round(payment.amount * unit),
        )
        return {
            "id": partner.id,
            "name": partner.name or "",
            "number": partner.billing_customer_number or partner.ref or "",
            "items": items,
            "sum": payment.currency_id.round(sum(item["open"] for item in items)),
            "more": more,
            "matches": [[items[at]["id"] for at in found.places] for found in matches],
        }

    def _open_moves(self, payment, partner):
        """Open invoices and credit notes of a customer, the oldest first.

        Asked for apart, because each has its index.

        :return: one more than is shown when there are more
        """
        common = Domain(
            [
                ("commercial_partner_id", "=", partner.id),
                ("company_id", "=", payment.company_id.id),
                ("currency_id", "=", payment.currency_id.id),
                ("state", "=", "posted"),
            ]
        )
        moves = self.env["account.move"]
        found = moves.search(
            common
            & Domain("move_type", "in", ("out_invoice", "out_receipt"))
            & Domain("payment_state", "in", ("not_paid", "partial", "blocked")),
            order="invoice_date_due, id",
            limit=MOST_ITEMS + 1,
        )
        found += moves.search(
            common
            & Domain("move_type", "=", "out_refund")
            & Domain("payment_state", "in", ("not_paid", "partial")),
            order="id",
            limit=MOST_ITEMS + 1,
        )
        self._fetch_moves(found)
        return found.sorted(lambda move: (move.invoice_date_due or date.max, move.id))

    def _stamp(self, payment):
        """What a person saw of a payment, in short.

        :return: changes with the payment's state, its candidates and what is open on
            them
        :rtype: str
        """
        self._fetch_moves(payment.candidate_ids.move_id)
        seen = [
            payment.id,
            payment.state,
            payment.resolution,
            payment.refund_id.id,
            [
                (
                    candidate.id,
                    candidate.move_id.id,
                    candidate.move_id.state,
                    str(candidate.move_id.amount_residual),
                )
                for candidate in payment.candidate_ids
            ],
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]

    # === BUSINESS METHODS - SEARCH === #

    def _weigh(self, payment, text):
        """Invoices that a payment would belong to if its payer had written a text.

        :return: candidates of the engine, the likeliest first
        """
        queries = stated_references(None, (), text)
        matcher = self.env["billing.matcher"].sudo().with_company(payment.company_id)
        units = matcher._get_currency_units()
        loaded = matcher._load_payments(payment.ids, units)
        matcher._load_details(loaded, [0])
        paid = dataclasses.replace(loaded[0], queries=queries, text=text)
        [item] = matcher._decide_paid([paid], units)
        return item.candidates

    def _look_up(self, payment, text):
        """Open invoices that a text names by number, customer or amount.

        :return: ``account.move`` records, and whether there were more
        """
        self.env["account.move"].flush_model()
        self.env["res.partner"].flush_model()
        found = {}
        for condition in self._conditions(payment, text):
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM (
                        SELECT m.id, m.amount_residual, m.invoice_date_due
                          FROM account_move m
                         WHERE %s AND m.company_id = %s AND m.state = 'posted'
                           AND m.move_type IN ('out_invoice', 'out_receipt')
                           AND m.payment_state IN ('not_paid', 'partial', 'blocked')
                         LIMIT %s) AS some
                     ORDER BY amount_residual = %s DESC, invoice_date_due, id
                     LIMIT %s
                    """,
                    condition,
                    payment.company_id.id,
                    MOST_LOOKED_AT,
                    payment.amount,
                    MOST_FOUND + 1,
                )
            )
            found.update(dict.fromkeys(row[0] for row in rows))
        ids = list(found)
        return self.env["account.move"].browse(ids[:MOST_FOUND]), len(ids) > MOST_FOUND

    def _conditions(self, payment, text):
        """What to look a text up by, the most telling first.

        :return: conditions on ``account_move m``, each answered by an index
        :rtype: list[SQL]
        """
        conditions = [SQL("m.name IN %s", tuple({text, text.upper()}))]
        number = _NUMBER.search(text)
        if number:
            conditions.append(
                SQL(
                    "m.sequence_number = %s AND m.payment_reference IS NOT NULL",
                    int(number[0]),
                )
            )
        partners = self._find_customers(text)
        if partners:
            conditions.append(SQL("m.commercial_partner_id IN %s", tuple(partners)))
        amount = self._read_amount(text)
        if amount is not None:
            conditions.append(
                SQL(
                    "m.amount_residual = %s AND m.currency_id = %s",
                    amount,
                    payment.currency_id.id,
                )
            )
        return conditions

    def _find_customers(self, text):
        """Customers by number, or by all words of their name.

        :return: list of commercial partner ids
        """
        partners = (
            self.env["res.partner"]
            .sudo()
            .search_fetch(
                Domain("billing_customer_number", "=", text) | Domain("ref", "=", text),
                ["commercial_partner_id"],
                limit=MOST_NAMED,
            )
        )
        found = dict.fromkeys(partners.commercial_partner_id.ids)
        words = [word for word in names.index_words(text) if len(word) > 1]
        if words and not any(word.isdigit() for word in words):
            found.update(
                self.env.execute_query(
                    SQL(
                        """
                        SELECT p.commercial_partner_id, NULL FROM res_partner p
                         WHERE %s @> %s::text[] AND p.name IS NOT NULL
                           AND p.commercial_partner_id IS NOT NULL
                         LIMIT %s
                        """,
                        _WORDS,
                        words,
                        MOST_NAMED,
                    )
                )
            )
        return list(found)

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

    # === BUSINESS METHODS - METER === #

    def _meter(self, since):
        """Who found the invoices of the payments that came since a day.

        :param datetime.date since: first day
        :return: the numbers of :class:`~..core.meter.Meter`
        :rtype: dict
        """
        company = self.env.company
        zone = self.env.tz
        start = (
            zone.localize(datetime.combine(since, time.min))
            .astimezone(pytz.utc)
            .replace(tzinfo=None)
        )
        self.env["billing.payment"].flush_model()
        self.env["billing.payment.candidate"].flush_model()
        [(placed, waiting, by_staff, staff_placed, repaired)] = self.env.execute_query(
            SQL(
                """
                WITH staff AS MATERIALIZED (
                    SELECT DISTINCT (event.payload->>'payment_id')::int AS payment_id
                      FROM billing_event event
                     WHERE event.company_id = %(company)s
                       AND event.kind IN %(kinds)s
                       AND event.actor = 'staff'
                       AND event.occurred_at >= %(start)s
                ), came AS MATERIALIZED (
                    SELECT file.id FROM billing_bank_file file
                     WHERE file.company_id = %(company)s
                       AND file.create_date >= %(start)s
                )
                SELECT (SELECT count(*) FROM billing_payment p
                         WHERE p.file_id IN (SELECT id FROM came)
                           AND p.state IN %(placed)s),
                       (SELECT count(*) FROM billing_payment p
                         WHERE p.file_id IN (SELECT id FROM came)
                           AND p.state IN %(waiting)s AND p.amount > 0),
                       (SELECT count(*) FROM staff),
                       (SELECT count(*) FROM staff
                          JOIN billing_payment p ON p.id = staff.payment_id
                         WHERE p.file_id IN (SELECT id FROM came)
                           AND p.state IN %(placed)s),
                       (SELECT count(*)
                          FROM billing_payment_candidate c
                          JOIN billing_payment p ON p.id = c.payment_id
                         WHERE c.company_id = %(company)s AND c.sequence = 0
                           AND c.create_date >= %(start)s
                           AND p.file_id IN (SELECT id FROM came)
                           AND p.state IN %(placed)s
                           AND NOT EXISTS (SELECT 1 FROM staff
                                            WHERE staff.payment_id = p.id))
                """,
                company=company.id,
                kinds=PLACED_KINDS,
                start=start,
                placed=tuple(decision.CREDITED),
                waiting=WAITING,
            )
        )
        found = placed - staff_placed
        meter = Meter(
            found,
            min(repaired, found),
            by_staff,
            waiting,
            company.billing_match_minutes,
        )
        return {
            "placed": meter.placed,
            "repaired": meter.repaired,
            "by_staff": meter.by_staff,
            "waiting": meter.waiting,
            "minutes_before": meter.minutes_before,
            "minutes_after": meter.minutes_after,
            "minutes_saved": meter.minutes_saved,
            "share": meter.share,
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

    def _moves(self, payment, move_ids):
        """Invoices a person chose for a payment.

        :raises UserError: none was chosen, or one of another company
        """
        moves = self.env["account.move"].browse(
            [int(move_id) for move_id in move_ids or []]
        )
        if not moves:
            raise UserError(self.env._("Choose an invoice first."))
        moves.check_access("read")
        if moves.company_id != payment.company_id:
            raise UserError(self.env._("The invoice belongs to another company."))
        return moves

    @api.model
    def _open_amount(self, move):
        """What is open on an invoice; below zero for a credit note."""
        sign = -1 if move.move_type == "out_refund" else 1
        return sign * move.amount_residual

    @api.model
    def _is_open(self, move):
        return move.state == "posted" and move.amount_residual > 0

    @api.model
    def _at_least(self, probability):
        """A probability to accept from, never a guess."""
        return min(max(float(probability), 0.5), 1.0)


#: The number at the end of an invoice's name.
_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_WORDS = SQL(names.WORDS_SQL.format(column="p.name"))

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


def _set_key(candidate):
    """What makes candidates one card: the invoices of one sum belong together."""
    if not _set_size(candidate.reasons):
        return candidate.id
    return json.dumps(candidate.reasons, sort_keys=True)


def _set_size(reasons):
    """Invoices of the sum that a candidate is part of; 0 when it stands alone."""
    for reason in reasons or []:
        if reason["code"] == "part_of_sum":
            return reason["values"].get("count", 0)
    return 0
