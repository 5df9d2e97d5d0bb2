import dataclasses
from collections import defaultdict

from odoo import models
from odoo.tools import SQL

from odoo.addons.billing_bank_file.core.decision import BOOKED, PROPOSED, Reason

from ..core.evidence import Weigher
from ..core.judge import Judge
from ..core.look import AMOUNT, CURRENCY, OWN, UNKNOWN
from ..core.scene import REMINDER_FEES, Customer, Scene
from .billing_matcher import GATHERED, amount_of

#: Customer whom a person or another bank module set on the statement line of payment
#: ``p``; null for none.
TOLD_SQL = """
    CASE WHEN jsonb_typeof(p.raw#>'{statement_line,partner_id}') = 'number'
         THEN (p.raw#>>'{statement_line,partner_id}')::int END"""
#: Whether the line of payment ``p`` tells the payer's name besides.
NAMED_SQL = "jsonb_typeof(p.raw#>'{statement_line,partner_name}') = 'string'"


class BillingMatcher(models.AbstractModel):
    """Weighs everything but the reference for the payments it leaves open.

    Reads, for all payments of a batch at once, who has paid from the account, who
    bears the name, what the texts mention and whose invoices have the amount; then
    what these customers owe. The statements are the same for one payment and for
    ten thousand.
    """

    _inherit = "billing.matcher"

    def _weigh_evidence(self, payments, looks, facts, decisions, decider, units):
        """Decide anew what the references alone left to a person.

        :param facts: what the search for references found, by place
        :param decisions: list of decisions; the revised ones take their place
        """
        places = [
            at
            for at, item in enumerate(decisions)
            if payments[at].amount > 0
            and looks[at].kind != CURRENCY
            and self._is_to_weigh(item, looks[at], decider.policy)
        ]
        for start in range(0, len(places), GATHERED):
            part = places[start : start + GATHERED]
            self._load_details(payments, part)
            scenes, answered = self._load_scenes(
                payments, looks, facts, part, decider, units
            )
            weigher = Weigher(decider.weights)
            judge = Judge(
                weigher, decider.policy, self._policies_of(scenes, decider.policy)
            )
            for at in part:
                before = decisions[at]
                for share in before.shares:
                    decider.ledger.give_back(share.move_id, share.amount)
                scene = self._as_left(scenes[at], decider.ledger)
                query = None if at in answered else looks[at].query
                if looks[at].kind == OWN and before.shares:
                    owner = looks[at].invoices[0].partner_id
                    if not weigher.is_strange(payments[at], query, scene, owner):
                        for share in before.shares:
                            decider.ledger.take(share.move_id, share.amount)
                        continue
                item = judge.decide(payments[at], query, scene, before)
                for share in item.shares:
                    decider.ledger.take(share.move_id, share.amount)
                decisions[at] = item

    def _policies_of(self, scenes, policy):
        """Policy by partner id, where groups of customers have their own."""
        company = self.env.company
        policies = self.env["billing.match.policy"]
        if not policies._any(company):
            return lambda partner_id: policy
        partners = {
            customer.partner_id
            for scene in scenes.values()
            for customer in scene.customers
        }
        return policies._by_partner(company, list(partners)).__getitem__

    def _ask_groups(self, decisions):
        """Leave repairs to staff that are less certain than the customer's group asks.

        :return: the decisions, in the same order
        """
        company = self.env.company
        policies = self.env["billing.match.policy"]
        if not policies._any(company):
            return decisions
        repaired = {
            at: item.candidates[0]
            for at, item in enumerate(decisions)
            if item.outcome in BOOKED
            and item.candidates
            and item.candidates[0].distance > 0
        }
        asked = policies._by_partner(
            company, list({candidate.partner_id for candidate in repaired.values()})
        )
        decisions = list(decisions)
        for at, candidate in repaired.items():
            policy = asked[candidate.partner_id]
            least = policy.one_edit if candidate.distance < 2 else policy.two_edits
            if decisions[at].probability < least:
                decisions[at] = dataclasses.replace(
                    decisions[at],
                    outcome=PROPOSED,
                    shares=(),
                    reasons=(Reason("not_sure_enough"), *decisions[at].reasons),
                )
        return decisions

    @staticmethod
    def _is_to_weigh(item, look, policy):
        """Whether a decision by the reference alone is open to other evidence."""
        if item.outcome not in BOOKED:
            return True
        if not policy.by_evidence:
            return False
        # another amount than is open may mean another invoice than is stated
        if look.kind in (AMOUNT, OWN):
            return not any(reason.code == "amount_exact" for reason in item.reasons)
        # in dense numbering two slips look like one slip of a neighbour
        return look.kind == UNKNOWN and item.probability < policy.vetted

    @staticmethod
    def _as_left(scene, ledger):
        """The scene as the payments decided before leave it: what they settle counts
        as paid."""
        for customer in scene.customers:
            free = [
                item
                for item in customer.open
                if ledger.left(item.invoice) == item.invoice.residual
            ]
            if len(free) < len(customer.open):
                customer.closed += [
                    dataclasses.replace(
                        item,
                        invoice=dataclasses.replace(item.invoice, is_open=False),
                    )
                    for item in customer.open
                    if item not in free
                ]
                customer.open = free
        return scene

    # === LOADING === #

    def _load_details(self, payments, places):
        """Read what only evidence needs of the payments, in place."""
        wanted = {
            payments[at].payment_id: at for at in places if payments[at].day is None
        }
        if not wanted:
            return
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.payer_name, p.payer_account, p.booking_date, p.text,
                       p.end_to_end_id, told.commercial_partner_id,
                       %s
                  FROM billing_payment p
                  LEFT JOIN res_partner told ON told.id = %s
                 WHERE p.id = ANY(%s)
                """,
                SQL(NAMED_SQL),
                SQL(TOLD_SQL),
                list(wanted),
            )
        )
        for payment, name, account, day, text, end_to_end, told, stated in rows:
            at = wanted[payment]
            if told and not stated:
                # the name is that of the customer who was set, no witness of its own
                name = ""
            payments[at] = dataclasses.replace(
                payments[at],
                payer_name=name or "",
                payer_account=account or "",
                day=day,
                text="\n".join(filter(None, (text, end_to_end))),
                told=told or 0,
            )

    def _load_scenes(self, payments, looks, facts, places, decider, units):
        """What is known around each of the payments.

        :return: dict of place to :class:`~..core.evidence.Scene`, and the places whose
            stated reference is a number of another kind, such as an invoice number
        """
        strong = defaultdict(dict)  # place -> partner id -> Customer
        for at in places:
            look, fact = looks[at], facts.get(at)
            near = fact.near if fact else ()
            partners = [invoice.partner_id for invoice in (*look.invoices, *near)]
            if payments[at].told:
                partners.append(payments[at].told)
            for partner in partners:
                strong[at].setdefault(partner, Customer(partner))
        accounts, shared = self._find_accounts(payments, places, strong)
        said, answered = self._find_mentions(
            payments, looks, places, strong, decider.weights, units
        )
        namesakes, many, kin, named = self._find_namesakes(payments, places, strong)
        counted = self._count_amounts(
            payments, [at for at in places if at not in facts]
        )
        sharing = {
            at: facts[at].around.sharing
            if at in facts
            else counted[amount_of(payments[at])]
            for at in places
        }
        for others in (shared, named):
            for at, owners in others.items():
                many.setdefault(at, {}).update(dict.fromkeys(owners))
        weak = defaultdict(dict)
        self._find_by_amount(payments, places, sharing, many, strong, weak, units)
        for at, customers in weak.items():
            for partner, customer in customers.items():
                customer.namesakes = max(namesakes.get(at, 1), 1)
                customer.kin = kin.get(at, {}).get(partner, 0)
        for at in places:
            for partner, customer in (*strong[at].items(), *weak[at].items()):
                if partner in shared.get(at, ()):
                    customer.account_share = shared[at][partner]
                if partner in named.get(at, ()):
                    customer.name_share = named[at][partner]
        self._load_items(payments, looks, facts, places, strong, said, units)
        self._load_people(payments, places, strong, weak)
        fees = self._get_fees()
        scenes = {}
        for at in places:
            paid = payments[at]
            scenes[at] = Scene(
                decider.open_counts.get(paid.company_id, 0),
                sharing[at],
                [*strong[at].values(), *weak[at].values()],
                at in accounts,
                accounts.get(at, 0),
                max(1 - sum(shared[at].values()), 0.0) if at in shared else 0.0,
                namesakes.get(at, 0),
                fees.get(paid.company_id, ()),
            )
        return scenes, answered

    def _get_fees(self):
        """Reminder fees payers may have added, in minor units by company id."""
        return {
            company.id: REMINDER_FEES.get(company.country_id.code, ())
            for company in self.env["res.company"].sudo().search([])
        }
