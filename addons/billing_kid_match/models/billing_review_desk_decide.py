from collections import defaultdict

from odoo import api, models
from odoo.exceptions import LockError, UserError
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core import resolution

from .billing_review_desk import _BEST, WAITING

#: Payments one call accepts; the screen calls again until all are done.
MOST_ACCEPTED = 50
#: Payments one bulk accept offers.
MOST_OFFERED = 2000


class BillingReviewDesk(models.AbstractModel):
    """Carries out what a person decides at the desk.

    The methods of ``billing.payment`` check rights and the state of the books; here is
    checked that the person saw what there is.
    """

    _inherit = "billing.review.desk"  # pylint: disable=consider-merging-classes-inherited

    # === ACTIONS === #

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
        least = self._at_least(min_probability)
        # The stored probability is the best candidate's, open or not: it only rules
        # payments out.
        query.add_where(SQL("billing_payment.probability >= %s", least))
        query.limit = MOST_OFFERED + 1
        ids = [row[0] for row in self.env.execute_query(query.select())]
        self._flush()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.amount, p.currency_id, best.amount_residual
                  FROM unnest(%s::int[]) WITH ORDINALITY AS o(id, place)
                  JOIN billing_payment p ON p.id = o.id
                 CROSS JOIN LATERAL (%s) AS best
                 WHERE best.probability >= %s
                 ORDER BY o.place
                """,
                ids,
                _BEST,
                least,
            )
        )
        limited = len(ids) > MOST_OFFERED
        rows = rows[:MOST_OFFERED]
        sums = defaultdict(float)
        for _payment_id, amount, currency, _open in rows:
            sums[currency] += float(amount)
        return {
            "ids": [row[0] for row in rows],
            "count": len(rows),
            "sums": [
                {"currency_id": currency, "amount": amount}
                for currency, amount in sums.items()
            ],
            "part": sum(amount < residual for _id, amount, _currency, residual in rows),
            "limited": limited,
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

    # === BUSINESS METHODS === #

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

    def _changed(self, payment):
        """Answer to a decision on something that looks different by now."""
        payment.invalidate_recordset()
        return {
            "done": False,
            "message": self._sentence_changed(payment),
            "row": next(iter(self._rows(payment.ids)), None),
            "details": self.details(payment.id),
        }

    # === HELPERS === #

    def _who(self, payment):
        """Amount and payer for a sentence."""
        return {
            "amount": payment.currency_id.format(payment.amount),
            "payer": payment.payer_name or self.env._("an unknown payer"),
        }

    def _sentence_changed(self, payment):
        return self.env._(
            "%(payment)s has changed meanwhile. Please look again.",
            payment=payment.display_name,
        )

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
    def _at_least(self, probability):
        """A probability to accept from, never a guess."""
        return min(max(float(probability), 0.5), 1.0)
