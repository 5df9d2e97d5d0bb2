from collections import defaultdict

from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from odoo.addons.billing_base.core import hold as core_hold
from odoo.addons.billing_base.core.claim import Debit

from ..core.avtalegiro import is_kid
from ..core.mandate import LIVE
from ..core.obstacle import Obstacle
from .billing_debit_claim import MADE_ANEW, OPEN

#: Code of the hold of invoices that are being drawn.
DEBIT_HOLD = "debit"
#: In the context: holds for other reasons than the debit itself are asked for.
NO_DEBIT_HOLD = "billing_no_debit_hold"
NOT_DUNNED = frozenset({"fee", "reminder", "handover"})


class AccountMove(models.Model):
    """Invoices that are drawn from customers' accounts."""

    _inherit = "account.move"

    billing_claim_ids = fields.One2many(
        "billing.debit.claim",
        "move_id",
        string="Direct Debits",
        groups="billing_base.group_billing_user",
    )
    billing_debit_count = fields.Integer(
        compute="_compute_billing_debit_count",
        groups="billing_base.group_billing_user",
    )
    billing_debit_html = fields.Html(
        string="Direct Debit",
        compute="_compute_billing_debit_html",
        groups="billing_base.group_billing_user",
        help="When the invoice is drawn from the customer's account, or why it is not.",
    )

    # === COMPUTE METHODS === #

    def _compute_billing_debit_count(self):
        counts = dict(
            self.env["billing.debit.claim"]._read_group(
                [("move_id", "in", self.ids)], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.billing_debit_count = counts.get(move, 0)

    def _compute_billing_debit_html(self):
        open_invoices = self.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.amount_residual > 0
            )
        )
        words = open_invoices._billing_debit_words()
        for move in self:
            move.billing_debit_html = Markup("<br/>").join(words.get(move.id, ()))

    # === ACTIONS === #

    def action_billing_debits(self):
        """Open the claims of the invoices."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_direct_debit.billing_debit_claim_action"
        )
        action["domain"] = [("move_id", "in", self.ids)]
        action["context"] = {}
        return action

    def action_billing_claim(self):
        """Draw the invoices from their customers' accounts (button)."""
        if not self.env.user.has_group("billing_base.group_billing_user"):
            raise AccessError(self.env._("Only billing staff decide about debits."))
        self.check_access("read")
        obstacles = self._billing_debit_obstacles()
        problems = [
            f"{move.name}: {obstacle.text}"
            for move in self
            for obstacle in obstacles[move.id]
        ]
        if problems:
            raise UserError("\n".join(problems))
        claims = self._billing_draw()
        claims._log("debit.by_hand", "staff")
        return self.action_billing_debits()

    # === BUSINESS METHODS - WHAT IS UNDER WAY === #

    def _billing_open_claims(self):
        """Return the claims of the invoices that will be drawn, or may be.

        :return: in superuser mode
        :rtype: billing.debit.claim
        """
        return (
            self.env["billing.debit.claim"]
            .sudo()
            .search([("move_id", "in", self.ids), ("state", "in", OPEN)])
        )

    def _billing_debits(self):
        """Override of `billing_base`: what the bank will draw, or is drawing.

        A debit whose day is over while its money may still come counts as drawn until
        the last day on which it may.
        """
        debits = super()._billing_debits()
        claims_sudo = self._billing_open_claims()
        today_by_company = {
            company: company._billing_today() for company in claims_sudo.company_id
        }
        for claim in claims_sudo:
            if claim.cancel_state in ("waiting", "sent", "done"):
                continue
            day = claim.date
            if day < today_by_company[claim.company_id]:
                day = claim.grace_until or day
            debits[claim.move_id.id] = Debit(
                day=day,
                amount=claim.amount,
                scheme=claim.agreement_id._scheme_name(),
            )
        return debits

    def _billing_holds(self):
        """Override of `billing_base`: nobody asks for what is being drawn."""
        holds = super()._billing_holds()
        if self.env.context.get(NO_DEBIT_HOLD):
            return holds
        claims_sudo = self._billing_open_claims()
        today_by_company = {
            company: company._billing_today() for company in claims_sudo.company_id
        }
        day_texts = {
            day: format_date(self.env, day) for day in set(claims_sudo.mapped("date"))
        }
        for claim in claims_sudo:
            until = max(claim.grace_until or claim.date, claim.date)
            today = today_by_company[claim.company_id]
            if until < today:
                continue
            holds[claim.move_id.id].append(
                core_hold.Hold(
                    code=DEBIT_HOLD,
                    label=self.env._(
                        "%(scheme)s under way: drawn on %(day)s",
                        scheme=claim.agreement_id._scheme_name(),
                        day=day_texts[claim.date],
                    ),
                    since=min(fields.Date.to_date(claim.create_date) or today, today),
                    until=until,
                    source_record=claim,
                    blocks=NOT_DUNNED,
                )
            )
        return holds

    # === BUSINESS METHODS - WHY NOT === #

    def _billing_debit_obstacles(self, automatic=False):
        """Return why the invoices are not drawn, all in a constant number of queries.

        :param bool automatic: also what keeps them only from being drawn unasked
        :return: by id of each of the invoices, empty where nothing is in the way
        :rtype: dict[int, list[core.obstacle.Obstacle]]
        """
        self.fetch(
            [
                "move_type", "state", "payment_state", "amount_residual",
                "currency_id", "payment_reference", "invoice_date", "company_id",
                "commercial_partner_id", "invoice_date_due", "name",
            ]
        )  # fmt: skip
        found = {move_id: [] for move_id in self.ids}
        mandates = self._billing_mandates()
        for move in self:
            texts = found[move.id]
            if move.move_type != "out_invoice" or move.state != "posted":
                texts.append(Obstacle("not_open", self.env._("It is not issued.")))
            elif move.amount_residual <= 0:
                texts.append(Obstacle("paid", self.env._("Nothing is owed.")))
        without = self.filtered(
            lambda move: not found[move.id] and move.id not in mandates
        )
        for move_id, obstacle in without._billing_mandate_obstacles().items():
            found[move_id].append(obstacle)
        rest = self.filtered(lambda move: not found[move.id])
        for move in rest:
            found[move.id] += move._billing_form_obstacles(mandates[move.id].sudo())
        holds, collections = rest._billing_holds(), rest._billing_collections()
        for move in rest:
            found[move.id] += [
                Obstacle("held", self.env._("On hold: %(why)s", why=hold.label))
                for hold in core_hold.blocking(holds[move.id], "reminder")
                if hold.code != DEBIT_HOLD
            ]
            if move.id in collections:
                found[move.id].append(
                    Obstacle("collection", self.env._("It is with an agency."))
                )
        for move_id, name in rest._billing_same_references(mandates).items():
            text = self.env._(
                "%(invoice)s has the same reference and is being drawn. This one "
                "follows.",
                invoice=name,
            )
            found[move_id].append(Obstacle("same_reference", text))
        for claim in rest._billing_last_claims().values():
            found[claim.move_id.id] += self._billing_claim_obstacles(claim, automatic)
        if automatic:
            for move in rest:
                found[move.id] += move._billing_age_obstacles(mandates[move.id].sudo())
        return found

    def _billing_mandate_obstacles(self):
        """Return why no mandate fits the invoices.

        :rtype: dict[int, core.obstacle.Obstacle]
        """
        if not self:
            return {}
        mandates_sudo = (
            self.env["billing.mandate"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("state", "in", LIVE),
                ],
                order="active_from, id",
            )
        )
        by_customer = mandates_sudo.grouped(
            lambda one: (one.partner_id, one.company_id)
        )
        none = Obstacle("no_mandate", self.env._("The customer has no mandate."))
        waiting = Obstacle(
            "not_active", self.env._("The customer's mandate is not active yet.")
        )
        found = {}
        for move in self:
            own = by_customer.get(
                (move.commercial_partner_id, move.company_id), mandates_sudo.browse()
            )
            active = own.filtered(lambda one: one.state == "active")[:1]
            problems = active and move._billing_form_obstacles(active)
            found[move.id] = problems[0] if problems else waiting if own else none
        return found

    def _billing_form_obstacles(self, mandate):
        """Return why the bank would not take a claim for the invoice.

        :param mandate: the customer's, in superuser mode
        """
        self.ensure_one()
        agreement = mandate.agreement_id
        if self.currency_id != agreement.currency_id:
            text = self.env._(
                "%(scheme)s draws %(currency)s only.",
                scheme=agreement._scheme_name(),
                currency=agreement.currency_id.name,
            )
            return [Obstacle("currency", text)]
        if agreement.scheme != "avtalegiro":
            return []
        kid = self.payment_reference or ""
        if not is_kid(kid):
            text = self.env._("It has no KID that the bank can use.")
            return [Obstacle("no_reference", text)]
        if not mandate.kid_part or not kid.startswith(mandate.kid_part):
            text = self.env._(
                "Its KID %(kid)s does not begin with %(part)s, by which the bank knows "
                "the mandate.",
                kid=kid,
                part=mandate.kid_part or "?",
            )
            return [Obstacle("reference", text)]
        return []

    def _billing_same_references(self, mandates):
        """Return which other invoice with the same reference is being drawn.

        Fees carry the reference of their invoice. The bank knows a debit by it, so
        there is one at a time.

        :param mandates: by id of the invoice
        :return: name of the other invoice by id
        :rtype: dict[int, str]
        """
        references = {
            move.id: move._billing_claim_reference(
                mandates[move.id].sudo().agreement_id
            )
            for move in self
        }
        claims_sudo = self.env["billing.debit.claim"].sudo()
        claims_sudo.flush_model(["reference", "state", "agreement_id", "move_id"])
        rows = self.env.execute_query(
            SQL(
                """SELECT claim.agreement_id, claim.reference, claim.move_id, move.name
                     FROM billing_debit_claim AS claim
                     JOIN account_move AS move ON move.id = claim.move_id
                    WHERE claim.company_id = ANY(%s) AND claim.reference = ANY(%s)
                      AND claim.state = ANY(%s)""",
                self.company_id.ids,
                list(set(references.values())),
                list(OPEN),
            )
        )
        drawn = {(row[0], row[1]): (row[2], row[3]) for row in rows}
        found = {}
        for move_id, reference in references.items():
            agreement_id = mandates[move_id].sudo().agreement_id.id
            other_id, name = drawn.get((agreement_id, reference), (move_id, ""))
            if other_id != move_id:
                found[move_id] = name
        return found

    def _billing_age_obstacles(self, mandate):
        """Return whether the invoice is from before the mandate."""
        self.ensure_one()
        since = mandate.active_from
        if (
            not since
            or mandate.include_open
            or mandate.include_move_id == self
            or not self.invoice_date
            or self.invoice_date >= since
        ):
            return []
        text = self.env._(
            "It was issued before the mandate began on %(day)s, so the customer was "
            "asked to pay it. It can be drawn by hand.",
            day=format_date(self.env, since),
        )
        return [Obstacle("before", text)]

    def _billing_claim_obstacles(self, claim, automatic):
        """Return what the last claim of an invoice keeps from happening."""
        if claim.state in OPEN:
            text = self.env._(
                "It is drawn on %(day)s already.", day=format_date(self.env, claim.date)
            )
            return [Obstacle("drawn", text)]
        if not automatic or claim.state == "paid":
            return []
        if claim.state == "cancelled" and claim.cancel_reason in MADE_ANEW:
            return []
        text = self.env._(
            "The last debit ended as «%(state)s». It is drawn again by hand, or by the "
            "plan for failed debits.",
            state=dict(claim._fields["state"]._description_selection(self.env))[
                claim.state
            ],
        )
        return [Obstacle("tried", text)]

    def _billing_last_claims(self):
        """Return the latest claim of each of the invoices that has any.

        :return: in superuser mode, by id of the invoice
        :rtype: dict[int, billing.debit.claim]
        """
        claims_sudo = self.env["billing.debit.claim"].sudo()
        claims_sudo.flush_model(["move_id"])
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (move_id) move_id, id FROM billing_debit_claim
                    WHERE move_id = ANY(%s) ORDER BY move_id, id DESC""",
                list(self.ids),
            )
        )
        # Read together.
        by_id = {
            claim.id: claim for claim in claims_sudo.browse(row[1] for row in rows)
        }
        return {move_id: by_id[claim_id] for move_id, claim_id in rows}

    def _billing_debit_words(self):
        """Return what staff read about debits of open invoices.

        :return: texts by id, without those of customers without direct debit
        :rtype: dict[int, list]
        """
        found = defaultdict(list)
        obstacles = self._billing_debit_obstacles(automatic=True)
        claims = self._billing_last_claims()
        for move in self:
            claim = claims.get(move.id)
            if claim and claim.state in OPEN:
                found[move.id].append(Markup("%s") % claim._words())
                continue
            codes = {obstacle.code for obstacle in obstacles[move.id]}
            if "no_mandate" in codes and not claim:
                continue
            found[move.id] += [
                Markup("%s") % self.env._("Not drawn: %(why)s", why=obstacle.text)
                for obstacle in obstacles[move.id]
            ] or [Markup("%s") % self.env._("It is drawn with the next run.")]
        return found
