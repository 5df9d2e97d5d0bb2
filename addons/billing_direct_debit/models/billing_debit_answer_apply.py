from odoo import api, fields, models
from odoo.tools import SQL

from ..core import answers

# Answers of one kind whose nearest customer is looked for, in one go: a person looks at
# each, and nobody looks at thousands.
MOST_GUESSES = 50

#: What a person has to look at, or is said of an answer that changed nothing.
NO_AGREEMENT = "no_agreement"
PENDING = "pending"
SENT_AGAIN = "sent_again"


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
        self._send_again(items, results)
        self._guess(items, results)
        return results

    @api.model
    def _send_again(self, items, results):
        """Let refusals of e-mandates wait for a file once more when the bank asks for
        them again: that file got lost. Approvals are the mandates' matter."""
        asked = {
            (item["agreement_id"], item["record"]["payer_number"]): at
            for at, item in enumerate(items)
            if item["record"].get("reminder")
        }
        if not asked:
            return
        requests_sudo = (
            self.env["billing.mandate.request"]
            .sudo()
            .search(
                [
                    ("agreement_id", "in", [key[0] for key in asked]),
                    ("payer_number", "in", [key[1] for key in asked]),
                    ("kind", "=", "reject"),
                    ("state", "=", "sent"),
                ]
            )
        )
        for request in requests_sudo:
            at = asked.get((request.agreement_id.id, request.payer_number))
            if at is not None:
                results[at].update(
                    state="applied",
                    reason_code=SENT_AGAIN,
                    reason_values={},
                    request_id=request.id,
                )
        requests_sudo._release()

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
        if (values.get("identity") or "").startswith("99"):
            # So the bank writes the number of an organisation that pays by bankgiro.
            values["identity"] = f"00{values['identity'][2:]}"
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
