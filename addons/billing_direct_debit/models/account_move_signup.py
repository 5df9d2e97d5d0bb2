import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.billing_base.core.bank_days import BankCalendar
from odoo.addons.billing_base.core.card import Card

from ..core import payer, schedule
from ..core.claim_life import OPEN, OUT
from ..core.mandate import LIVE
from .billing_debit_signup import AWAITED

#: Code of the card, and place on the page that messages lead to.
SIGNUP = "direct_debit"
#: Days for which the page tells that direct debit has ended, or was refused.
_TOLD = timedelta(days=60)
#: Invoices that are looked at for the highest amount.
_LOOK_BACK = 24


@dataclass(frozen=True, slots=True)
class Stage:
    """How direct debit stands for the customer of one invoice.

    :param code: ``offer``, ``waiting``, ``active``, ``refused`` or ``ended``
    :param agreement: ``billing.debit.agreement`` it is about, in superuser mode
    :param mandate: the customer's ``billing.mandate``, the live one first; may be none
    :param signup: the attempt that is waited for; may be none
    """

    code: str
    agreement: models.Model
    mandate: models.Model
    signup: models.Model = field(default=None)


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What the first debit under an agreement depends on, for whoever signs up today.

    :param ready: day on which a mandate of today usually works
    :param calendar: the company's bank days
    :param rules: deadlines that hold then; None when nobody has told
    """

    ready: date
    calendar: BankCalendar
    rules: schedule.Rules | None

    @classmethod
    def of(cls, agreement):
        company = agreement.company_id
        calendar = company._bank_calendar()
        ready = calendar.add_bank_days(company._billing_today(), agreement.answer_days)
        try:
            rules = agreement._rules(ready)
        except UserError:
            rules = None
        return cls(ready, calendar, rules)


class AccountMove(models.Model):
    """Direct debit on the customer's page: the card, and what can be done about it."""

    _inherit = "account.move"

    # === BUSINESS METHODS - CUSTOMER CARDS === #

    def _billing_customer_cards(self):
        """Extend `billing_base`: direct debit, offered or as it stands."""
        cards = super()._billing_customer_cards()
        stages = self._billing_debit_stages()
        debits = self.browse(stages)._billing_debits()
        outlooks = {
            agreement: _Outlook.of(agreement)
            for agreement in {stage.agreement for stage in stages.values()}
        }
        for move_id, stage in stages.items():
            values = self.browse(move_id)._billing_debit_card(
                stage, debits.get(move_id), outlooks[stage.agreement]
            )
            cards[move_id].append(
                Card(
                    "billing_direct_debit.signup_card",
                    {"stage": stage, **values},
                    sequence=10,
                    code=SIGNUP,
                )
            )
        return cards

    def _billing_debit_stages(self):
        """Return how direct debit stands, for invoices on whose page it has a place.

        :return: by id of the invoice
        :rtype: dict[int, Stage]
        """
        agreements = self._billing_debit_agreements()
        moves = self.browse(agreements)
        if not moves:
            return {}
        mandates = moves._billing_debit_latest_mandates(agreements)
        signups = moves._billing_debit_signups(agreements)
        stages = {}
        for move in moves:
            agreement = agreements[move.id]
            customer = move.commercial_partner_id.id
            mandate = mandates.get((agreement.id, customer), mandates[None])
            signup = signups.get((agreement.id, customer))
            if signup and mandate and signup.create_date < mandate.create_date:
                signup = None
            code = move._billing_debit_stage_code(mandate, signup)
            if code in ("offer", "refused", "ended") and not agreement._has_signup():
                continue
            stages[move.id] = Stage(code, agreement, mandate, signup)
        return stages

    def _billing_debit_stage_code(self, mandate, signup):
        if mandate.state == "active":
            return "active"
        if mandate.state in LIVE or signup:
            return "waiting"
        over = mandate.ended_on or (mandate and mandate.write_date.date())
        if over and over >= self.company_id._billing_today() - _TOLD:
            return "refused" if mandate.state == "rejected" else "ended"
        return "offer"

    def _billing_debit_agreements(self):
        """Return the agreement by which each of the invoices could be drawn.

        :return: in superuser mode, by id of the invoice; others have none
        :rtype: dict[int, billing.debit.agreement]
        """
        moves = self.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        )
        agreements_sudo = (
            self.env["billing.debit.agreement"]
            .sudo()
            .search([("company_id", "in", moves.company_id.ids)])
        )
        found = {}
        for move in moves:
            for agreement_sudo in agreements_sudo:
                if (
                    agreement_sudo.company_id == move.company_id
                    and agreement_sudo.currency_id == move.currency_id
                    and _fits(agreement_sudo, move.payment_reference or "")
                ):
                    found[move.id] = agreement_sudo
                    break
        return found

    def _billing_debit_latest_mandates(self, agreements):
        """Return the customers' mandates, a live one before others, else the latest.

        :return: in superuser mode, by ids of agreement and customer; none by None
        :rtype: dict[tuple[int, int] | None, billing.mandate]
        """
        mandates_sudo = self.env["billing.mandate"].sudo()
        found = {None: mandates_sudo}
        for mandate_sudo in mandates_sudo.search(
            [
                ("agreement_id", "in", [one.id for one in agreements.values()]),
                ("partner_id", "in", self.commercial_partner_id.ids),
            ],
            order="id desc",
        ):
            key = mandate_sudo.agreement_id.id, mandate_sudo.partner_id.id
            known = found.get(key)
            if known is None or _rank(mandate_sudo) > _rank(known):
                found[key] = mandate_sudo
        return found

    def _billing_debit_signups(self, agreements):
        """Return the attempts that a bank's record may still come for.

        :return: the latest, one of who was known before others, in superuser mode, by
            ids of agreement and customer
        :rtype: dict[tuple[int, int], billing.debit.signup]
        """
        found = {}
        for signup_sudo in (
            self.env["billing.debit.signup"]
            .sudo()
            .search(
                [
                    ("agreement_id", "in", [one.id for one in agreements.values()]),
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("kid", "!=", False),
                    ("kind", "=", "new"),
                    ("state", "in", ("started", "returned")),
                    ("create_date", ">=", fields.Datetime.now() - AWAITED),
                ],
                order="is_known desc, id desc",
            )
        ):
            key = signup_sudo.agreement_id.id, signup_sudo.partner_id.id
            found.setdefault(key, signup_sudo)
        return found

    def _billing_debit_mandate(self, agreement):
        """Return the customer's mandate in an agreement: the live one, else the latest.

        :return: in superuser mode; may be none
        :rtype: billing.mandate
        """
        self.ensure_one()
        mandates = self._billing_debit_latest_mandates({self.id: agreement})
        key = agreement.id, self.commercial_partner_id.id
        return mandates.get(key, mandates[None])

    # === BUSINESS METHODS - WHAT THE CARD AND THE PAGE SAY === #

    def _billing_debit_card(self, stage, debit, outlook):
        """Return what the card is drawn from, the same for the same facts.

        :param Stage stage: of :meth:`_billing_debit_stages`
        :param core.claim.Debit debit: of this invoice, or None
        :param _Outlook outlook: of the agreement
        :rtype: dict
        """
        self.ensure_one()
        is_offer = stage.code in ("offer", "refused", "ended")
        return {
            "scheme": stage.agreement._scheme_name(),
            "is_norwegian": stage.agreement.scheme == "avtalegiro",
            "is_offer": is_offer,
            "refused": stage.code == "refused" and stage.mandate._customer_words(),
            "ended_on": stage.mandate.ended_on,
            "first": is_offer and self._billing_debit_first(outlook),
            "next": debit,
            "is_open": not self.currency_id.is_zero(self.amount_residual),
            "answer_days": stage.agreement.answer_days,
        }

    def _billing_debit_first(self, outlook):
        """Return when this invoice can be drawn for the first time, by all we know.

        It takes the bank some days until a mandate works; after that the scheme's own
        deadlines hold, and the due date is not drawn ahead of.

        :param _Outlook outlook: of the agreement
        :return: None when there is nothing to draw, or nobody can tell
        :rtype: date | None
        """
        self.ensure_one()
        if outlook.rules is None or self.currency_id.is_zero(self.amount_residual):
            return None
        return schedule.earliest_debit(
            outlook.rules,
            outlook.calendar,
            datetime.combine(outlook.ready, time()),
            told_on=outlook.ready,
            not_before=self.invoice_date_due or outlook.ready,
        )

    def _billing_debit_page(self, stage):
        """Return what the page about direct debit is drawn from, for the customer.

        :param Stage stage: of :meth:`_billing_debit_stages`
        :rtype: dict
        """
        self.ensure_one()
        agreement = stage.agreement
        provider = (
            agreement._identification() if agreement.scheme == "autogiro" else None
        )
        waiting = self._billing_debit_open_invoices()
        claims = self._billing_debit_claims(stage.mandate)
        clock = agreement._clock() if claims else None
        by_bankgiro = (
            agreement.has_bankgiro_signup and self.commercial_partner_id.is_company
        )
        outlook = _Outlook.of(agreement)
        return {
            **self._billing_debit_card(
                stage, self._billing_debits().get(self.id), outlook
            ),
            "stage": stage,
            "move": self,
            "company": self.company_id,
            "payee": agreement._payee_shown(),
            "first": self._billing_debit_first(outlook),
            "open_count": len(waiting),
            "open_amount": self.currency_id.format(
                sum(waiting.mapped("amount_residual"))
            ),
            "provider": provider is not None and provider._label(),
            "consent": agreement._signup_consent().splitlines(),
            "by_bankgiro": by_bankgiro,
            "by_bank": agreement.scheme == "autogiro" and agreement.has_bank_signup,
            "bankgiro": agreement.bankgiro_number,
            "payer_number": self.partner_id._billing_get_customer_number(),
            "account": payer.masked(stage.mandate.bank_account or ""),
            "since": stage.mandate.active_from,
            "next_debits": [self._billing_debit_row(claim) for claim in claims],
            "still_drawn": [
                self._billing_debit_row(claim)
                for claim in claims
                if claim.state in OUT and not clock.may_cancel(claim.date)
            ],
            "is_changing": bool(
                stage.mandate
                and self.env["billing.mandate"]
                .sudo()
                .search_count(
                    [
                        ("replaces_id", "=", stage.mandate.id),
                        ("state", "in", ("draft", "sent")),
                    ],
                    limit=1,
                )
            ),
        }

    def _billing_debit_row(self, claim):
        return {
            "day": claim.date,
            "amount": claim.currency_id.format(claim.amount),
            "invoice": claim.move_id.name,
        }

    def _billing_debit_claims(self, mandate):
        """Return what is on its way to be drawn by a mandate, first day first."""
        return (
            self.env["billing.debit.claim"]
            .sudo()
            .search(
                [("mandate_id", "=", mandate.id), ("state", "in", OPEN)],
                order="date, id",
            )
        )

    def _billing_debit_open_invoices(self):
        """Return what the customer has to pay in the company, first due first.

        :rtype: account.move
        """
        self.ensure_one()
        return self.search(
            Domain(
                [
                    ("partner_id", "child_of", self.commercial_partner_id.id),
                    ("commercial_partner_id", "=", self.commercial_partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("currency_id", "=", self.currency_id.id),
                    ("move_type", "=", "out_invoice"),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("not_paid", "partial")),
                    ("amount_residual", ">", 0),
                ]
            ),
            order="invoice_date_due, id",
        )

    def _billing_highest_amount(self):
        """Return the highest of the customer's latest invoices in the company.

        :rtype: decimal.Decimal
        """
        self.ensure_one()
        [[highest]] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(max(amount_total), 0)
                     FROM (SELECT amount_total FROM account_move
                            WHERE commercial_partner_id = %s AND company_id = %s
                              AND currency_id = %s
                              AND move_type = 'out_invoice' AND state = 'posted'
                         ORDER BY invoice_date DESC, id DESC LIMIT %s) AS latest""",
                self.commercial_partner_id.id,
                self.company_id.id,
                self.currency_id.id,
                _LOOK_BACK,
            )
        )
        return Decimal(str(highest))

    def _billing_debit_nonce(self):
        """Return a value by which one form is told from the same form sent twice."""
        return secrets.token_urlsafe(12)

    # === BUSINESS METHODS - STOPPING === #

    def _billing_debit_stop(self):
        """Stop direct debit for the customer, who asked for it on the page.

        What can still be called back is; the rest is drawn, and the page says so. Safe
        to call again.

        :return: None
        """
        self.ensure_one()
        agreement = self._billing_debit_agreements().get(self.id)
        stage = self._billing_debit_stages().get(self.id)
        if not agreement or not stage:
            return
        # What the bank may still tell of is not ours to undo; but nobody waits, and
        # nothing that was begun is signed any more.
        begun_sudo = (
            self.env["billing.debit.signup"]
            .sudo()
            .search(
                [
                    ("agreement_id", "=", agreement.id),
                    ("partner_id", "=", self.commercial_partner_id.id),
                    ("state", "in", ("started", "returned")),
                ]
            )
        )
        if begun_sudo:
            begun_sudo._fail("failed")
        mandates_sudo = (
            self.env["billing.mandate"]
            .sudo()
            .search(
                [
                    ("agreement_id", "=", agreement.id),
                    ("partner_id", "=", self.commercial_partner_id.id),
                    ("state", "in", LIVE),
                ]
            )
        )
        if not mandates_sudo:
            return
        mandates_sudo._end(by="payer")
        self.env["billing.event"].sudo()._log(
            [
                {
                    "kind": "signup.stopped",
                    "move_id": self.id,
                    "actor": "customer",
                    "payload": {
                        "scheme": agreement._scheme_name(),
                        "mandate_id": mandate_sudo.id,
                    },
                    "dedup_key": f"signup.stopped:{mandate_sudo.id}",
                }
                for mandate_sudo in mandates_sudo[:1]
            ]
        )


def _fits(agreement, reference):
    """Whether an invoice with this reference can be drawn by an agreement."""
    if agreement.scheme == "autogiro":
        return True
    length = agreement.kid_part_length
    return (
        reference.isascii()
        and reference.isdecimal()
        and 3 <= len(reference) <= 25
        and 0 < length < len(reference)
    )


def _rank(mandate):
    """Active ones before those that are to be, and both before the others."""
    return (mandate.state == "active") * 2 + (mandate.state in LIVE)
