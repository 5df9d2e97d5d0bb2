from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from odoo.addons.billing_dynamic_distribution.core import state
from odoo.addons.billing_dynamic_distribution.core.channel import Outcome

from ..core import failure, retry
from .billing_debit_claim import OUT

#: Claims that are declared failed between two commits.
BATCH_SIZE = 1000
#: Days after which somebody is told that no bank file came that could tell.
SILENT_DAYS = 5


class BillingDebitClaim(models.Model):
    """Debits that fail: noticed, reported to the plans, and decided on.

    What happens then is a matter of the plan «Direct debit failed»: its step «Direct
    debit» asks :meth:`_decide_retry`, see ``billing.channel.debit``.
    """

    _inherit = "billing.debit.claim"

    message_id = fields.Many2one(
        "billing.distribution.attempt",
        string="Step of the Plan",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="That drew it again.",
    )
    followup = fields.Selection(
        [
            ("retry", "Debited again"),
            ("otherwise", "Customer asked to pay"),
        ],
        string="What Was Done",
        readonly=True,
        copy=False,
    )
    followup_why = fields.Char(readonly=True, copy=False)
    followup_day = fields.Date(string="Debited Again On", readonly=True, copy=False)
    is_silent = fields.Boolean(
        string="No Answer",
        compute="_compute_is_silent",
        help="The money could have come by now, and the bank has said nothing.",
    )
    is_to_pay = fields.Boolean(
        compute="_compute_is_to_pay",
        help="It failed, nothing was drawn since, and the invoice is still to be paid.",
    )
    reason_text = fields.Char(string="Why It Failed", compute="_compute_reason_text")
    followup_text = fields.Char(string="Then", compute="_compute_followup_text")

    # === COMPUTE METHODS === #

    @api.depends("reason_code", "state")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        words = self._failure_words()
        for claim in self:
            claim.reason_text = (
                words.get(claim.reason_code, claim.result_code or "")
                if claim.state in ("failed", "rejected", "bank_retry")
                else ""
            )

    @api.depends("state", "move_id.amount_residual")
    def _compute_is_to_pay(self):
        failed = self.move_id._billing_failed_claims()
        for claim in self:
            claim.is_to_pay = claim in failed.with_env(self.env)

    @api.depends("state", "grace_until")
    def _compute_is_silent(self):
        for claim in self:
            claim.is_silent = claim.state in OUT and bool(
                claim.grace_until
                and claim.grace_until < claim.company_id._billing_today()
            )

    @api.depends("followup", "followup_why", "followup_day")
    @api.depends_context("lang")
    def _compute_followup_text(self):
        words = self._followup_words()
        for claim in self:
            text = words.get((claim.followup, claim.followup_why), "")
            day = claim.followup_day
            claim.followup_text = text and text % {
                "day": format_date(self.env, day) if day else ""
            }

    # === WORDS === #

    @api.model
    def _failure_words(self):
        """Return why debits fail, in words for staff, by code of ``core.failure``.

        :rtype: dict[str, str]
        """
        return {
            failure.FUNDS: self.env._("Not enough money on the account"),
            failure.LIMIT: self.env._("Above the customer's limit"),
            failure.STOPPED: self.env._("Stopped by the customer"),
            failure.NO_MANDATE: self.env._("The bank knows no mandate"),
            failure.NO_ACCOUNT: self.env._("The account is closed or cannot be used"),
            failure.BANK_WILL_RETRY: self.env._("The bank tries again"),
            failure.NOT_PAID: self.env._("No money came, and no bank says why"),
            failure.OURS: self.env._("A mistake of ours in the claim"),
            failure.BANK: self.env._("A mistake of the bank or the scheme"),
        }

    @api.model
    def _followup_words(self):
        """Return what was done about a failure, in words for staff.

        :return: by ``followup`` and ``followup_why``
        :rtype: dict[tuple[str, str], str]
        """
        _ = self.env._
        again = {
            retry.FIRST_DAY: _("Debited again on %(day)s, the first day possible"),
            retry.ON_PAY_DAY: _(
                "Debited again on %(day)s, when the customer usually has money"
            ),
            retry.NEXT_MONTH: _(
                "Debited again on %(day)s: a new month, a new limit at the bank"
            ),
            retry.REPAIRED: _(
                "Debited again on %(day)s: it was not the customer's fault"
            ),
            "staff": _("Debited again on %(day)s by staff"),
        }
        otherwise = {
            retry.TRIES: _("Not debited again: it was tried often enough"),
            retry.LATE: _("Not debited again: there was no day in time for it"),
            retry.NOTICE: _("Not debited again: the customer could not be told of it"),
            retry.PAUSED: _("Not debited again: the mandate is paused"),
            failure.LIMIT: _("Not debited again: it is above the customer's limit"),
            failure.STOPPED: _("Not debited again: the customer stopped it"),
            failure.NO_MANDATE: _("Not debited again: there is no mandate any more"),
            failure.NO_ACCOUNT: _("Not debited again: the account cannot be used"),
            "staff": _("Staff asked the customer to pay another way"),
            "obstacle": _("Not debited again: the invoice could not be debited then"),
        }
        return {
            **{("retry", why): text for why, text in again.items()},
            **{("otherwise", why): text for why, text in otherwise.items()},
        }

    # === JOB === #

    @api.model
    def _cron_no_credit(self):
        """Declare claims failed whose money did not come, and tell what is missing.

        No record tells a payee in Norway that a debit failed: it has when there was no
        credit until the last day on which it could come.
        """
        agreements_sudo = self.env["billing.debit.agreement"].sudo().search([])
        agreements_sudo.company_id._billing_each(
            self.env._("Direct debit: notice what did not come"),
            lambda company: self.with_company(company)._fail_silent(company),
        )

    @api.model
    def _fail_silent(self, company):
        """Declare the claims of a company failed whose money did not come.

        Only what the bank had the chance to tell: the bank's files, or statements, have
        been read up to the last day on which the money could come. A bank connection
        that is down makes no customer a debtor.

        :return: None
        """
        today = company._billing_today()
        claims_sudo = self.sudo()
        overdue = [
            ("company_id", "=", company.id),
            ("state", "in", OUT),
            ("grace_until", "<", today),
        ]
        heard = self._heard_until(company)
        domains = [
            [("agreement_id", "=", agreement_id), ("grace_until", "<=", day)]
            for agreement_id, day in heard.items()
            if day
        ]
        for domain in domains:
            # What is settled leaves the domain; what could not be moved ends the loop.
            done = {}
            while found := claims_sudo.search(
                [*overdue, *domain, ("id", "not in", list(done))],
                limit=BATCH_SIZE,
                order="id",
            ):
                done |= self._settle(
                    [
                        {
                            "claim_id": claim.id,
                            "result": "failed",
                            "code": "no_credit",
                            "reason": failure.NOT_PAID,
                            "date": today,
                            "key": f"no_credit:{claim.id}",
                        }
                        for claim in found
                    ]
                )
                self.env["ir.cron"]._commit_progress(len(found))
        self._warn_planned(company)
        self._alert_silent(company, today)

    @api.model
    def _alert_silent(self, company, today):
        """Tell managers of claims that the bank owes an answer about.

        In Norway no file reached so far; in Sweden an answer was lost, since there each
        order gets one. Whether the money came is then for a person to find out.
        """
        waiting = self.sudo().search_count(
            [
                ("company_id", "=", company.id),
                ("state", "in", OUT),
                ("grace_until", "<", today - timedelta(days=SILENT_DAYS)),
            ]
        )
        if waiting:
            company._billing_alert(
                self.env._("Direct debit: notice what did not come"),
                self.env._(
                    "%(count)s claims wait for an answer of the bank that should be "
                    "here. Whether they were paid cannot be told: see Claims, «No "
                    "Answer».",
                    count=waiting,
                ),
            )

    @api.model
    def _heard_until(self, company):
        """Return up to which day the bank has told what came in.

        :return: by id of the agreement a date, None when it never told anything
        :rtype: dict[int, datetime.date | None]
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT agreement.id, GREATEST(
                          (SELECT MAX(payment.booking_date)
                             FROM billing_payment AS payment
                            WHERE payment.company_id = agreement.company_id
                              AND payment.journal_id = agreement.journal_id),
                          (SELECT MAX(move.date)
                             FROM account_bank_statement_line AS line
                             JOIN account_move AS move ON move.id = line.move_id
                            WHERE line.journal_id = agreement.journal_id))
                     FROM billing_debit_agreement AS agreement
                    WHERE agreement.company_id = %s
                      AND agreement.scheme = 'avtalegiro'""",
                company.id,
            )
        )
        return dict(rows)

    # === HOOKS === #

    def _on_failed(self):
        """Override: the plans for failed debits go on, or begin."""
        result = super()._on_failed()
        claims_sudo = self.sudo()
        claims_sudo.mandate_id._learn_from_claims()
        going_on = claims_sudo._tell_plans()
        # The number of the attempt tells one failure of an invoice from the next.
        for attempt, claims in (claims_sudo - going_on).grouped("attempt").items():
            claims.move_id._billing_distribute("debit_failed", key=str(attempt))
        return result

    def _on_paid(self):
        """Override: who paid is debited as ever."""
        result = super()._on_paid()
        claims_sudo = self.sudo()
        claims_sudo.mandate_id._learn_from_claims()
        paused_sudo = claims_sudo.mandate_id.filtered("paused_on")
        paused_sudo.filtered(lambda mandate: not mandate.failures_in_row)._resume()
        if attempts_sudo := claims_sudo.message_id:
            attempts_sudo._apply_outcomes(
                [(attempt, Outcome(state.DELIVERED)) for attempt in attempts_sudo]
            )
        return result

    def _tell_plans(self):
        """Let the plans go on whose step the debit was.

        :return: claims whose invoice is in such a plan
        :rtype: billing.debit.claim
        """
        words = self._failure_words()
        retried = self.filtered("message_id")
        if not retried:
            return retried
        retried.message_id._apply_outcomes(
            [
                (
                    claim.message_id,
                    Outcome(
                        state.FAILED_HARD,
                        code=claim.reason_code or failure.BANK,
                        reason=words.get(claim.reason_code, claim.result_code or ""),
                    ),
                )
                for claim in retried
            ]
        )
        runs = retried.message_id.item_ids.run_id.filtered(
            lambda run: run.state in ("waiting", "sending", "stuck")
        )
        # What comes next asks for the money, unless the plan draws once more: then the
        # step decides.
        asking = runs.filtered(
            lambda run: run.state != "stuck" and run.channel != "debit"
        )
        by_why = defaultdict(self.browse)
        for claim in retried:
            if claim.message_id.item_ids.run_id & asking:
                reason = failure.REASONS.get(claim.reason_code)
                is_final = reason is not None and reason.again == failure.NEVER
                by_why[reason.code if is_final else retry.TRIES] |= claim
        for why, claims in by_why.items():
            claims._note_followup("otherwise", why)
        return retried.filtered(lambda claim: claim.message_id.item_ids.run_id & runs)
