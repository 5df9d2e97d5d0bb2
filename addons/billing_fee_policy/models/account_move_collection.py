from collections import defaultdict
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date, formatLang

from odoo.addons.billing_base.core import hold as core_hold
from odoo.addons.billing_base.core.claim import Collection

from ..core import agency_answer, ladder, law

RECALL, REMITTANCE = "collection.recall", "collection.remittance"
#: Codes of holds that say that the customer objects.
OBJECTIONS = frozenset({"dispute", "objection"})
NOT_DUNNED = frozenset({"fee", "reminder", "handover"})


class AccountMove(models.Model):
    """Collection: what an invoice waits for, and where it is."""

    _inherit = "account.move"

    billing_collection_count = fields.Integer(
        compute="_compute_billing_collection_count",
        groups="billing_base.group_billing_user",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_collection_count(self):
        counts = dict(
            self.env["billing.collection.case"]._read_group(
                [("move_id", "in", self.ids), ("state", "!=", "dropped")],
                ["move_id"],
                ["__count"],
            )
        )
        for move in self:
            move.billing_collection_count = counts.get(move, 0)

    # === ACTIONS === #

    def action_billing_collection(self):
        """Open the cases of the invoices."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_collection_case_action"
        )
        action["domain"] = [("move_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_billing_hand_over(self):
        """Propose the invoices for collection, in a batch that waits (button)."""
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about collection."))
        self.check_access("write")
        obstacles = self._billing_handover_obstacles()
        proposed_sudo = (
            self.env["billing.collection.case"]
            .sudo()
            .search([("move_id", "in", self.ids), ("state", "=", "proposed")])
        )
        for case_sudo in proposed_sudo:
            obstacles[case_sudo.move_id.id].append(
                self.env._("It is in %(batch)s already.", batch=case_sudo.batch_id.name)
            )
        problems = [
            f"{move.name}: {text}" for move in self for text in obstacles[move.id]
        ]
        if problems:
            raise UserError("\n".join(problems))
        return self.env["billing.collection.batch"]._prepare(self)._get_records_action()

    def action_billing_disconnection(self):
        """Prepare a notice that the customer's supply may be cut (button)."""
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(
                self.env._("Only billing staff decide about disconnection.")
            )
        if len(self.company_id) != 1 or len(self.commercial_partner_id) != 1:
            raise UserError(
                self.env._("A notice is about the invoices of one customer.")
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "billing.disconnection.notice",
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {
                "default_company_id": self.company_id.id,
                "default_partner_id": self.commercial_partner_id.id,
                "default_move_ids": self.ids,
            },
        }

    # === BUSINESS METHODS - WHERE IT IS === #

    def _billing_collections(self):
        """Override of `billing_base`: what is with an agency, with what was added."""
        collections = super()._billing_collections()
        cases_sudo = self.env["billing.collection.case"].sudo()
        self.env["account.move"].flush_model(["billing_claim_id"])
        cases_sudo.flush_model(["move_id", "state"])
        # Whoever plans asks about thousands, and loads none of them.
        rows = self.env.execute_query(
            SQL(
                """SELECT c.move_id, c.id FROM billing_collection_case AS c
                    WHERE c.move_id = ANY(%(ids)s) AND c.state IN %(states)s
                UNION ALL
                   SELECT addition.id, c.id
                     FROM account_move AS addition
                     JOIN billing_collection_case AS c
                       ON c.move_id = addition.billing_claim_id
                    WHERE addition.id = ANY(%(ids)s) AND c.state IN %(states)s""",
                ids=list(self.ids),
                states=tuple(agency_answer.WITH_AGENCY),
            )
        )
        # Read together.
        cases_sudo = cases_sudo.browse({case_id for _move_id, case_id in rows})
        by_id = {case_sudo.id: case_sudo for case_sudo in cases_sudo}
        for move_id, case_id in rows:
            case_sudo = by_id[case_id]
            collections[move_id] = Collection(
                since=case_sudo.offered_on,
                agency=case_sudo.agency_id.name,
                contact=case_sudo.agency_id.contact or "",
                reference=case_sudo.reference or "",
            )
        return collections

    def _billing_holds(self):
        """Override of `billing_base`: what is on its way back, or paid elsewhere."""
        holds = super()._billing_holds()
        cases_sudo = (
            self.env["billing.collection.case"]
            .sudo()
            .search(
                [("move_id", "in", self.ids), ("state", "in", ("recalling", "paid"))]
            )
        )
        for case in cases_sudo:
            if case.state == "recalling":
                code = RECALL
                label = self.env._(
                    "Being called back from %(agency)s", agency=case.agency_id.name
                )
            elif case.move_id.amount_residual > 0:
                code = REMITTANCE
                label = self.env._(
                    "Paid to %(agency)s, the money is on its way",
                    agency=case.agency_id.name,
                )
            else:
                continue
            holds[case.move_id.id].append(
                core_hold.Hold(
                    code=code,
                    label=label,
                    since=case.offered_on,
                    source_record=case,
                    blocks=NOT_DUNNED,
                )
            )
        return holds

    # === BUSINESS METHODS - MAY IT GO === #

    def _billing_handover_obstacles(self):
        """Return what stands against handing the invoices over today, in batch.

        The law, the last deadline and the bank days after it, holds, objections,
        direct debits and open credits are looked at here once more, whatever a policy
        says: nothing reaches an agency without it.

        :return: texts for staff, by id of each of the invoices
        :rtype: dict[int, list[str]]
        """
        obstacles = {move.id: [] for move in self}
        owed = self.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.amount_residual > 0
            )
        )
        for move in self - owed:
            obstacles[move.id].append(self.env._("Nothing is owed."))
        for move in owed.filtered("billing_claim_id"):
            obstacles[move.id].append(
                self.env._(
                    "It goes along with %(invoice)s.",
                    invoice=move.billing_claim_id.name,
                )
            )
        holds = owed._billing_holds()
        for company, moves in owed.grouped("company_id").items():
            for move_id, texts in moves._billing_collection_rules(company).items():
                obstacles[move_id] += texts
        for move in owed:
            obstacles[move.id] += [
                self.env._("On hold: %(why)s", why=hold.label)
                for hold in core_hold.blocking(holds[move.id], "handover")
            ]
        return obstacles

    def _billing_collection_rules(self, company):
        """Return what law, calendar and settings say against handing over.

        :param company: of all of the invoices
        :return: texts by id
        :rtype: dict[int, list[str]]
        """
        day = company._billing_today()
        packs = self.env["billing.law.pack"]
        planner = self.env["billing.dunning.planner"].sudo().with_company(company)
        # It is read from the tables.
        self.env.flush_all()
        facts = planner._load_facts(company, day, self.ids)
        records = planner._load_policies(company)
        policies = {record.id: record._to_policy() for record in records}
        chosen = planner._choose_policies(records, self.commercial_partner_id.ids)
        add_bank_days = company._bank_calendar().add_bank_days
        minimum = company.billing_collection_minimum
        found = {}
        for move in self:
            fact, texts = facts[move.id], []
            policy = policies.get(chosen.get(move.commercial_partner_id.id))
            pack = packs._for(policy.country if policy else company, day)
            verdict = law.may_send(pack, "handover", fact.debt, day)
            if not verdict.allowed:
                texts += packs._words(verdict.reasons)
            clear = ladder.clear_day(
                fact.debt.due,
                fact.debt.notices,
                policy.grace_bank_days if policy else 0,
                add_bank_days,
            )
            if verdict.allowed and day < clear:
                texts.append(
                    self.env._(
                        "A payment of the last day may still be on its way until "
                        "%(day)s.",
                        day=format_date(self.env, clear),
                    )
                )
            if fact.collected:
                texts.append(self.env._("It is with an agency already."))
            if fact.debit:
                texts.append(
                    self.env._("It will be drawn from the customer's account.")
                )
            if fact.debt.principal <= 0:
                texts.append(self.env._("Open credits of the customer cover it."))
            elif move.currency_id.compare_amounts(
                float(fact.debt.principal), move.amount_residual
            ):
                # The agency would be told to collect more than our letters asked for.
                texts.append(
                    self.env._(
                        "Open credits of the customer cover a part of it. Settle them "
                        "with an invoice first."
                    )
                )
            elif minimum and fact.debt.principal < Decimal(str(minimum)):
                texts.append(
                    self.env._(
                        "It is below %(amount)s.",
                        amount=formatLang(
                            self.env, minimum, currency_obj=company.currency_id
                        ),
                    )
                )
            found[move.id] = texts
        return found

    # === BUSINESS METHODS - CALLING BACK === #

    def _billing_recall_codes(self):
        """Return the codes of holds that call a claim back from an agency.

        Others, such as bank payments that are being matched, pass by themselves and
        only keep claims from being handed over. Addons whose holds say that the
        customer is right, or may be, extend it.

        :rtype: frozenset[str]
        """
        return OBJECTIONS | {"manual", "vulnerable"}

    def _billing_recall_reasons(self):
        """Return which of the invoices an agency must not go on with, in batch.

        :return: ``core.agency_file.MESSAGE_REASONS`` by id, without the others
        :rtype: dict[int, str]
        """
        codes = self._billing_recall_codes()
        holds = self._billing_holds()
        objected = self._billing_objected()
        reasons = {}
        for move in self:
            stopping = {
                hold.code for hold in core_hold.blocking(holds[move.id], "handover")
            } & codes
            if move.state != "posted":
                reasons[move.id] = "cancelled"
            elif move.payment_state == "reversed":
                reasons[move.id] = "credited"
            elif move.currency_id.is_zero(move.amount_residual):
                reasons[move.id] = "paid"
            elif move.id in objected or stopping & OBJECTIONS:
                reasons[move.id] = "disputed"
            elif stopping:
                reasons[move.id] = "held"
        return reasons

    # === HELPERS === #

    def _billing_added(self):
        """Return what is open of fees, interest and compensation, in batch.

        :return: by id of the invoice
        :rtype: dict[int, float]
        """
        return {
            move_id: float(sum(part.open_amount for part in parts))
            for move_id, parts in self._billing_additions().items()
        }

    def _billing_past_objections(self):
        """Return what customers objected to and has been settled, in batch.

        Extended by addons that know of further objections.

        :return: ``core.agency_file.Objection`` values as tuples of day, last day and
            text, by id of the invoice
        :rtype: dict[int, list[tuple]]
        """
        found = defaultdict(list)
        holds_sudo = (
            self.env["billing.hold"]
            .sudo()
            .search([("move_id", "in", self.ids), ("block_handover", "=", True)])
        )
        for hold in holds_sudo:
            until = hold.date_until
            if hold.released_at:
                until = fields.Date.to_date(hold.released_at)
            found[hold.move_id.id].append((hold.date_since, until, hold.reason))
        return dict(found)
