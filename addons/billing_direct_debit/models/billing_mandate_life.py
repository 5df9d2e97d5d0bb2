"""How a mandate comes to be, and what happens to it until it is over."""

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import mute_logger

from ..core import payer
from ..core.mandate import LIVE, STATES, Fact, Known, decide

#: Who speaks for the bank.
BANK_SOURCES = {"avtalegiro", "advice", "e_mandate", "cancellation", "register"}
#: Fields that facts may tell.
TOLD = (
    "kid",
    "written_notice",
    "payer_number",
    "bank_account",
    "payer_identity",
    "payer_bankgiro",
    "signer",
)


class BillingMandate(models.Model):
    _inherit = "billing.mandate"

    # === BUSINESS METHODS - TO BEGIN WITH === #

    @api.model
    def _sign(self, agreement, partner, replaces=None, **values):
        """Return the customer's mandate under an agreement, a new one if need be.

        Asked twice for the same, it returns the same: there is one mandate a customer
        that is not over. The Autogiro bank is told with the next file.

        :param agreement: billing.debit.agreement
        :param partner: the customer; the commercial partner counts
        :param replaces: a mandate that stays until the new one is active, or None
        :param values: ``origin``, ``bank_account`` (16 digits), ``payer_identity`` (12
            digits), ``payer_bankgiro``, ``kid``, ``signer``, ``signed_at``,
            ``evidence``, ``limit_amount``
        :return: the mandate, and whether it is new
        :rtype: tuple[billing.mandate, bool]
        :raises UserError: the customer's number has no room in the bank's files, or
            the bankgiro has a mandate already
        :raises ConcurrencyError: the same is being done at this moment; try again
        """
        partner = partner.commercial_partner_id
        mandates_sudo = self.sudo()
        replaced = replaces or self.browse()
        if found := mandates_sudo._live_of(agreement, partner) - replaced:
            return found[0].with_env(self.env), False
        vals = {
            "signed_at": fields.Datetime.now(),
            **values,
            "agreement_id": agreement.id,
            "company_id": agreement.company_id.id,
            "partner_id": partner.id,
            **mandates_sudo._new_number(agreement, partner, values),
        }
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                mandate_sudo = mandates_sudo.create(vals)
        except UniqueViolation as error:
            # Another click was faster, or the number is somebody else's by mistake.
            raise ConcurrencyError(
                self.env._("This customer's mandate is being made at this moment.")
            ) from error
        mandate_sudo._log("signed", actor=self._actor_of(mandate_sudo.origin))
        if agreement.scheme == "autogiro":
            mandate_sudo._ask_bank()
        return mandate_sudo.with_env(self.env), True

    @api.model
    def _live_of(self, agreement, partner):
        """Return the customer's mandates under an agreement that are not over."""
        return self.search(
            [
                ("agreement_id", "=", agreement.id),
                ("partner_id", "=", partner.commercial_partner_id.id),
                ("state", "in", LIVE),
            ]
        )

    @api.model
    def _new_number(self, agreement, partner, values):
        """Return by what the bank will know a new mandate, as field values."""
        if agreement.scheme == "avtalegiro":
            return {"kid_part": agreement._kid_part_for(partner)}
        if bankgiro := values.get("payer_bankgiro"):
            if self._find_taken(agreement, bankgiro):
                # Customers read it, too: it does not say whose.
                raise UserError(self.env._("This payer number has a mandate already."))
            return {"payer_number": bankgiro}
        customer = partner._billing_get_customer_number()
        known = self.search(
            [
                ("agreement_id", "=", agreement.id),
                ("payer_number", "=like", f"%{customer.lstrip('0')}"),
                "|",
                ("state", "in", LIVE),
                ("at_bank", "=", True),
            ]
        )
        try:
            number = payer.payer_number(customer, set(known.mapped("payer_number")))
        except ValueError as error:
            raise UserError(
                self.env._(
                    "%(customer)s cannot have another mandate: the customer number "
                    "%(number)s has no room for it in the bank's files.",
                    customer=partner.display_name,
                    number=customer,
                )
            ) from error
        return {"payer_number": number}

    @api.model
    def _find_taken(self, agreement, number):
        """Return the mandate that has a payer number, here or still at the bank.

        :return: in superuser mode; may be none
        :rtype: billing.mandate
        """
        return self.sudo().search(
            [
                ("agreement_id", "=", agreement.id),
                ("payer_number", "=", number),
                "|",
                ("state", "in", LIVE),
                ("at_bank", "=", True),
            ],
            limit=1,
        )

    # === BUSINESS METHODS - LIFE === #

    def _hand_over(self):
        """Note that the mandates are at the bank, which has not answered yet."""
        self._tell(Fact("payer", "sent"), actor="customer")

    def _end(self, by, code=None, day=None, actor=None):
        """End the mandates. Those that are over already stay as they are.

        A bank that has them is told with the next file (Autogiro; AvtaleGiro has no
        such message: the customer's bank keeps it, and nothing is drawn any more).

        :param str by: ``payer``, ``bank`` or ``payee``
        :param str code: why, as the bank or the page says it
        :param day: on which; today when left out
        :param str actor: who did it, for the history
        """
        source = {"payer": "payer", "payee": "payee", "bank": "register"}[by]
        values = {"ended_by": by} | ({"end_code": code} if code else {})
        actor = actor or {"payer": "customer", "payee": "staff", "bank": "bank"}[by]
        self._tell(Fact(source, "ended", values, day), actor=actor)

    def _renumber(self, number):
        """Have the bank know the mandate by another payer number.

        :param str number: digits
        :raises UserError: it is somebody's already, or the bank has no such mandate
        """
        self.ensure_one()
        number = number.strip().lstrip("0")
        if not (number.isascii() and number.isdigit() and len(number) <= 16):
            raise UserError(self.env._("A payer number has up to 16 digits."))
        if self.scheme != "autogiro" or self.state != "active":
            raise UserError(
                self.env._("Only an active Autogiro mandate can get another number.")
            )
        if taken := self._find_taken(self.agreement_id, number):
            raise UserError(
                self.env._(
                    "%(number)s is the payer number of %(customer)s already.",
                    number=number,
                    customer=taken.partner_id.display_name,
                )
            )
        requests = self.env["billing.mandate.request"]
        requests._ask(self.sudo(), "renumber", number=number)

    # === HOOKS === #

    def _on_active(self):
        """Act on mandates that have just become active; extended."""

    def _on_changed(self):
        """Act on mandates of which the bank told something else; extended."""

    def _on_ended(self):
        """Act on mandates that are over, ended or rejected: have the bank told.

        Extended by who has plans with them.
        """
        self.env["billing.mandate.request"]._settle_at_end(self)

    # === HELPERS === #

    def _known(self):
        """Return the mandate as far as the rules of its life need it."""
        return Known(
            self.state,
            {name: self[name] or None for name in TOLD if name != "written_notice"}
            | {"written_notice": self.written_notice},
            self.at_bank,
            self.told_on or None,
        )

    def _tell(self, fact, actor="bank"):
        """Do what a fact changes of each of the mandates.

        :return: decision by mandate id
        :rtype: dict[int, core.mandate.Decision]
        """
        mandates_sudo = self.sudo()
        decisions = {
            mandate.id: decide(mandate._known(), fact) for mandate in mandates_sudo
        }
        mandates_sudo._execute(
            [(mandate, fact, decisions[mandate.id]) for mandate in mandates_sudo], actor
        )
        return decisions

    @api.model
    def _execute(self, told, actor="bank"):
        """Write what was decided, with its history.

        :param told: mandate, fact and decision; those that change nothing do not matter
        :return: None
        """
        # Ids, and records once at the end: a file may tell of thousands.
        by_vals, became = {}, {}
        for mandate, fact, decision in told:
            if decision.verb != "apply":
                continue
            if decision.state != mandate.state:
                became.setdefault(decision.state, []).append(mandate.id)
            elif decision.values and STATES[mandate.state]:
                became.setdefault("changed", []).append(mandate.id)
            vals = self._vals_of(mandate, fact, decision)
            by_vals.setdefault(tuple(sorted(vals.items())), []).append(mandate.id)
        for vals, ids in by_vals.items():
            self.browse(ids).write(dict(vals))
        became = {
            state: self.browse(dict.fromkeys(ids)) for state, ids in became.items()
        }
        for state, mandates in became.items():
            mandates._log(state, actor)
        for state, hook in (
            ("active", "_on_active"),
            ("changed", "_on_changed"),
            ("ended", "_on_ended"),
            ("rejected", "_on_ended"),
        ):
            if mandates := became.get(state):
                getattr(mandates, hook)()

    @api.model
    def _vals_of(self, mandate, fact, decision):
        """Return field values for a decision."""
        company = mandate.company_id
        day = fact.day or company._billing_today()
        vals = dict(decision.values)
        if fact.source in BANK_SOURCES:
            vals["told_on"] = max(day, mandate.told_on or day)
            vals["at_bank"] = decision.state == "active"
        if decision.state == mandate.state:
            return vals
        vals["state"] = decision.state
        if decision.state == "active":
            vals["active_from"] = day
        elif decision.state in ("ended", "rejected"):
            vals["ended_on"] = day
        return vals

    def _log(self, happened, actor):
        """Write what happened into the history of the customers.

        :param str happened: last part of the kind of event
        """
        schemes = dict(self._fields["scheme"]._description_selection(self.env))
        self.env["billing.event"].sudo()._log(
            [
                {
                    "kind": f"mandate.{happened}",
                    "partner_id": mandate.partner_id.id,
                    "company_id": mandate.company_id.id,
                    "actor": actor,
                    "payload": {
                        "scheme": schemes.get(mandate.scheme),
                        "number": mandate.number or "",
                        "code": mandate.end_code or "",
                        "by": mandate.ended_by or "",
                        "mandate": mandate.id,
                    },
                }
                for mandate in self
            ]
        )

    @api.model
    def _actor_of(self, origin):
        return {"page": "customer", "paper": "staff", "import": "staff"}.get(
            origin, "bank"
        )
