import dataclasses
import json
import logging
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, formatLang, ormcache, split_every

from ..core import learning, memory, names
from ..core.edits import EXTRA, MISSING, SWAPPED, WRONG
from ..core.queries import stated_references
from ..core.weights import (
    ACCOUNT_NEW,
    ACCOUNT_OTHER,
    ACCOUNT_SAME,
    DEFAULT_WEIGHTS,
    DELAY_STEPS,
    NAME_EXACT,
    NAME_INITIALS,
    NAME_OTHER,
    NAME_PART,
    NAME_SURNAME,
    NAME_TYPO,
)
from .billing_match_verdict import SETTLED_DAYS

_logger = logging.getLogger(__name__)

#: Most payments looked at for one version.
SAMPLE = 20_000
#: Payments read at once, which bounds memory.
CHUNK = 2_000
#: One payment in so many is kept back to judge the new weights by.
HELD_OUT = 5
#: Kinds of structured references that name an invoice by its payment reference.
_REFERENCE_KINDS = ("structured", "creditor_rf")


class BillingMatchWeights(models.Model):
    """One version of what the evidence is worth.

    Versions are written by the addon (the first) and by the schedule (what a company's
    own payments taught), and never changed. One is in use; any other can be put back
    into use with one click.
    """

    _name = "billing.match.weights"
    _description = "Weights of Evidence"
    _inherit = ["mail.thread"]
    _order = "version desc, id desc"

    company_id = fields.Many2one(
        "res.company",
        help="Empty: for all companies that have learned nothing of their own.",
        readonly=True,
        index=True,
    )
    version = fields.Integer(required=True, readonly=True, aggregator=None)
    origin = fields.Selection(
        [("shipped", "Shipped with Kvitt"), ("learned", "Learned from Payments")],
        required=True,
        readonly=True,
    )
    is_current = fields.Boolean(
        help="In use in its company; a shipped one, where companies have none of their "
        "own.",
        readonly=True,
    )
    is_used = fields.Boolean(
        string="In Use",
        help="In use in the company you work in.",
        compute="_compute_is_used",
    )
    parent_id = fields.Many2one(
        "billing.match.weights", string="Grown out of", readonly=True
    )
    data = fields.Json(string="Values", required=True, readonly=True)
    report = fields.Json(readonly=True)
    verdict = fields.Selection(
        [
            ("better", "Explains other payments better"),
            ("worse", "Explains other payments no better"),
        ],
        string="Check",
        help="Judged by payments that had no part in learning. Weights that explain "
        "them no better are kept, but not put into use.",
        readonly=True,
    )
    sample = fields.Integer(
        string="Payments", help="Payments learned from.", readonly=True
    )
    sample_from = fields.Date(readonly=True)
    sample_to = fields.Date(readonly=True)
    report_html = fields.Html(
        string="What Changed", compute="_compute_report_html", sanitize=False
    )
    values_html = fields.Html(
        string="All Values", compute="_compute_values_html", sanitize=False
    )

    _current_unique = models.UniqueIndex(
        "((COALESCE(company_id, 0))) WHERE is_current",
        "Another version is in use already.",
    )
    _version_unique = models.UniqueIndex(
        "(version)", "There is such a version already."
    )

    # === COMPUTE METHODS === #

    @api.depends("version", "company_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for weights in self:
            weights.display_name = self.env._(
                "Version %(version)s", version=weights.version
            )

    @api.depends("is_current")
    @api.depends_context("company")
    def _compute_is_used(self):
        used = self._current_record(self.env.company)
        for weights in self:
            weights.is_used = weights == used

    @api.depends("report")
    @api.depends_context("lang")
    def _compute_report_html(self):
        for weights in self:
            weights.report_html = self._as_table(
                [
                    (
                        change["group"],
                        change["category"],
                        self._written(change["before"]),
                        self._written(change["after"]),
                        str(change["sample"]),
                    )
                    for change in (weights.report or {}).get("changes", ())
                ],
                [
                    self.env._("Before"),
                    self.env._("After"),
                    self.env._("Payments"),
                ],
            )

    @api.depends("data")
    @api.depends_context("lang")
    def _compute_values_html(self):
        for weights in self:
            values = weights._to_core()
            weights.values_html = self._as_table(
                [
                    (group, category, self._written(share))
                    for group in learning.GROUPS
                    for category, share in learning.read_group(values, group).items()
                    if category != learning.NO
                ],
                [self.env._("Share")],
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        weights = super().create(vals_list)
        self.env.registry.clear_cache()
        return weights

    def write(self, vals):
        res = super().write(vals)
        if not vals.keys().isdisjoint(("company_id", "data", "is_current")):
            self.env.registry.clear_cache()
        return res

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === ACTIONS === #

    def action_activate(self):
        """Put this version into use, in the present company when it is a shipped one.

        :raises AccessError: for others than billing managers
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise AccessError(
                self.env._("Only billing managers choose what evidence is worth.")
            )
        self.sudo()._activate(self.company_id or self.env.company, actor="staff")
        return True

    # === BUSINESS METHODS - USE === #

    @api.model
    def _current(self, company):
        """What the evidence is worth in a company now.

        :param company: the ``res.company``
        :rtype: core.weights.Weights
        """
        return self._current_of(company.id)

    @api.model
    @ormcache("company_id")
    def _current_of(self, company_id):
        company = self.env["res.company"].browse(company_id)
        used_sudo = self.sudo()._current_record(company)
        return used_sudo._to_core() if used_sudo else DEFAULT_WEIGHTS

    @api.model
    def _ship(self):
        """Write the values that come with the addon as a version for all companies.

        Called at each installation and update; writes only what is new.
        """
        weights_sudo = self.sudo()
        shipped_sudo = weights_sudo.search([("company_id", "=", False)])
        # As JSON holds it, so that a tuple equals a list.
        data = json.loads(json.dumps(DEFAULT_WEIGHTS.to_json()))
        if shipped_sudo and _without_version(shipped_sudo[0].data) == _without_version(
            data
        ):
            return
        version = self._next_version()
        shipped_sudo.is_current = False
        shipped_sudo.flush_recordset(["is_current"])
        weights_sudo.create(
            {
                "version": version,
                "origin": "shipped",
                "parent_id": shipped_sudo[:1].id,
                "is_current": True,
                "data": {**data, "version": version},
            }
        )

    def _activate(self, company, actor="system"):
        """Put a version into use.

        :param company: the ``res.company`` that uses it
        :param actor: who decided, as in ``billing.event``
        """
        self.ensure_one()
        self.search(
            [
                ("is_current", "=", True),
                # A shipped version holds where a company has none of its own in use.
                ("company_id", "in", (company.id, self.company_id.id)),
                ("id", "!=", self.id),
            ]
        ).is_current = False
        self.flush_model(["is_current"])
        self.is_current = True
        self.message_post(
            body=self.env._(
                "In use in %(company)s from now on.", company=company.display_name
            )
        )
        self.env["billing.event"]._log(
            [
                {
                    "kind": "weights.activated",
                    "company_id": company.id,
                    "actor": actor,
                    "payload": {"version": self.version},
                }
            ]
        )

    # === BUSINESS METHODS - LEARNING === #

    @api.model
    def _cron_learn(self):
        """Estimate anew what evidence is worth, company by company."""
        cron = self.env["ir.cron"]
        companies = self.env["res.company"].sudo().search([])
        remaining = len(companies)
        for company_id in companies.ids:
            company = self.env["res.company"].sudo().browse(company_id)
            try:
                self.sudo().with_company(company)._learn(company)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Learning failed in company %s", company_id)
                company._billing_alert(self.env._("Learning from payments"), error)
            remaining -= 1
            if not cron._commit_progress(1, remaining=remaining):
                return

    @api.model
    def _learn(self, company):
        """Write a new version from the payments since the last one, if it is worth it.

        :param company: the ``res.company``
        :return: the new version, or nothing
        """
        last = self.search([("company_id", "=", company.id)], limit=1)
        until = company._billing_today() - timedelta(days=SETTLED_DAYS)
        since = last.sample_to
        taught, held_out, sample = self._observe(company, since, until)
        present = self._current(company)
        weights, changes = learning.estimate(present, taught)
        if not changes:
            return self.browse()
        touched = held_out.only(*{change.group for change in changes})
        before = learning.surprise(present, touched) if touched.counts else 0.0
        after = learning.surprise(weights, touched) if touched.counts else 0.0
        version = self._next_version()
        new = self.create(
            {
                "company_id": company.id,
                "version": version,
                "origin": "learned",
                "parent_id": self._current_record(company).id,
                "data": dataclasses.replace(weights, version=version).to_json(),
                "report": {
                    "changes": [dataclasses.asdict(change) for change in changes],
                    "surprise": {"before": before, "after": after},
                },
                "verdict": "better" if after < before else "worse",
                "sample": sample,
                "sample_from": since,
                "sample_to": until,
            }
        )
        new.message_post(body=self._summary(changes))
        if new.verdict == "better" and company.billing_match_learn:
            new._activate(company)
        return new

    @api.model
    def _current_record(self, company):
        """The version that a company uses: its own, else the shipped one."""
        found = self.sudo().search(
            [("is_current", "=", True), ("company_id", "in", (company.id, False))]
        )
        return (found.filtered("company_id") or found)[:1].sudo(self.env.su)

    @api.model
    def _next_version(self):
        """Versions are counted over all companies, so that a number names one."""
        return self.sudo().search([], order="version desc", limit=1).version + 1

    @api.model
    def _observe(self, company, since, until):
        """Look at payments that were booked, and not taken back, in a period.

        :param since: day after which they were booked, None from the beginning
        :param until: last day
        :return: (observations to learn from, those kept back, number of payments)
        """
        taught, held_out = learning.Observations(), learning.Observations()
        sample = 0
        ids, is_all = self._draw(company, since, until)
        for chunk in split_every(CHUNK, ids, list):
            cases = self._read_cases(company, chunk)
            sample += len(cases)
            taught += learning.observe(
                case for payment_id, case in cases if payment_id % HELD_OUT
            )
            held_out += learning.observe(
                case for payment_id, case in cases if not payment_id % HELD_OUT
            )
        if not is_all:
            # Damaged references are rare in a sample; which kinds of damage there are
            # may be read off all of them.
            taught = taught.only(*set(taught.counts) - {"kinds"})
            held_out = held_out.only(*set(held_out.counts) - {"kinds"})
            judged, _is_all = self._draw(company, since, until, judged=True)
            for chunk in split_every(CHUNK, judged, list):
                cases = self._read_cases(company, chunk)
                taught += learning.observe(
                    case for payment_id, case in cases if payment_id % HELD_OUT
                ).only("kinds")
                held_out += learning.observe(
                    case for payment_id, case in cases if not payment_id % HELD_OUT
                ).only("kinds")
        return taught, held_out, sample

    @api.model
    def _draw(self, company, since, until, judged=False):
        """Draw payments whose invoice is known, evenly over a period.

        :param judged: only those that evidence had to be weighed for
        :return: (payment ids, whether these are all)
        """
        self.env["billing.payment"].flush_model()
        self.env["billing.match.verdict"].flush_model()
        where = SQL(
            """
            p.company_id = %s AND p.booking_date <= %s AND %s
            AND p.state IN ('reconciled', 'partial') AND p.amount > 0 AND %s
            """,
            company.id,
            until,
            SQL("p.booking_date > %s", since) if since else SQL("TRUE"),
            SQL(
                "EXISTS (SELECT FROM billing_match_verdict v WHERE v.payment_id = p.id)"
            )
            if judged
            else SQL("TRUE"),
        )
        [(count,)] = self.env.execute_query(
            SQL("SELECT count(*) FROM billing_payment p WHERE %s", where)
        )
        step = max(-(-count // SAMPLE), 1)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM (SELECT p.id, row_number() OVER (ORDER BY p.id) AS place
                                  FROM billing_payment p WHERE %s) AS numbered
                 WHERE place %% %s = 0 ORDER BY id
                """,
                where,
                step,
            )
        )
        return [row[0] for row in rows], step == 1

    @api.model
    def _read_cases(self, company, payment_ids):
        """Read payments with the invoices they settle, in a fixed number of queries.

        :return: list of (payment id, :class:`~..core.learning.Case`)
        """
        invoices = self._read_invoices(payment_ids)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.state, p.amount, p.booking_date, p.reference,
                       CASE WHEN jsonb_typeof(p.reference_values) = 'array'
                            THEN p.reference_values::text END,
                       p.text, p.payer_name, p.payer_account
                  FROM billing_payment p WHERE p.id = ANY(%s) ORDER BY p.id
                """,
                list(payment_ids),
            )
        )
        known = self._read_accounts(
            company,
            [
                (
                    payment_id,
                    invoices[payment_id][0]["partner_id"],
                    memory.account_key(account),
                    day,
                )
                for payment_id, _st, _am, day, _ref, _ot, _tx, _name, account in rows
                if payment_id in invoices
            ],
        )
        read = []
        for payment_id, state, amount, day, reference, others, text, name, _acc in rows:
            if payment_id not in invoices:
                continue
            others = [
                item["value"]
                for item in json.loads(others or "[]")
                if item["kind"] in _REFERENCE_KINDS
            ]
            settled = invoices[payment_id]
            read.append(
                (
                    payment_id,
                    settled,
                    stated_references(reference, others, text),
                    memory.names_all(
                        reference, others, [row["reference"] for row in settled]
                    ),
                    _how_much(state, amount, settled),
                    names.compare(name, settled[0]["name"]) if name else "",
                    (day - settled[0]["due"]).days if settled[0]["due"] else None,
                )
            )
        elsewhere = self._read_other_references(read)
        cases = []
        for payment_id, settled, queries, is_named, amount, name, delay in read:
            stated, slips = learning.how_stated(
                queries,
                [row["reference"] or "" for row in settled],
                elsewhere.get(payment_id, ()),
            )
            account, knew_account = known.get(payment_id, ("", None))
            customers = len({row["partner_id"] for row in settled})
            cases.append(
                (
                    payment_id,
                    learning.Case(
                        stated,
                        slips,
                        is_named=is_named and customers == 1,
                        invoices=len(settled),
                        customers=customers,
                        amount=amount,
                        name=name,
                        account=account,
                        knew_account=knew_account,
                        delay=delay,
                    ),
                )
            )
        return cases

    @api.model
    def _read_invoices(self, payment_ids):
        """The invoices that payments settle.

        :return: dict of payment id to list of dict, the latest due first
        """
        settled = self.env["billing.payment"].browse(payment_ids)._settled_amounts()
        pairs = [
            (payment_id, move_id, amount)
            for payment_id, amounts in settled.items()
            for move_id, amount in amounts.items()
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.payment_id, q.amount, m.payment_reference, m.invoice_date_due,
                       partner.id, partner.name
                  FROM unnest(%s::int[], %s::int[], %s::float[])
                       AS q(payment_id, move_id, amount)
                  JOIN account_move m ON m.id = q.move_id
                  JOIN res_partner partner ON partner.id = m.commercial_partner_id
                 WHERE m.move_type IN ('out_invoice', 'out_receipt')
                 ORDER BY q.payment_id, m.invoice_date_due DESC NULLS LAST, m.id
                """,
                [pair[0] for pair in pairs],
                [pair[1] for pair in pairs],
                [pair[2] for pair in pairs],
            )
        )
        found = {}
        for payment_id, amount, reference, due, partner_id, name in rows:
            found.setdefault(payment_id, []).append(
                {
                    "amount": amount,
                    "reference": reference,
                    "due": due,
                    "partner_id": partner_id,
                    "name": name or "",
                }
            )
        return found

    @api.model
    def _read_accounts(self, company, payers):
        """What was known of the payers' accounts on the day they paid.

        :param payers: list of (payment id, customer id, account key, day)
        :return: dict of payment id to (constant ``ACCOUNT_…`` or nothing when no
            account of the customer was known, whether one was)
        """
        payers = [row for row in payers if row[2]]
        self.env["billing.payer.memory"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT q.payment_id,
                       EXISTS (SELECT FROM billing_payer_memory m
                                WHERE m.company_id = %(company)s AND m.kind = 'account'
                                  AND m.partner_id = q.partner_id
                                  AND m.first_date < q.day),
                       EXISTS (SELECT FROM billing_payer_memory m
                                WHERE m.company_id = %(company)s AND m.kind = 'account'
                                  AND m.key = q.key AND m.partner_id = q.partner_id
                                  AND m.first_date < q.day),
                       EXISTS (SELECT FROM billing_payer_memory m
                                WHERE m.company_id = %(company)s AND m.kind = 'account'
                                  AND m.key = q.key AND m.first_date < q.day)
                  FROM unnest(%(ids)s::int[], %(partners)s::int[], %(keys)s::varchar[],
                              %(days)s::date[]) AS q(payment_id, partner_id, key, day)
                """,
                company=company.id,
                ids=[row[0] for row in payers],
                partners=[row[1] for row in payers],
                keys=[row[2] for row in payers],
                days=[row[3] for row in payers],
            )
        )
        found = {}
        for payment_id, knew_account, is_same, is_known in rows:
            account = ""
            if knew_account:
                account = ACCOUNT_OTHER if is_known else ACCOUNT_NEW
                account = ACCOUNT_SAME if is_same else account
            found[payment_id] = (account, knew_account)
        return found

    @api.model
    def _read_other_references(self, read):
        """References of other invoices of the customers, among those that were paid.

        :param read: see :meth:`_read_cases`
        :return: dict of payment id to list of references
        """
        wanted = [
            (payment_id, row["partner_id"], key)
            for payment_id, settled, queries, is_named, *_rest in read
            if not is_named
            for row in settled
            for query in queries
            for key in query.keys
        ]
        found = {}
        for payment_id, reference in self.env.execute_query(
            SQL(
                """
                SELECT q.payment_id, m.payment_reference
                  FROM unnest(%s::int[], %s::int[], %s::varchar[])
                       AS q(payment_id, partner_id, key)
                  JOIN account_move m ON m.commercial_partner_id = q.partner_id
                   AND m.payment_reference = q.key
                """,
                [row[0] for row in wanted],
                [row[1] for row in wanted],
                [row[2] for row in wanted],
            )
        ):
            found.setdefault(payment_id, []).append(reference)
        return found

    # === HELPERS === #

    def _to_core(self):
        """The values as the engine takes them.

        :rtype: core.weights.Weights
        """
        self.ensure_one()
        return learning.revive({**self.data, "version": self.version})

    def _group_words(self):
        """What the groups of weights are called, in the reader's language."""
        _ = self.env._
        return {
            "reference": _("How a reference arrives"),
            "kinds": _("What is wrong with a reference"),
            "names": _("The payer's name"),
            "accounts": _("The payer's account"),
            "remembered": _("Customers with a known account"),
            "delays": _("Days from the due date"),
            "amounts": _("The amount"),
            "part": _("Paid less than was open"),
            "more": _("Paid more than was open"),
            "several": _("Several invoices at once"),
            "bare": _("No reference of ours"),
            "stale": _("Reference of another invoice of the customer"),
        }

    def _category_words(self):
        """What the members of the groups are called, by group and category."""
        _ = self.env._
        days = [int(step) for step in DELAY_STEPS]
        delays = {
            str(upper): _("%(first)s to %(last)s", first=lower + 1, last=upper)
            for lower, upper in zip(days, days[1:], strict=False)
        }
        delays[str(days[0])] = _("up to %(last)s", last=days[0])
        delays[str(days[-1])] = _("from %(first)s", first=days[-2] + 1)
        for lower, upper in zip(days, days[1:], strict=False):
            if upper == lower + 1:
                delays[str(upper)] = str(upper)
        return {
            "reference": {
                learning.EXACT: _("as issued"),
                learning.ZEROS: _("leading zeros lost or added"),
                learning.ONE: _("one slip"),
                learning.TWO: _("two slips"),
            },
            "kinds": {
                WRONG: _("a digit is wrong"),
                MISSING: _("a digit is missing"),
                EXTRA: _("a digit is too many"),
                SWAPPED: _("two digits are swapped"),
            },
            "names": {
                NAME_EXACT: _("the customer's own"),
                NAME_PART: _("a word more or less"),
                NAME_INITIALS: _("initials"),
                NAME_TYPO: _("misspelt"),
                NAME_SURNAME: _("the same surname"),
                NAME_OTHER: _("another name"),
            },
            "accounts": {
                ACCOUNT_SAME: _("has paid for the customer before"),
                ACCOUNT_OTHER: _("has paid for others only"),
                ACCOUNT_NEW: _("never seen"),
            },
            "delays": delays,
            "amounts": {
                learning.EQUAL: _("just what was open"),
                "other": _("another amount"),
            },
        }

    @api.model
    def _words(self, group, category):
        """A weight by name, in the reader's language.

        :return: (name of the group, name within the group)
        """
        within = self._category_words().get(group, {}).get(category, "")
        return self._group_words().get(group, group), within

    @api.model
    def _written(self, share):
        """A share in percent, with two significant digits or more.

        >>> self._written(0.00025)
        '0.025%'
        """
        percent = share * 100
        digits = 1 if percent >= 10 else 2 if percent >= 1 else 3
        if 0 < percent < 0.01:
            digits = 4
        return f"{formatLang(self.env, percent, digits=digits)}%"

    @api.model
    def _as_table(self, rows, headings):
        """Rows of (group, category, texts…) as a table, each group named once."""
        if not rows:
            return Markup("")
        lines = Markup("")
        last = None
        for group, category, *texts in rows:
            group_text, within = self._words(group, category)
            cells = Markup("").join(
                Markup('<td class="text-end">%s</td>') % text for text in texts
            )
            if not within:
                # A share of all payments stands alone in its group.
                within, group_text = group_text, self.env._("Shares of all payments")
                group = ""
            if group != last:
                lines += Markup(
                    '<tr><th scope="rowgroup" colspan="%s">%s</th></tr>'
                ) % (len(texts) + 1, group_text)
                last = group
            lines += Markup('<tr><td class="ps-4">%s</td>%s</tr>') % (within, cells)
        head = Markup("").join(
            Markup('<th scope="col" class="text-end">%s</th>') % heading
            for heading in headings
        )
        return Markup(
            '<table class="table table-sm"><thead><tr><td></td>%s</tr></thead>'
            "<tbody>%s</tbody></table>"
        ) % (head, lines)

    @api.model
    def _summary(self, changes):
        """The change that matters most of each group, as a list for the chatter."""
        lines = Markup("")
        by_group = {}
        for change in changes:
            best = by_group.get(change.group)
            if not best or abs(change.after - change.before) > abs(
                best.after - best.before
            ):
                by_group[change.group] = change
        for change in by_group.values():
            group, within = self._words(change.group, change.category)
            name = f"{group}: {within}" if within else group
            lines += Markup("<li>%s</li>") % self.env._(
                "%(name)s: %(before)s, now %(after)s (%(count)s payments)",
                name=name,
                before=self._written(change.before),
                after=self._written(change.after),
                count=change.sample,
            )
        return Markup("<ul>%s</ul>") % lines


def _without_version(data):
    return {name: value for name, value in data.items() if name != "version"}


def _how_much(state, amount, settled):
    """How a payment relates to what was open on its invoices.

    :param state: of the payment
    :param amount: of the payment
    :param settled: see ``_read_invoices``
    """
    if state == "partial":
        return learning.LESS
    rest = float(amount) - sum(row["amount"] for row in settled)
    # Half of the smallest unit that any currency has here
    return learning.MORE if rest > 0.005 else learning.EQUAL
