from datetime import datetime, time, timedelta
from random import Random

from dateutil.relativedelta import relativedelta

from odoo import Command, api, models
from odoo.tools import SQL

from odoo.addons.billing_base.demo import billing_demo
from odoo.addons.billing_base.demo.data import MARKETS

from ..core import agency_answer
from .data import FEES, HANDED_OVER, LOYAL_YEARS, SENT_ON


class BillingDemo(models.AbstractModel):
    """What the demo companies remind of: made day by day, as the jobs would have."""

    _inherit = "billing.demo"

    @api.model
    def _load(self):
        """Extension of `billing_base`: reminders, fees, waivers and a handover."""
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
            company = company.with_env(books.env)
            reminders = books.env["billing.reminder"]
            if not reminders.search_count([("company_id", "=", company.id)], limit=1):
                books._load_fees(market, company, FEES[market.key])
        return result

    def _load_books(self, market, company, rng):
        """Extension of `billing_base`: bills that nobody pays.

        With the other books, before plans that would send them go live.
        """
        result = super()._load_books(market, company, rng)
        self._load_forgotten(market, company, FEES[market.key])
        return result

    def _load_fees(self, market, company, told):
        """Load the fees of one company."""
        mails = self.env["mail.mail"]
        latest = mails.search([], order="id desc", limit=1)
        self._load_forgotten(market, company, told)
        policies = self.env["billing.dunning.policy"]
        policies._create_shipped_policies(company)
        by_code = policies.search([("company_id", "=", company.id)]).grouped(
            "shipped_code"
        )
        policy, other = by_code[told.policy], by_code[told.other]
        policy.action_activate()
        customers = self._find_late(company, told)
        self._load_customers_of_old(company, customers, told)
        self._load_letters(company, customers)
        self._load_collection(company, told)
        self._load_notice(company)
        self._load_aftermath(market, company, told)
        # The rest of the book is seen for the first time today.
        self.env["billing.dunning.planner"]._plan(company, company._billing_today())
        self._load_simulation(company, policy, other)
        # The demo tells nobody.
        mails.search([("id", ">", latest.id or 0)]).unlink()

    # === WHO IS LATE === #

    def _load_forgotten(self, market, company, told):
        """Bills for a visit, some months old, that nobody has paid; once."""
        name = f"forgotten_{market.key}"
        if self.env.ref(f"{billing_demo.MODULE}.{name}", raise_if_not_found=False):
            return
        products = self._load_products(market, company)
        today = company._billing_today()
        vals_list = []
        for number, months in told.forgotten:
            customer = self.env.ref(
                f"{billing_demo.MODULE}.customer_{market.key}_{number:02d}"
            )
            vals_list.append(
                self._prepare_invoice(
                    market,
                    products,
                    customer,
                    "V",
                    months,
                    {"offset": 10},
                    today,
                    Random(number),
                )
            )
        moves = self.env["account.move"].create(vals_list)
        moves.action_post()
        self._name_record(name, moves[:1])

    def _find_late(self, company, told):
        """Return the customers who have had letters: those who owe the oldest debts.

        :rtype: res.partner
        """
        moves = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
                ("invoice_date_due", "<", company._billing_today()),
            ],
            order="invoice_date_due, id",
        )
        return moves.commercial_partner_id[: len(told.forgotten) + told.late]

    def _load_customers_of_old(self, company, customers, told):
        """Let some be customers for years, and have agreed on fees where they must."""
        since = company._billing_today() - relativedelta(years=LOYAL_YEARS)
        customers[::2].billing_customer_since = since
        if not told.clause:
            return
        # The last two have not agreed, or too late.
        agreed = customers[:-1]
        self.env["billing.law.agreement"].create(
            [
                {
                    "company_id": company.id,
                    "partner_id": customer.id,
                    "reference": f"Avtal {10000 + customer.id}",
                    "agreed_on": company._billing_today()
                    if customer == agreed[-1]
                    else since,
                    "clause": told.clause,
                }
                for customer in agreed
            ]
        )

    # === LETTERS === #

    def _load_letters(self, company, customers):
        """Have the letters prepared, approved and sent, twice a week."""
        claims = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("commercial_partner_id", "in", customers.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
            ]
        )
        today = company._billing_today()
        day = min(claims.mapped("invoice_date_due"), default=today)
        while day < today:
            if day.weekday() in SENT_ON:
                self._load_letters_of(company, customers, day)
            day += timedelta(days=1)

    def _load_letters_of(self, company, customers, day):
        """Have the letters of one day sent. Nothing is printed, and nobody is told."""
        events = self.env["billing.event"]
        last = events.search([], order="id desc", limit=1)
        planner = self.env["billing.dunning.planner"].with_context(billing_date=day)
        reminders = planner.env["billing.reminder"]
        before = reminders.search([], order="id desc", limit=1)
        planner._plan_customers(
            company.with_context(billing_date=day), day, customers.ids
        )
        reminders = reminders.search(
            [("company_id", "=", company.id), ("id", ">", before.id or 0)], order="id"
        )
        for reminder in reminders:
            charges = reminder.env["billing.charge"]._book(
                reminder.line_ids._billing_charge_vals()
            )
            for line in reminder.line_ids:
                line.interest_amount = sum(
                    charge.amount
                    for charge in charges
                    if charge.kind == "interest" and charge.reminder_line_id == line
                )
            reminder.write({"state": "sent", "letter_total": reminder.total})
            points = reminder.partner_id.billing_contact_point_ids
            reminder._note_sent(
                points.filtered(lambda point: point.channel == "email")[:1]
            )
            reminder.sent_at = datetime.combine(day, time(8))
        self._date_events_since(last.id or 0, datetime.combine(day, time(8)))

    def _date_events_since(self, event_id, moment):
        """Let what was logged just now have happened at another moment (UTC)."""
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                """UPDATE billing_event SET occurred_at = %s WHERE id > %s
                RETURNING id""",
                moment,
                event_id,
            )
        )
        self.env["billing.event"].invalidate_model()

    # === WHAT FOLLOWED === #

    def _load_aftermath(self, market, company, told):
        """Some pay, some ask, one objects, and staff drop a fee."""
        charges = self.env["billing.charge"].search(
            [
                ("company_id", "=", company.id),
                ("kind", "=", "fee"),
                ("state", "=", "booked"),
            ],
            order="day desc, id desc",
        )
        cases = self.env["billing.collection.case"].search(
            [("company_id", "=", company.id)]
        )
        charges = charges.filtered(lambda charge: charge.move_id not in cases.move_id)
        spared, objected = charges[:1], charges[1:2]
        if spared:
            waivers = self.env["billing.waiver"].with_user(
                self.env.ref(f"{billing_demo.MODULE}.user_service")
            )
            waivers._waive_charges(
                spared.with_env(waivers.env),
                self.env.ref("billing_fee_policy.waiver_reason_hardship"),
                note=told.note,
                tell=False,
            )
        if objected:
            self.env["billing.charge.objection"]._object(
                objected.move_id, told.objection
            )
        asked = charges[2 : 2 + len(told.questions)]
        for charge, question in zip(asked, told.questions, strict=False):
            message = charge.move_id.message_post(
                body=question,
                author_id=charge.partner_id.id,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
            message.date = datetime.combine(
                min(charge.day + timedelta(days=1), company._billing_today()), time(10)
            )
        self._load_paid(market, company, charges[2::2])

    def _load_paid(self, market, company, charges):
        """Let customers have paid their bills with the fee, some days after it."""
        journal = self.env.ref(f"{billing_demo.MODULE}.journal_BANK_{market.key}")
        yesterday = company._billing_today() - timedelta(days=1)
        payments = {}
        for charge in charges:
            day = min(charge.day + timedelta(days=6), yesterday)
            items = (charge.move_id | charge.document_id).line_ids.filtered(
                lambda line: line.account_type == "asset_receivable"
            )
            payments.setdefault(day, []).extend(
                (item, item.amount_residual) for item in items if item.amount_residual
            )
        if payments:
            self._book_payments(journal, payments)

    # === COLLECTION === #

    def _load_collection(self, company, told):
        """One batch went two weeks ago and was answered; one waits for approval."""
        agencies = self.env["billing.collection.agency"]
        agency = agencies.create({**told.agency, "company_id": company.id})
        day = company._billing_today() - timedelta(days=HANDED_OVER)
        batches = self.env["billing.collection.batch"]
        earlier = self._prepare_batch(company.with_context(billing_date=day), agency)
        if earlier:
            manager = self.env.ref(f"{billing_demo.MODULE}.user_manager")
            noon = datetime.combine(day, time(10))
            earlier.write(
                {
                    "state": "approved",
                    "approved_by_id": manager.id,
                    "approved_at": noon,
                }
            )
            earlier._freeze()
            earlier._delivered()
            earlier.delivered_at = noon
            self._load_answers(earlier, agency, told)
            batches |= earlier
        batches |= self._prepare_batch(company, agency)
        return batches

    def _prepare_batch(self, company, agency):
        """Put what is ready for collection in a batch that waits for approval."""
        batches = company.env["billing.collection.batch"]
        ready = batches._ready(company)
        if not ready:
            return batches
        accountant = self.env.ref(f"{billing_demo.MODULE}.user_accountant")
        batches = batches.with_user(accountant)
        return batches._prepare(ready.with_env(batches.env), agency).sudo()

    def _load_answers(self, batch, agency, told):
        """Let the agency have accepted most, rejected one and been paid another."""
        cases = batch.case_ids.filtered(lambda case: case.state == "offered")
        then = batch.delivered_at
        rows = [
            (case.key, agency_answer.ACCEPTED, then, "", f"S-{case.id:06d}", "")
            for case in cases[1:]
        ]
        rows += [
            (case.key, agency_answer.REJECTED, then, told.rejected, "", "")
            for case in cases[:1]
        ]
        rows += [
            (case.key, agency_answer.PAID, then + timedelta(days=5), "", "", "")
            for case in cases[1:2]
        ]
        lines = [(*agency_answer.NEEDED, *agency_answer.OPTIONAL)]
        for key, status, at, *rest in rows:
            lines.append((key, status, f"{at.isoformat()}Z", *rest))
        agency._apply_answers("\n".join(";".join(line) for line in lines).encode())

    def _load_notice(self, company):
        """Prepare a notice of disconnection, for somebody to decide about."""
        company.billing_is_grid = True
        cases = self.env["billing.collection.case"].search(
            [("company_id", "=", company.id)]
        )
        moves = self.env["account.move"].search(
            [
                ("company_id", "=", company.id),
                ("move_type", "=", "out_invoice"),
                ("billing_claim_id", "=", False),
                ("amount_residual", ">", 0),
                ("id", "not in", cases.move_id.ids),
                ("billing_reminder_line_ids.kind", "in", ("notice", "demand")),
            ],
            order="invoice_date_due, id",
            limit=1,
        )
        if moves:
            self.env["billing.disconnection.notice"].create(
                {
                    "company_id": company.id,
                    "partner_id": moves.commercial_partner_id.id,
                    "move_ids": [Command.set(moves.ids)],
                }
            )

    # === ANALYSIS === #

    def _load_simulation(self, company, policy, other):
        """Compare two policies, or the policy with itself when it forgives nothing."""
        self.env["billing.fee.simulation"].create(
            {
                "company_id": company.id,
                "policy_a_id": policy.id,
                "policy_b_id": other.id,
                "forgive_b": policy != other,
            }
        ).action_run()
