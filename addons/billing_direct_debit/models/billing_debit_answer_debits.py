from odoo import api, models

from ..core import answers, autogiro_codes, claim_life, failure
from ..core.autogiro_records import DEBIT, reference_key

#: Why somebody has to look at an answer.
NO_CLAIM = "no_claim"
CLAIM_STATE = "claim_state"
PAYOUT = "payout"
MOVED = "moved"
CODE = "code"


class BillingDebitAnswer(models.Model):
    """What follows from records about debits: executed or not, rejected, cancelled."""

    _inherit = "billing.debit.answer"

    # === BUSINESS METHODS - CLAIMS === #

    @api.model
    def _apply_claims(self, items):
        """Apply records about claims; see :meth:`_apply_items`.

        What two records of a file say of the same claim is told one after the other.
        """
        results = [self._not_a_claim(item) for item in items]
        found = self._find_claims(
            [(at, item) for at, item in enumerate(items) if not results[at]]
        )
        claims_sudo = self.env["billing.debit.claim"].sudo().browse(set(found.values()))
        stopped = set(claims_sudo.filtered("cancel_state").ids)
        rounds = []
        for at, claim_id in sorted(found.items()):
            free = next((r for r in rounds if claim_id not in r), None)
            if free is None:
                rounds.append(free := {})
            free[claim_id] = at
        for places in rounds:
            outcomes = {
                claim_id: self._outcome(items[at], claim_id, claim_id in stopped)
                for claim_id, at in places.items()
            }
            told = self.env["billing.debit.claim"]._settle(list(outcomes.values()))
            for claim_id, at in places.items():
                results[at] = self._told_of_claim(outcomes[claim_id], told[claim_id])
        for at, result in enumerate(results):
            results[at] = result or self._waits(NO_CLAIM)
        self._guess(items, results)
        return results

    @api.model
    def _not_a_claim(self, item):
        """What is said of a record that no claim can be about; None for others."""
        record = item["record"]
        if record.get("direction") not in (None, "", DEBIT):
            # Money we sent to a customer: nobody does so through Kvitt.
            return self._waits(PAYOUT)
        if item["kind"] == answers.SE_RESULT and (
            autogiro_codes.meaning(autogiro_codes.STATUS, record["status"])
            is autogiro_codes.UNKNOWN
        ):
            return self._waits(CODE, code=record["status"])
        if item["kind"] == answers.SE_CHANGE and record["code"] in autogiro_codes.MOVED:
            return self._waits(MOVED, day=record["new_day"])
        return None

    @api.model
    def _find_claims(self, wanted):
        """Find the claims that records are about.

        A record names the payer, what we wrote as reference, the amount and the day.
        The first three must agree; the day, and whether the claim is open, tell which
        of several attempts is meant. In a rejected order the payer may be what is
        wrong. Bankgirot fills references up with zeros.

        :param wanted: list of (place, item)
        :return: dict of place to claim id
        """
        found = {at: item["claim"].id for at, item in wanted if item.get("claim")}
        found |= self._find_claims_by_day(
            [
                (at, item)
                for at, item in wanted
                if at not in found and not reference_key(item["record"]["reference"])
            ]
        )
        rows = []
        for at, item in wanted:
            record = item["record"]
            reference = reference_key(record["reference"])
            if at in found or not reference:
                continue
            partner = item.get("partner")
            rows.append(
                (
                    at,
                    item["agreement_id"],
                    reference,
                    record["amount_ore"],
                    record["day"],
                    record["payer_number"],
                    item["kind"] != answers.SE_REJECTED and not partner,
                    partner.id if partner else None,
                )
            )
        if not rows:
            return found
        self.env["billing.debit.claim"].flush_model()
        self.env["billing.mandate"].flush_model()
        for at, claim_id in self.env.cr.execute_values(
            """
            SELECT DISTINCT ON (data.at) data.at, claim.id
              FROM (VALUES %s) AS data
                   (at, agreement_id, reference, amount, day, payer, is_strict,
                    partner_id)
              JOIN billing_debit_agreement AS agreement
                ON agreement.id = data.agreement_id
              JOIN billing_debit_claim AS claim
                ON claim.company_id = agreement.company_id
               AND ltrim(claim.reference, '0') = data.reference
               AND claim.agreement_id = data.agreement_id
              JOIN billing_mandate AS mandate ON mandate.id = claim.mandate_id
             WHERE (data.amount IS NULL
                    OR round(claim.amount * 100) = data.amount)
               AND (NOT data.is_strict OR mandate.payer_number = data.payer)
               AND (data.partner_id IS NULL OR mandate.partner_id = data.partner_id)
             ORDER BY data.at, (claim.date = data.day) DESC NULLS LAST,
                      (claim.state IN """
            + f"{claim_life.OUT!r}"
            + """) DESC, claim.id DESC
            """,
            rows,
            template="(%s, %s, %s, %s::bigint, %s::date, %s, %s, %s::int)",
            page_size=len(rows),
            fetch=True,
        ):
            found[at] = claim_id
        return found

    @api.model
    def _find_claims_by_day(self, wanted):
        """Find the claims of records without a reference, as a payer's stop is.

        Payer, amount and day must agree, and one claim at the bank only.

        :param wanted: list of (place, item)
        :return: dict of place to claim id
        """
        rows = [
            (
                at,
                item["agreement_id"],
                item["record"]["payer_number"],
                item["record"]["amount_ore"],
                item["record"]["day"],
            )
            for at, item in wanted
            if item["record"]["payer_number"]
            and item["record"]["amount_ore"]
            and item["record"]["day"]
        ]
        if not rows:
            return {}
        self.env["billing.debit.claim"].flush_model()
        self.env["billing.mandate"].flush_model()
        return dict(
            self.env.cr.execute_values(
                """
                SELECT data.at, min(claim.id)
                  FROM (VALUES %s) AS data (at, agreement_id, payer, amount, day)
                  JOIN billing_mandate AS mandate
                    ON mandate.agreement_id = data.agreement_id
                   AND mandate.payer_number = data.payer
                  JOIN billing_debit_claim AS claim
                    ON claim.mandate_id = mandate.id
                   AND claim.date = data.day
                   AND round(claim.amount * 100) = data.amount
                   AND claim.state IN """
                + f"{claim_life.OUT!r}"
                + """
                 GROUP BY data.at
                HAVING count(*) = 1
                """,
                rows,
                template="(%s, %s, %s, %s::bigint, %s::date)",
                page_size=len(rows),
                fetch=True,
            )
        )

    @api.model
    def _outcome(self, item, claim_id, is_stopped):
        """What a record says of a claim, for ``billing.debit.claim._settle``.

        :param is_stopped: whether we have asked the bank not to draw it
        """
        record = item["record"]
        kind = item["kind"]
        outcome = {
            "claim_id": claim_id,
            "key": item["key"],
            "code": answers.code_of(kind, record),
            "date": record["day"] or False,
            "reason": False,
            "payment_id": False,
        }
        if kind == answers.SE_RESULT:
            reason = failure.of_autogiro(failure.STATUS, record["status"])
            meaning = autogiro_codes.meaning(autogiro_codes.STATUS, record["status"])
            return {
                **outcome,
                "result": claim_life.FAILED if meaning.final else claim_life.BANK_RETRY,
                "reason": reason,
            }
        if kind == answers.SE_REFUND:
            return {
                **outcome,
                "result": claim_life.REFUNDED,
                "date": record["refunded_on"],
                "reason": autogiro_codes.meaning(
                    autogiro_codes.REFUND, record["code"]
                ).reason,
            }
        if kind == answers.SE_REJECTED:
            return {
                **outcome,
                "result": claim_life.REJECTED,
                "reason": failure.of_autogiro(failure.REJECTED, record["code"]),
            }
        if kind == answers.SE_WAITING:
            return {**outcome, "result": claim_life.ACCEPTED}
        return {**outcome, **self._outcome_of_change(record, is_stopped)}

    @api.model
    def _outcome_of_change(self, record, is_stopped):
        """What a cancellation says: ours was done or refused, or somebody else stopped
        the debit, and then it is as if the order had been rejected.

        When a customer stops with us, the bank drops what waits with the mandate, and
        does not find it any more when it comes to our cancellation.
        """
        if record["code"] not in autogiro_codes.CANCELLED:
            return {"result": "cancel_refused"}
        if record["kind"] in answers.STOPPED_BY_OTHERS and not is_stopped:
            return {
                "result": claim_life.REJECTED,
                "reason": failure.of_autogiro(failure.CHANGED, record["kind"]),
            }
        return {"result": claim_life.CANCELLED}

    @api.model
    def _told_of_claim(self, outcome, told):
        """What became of a record, by what became of its claim.

        :param outcome: as it was given to ``billing.debit.claim._settle``
        :param told: what that said of it
        """
        claim_sudo = self.env["billing.debit.claim"].sudo().browse(outcome["claim_id"])
        found = {
            "claim_id": claim_sudo.id,
            "mandate_id": claim_sudo.mandate_id.id,
            "reason_code": False,
            "reason_values": {},
        }
        if told == "done":
            return {**found, "state": "applied"}
        says_no_more = {
            # The bank lists what waits, and we knew that it does.
            claim_life.ACCEPTED: claim_life.OUT,
            # What is gone cannot be cancelled.
            "cancel_refused": (claim_life.CANCELLED, claim_life.REJECTED),
        }.get(outcome["result"], (outcome["result"],))
        if told == "repeated" or claim_sudo.state in says_no_more:
            return {**found, "state": "repeated"}
        return {**found, **self._waits(CLAIM_STATE, state=claim_sudo.state)}
