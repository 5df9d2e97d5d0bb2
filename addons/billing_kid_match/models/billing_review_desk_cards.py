import hashlib
import json
from datetime import date

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import float_round, groupby

from odoo.addons.billing_bank_file.core import resolution

from ..core import edits
from ..core.subsets import subsets
from ..core.waterfall import CALIBRATION, RIVALS, waterfall

#: Open items of a customer that are shown.
MOST_ITEMS = 60


class BillingReviewDesk(models.AbstractModel):
    """One payment, and the invoices it may belong to, as the desk shows them."""

    _inherit = "billing.review.desk"  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS - THE PAYMENT === #

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
        # Its name is told to whoever may see the payment.
        file_sudo = payment.sudo().file_id
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
                file_sudo and f"{file_sudo.name}, {payment.position}",
                "text",
            ),
        ]

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
        moves = self._moves_of(payment.candidate_ids)
        self._fetch_moves(moves)
        seen = [
            payment.id,
            payment.state,
            payment.resolution,
            payment.refund_id.id,
            payment.candidate_ids.ids,
            [(move.id, move.state, str(move.amount_residual)) for move in moves],
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]

    # === BUSINESS METHODS - CANDIDATES === #

    def _cards(self, payment):
        """The candidates of a payment, the likeliest first.

        Invoices that only together make the amount are one card.

        :return: dicts of ``move_ids``, ``invoices``, ``partner_id``, ``customer``,
            ``probability``, ``is_open``, ``paid`` and ``open`` amounts, ``pairs`` of
            characters of the references and ``steps`` of the waterfall
        :rtype: list[dict]
        """
        candidates = payment.candidate_ids
        moves = self._moves_of(candidates)
        self._fetch_moves(moves)
        cards = [
            self._card(
                payment,
                self._invoices_of(together, moves),
                # of a sum all must be right
                min(candidate.probability for candidate in together),
                together[0].distance,
                together[0].reasons,
            )
            for _key, together in groupby(candidates, _set_key)
        ]
        # what another payment has settled meanwhile comes last
        cards.sort(key=lambda card: not card["is_open"])
        self._tell_accounts(payment, cards)
        return cards

    def _moves_of(self, candidates):
        """The invoices of candidates, and those that make a sum with them."""
        moves = candidates.move_id.union(
            *(candidate._together() for candidate in candidates)
        )
        return moves.exists()

    def _invoices_of(self, candidates, known):
        """Invoices of the candidates of one card, with their references.

        A sum is whole whether or not each of its invoices is a candidate.

        :param known: what :meth:`_moves_of` said
        """
        references = {item.move_id: item.reference for item in candidates}
        moves = candidates[0]._together().union(*(item.move_id for item in candidates))
        return [
            (move, references.get(move, move.payment_reference))
            for move in known
            if move in moves
        ]

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


def _set_key(candidate):
    """What makes candidates one card: the invoices of one sum belong together."""
    for reason in candidate.reasons or []:
        if reason["code"] == "part_of_sum":
            return json.dumps(sorted(reason["values"].get("move_ids") or []))
    return str(candidate.id)


def _set_size(reasons):
    """Invoices of the sum that a candidate is part of; 0 when it stands alone."""
    for reason in reasons or []:
        if reason["code"] == "part_of_sum":
            return reason["values"].get("count", 0)
    return 0
