"""What the bank's records say about mandates, done record by record, set by set."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..core import mandate as core
from ..core import payer
from ..core.mandate import Decision, Fact

#: Information codes of mandate advice → kinds of messages that it answers.
_ANSWERS = {
    "03": ("end",),
    "04": ("new", "approve"),
    "42": ("new", "approve"),
    "43": ("new", "approve"),
    "05": ("renumber",),
}


class BillingMandate(models.Model):
    _inherit = "billing.mandate"

    # === BUSINESS METHODS - ANSWERS === #

    @api.model
    def _apply(self, items):
        """Do what records of a bank say about mandates.

        Records about the same mandate count in the order they come in. A record that
        was done before changes nothing. Constant queries, whatever the number.

        :param items: a dict for each record. AvtaleGiro: ``scheme`` ``avtalegiro``,
            ``agreement_id``, ``kid``, ``registration`` (0, 1 or 2) and
            ``written_notice``. Autogiro: ``scheme`` ``autogiro``, ``agreement_id``,
            ``payer_number``, ``account``, ``identity``, ``information``, ``comment``
            and ``day``; with ``emandate`` true one from an internet bank, with
            ``signer``, and ``reminder`` (1 or 2) when the bank asks again.
            ``partner_id`` is set where a person said whose it is.
        :return: a dict for each record, in their order: ``mandate_id``, ``request_id``
            (or False), ``state`` (``applied``, ``worklist`` or ``ignored``: known
            already), ``reason`` (key of ``core.mandate.REASONS`` or empty), ``values``
            for its words
        :rtype: list[dict]
        """
        agreements_sudo = (
            self.env["billing.debit.agreement"]
            .sudo()
            .browse({item["agreement_id"] for item in items})
        )
        by_id = {agreement.id: agreement for agreement in agreements_sudo}
        keys = [_key(item, by_id[item["agreement_id"]]) for item in items]
        results = [None] * len(items)
        for places in _waves(keys):
            done = self.sudo()._apply_once(
                [items[place] for place in places],
                [keys[place] for place in places],
                by_id,
            )
            for place, result in zip(places, done, strict=True):
                results[place] = result
        return results

    def _apply_once(self, items, keys, by_id):
        """Do records that are about different mandates."""
        known = self._find_by_keys(keys)
        asked = self._find_requests(keys, known)
        facts = [_fact_of(item) for item in items]
        decisions = [
            self._decide(item, fact, known.get(key), asked)
            for item, fact, key in zip(items, facts, keys, strict=True)
        ]
        made = self._create_told(items, facts, keys, decisions, by_id)
        told, results = [], []
        for place, item in enumerate(items):
            mandate, decision = decisions[place]
            if place in made:
                mandate = made[place]
            elif decision.verb == "create":
                decision = Decision("refuse", reason="unknown")
            if decision.verb == "apply":
                told.append((mandate, facts[place], decision))
            results.append(self._result(item, keys[place], mandate, decision, asked))
        self._execute(told)
        return results

    # === HELPERS - WHOSE IT IS === #

    def _find_by_keys(self, keys):
        """Return mandates by key: the one that is not over, else the latest."""
        domains = {}
        for agreement_id, field, number in keys:
            domains.setdefault((agreement_id, field), set()).add(number)
        found = {}
        for (agreement_id, field), numbers in domains.items():
            mandates = self.search(
                [("agreement_id", "=", agreement_id), (field, "in", list(numbers))],
                order="id",
            )
            for mandate in sorted(mandates, key=lambda one: (one.is_live, one.id)):
                found[agreement_id, field, mandate[field]] = mandate
        return found

    def _find_requests(self, keys, known):
        """Return the messages that records may answer, by mandate and by number."""
        mandates = self.browse().union(*known.values())
        numbers = [number for _id, field, number in keys if field == "payer_number"]
        if not numbers:
            return {}
        requests = self.env["billing.mandate.request"].search(
            Domain("mandate_id", "in", mandates.ids)
            | (
                Domain("kind", "=", "renumber")
                & Domain("agreement_id", "in", [key[0] for key in keys])
                & (
                    Domain("new_payer_number", "in", numbers)
                    | Domain("payer_number", "in", numbers)
                )
            )
        )
        found = {}
        for request in requests.sorted("id"):
            found.setdefault(request.mandate_id.id, request.browse())
            found[request.mandate_id.id] |= request
            if request.kind == "renumber":
                for number in (request.payer_number, request.new_payer_number):
                    found[request.agreement_id.id, number] = request
        return found

    def _find_customers(self, agreement, numbers):
        """Return the customers that numbers of mandates belong to.

        :param agreement: billing.debit.agreement
        :param numbers: fixed parts of KIDs, or payer numbers
        :return: partner by number, without those that are nobody's
        :rtype: dict[str, res.partner]
        """
        # Customers without a number have none that is all zeros.
        numbers = {number for number in numbers if number.strip("0")}
        wanted = {form for number in numbers for form in (number, number.lstrip("0"))}
        partners = (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(
                [
                    ("billing_customer_number", "in", list(wanted)),
                    ("company_id", "in", (False, agreement.company_id.id)),
                ]
            )
        )
        by_number = {
            partner.billing_customer_number.lstrip("0"): partner.commercial_partner_id
            for partner in partners
        }
        return {
            number: by_number[number.lstrip("0")]
            for number in numbers
            if number.lstrip("0") in by_number
        }

    def _find_by_invoice(self, agreement, kids):
        """Return whose invoices have these KIDs.

        :return: partner by KID
        :rtype: dict[str, res.partner]
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT payment_reference, commercial_partner_id
                     FROM account_move
                    WHERE company_id = %s AND move_type = 'out_invoice'
                      AND state = 'posted' AND payment_reference = ANY(%s)""",
                agreement.company_id.id,
                list(kids),
            )
        )
        return {
            kid: self.env["res.partner"].browse(partner_id) for kid, partner_id in rows
        }

    # === HELPERS - WHAT TO DO === #

    def _decide(self, item, fact, mandate, asked):
        """Return the mandate that a record is about, and what it changes."""
        mandate = mandate or self.browse()
        if isinstance(fact, str):
            return mandate, Decision("refuse", reason=fact)
        if fact.what == "renumbered":
            request = asked.get((item["agreement_id"], item["payer_number"]))
            if not request:
                return mandate, Decision("refuse", reason="unknown")
            number = request.new_payer_number
            mandate = request.mandate_id
            if mandate.payer_number == number or not mandate.is_live:
                return mandate, Decision("repeat", mandate.state)
            return mandate, Decision("apply", mandate.state, {"payer_number": number})
        decision = core.decide(mandate._known() if mandate else None, fact)
        if fact.what == "asked" and decision.verb == "create":
            agreement = self.env["billing.debit.agreement"].browse(item["agreement_id"])
            if not agreement.has_bank_signup:
                decision = Decision("refuse", reason="off")
        return mandate, decision

    def _create_told(self, items, facts, keys, decisions, agreements):
        """Make the mandates that the bank told of first.

        :return: mandate by place of its item
        """
        places = [
            place
            for place, (_mandate, decision) in enumerate(decisions)
            if decision.verb == "create"
        ]
        owners = self._find_owners(
            {
                # Who had a mandate with this number has the new one.
                place: (items[place], keys[place], decisions[place][0].partner_id)
                for place in places
            },
            agreements,
        )
        vals_list = []
        for place, owner in owners.items():
            agreement = agreements[items[place]["agreement_id"]]
            _id, field, number = keys[place]
            decision = decisions[place][1]
            day = facts[place].day or agreement.company_id._billing_today()
            is_active = decision.state == "active"
            vals_list.append(
                {
                    name: value
                    for name, value in decision.values.items()
                    if value is not None
                }
                | {
                    field: number,
                    "agreement_id": agreement.id,
                    "company_id": agreement.company_id.id,
                    "partner_id": owner.id,
                    "state": decision.state,
                    "origin": "bank" if is_active else "internet_bank",
                    "at_bank": is_active,
                    "active_from": is_active and day,
                    "told_on": day,
                }
            )
        made = dict(zip(owners, self.create(vals_list), strict=True))
        mandates = self.browse().union(*made.values())
        active = mandates.filtered(lambda one: one.state == "active")
        asked = mandates - active
        active._log("active", "bank")
        if active:
            active._on_active()
        asked._log("signed", "bank")
        self.env["billing.mandate.request"]._ask(asked, "approve")
        return made

    def _find_owners(self, wanted, agreements):
        """Return the customers of new mandates.

        :param wanted: by place an item, its key, and whose it was before
        :return: partner by place, without those that are nobody's
        """
        owners = {}
        for agreement in agreements.values():
            own = {
                place: row
                for place, row in wanted.items()
                if row[1][0] == agreement.id and row[1][2]
            }
            if not own:
                continue
            by_number = self._find_customers(
                agreement, {key[2] for _item, key, _before in own.values()}
            )
            kids = {
                item["kid"].strip()
                for item, key, before in own.values()
                if item.get("kid") and key[2] not in by_number and not before
            }
            by_kid = self._find_by_invoice(agreement, kids) if kids else {}
            for place, (item, key, before) in own.items():
                owner = (
                    self.env["res.partner"].browse(item.get("partner_id") or ())
                    or before
                    or by_number.get(key[2])
                    or by_kid.get((item.get("kid") or "").strip())
                )
                if owner:
                    owners[place] = owner.commercial_partner_id
        return owners

    def _result(self, item, key, mandate, decision, asked):
        """Return what became of a record, and answer the message it is about."""
        request = self._answer_request(item, mandate, decision, asked)
        state = {"refuse": "worklist", "repeat": "ignored"}.get(
            decision.verb, "applied"
        )
        if item.get("reminder") and decision.verb == "repeat":
            # The bank has no answer of ours: the file got lost, so it goes again.
            lost = asked.get(mandate.id, request).filtered(
                lambda one: one.kind in ("approve", "reject") and one.state == "sent"
            )
            if lost:
                lost._release()
                request, state = lost[0], "applied"
        code = ""
        if item.get("information"):
            code = f"{item['information']}/{item['comment']}"
        return {
            "mandate_id": mandate.id or False,
            "request_id": request.id or False,
            "state": state,
            "reason": decision.reason,
            "values": {"number": item.get("kid") or key[2], "code": code},
        }

    def _answer_request(self, item, mandate, decision, asked):
        kinds = _ANSWERS.get(item.get("information"), ())
        request = asked.get(mandate.id) if mandate else None
        if not request:
            return self.env["billing.mandate.request"]
        request = request.filtered(
            lambda one: one.kind in kinds and one.state in ("waiting", "sent")
        )[:1]
        is_refused = decision.reason == "kept" or decision.state == "rejected"
        if request and (is_refused or decision.verb in ("apply", "repeat")):
            code = f"{item['information']}/{item['comment']}"
            request._answer(code, item.get("day"), refused=is_refused)
        return request


def _key(item, agreement):
    """Return by what the mandate of a record is found."""
    if item["scheme"] == "avtalegiro":
        try:
            number = payer.kid_part(item["kid"], agreement.kid_part_length)
        except ValueError:
            # Nobody's: no KID of ours is as short, or has such characters.
            number = ""
        return agreement.id, "kid_part", number
    return agreement.id, "payer_number", item["payer_number"].lstrip("0")


def _fact_of(item):
    """Return what a record says, or why nobody can tell."""
    if item["scheme"] == "avtalegiro":
        return core.registration(
            item["registration"], item["kid"].strip(), item["written_notice"]
        )
    values = {
        "bank_account": item.get("account") or None,
        "payer_identity": payer.plain_identity(item.get("identity")),
    }
    if item.get("emandate"):
        values["signer"] = item.get("signer") or None
        return Fact("e_mandate", "asked", values, item.get("day"))
    return core.advice(item["information"], item["comment"], item.get("day"), values)


def _waves(keys):
    """Return places of records, those with the same key one after the other."""
    waves, turns = [], {}
    for place, key in enumerate(keys):
        turn = turns.get(key, 0)
        if turn == len(waves):
            waves.append([])
        waves[turn].append(place)
        turns[key] = turn + 1
    return waves
