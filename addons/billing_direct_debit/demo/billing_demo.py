from collections import defaultdict
from datetime import date, datetime, time, timedelta
from random import Random

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.billing_base.demo import billing_demo
from odoo.addons.billing_base.demo.billing_demo_books import TERM
from odoo.addons.billing_base.demo.data import MARKETS

from ..core.mandate import Fact
from . import bank
from .data import CLEARING, DEBITS, STRANGERS, UNTIL_MONEY

#: Bank days before the debit on which claims of the demo went to the bank.
SENT_BEFORE = 6
#: What became of debits that were drawn: with the first try, or later.
PAID = ("paid", "back")
FAILED = ("again", "asked", "paid_self")


class BillingDemo(models.AbstractModel):
    """Direct debit in the demo companies: made day by day, as the jobs would have."""

    _inherit = "billing.demo"

    @api.model
    def _load(self):
        """Extension of `billing_base`: direct debit of companies loaded before."""
        result = super()._load()
        for market in MARKETS:
            company = self.env.ref(
                f"{billing_demo.MODULE}.company_{market.key}", raise_if_not_found=False
            )
            if not company:
                continue
            books = (
                self.sudo()
                .with_company(company)
                .with_context(
                    lang=market.lang,
                    allowed_company_ids=company.ids,
                    install_mode=True,
                    mail_create_nolog=True,
                    mail_create_nosubscribe=True,
                    mail_notrack=True,
                    tracking_disable=True,
                )
            )
            books._load_debits(market, company.with_env(books.env))
        return result

    def _load_books(self, market, company, rng):
        """Extension of `billing_base`: who has direct debit, and what was drawn.

        With the other books, before plans that would tell of it go live.
        """
        result = super()._load_books(market, company, rng)
        self._load_debits(market, company)
        return result

    def _load_debits(self, market, company):
        """Load direct debit of one company, once."""
        told = DEBITS[market.key]
        agreements = self.env["billing.debit.agreement"]
        if agreements.search_count([("company_id", "=", company.id)], limit=1):
            return
        latest = {
            model: self.env[model].search([], order="id desc", limit=1).id or 0
            for model in (
                "mail.mail",
                "billing.distribution.attempt",
                "billing.distribution.run",
            )
        }
        journal = self.env.ref(
            f"{billing_demo.MODULE}.journal_{told.journal}_{market.key}"
        )
        agreement = agreements.create(
            {**told.agreement, "company_id": company.id, "journal_id": journal.id}
        )
        self._name_record(f"debit_agreement_{market.key}", agreement)
        self._load_mandates(market, agreement, told)
        self._load_drawn(market, agreement, told)
        self._load_ended(market, agreement, told)
        self.env["billing.debit.claim"]._fill_batches(agreement)
        self._load_strangers(agreement)
        self._load_campaign(agreement, told)
        # The demo tells nobody.
        for model, last in latest.items():
            self.env[model].search([("id", ">", last)]).unlink()
        self.env["billing.mandate"].search([("tell", "!=", False)]).tell = False

    # === MANDATES === #

    def _load_mandates(self, market, agreement, told):
        """Have customers sign up, and the bank say yes or no some days later."""
        today = agreement.company_id._billing_today()
        mandates = self.env["billing.mandate"]
        for signup in told.signups:
            signed = today - timedelta(days=signup.days)
            moment = datetime.combine(signed, time(7 + signup.customer % 13))
            answered = signed + timedelta(days=told.answer_delay)
            partner = self._debit_customer(market, signup.customer)
            with self._on_day(moment):
                mandate, _is_new = mandates._sign(
                    agreement,
                    partner,
                    origin=signup.origin,
                    signed_at=moment,
                    signer=partner.name,
                    **self._prepare_payer(agreement, signup, today),
                )
            if signup.fate == "draft":
                continue
            noon = datetime.combine(min(answered, today), time(10))
            with self._on_day(noon):
                mandate.request_ids._sent()
                if agreement.scheme == "avtalegiro":
                    mandate._hand_over()
                if signup.fate == "sent":
                    continue
                self._load_answer(mandate, signup, noon.date())

    def _load_answer(self, mandate, signup, day):
        """Let the bank answer about a mandate."""
        if mandate.scheme == "avtalegiro":
            values = {
                "kid": f"{mandate.kid_part}{'0' * 7}",
                "written_notice": not signup.customer % 4,
            }
            fact = Fact("avtalegiro", "registered", values, day)
        elif signup.fate == "rejected":
            fact = Fact("advice", "rejected", {"end_code": "comment:05"}, day)
        else:
            fact = Fact("advice", "registered", {}, day)
        mandate.request_ids._answer(
            "comment:05" if signup.fate == "rejected" else "comment:32",
            day,
            refused=signup.fate == "rejected",
        )
        mandate._tell(fact)

    def _prepare_payer(self, agreement, signup, today):
        """Return whose account a mandate is about, as Bankgirot wants to know it."""
        if agreement.scheme == "avtalegiro":
            return {}
        born = date(1890, 1, 1) + timedelta(days=signup.customer)
        digits = f"{born:%y%m%d}{980 + signup.customer:03d}"
        return {
            "bank_account": f"{CLEARING}{signup.customer:012d}",
            "payer_identity": f"{born:%Y%m%d}{digits[6:]}{_check_digit(digits)}",
        }

    def _load_ended(self, market, agreement, told):
        """Let some have stopped a week after their latest debit."""
        today = agreement.company_id._billing_today()
        for signup in told.signups:
            if signup.fate not in ("payer", "bank"):
                continue
            partner = self._debit_customer(market, signup.customer)
            day = today - timedelta(days=signup.days // 3)
            with self._on_day(datetime.combine(day, time(11))):
                self.env["billing.mandate"]._live_of(agreement, partner)._end(
                    by=signup.fate, day=day
                )
                self._live_requests(agreement, partner)._answer("comment:33", day)

    def _live_requests(self, agreement, partner):
        requests = self.env["billing.mandate.request"].search(
            [
                ("agreement_id", "=", agreement.id),
                ("mandate_id.partner_id", "=", partner.id),
                ("kind", "=", "end"),
            ]
        )
        requests._sent()
        return requests

    # === DEBITS === #

    def _load_drawn(self, market, agreement, told):
        """Have invoices issued and drawn, the oldest first."""
        company = agreement.company_id
        today = company._billing_today()
        calendar = company._bank_calendar()
        by_day = defaultdict(list)
        for debit in told.debits:
            due = calendar.next_bank_day(today - timedelta(days=debit.days))
            by_day[due].append(debit)
        products = self._load_products(market, company)
        for due, debits in sorted(by_day.items()):
            moves = self._load_debit_invoices(market, products, due, debits)
            self._load_claims(agreement, moves, due, today)

    def _load_debit_invoices(self, market, products, due, debits):
        """Issue the invoices of one due date.

        :return: debit by invoice
        :rtype: dict
        """
        issued = due - timedelta(days=TERM)
        vals_list = []
        for debit in debits:
            partner = self._debit_customer(market, debit.customer)
            vals = self._prepare_invoice(
                market, products, partner, "B", 0, {"offset": 0}, issued, Random(19)
            )
            vals_list.append({**vals, "invoice_date_due": due})
        moves = self.env["account.move"].create(vals_list)
        with self._on_day(datetime.combine(issued, time(7)), moves) as moves_then:
            moves_then.action_post()
        return dict(zip(moves, debits, strict=True))

    def _load_claims(self, agreement, debit_by_move, due, today):
        """Draw the invoices of one due date, as far as it has come to that."""
        moves = self.env["account.move"].union(*debit_by_move)
        issued = due - timedelta(days=TERM)
        told = min(issued, today)
        with self._on_day(datetime.combine(told, time(8)), agreement) as agreement_then:
            claims = moves.with_env(agreement_then.env)._billing_draw(day=due)
            claims._set_told(told, "message")
            claims.write({"fixed_at": datetime.combine(told, time(8))})
        claims = claims.with_env(self.env)
        by_fate = defaultdict(claims.browse)
        for claim in claims:
            by_fate[debit_by_move[claim.move_id].became] |= claim
        gone = claims - by_fate["planned"] - by_fate["batched"]
        if gone:
            self._load_file(agreement, gone, due)
        for fate in (*PAID, *FAILED):
            for claim in by_fate[fate]:
                self._load_outcome(claim, debit_by_move[claim.move_id], due, today)

    def _load_file(self, agreement, claims, due):
        """Have claims go to the bank in a file of their own. None is left anywhere."""
        calendar = agreement.company_id._bank_calendar()
        day = calendar.add_bank_days(due, -SENT_BEFORE)
        with self._on_day(datetime.combine(day, time(9)), agreement) as agreement_then:
            batch = agreement_then.env["billing.debit.batch"]._open_batch(
                agreement_then, "claims"
            )
            claims.with_env(batch.env).write({"state": "batched", "batch_id": batch.id})
            batch.invalidate_recordset(["claim_ids"])
            batch._compute_totals()
            batch._approve()
            batch._freeze()
            batch._delivered()
            noon = datetime.combine(day, time(9))
            batch.write({"approved_at": noon, "frozen_at": noon, "delivered_at": noon})

    def _load_outcome(self, claim, debit, due, today):
        """Let money come or not come, and what followed."""
        company = claim.company_id
        calendar = company._bank_calendar()
        if debit.became in PAID:
            self._settle_on(claim, due, "paid")
            self._load_money(claim, due)
            if debit.became == "back":
                self._load_taken_back(claim)
                self._settle_on(claim, due + timedelta(days=10), "refunded", "02")
            return
        known = due
        if not debit.code:
            # Nobody says that no money came: it shows some bank days later.
            known = min(calendar.add_bank_days(due, 6), today)
        result = "rejected" if debit.reason == "stopped" and debit.code else "failed"
        self._settle_on(claim, known, result, debit.code, debit.reason)
        again = calendar.next_bank_day(known + timedelta(days=UNTIL_MONEY))
        if debit.became == "again":
            claim.write(
                {
                    "followup": "retry",
                    "followup_why": "pay_day",
                    "followup_day": again,
                }
            )
            with self._on_day(datetime.combine(known, time(12)), claim) as claim_then:
                second = claim_then.move_id._billing_draw(
                    day=again, previous=claim_then, told_on=known, told_by="message"
                )
            second = second.with_env(self.env)
            if second:
                self._load_file(second.agreement_id, second, second.date)
                self._settle_on(second, second.date, "paid")
                self._load_money(second, second.date)
            return
        # Where the reason does not forbid it, it was tried often enough.
        why = "tries" if debit.reason == "not_paid" else debit.reason
        claim.write({"followup": "otherwise", "followup_why": why})
        if debit.became == "paid_self" and again < today:
            self._load_money(claim, again)

    def _load_taken_back(self, claim):
        """Have the money of a claim leave the invoice again."""
        claim.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).remove_move_reconcile()

    def _settle_on(self, claim, day, result, code="", reason=""):
        """Have the bank's answer about a claim come on a day."""
        with self._on_day(datetime.combine(day, time(17)), claim) as claim_then:
            claim_then._settle(
                [
                    {
                        "claim_id": claim.id,
                        "result": result,
                        "code": code,
                        "reason": reason,
                        "date": day,
                        "key": f"demo:{claim.id}:{result}",
                    }
                ]
            )
        claim.invalidate_recordset()

    def _load_money(self, claim, day):
        """Book what came in for a claim, from the bank or from the customer."""
        items = claim.move_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )
        payments = {
            day: [
                (item, item.amount_residual) for item in items if item.amount_residual
            ]
        }
        if payments[day]:
            self._book_payments(claim.agreement_id.journal_id, payments)

    # === WHAT STAFF FIND === #

    def _load_strangers(self, agreement):
        """Let the bank tell of mandates that nobody knows, for the work list."""
        day = agreement.company_id._billing_today() - timedelta(days=1)
        if agreement.scheme == "avtalegiro":
            name = f"OCR-{day:%Y%m%d}.txt"
            data = bank.mandate_list(agreement.account_number, STRANGERS, day)
        else:
            name = f"AG-MEDAVI-{day:%Y%m%d}.txt"
            data = bank.mandate_advice(
                agreement.customer_number,
                agreement.bankgiro_number,
                [(number, "04", "32") for number in STRANGERS],
                day,
            )
        self.env["billing.bank.file"]._import(data, name, agreement.journal_id)

    def _load_campaign(self, agreement, told):
        """Look for customers who would gain; nobody is told."""
        campaign = self.env["billing.debit.campaign"].create(
            {
                "name": told.campaign,
                "company_id": agreement.company_id.id,
                "agreement_id": agreement.id,
                "for_manual": True,
                "basis": "customer",
            }
        )
        campaign._prepare()

    # === HELPERS === #

    def _debit_customer(self, market, number):
        return self.env.ref(f"{billing_demo.MODULE}.customer_{market.key}_{number:02d}")

    def _on_day(self, moment, records=None):
        """Return a frame in which it is another day, for jobs and for the history.

        :param datetime moment: UTC, when what is logged inside has happened
        :param records: that are handed in with that day
        """
        return _Day(self, moment, records)


class _Day:
    """Another day: what is logged meanwhile happened then."""

    def __init__(self, demo, moment, records):
        self.demo = demo
        self.moment = moment
        self.records = records

    def __enter__(self):
        events = self.demo.env["billing.event"]
        self.demo.env.flush_all()
        self.last = events.search([], order="id desc", limit=1).id or 0
        if self.records is None:
            return None
        return self.records.with_context(billing_date=self.moment.date())

    def __exit__(self, kind, *_error):
        if kind:
            return
        env = self.demo.env
        env.flush_all()
        env.execute_query(
            SQL(
                """UPDATE billing_event SET occurred_at = %s WHERE id > %s
                RETURNING id""",
                min(self.moment, fields.Datetime.now()),
                self.last,
            )
        )
        env["billing.event"].invalidate_model()


def _check_digit(digits):
    """Return the last digit of a Swedish personal number."""
    total = 0
    for place, digit in enumerate(digits):
        double = int(digit) * (2 - place % 2)
        total += double // 10 + double % 10
    return -total % 10
