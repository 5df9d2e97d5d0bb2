from odoo import api, fields, models
from odoo.tools import SQL

from ..core import claim_life
from .billing_debit_claim import OPEN

#: Kind of event that tells of a result.
_KINDS = {
    "accepted": "debit.accepted",
    "bank_retry": "debit.bank_retry",
    "paid": "debit.paid",
    "failed": "debit.failed",
    "rejected": "debit.failed",
    "cancelled": "debit.cancelled",
    "refunded": "debit.refunded",
    "cancel_refused": "debit.cancel_late",
}


class BillingDebitClaim(models.Model):
    """Answers of the bank, and taking claims back."""

    _inherit = "billing.debit.claim"

    # === HOOKS === #

    def _on_planned(self):
        """Called with claims that were just made, before they go into a batch."""

    def _on_failed(self):
        """Called with claims that have just become ``failed`` or ``rejected``."""

    def _on_paid(self):
        """Called with claims that have just become ``paid``."""

    # === ANSWERS === #

    @api.model
    def _settle(self, outcomes):
        """Note what became of claims; the number of queries does not depend on it.

        An answer that was applied before changes nothing, neither does one that says
        less than is known already, see :mod:`core.claim_life`.

        :param list[dict] outcomes: with ``claim_id``, ``result`` (one of
            ``core.claim_life.RESULTS``), and optionally ``code`` (of the bank),
            ``reason`` (of ``core.failure``), ``date`` (day of the answer),
            ``payment_id`` and ``key`` (of the answer)
        :return: ``done``, ``repeated`` or ``impossible``, by id of the claim; of
            several answers to one claim what became of the last
        :rtype: dict[int, str]
        :raises ValueError: there is no such result
        """
        found = {}
        for part in _rounds(outcomes):
            found |= self._settle_round(part)
        return found

    @api.model
    def _settle_round(self, outcomes):
        """Apply answers by id of the claim, one for each."""
        known = self._lock_states(list(outcomes))
        found, rows = {}, []
        for claim_id, outcome in outcomes.items():
            state, cancel_state = known.get(claim_id, (None, None))
            found[claim_id], after = _judge(state, cancel_state, outcome["result"])
            if found[claim_id] == "done":
                rows.append((claim_id, after, outcome))
        if rows:
            self._write_outcomes(rows)
        return found

    @api.model
    def _lock_states(self, ids):
        """Return states and cancellations of claims, which nobody else moves now.

        :rtype: dict[int, tuple]
        """
        self.flush_model(["state", "cancel_state"])
        rows = self.env.execute_query(
            SQL(
                """SELECT id, state, cancel_state FROM billing_debit_claim
                    WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
                ids,
            )
        )
        return {claim_id: (state, cancel) for claim_id, state, cancel in rows}

    @api.model
    def _write_outcomes(self, rows):
        """Write answers that are possible, log them, and tell who wants to know.

        :param rows: tuples of id, state afterwards and outcome
        """
        claims_sudo = self.sudo().browse([row[0] for row in rows])
        self.env.execute_query(
            SQL(
                """
                UPDATE billing_debit_claim AS claim
                   SET state = answer.state,
                       result_code = COALESCE(answer.code, claim.result_code),
                       reason_code = CASE WHEN answer.result IN ('paid', 'refunded')
                                          THEN claim.reason_code
                                          ELSE COALESCE(answer.reason,
                                                        claim.reason_code) END,
                       result_date = COALESCE(answer.day, claim.result_date),
                       payment_id = COALESCE(answer.payment, claim.payment_id),
                       cancel_state =
                           CASE WHEN answer.result = 'cancel_refused' THEN 'refused'
                                WHEN answer.result IN ('paid', 'failed', 'rejected')
                                 AND claim.cancel_state = 'waiting' THEN NULL
                                WHEN answer.result = 'cancelled'
                                 AND claim.cancel_state IS NOT NULL THEN 'done'
                                ELSE claim.cancel_state END,
                       cancel_reason =
                           CASE WHEN answer.result = 'cancelled'
                                THEN COALESCE(claim.cancel_reason, 'bank')
                                ELSE claim.cancel_reason END,
                       write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
                  FROM unnest(%(ids)s::integer[], %(states)s::varchar[],
                              %(results)s::varchar[], %(codes)s::varchar[],
                              %(reasons)s::varchar[], %(days)s::date[],
                              %(payments)s::integer[])
                       AS answer (id, state, result, code, reason, day, payment)
                 WHERE claim.id = answer.id
             RETURNING claim.id
                """,
                uid=self.env.uid,
                ids=claims_sudo.ids,
                states=[state for _id, state, _outcome in rows],
                results=[outcome["result"] for *_rest, outcome in rows],
                codes=[outcome.get("code") or None for *_rest, outcome in rows],
                reasons=[outcome.get("reason") or None for *_rest, outcome in rows],
                days=[outcome.get("date") or None for *_rest, outcome in rows],
                payments=[outcome.get("payment_id") or None for *_r, outcome in rows],
            )
        )
        claims_sudo.invalidate_recordset(flush=False)
        claims_sudo._log_outcomes({row[0]: row[2] for row in rows})
        results = {}
        for claim_id, _state, outcome in rows:
            results.setdefault(outcome["result"], []).append(claim_id)
        if failed := results.get("failed", []) + results.get("rejected", []):
            claims_sudo.browse(failed)._on_failed()
        if paid := results.get("paid"):
            claims_sudo.browse(paid)._on_paid()

    def _log_outcomes(self, outcomes):
        """Log answers; the keys of answers keep them from being told twice.

        :param outcomes: by id of the claim
        """
        self._fetch_for_events()
        self.env["billing.event"]._log(
            [
                {
                    "kind": _KINDS[outcome["result"]],
                    "move_id": claim.move_id.id,
                    "actor": "bank",
                    "amount": claim.amount,
                    "currency_id": claim.currency_id.id,
                    "payload": claim._event_payload()
                    | {
                        "result": outcome["result"],
                        "code": outcome.get("code") or "",
                        "reason": outcome.get("reason") or "",
                    },
                    "dedup_key": f"debit.{outcome['result']}:{claim.id}:"
                    f"{outcome.get('key') or outcome.get('date') or ''}",
                }
                for claim in self
                for outcome in [outcomes[claim.id]]
            ]
        )

    # === TAKING BACK === #

    def _cancel(self, reason, actor="system"):
        """Keep open claims from being drawn, as far as that is still possible.

        What has not gone to the bank is cancelled at once; for what has, a
        cancellation goes with the next file while the cut-off allows it. What can no
        longer be stopped is noted as such, once.

        :param str reason: one of ``cancel_reason``
        :param str actor: of the event
        :return: those that will not be drawn
        :rtype: billing.debit.claim
        """
        states = self._lock_states(self.ids)
        claims = self.browse(i for i, (state, _c) in states.items() if state in OPEN)
        if not claims:
            return claims
        claims_sudo = claims.sudo()
        claims_sudo.invalidate_recordset(["state", "cancel_state"], flush=False)
        inside = claims_sudo.filtered(lambda claim: claim._is_inside())
        inside._drop(reason, actor)
        under_way = claims_sudo.filtered(
            lambda claim: claim.cancel_state in ("waiting", "sent")
        )
        asking, late = claims_sudo.browse(), claims_sudo.browse()
        clocks = {one: one._clock() for one in claims_sudo.agreement_id}
        for claim in claims_sudo - inside - under_way:
            if claim.cancel_state in ("too_late", "refused"):
                continue
            if clocks[claim.agreement_id].may_cancel(claim.date):
                asking |= claim
            else:
                late |= claim
        asking.write({"cancel_state": "waiting", "cancel_reason": reason})
        asking._log("debit.cancelling", actor, key=reason)
        late.write({"cancel_state": "too_late", "cancel_reason": reason})
        late._log("debit.cancel_late", actor, key="late")
        if asking:
            self.env["billing.debit.planner"]._trigger()
        return (inside | asking | under_way).with_env(self.env)

    def _drop(self, reason, actor):
        """Cancel claims that the bank does not know of."""
        batches = self.batch_id
        self.write(
            {
                "state": "cancelled",
                "cancel_reason": reason,
                "batch_id": False,
                "transaction_number": 0,
            }
        )
        self._log("debit.cancelled", actor, key=reason)
        batches._compute_totals()

    # === HELPERS === #

    def _log(self, kind, actor="system", key="", **payload):
        """Log an event of ``kind`` for each of the claims.

        :param str key: what tells it from another event of the kind about the claim
        :param payload: further values for the text
        :return: None
        """
        self._fetch_for_events()
        self.env["billing.event"]._log(
            [
                {
                    "kind": kind,
                    "move_id": claim.move_id.id,
                    "actor": actor,
                    "amount": claim.amount,
                    "currency_id": claim.currency_id.id,
                    "payload": claim._event_payload() | payload,
                    "dedup_key": f"{kind}:{claim.id}:{key}" if key else None,
                }
                for claim in self
            ]
        )

    def _event_payload(self):
        """Return what every event about the claim says of it."""
        self.ensure_one()
        return {
            "claim_id": self.id,
            "day": fields.Date.to_string(self.date),
            "scheme": self.agreement_id._scheme_name(),
        }

    def _fetch_for_events(self):
        """Read what events need of claims and their invoices, and nothing else."""
        self.fetch(
            ["move_id", "agreement_id", "amount", "currency_id", "date", "company_id"]
        )
        self.move_id.sudo().fetch(
            ["company_id", "currency_id", "commercial_partner_id"]
        )


def _rounds(outcomes):
    """Cut answers into rounds in which no claim comes twice, in their order."""
    left = outcomes
    while left:
        part, later = {}, []
        for outcome in left:
            if outcome["result"] not in claim_life.FROM:
                raise ValueError(f"{outcome['result']!r} is no result of a claim")
            if outcome["claim_id"] in part:
                later.append(outcome)
            else:
                part[outcome["claim_id"]] = outcome
        yield part
        left = later


def _judge(state, cancel_state, result):
    """Return whether an answer is new to a claim, and the state it leads to."""
    if state is None:
        return "impossible", None
    if result == "cancel_refused" and cancel_state not in ("waiting", "sent"):
        return ("repeated" if cancel_state == "refused" else "impossible"), None
    if state == result:
        return "repeated", None
    after = claim_life.after(state, result)
    return ("done", after) if after else ("impossible", None)
