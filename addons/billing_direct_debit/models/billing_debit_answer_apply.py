from odoo import api, fields, models
from odoo.tools import SQL

from ..core import answers, autogiro_codes, claim_life, failure
from ..core.autogiro_records import DEBIT, reference_key

# Answers of one kind whose nearest customer is looked for, in one go: a person looks at
# each, and nobody looks at thousands.
MOST_GUESSES = 50

#: What a person has to look at, or is said of an answer that changed nothing.
NO_AGREEMENT = "no_agreement"
NO_CLAIM = "no_claim"
CLAIM_STATE = "claim_state"
PAYOUT = "payout"
MOVED = "moved"
PENDING = "pending"


class BillingDebitAnswer(models.Model):
    """What follows from the records of a bank, many at a time."""

    _inherit = "billing.debit.answer"

    # === BUSINESS METHODS === #

    @api.model
    def _apply_items(self, items):
        """Change the mandates and claims that records are about.

        :param items: list of dicts with at least ``kind``, ``record``, ``key``,
            ``company_id`` and ``agreement_id``; ``partner`` or ``claim`` is the
            customer or claim a person has named
        :return: list of dicts of ``state``, ``reason_code``, ``reason_values`` and, as
            known, ``mandate_id``, ``claim_id``, ``request_id`` and ``guess_id``
        """
        results = [None] * len(items)
        groups = {}
        for at, item in enumerate(items):
            if item["agreement_id"]:
                groups.setdefault(item["kind"], []).append(at)
            else:
                results[at] = self._waits(NO_AGREEMENT)
        appliers = self._appliers()
        for kind, places in groups.items():
            group = [items[at] for at in places]
            for at, result in zip(places, appliers[kind](group), strict=True):
                results[at] = result
        return results

    @api.model
    def _appliers(self):
        """By kind of answer the method that applies a list of them."""
        return {
            answers.NO_MANDATE: self._apply_mandates,
            answers.SE_MANDATE: self._apply_mandates,
            answers.SE_EMANDATE: self._apply_mandates,
            answers.SE_REGISTER: self._apply_register,
            answers.SE_RESULT: self._apply_claims,
            answers.SE_REFUND: self._apply_claims,
            answers.SE_REJECTED: self._apply_claims,
            answers.SE_CHANGE: self._apply_claims,
            answers.SE_WAITING: self._apply_claims,
        }

    def _apply_again(self, partner=None, claim=None):
        """Apply answers that wait once more.

        :param partner: the customer a person says they are of
        :param claim: the claim a person says they are about
        """
        items = [
            {
                "kind": answer.kind,
                "record": answer.sudo().record,
                "key": answer.key,
                "company_id": answer.company_id.id,
                "agreement_id": answer.agreement_id.id
                or self._agreement_for(answer).id,
                "partner": partner,
                "claim": claim,
            }
            for answer in self
        ]
        for answer, item, result in zip(
            self, items, self._apply_items(items), strict=True
        ):
            answer.write(
                {
                    "reason_code": False,
                    "reason_values": False,
                    "guess_id": False,
                    **result,
                    "agreement_id": item["agreement_id"],
                }
            )
            mandate = answer.mandate_id or answer.claim_id.mandate_id
            answer.write(
                {"mandate_id": mandate.id, "partner_id": mandate.partner_id.id}
            )
            if answer.state != "worklist":
                answer._set_handled(answer.state)

    @api.model
    def _agreement_for(self, answer):
        """The agreement of an answer that had none when it came."""
        scheme = answer.kind.partition("_")[0]
        account = answer.sudo().record.get(
            "account" if scheme == "avtalegiro" else "bankgiro", ""
        )
        return (
            self.env["billing.debit.agreement"]
            .sudo()
            .search(
                [("company_id", "=", answer.company_id.id), ("scheme", "=", scheme)]
            )
            .filtered(lambda agreement: agreement._has_account(account))[:1]
        )

    # === BUSINESS METHODS - MANDATES === #

    @api.model
    def _apply_mandates(self, items):
        """Apply records about mandates; see :meth:`_apply_items`."""
        told = (
            self.env["billing.mandate"]
            .sudo()
            ._apply([self._mandate_item(item) for item in items])
        )
        results = [
            {
                "state": result["state"],
                "reason_code": result.get("reason") or False,
                "reason_values": result.get("values") or {},
                "mandate_id": result.get("mandate_id"),
                "request_id": result.get("request_id"),
                "guess_id": result.get("guess_partner_id"),
            }
            for result in told
        ]
        self._guess(items, results)
        return results

    @api.model
    def _mandate_item(self, item):
        """An item as ``billing.mandate._apply`` takes it."""
        record = item["record"]
        values = {name: value for name, value in record.items() if name != "line"}
        if "day" in values:
            values["day"] = fields.Date.to_date(values["day"])
        values.update(
            scheme=item["kind"].partition("_")[0], agreement_id=item["agreement_id"]
        )
        if item["kind"] == answers.SE_EMANDATE:
            values["emandate"] = True
            values["signer"] = next(iter(record["address"]), "")
        if item.get("partner"):
            values["partner_id"] = item["partner"].id
        return values

    @api.model
    def _apply_register(self, items):
        """Apply lines of Bankgirot's register: what it has holds, but what it still
        asks the payer's bank about."""
        pending = {at for at, item in enumerate(items) if item["record"]["pending"]}
        asked = [
            {
                **item,
                "kind": answers.SE_MANDATE,
                "record": {
                    **item["record"],
                    "information": "04",
                    "comment": "32",
                    "day": item["record"]["changed"] or item["record"]["created"],
                },
            }
            for at, item in enumerate(items)
            if at not in pending
        ]
        applied = iter(self._apply_mandates(asked))
        return [
            {"state": "ignored", "reason_code": PENDING, "reason_values": {}}
            if at in pending
            else next(applied)
            for at in range(len(items))
        ]

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
        rounds = []
        for at, claim_id in sorted(found.items()):
            free = next((r for r in rounds if claim_id not in r), None)
            if free is None:
                rounds.append(free := {})
            free[claim_id] = at
        for places in rounds:
            told = self.env["billing.debit.claim"]._settle(
                [self._outcome(items[at], claim_id) for claim_id, at in places.items()]
            )
            for claim_id, at in places.items():
                results[at] = self._told_of_claim(items[at], claim_id, told[claim_id])
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
    def _outcome(self, item, claim_id):
        """What a record says of a claim, for ``billing.debit.claim._settle``."""
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
        return {**outcome, **self._outcome_of_change(record)}

    @api.model
    def _outcome_of_change(self, record):
        """What a cancellation says: ours was done or refused, or somebody else stopped
        the debit, and then it is as if the order had been rejected."""
        if record["code"] not in autogiro_codes.CANCELLED:
            return {"result": "cancel_refused"}
        if record["kind"] in answers.STOPPED_BY_OTHERS:
            return {
                "result": claim_life.REJECTED,
                "reason": failure.of_autogiro(failure.CHANGED, record["kind"]),
            }
        return {"result": claim_life.CANCELLED}

    @api.model
    def _told_of_claim(self, item, claim_id, told):
        """What became of a record, by what became of its claim."""
        claim_sudo = self.env["billing.debit.claim"].sudo().browse(claim_id)
        found = {
            "claim_id": claim_id,
            "mandate_id": claim_sudo.mandate_id.id,
            "reason_code": False,
            "reason_values": {},
        }
        if told == "done":
            return {**found, "state": "applied"}
        result = self._outcome(item, claim_id)["result"]
        if (
            told == "repeated"
            or claim_sudo.state == result
            or (
                # The bank lists what waits, and we knew that it does.
                result == claim_life.ACCEPTED and claim_sudo.state in claim_life.OUT
            )
        ):
            return {**found, "state": "repeated"}
        return {**found, **self._waits(CLAIM_STATE, state=claim_sudo.state)}

    # === HELPERS === #

    @api.model
    def _waits(self, reason, **values):
        """The result that somebody has to look at an answer."""
        return {
            "state": "worklist",
            "reason_code": reason,
            "reason_values": values,
        }

    @api.model
    def _guess(self, items, results):
        """Add the customer whose number is nearest to answers nobody could place."""
        places = [
            at
            for at, result in enumerate(results)
            if result["state"] == "worklist"
            and not result.get("mandate_id")
            and not result.get("guess_id")
        ]
        for at in places[:MOST_GUESSES]:
            results[at]["guess_id"] = self._nearest_customer(items[at])

    @api.model
    def _nearest_customer(self, item):
        """The only customer with a record's number, or with one that is a slip away.

        :return: id; False when there is none, or several
        """
        record = item["record"]
        agreement = self.env["billing.debit.agreement"].sudo()
        agreement = agreement.browse(item["agreement_id"])
        number = (record.get("payer_number") or "").lstrip("0")
        if kid := record.get("kid"):
            # The digits after it are the invoice's.
            number = kid[: agreement.kid_part_length or len(kid)]
        if not number.isdigit():
            return False
        for numbers in ([number], list(answers.slips(number))):
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT partner_id FROM billing_mandate
                     WHERE agreement_id = %(agreement)s
                       AND COALESCE(kid_part, payer_number) = ANY(%(numbers)s)
                    UNION
                    SELECT COALESCE(commercial_partner_id, id) FROM res_partner
                     WHERE billing_customer_number = ANY(%(stripped)s)
                       AND (company_id IS NULL OR company_id = %(company)s)
                    """,
                    agreement=agreement.id,
                    company=item["company_id"],
                    numbers=numbers,
                    stripped=[text.lstrip("0") for text in numbers],
                )
            )
            if rows:
                return rows[0][0] if len(rows) == 1 else False
        return False
