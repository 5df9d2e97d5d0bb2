from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: Customers told between two commits.
BATCH = 100


class BillingDebitCampaign(models.Model):
    """Telling those customers of direct debit who would gain by it."""

    _name = "billing.debit.campaign"
    _description = "Direct Debit Campaign"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    agreement_id = fields.Many2one(
        "billing.debit.agreement",
        required=True,
        check_company=True,
        ondelete="restrict",
        default=lambda self: self.env["billing.debit.agreement"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ),
        help="What customers are told of: AvtaleGiro or Autogiro.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sending", "Being Sent"),
            ("done", "Sent"),
            ("stopped", "Stopped"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    # Who would gain
    period_months = fields.Integer(
        string="Months Looked Back On", required=True, default=12
    )
    min_invoices = fields.Integer(
        string="Invoices at Least",
        required=True,
        default=3,
        help="Who got fewer is no regular customer.",
    )
    for_late = fields.Boolean(string="Customers Who Pay Late", default=True)
    late_count = fields.Integer(string="Invoices Paid Late", default=2)
    late_days = fields.Integer(
        string="Days Late", default=3, help="Fewer days do not count: the bank's delay."
    )
    for_reminded = fields.Boolean(
        string="Customers Who Are Reminded Often", default=True
    )
    reminder_count = fields.Integer(string="Reminders", default=2)
    for_manual = fields.Boolean(
        string="All Others Who Pay by Hand",
        help="Regular customers who pay each invoice by themselves, in time.",
    )
    # Who is left alone
    basis = fields.Selection(
        [
            ("consent", "Who agreed to offers"),
            ("customer", "All customers who did not say no"),
        ],
        string="May Be Told",
        required=True,
        default="consent",
        help="Telling customers of direct debit can count as advertising, and e-mails "
        "and text messages with advertising need consent (markedsføringsloven § 15, "
        "marknadsföringslagen 19 §). Both acts let you write to your own customers "
        "about your own services if they gave you the address themselves, could say "
        "no then, and can say no in every message. Choose the second only if that is "
        "so. Every message has a link to say no.",
    )
    quiet_months = fields.Integer(
        string="Months Between Offers",
        required=True,
        default=6,
        help="Who was told in any campaign within so many months is left out.",
    )
    ended_months = fields.Integer(
        string="Months After the End",
        required=True,
        default=12,
        help="Who ended direct debit within so many months is left out.",
    )
    holdout_share = fields.Integer(
        string="Not Told, to Compare With (%)",
        required=True,
        default=10,
        help="Drawn by lot. Without them you cannot tell how many would have signed "
        "up anyway.",
    )
    result_days = fields.Integer(
        string="Days Counted",
        required=True,
        default=60,
        help="A mandate made later does not count for the campaign.",
    )
    template_id = fields.Many2one(
        "mail.template",
        string="Message",
        required=True,
        domain="[('model', '=', 'billing.debit.offer')]",
        ondelete="restrict",
        default=lambda self: self.env.ref(
            "billing_direct_debit.mail_template_debit_offer", raise_if_not_found=False
        ),
    )
    # What came of it
    prepared_at = fields.Datetime(string="Looked At", readonly=True, copy=False)
    started_at = fields.Datetime(string="Started", readonly=True, copy=False)
    started_by_id = fields.Many2one(
        "res.users", string="Started By", readonly=True, copy=False
    )
    ended_at = fields.Datetime(string="Ended", readonly=True, copy=False)
    offer_ids = fields.One2many("billing.debit.offer", "campaign_id", readonly=True)
    gain_count = fields.Integer(string="Would Gain", compute="_compute_counts")
    planned_count = fields.Integer(string="To Be Told", compute="_compute_counts")
    left_out_count = fields.Integer(string="Left Out", compute="_compute_counts")
    told_count = fields.Integer(string="Told", compute="_compute_counts")
    opened_count = fields.Integer(string="Opened", compute="_compute_counts")
    declined_count = fields.Integer(string="Said No", compute="_compute_counts")
    signup_count = fields.Integer(string="Signed Up", compute="_compute_counts")
    summary = fields.Text(compute="_compute_summary")

    _numbers_valid = models.Constraint(
        """CHECK(period_months > 0 AND min_invoices > 0 AND late_count > 0
             AND late_days >= 0 AND reminder_count > 0 AND quiet_months >= 0
             AND ended_months >= 0 AND result_days > 0)""",
        "Counts and months are counted from one.",
    )
    _holdout_valid = models.Constraint(
        "CHECK(holdout_share BETWEEN 0 AND 90)",
        "Of a hundred customers, at most 90 can be left out to compare with.",
    )
    _somebody = models.Constraint(
        "CHECK(for_late OR for_reminded OR for_manual)",
        "Choose at least one group of customers.",
    )

    # === COMPUTE METHODS === #

    @api.depends("offer_ids.state", "offer_ids.mandate_id", "offer_ids.opened_at")
    def _compute_counts(self):
        counts = self._counts()
        for campaign in self:
            for name, value in counts[campaign.id].items():
                if name in campaign._fields:
                    campaign[name] = value

    @api.depends("offer_ids.state", "offer_ids.mandate_id", "offer_ids.opened_at")
    @api.depends_context("lang")
    def _compute_summary(self):
        counts = self._counts()
        for campaign in self:
            campaign.summary = "\n".join(
                campaign._sentences(counts[campaign.id])
                if campaign.prepared_at
                else [self.env._("Press «Who Would Gain?» to see whom it would reach.")]
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: who is told cannot be changed once customers have been told."""
        rules = set(vals) - {"name", "state", "started_at", "started_by_id", "ended_at"}
        if rules and any(campaign.state != "draft" for campaign in self):
            raise UserError(
                self.env._("The campaign has begun. Make a new one, or a copy.")
            )
        result = super().write(vals)
        if rules - {"prepared_at", "template_id"}:
            # What was looked at is no longer what would be told.
            self.filtered("prepared_at")._forget()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if any(campaign.started_at for campaign in self):
            raise UserError(
                self.env._("Customers were told by this campaign. It has to stay.")
            )

    # === ACTIONS === #

    def action_prepare(self):
        """Find who would gain, and why some of them are left out (button)."""
        for campaign in self:
            campaign._prepare()

    def action_send(self):
        """Let the customers be told (button of managers)."""
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_group("billing_base.group_billing_manager"):
            raise UserError(self.env._("A manager lets a campaign go out."))
        self.lock_for_update()
        if self.state != "draft":
            return
        if not self.prepared_at or not self._counts()[self.id]["planned_count"]:
            raise UserError(
                self.env._("There is nobody to tell. Look first who would gain.")
            )
        self.write(
            {
                "state": "sending",
                "started_at": self.company_id._billing_now(),
                "started_by_id": self.env.uid,
            }
        )
        self.env.ref("billing_direct_debit.ir_cron_debit_offers").sudo()._trigger()

    def action_stop(self):
        """Tell nobody more (button)."""
        self.ensure_one()
        self.check_access("write")
        self.lock_for_update()
        if self.state != "sending":
            return
        self.offer_ids.sudo().filtered(lambda offer: offer.state == "planned").write(
            {"state": "left_out", "reason": "stopped"}
        )
        self.write({"state": "stopped", "ended_at": fields.Datetime.now()})

    def action_show(self):
        """Open some of the customers (stat buttons; ``show`` in the context)."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_direct_debit.billing_debit_offer_action"
        )
        shown = {
            "planned": [("state", "=", "planned")],
            "left_out": [("state", "=", "left_out")],
            "told": [("sent_at", "!=", False)],
            "opened": [("opened_at", "!=", False)],
            "signed": [("mandate_id", "!=", False), ("sent_at", "!=", False)],
        }
        action["domain"] = [
            ("campaign_id", "=", self.id),
            *shown.get(self.env.context.get("show"), []),
        ]
        return action

    # === BUSINESS METHODS - WHO === #

    def _forget(self):
        """Forget who would be told, as the rules have changed."""
        self.sudo().offer_ids.unlink()
        self.write({"prepared_at": False})

    def _prepare(self):
        """Find who would gain, and why some of them are left out.

        The rows of an earlier look are replaced.

        :return: None
        """
        self.ensure_one()
        self.check_access("write")
        if self.state != "draft":
            raise UserError(self.env._("The campaign has begun."))
        self.sudo().offer_ids.unlink()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO billing_debit_offer
                     (campaign_id, company_id, partner_id, move_id, gain, invoices,
                      invoices_late, reminders, state,
                      create_uid, create_date, write_uid, write_date)
              SELECT %(campaign)s, %(company)s, gain.partner_id, gain.move_id,
                     gain.gain, gain.invoices, gain.invoices_late, gain.reminders,
                     'left_out', %(uid)s, %(now)s, %(uid)s, %(now)s
                FROM (%(gains)s) AS gain
           RETURNING partner_id""",
                gains=self._gains_sql(),
                campaign=self.id,
                company=self.company_id.id,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        partner_ids = [partner_id for (partner_id,) in rows]
        self.env.execute_query(
            SQL(
                """WITH reason AS (%(reasons)s)
              UPDATE billing_debit_offer AS offer
                 SET reason = reason.reason,
                     state = CASE WHEN reason.reason IS NULL THEN 'planned'
                                  ELSE 'left_out' END
                FROM reason
               WHERE offer.campaign_id = %(campaign)s
                 AND offer.partner_id = reason.partner_id
           RETURNING offer.id""",
                reasons=self._reasons_sql(partner_ids, draw=True),
                campaign=self.id,
            )
        )
        self.env["billing.debit.offer"].invalidate_model()
        self.invalidate_recordset()
        self.prepared_at = fields.Datetime.now()

    def _gains_sql(self):
        """Return who would gain, and by what it is seen.

        Customers with direct debit are not among them. An invoice was late when the
        last payment came later than the due date and some days, or has not come yet.
        """
        today = self.company_id._billing_today()
        return SQL(
            """SELECT customer.partner_id, customer.move_id, customer.invoices,
                      customer.invoices_late, customer.reminders,
                      CASE WHEN %(for_late)s
                                AND customer.invoices_late >= %(late_count)s
                           THEN 'late'
                           WHEN %(for_reminded)s
                                AND customer.reminders >= %(reminder_count)s
                           THEN 'reminded'
                           ELSE 'manual' END AS gain
                 FROM (SELECT invoice.partner_id,
                              (ARRAY_AGG(invoice.id ORDER BY invoice.is_open DESC,
                                         invoice.invoice_date DESC,
                                         invoice.id DESC))[1] AS move_id,
                              COUNT(*) AS invoices,
                              COUNT(*) FILTER (
                                  WHERE COALESCE(invoice.paid_on, %(today)s)
                                        > invoice.due + %(late_days)s)
                                  AS invoices_late,
                              COALESCE(SUM(invoice.reminders), 0) AS reminders
                         FROM (%(invoices)s) AS invoice
                     GROUP BY invoice.partner_id
                       HAVING COUNT(*) >= %(min_invoices)s) AS customer
                WHERE ((%(for_late)s AND customer.invoices_late >= %(late_count)s)
                       OR (%(for_reminded)s
                           AND customer.reminders >= %(reminder_count)s)
                       OR %(for_manual)s)
                  AND NOT EXISTS (
                      SELECT
                        FROM billing_mandate AS mandate
                       WHERE mandate.company_id = %(company)s
                         AND mandate.partner_id = customer.partner_id
                         AND mandate.state IN ('draft', 'sent', 'active'))""",
            invoices=self._invoices_sql(
                today - relativedelta(months=self.period_months)
            ),
            company=self.company_id.id,
            today=today,
            for_late=self.for_late,
            for_reminded=self.for_reminded,
            for_manual=self.for_manual,
            late_count=self.late_count,
            late_days=self.late_days,
            reminder_count=self.reminder_count,
            min_invoices=self.min_invoices,
        )

    def _invoices_sql(self, since):
        """Return the invoices that are looked at, when paid, and how often reminded of.

        :param date since: of the first invoice
        """
        return SQL(
            """SELECT move.id, move.commercial_partner_id AS partner_id,
                      move.invoice_date,
                      COALESCE(move.invoice_date_due, move.invoice_date) AS due,
                      move.payment_state NOT IN ('paid', 'in_payment') AS is_open,
                      paid.day AS paid_on,
                      (SELECT COUNT(*)
                         FROM billing_event AS event
                        WHERE event.move_id = move.id
                          AND event.kind = ANY(%(kinds)s)) + (
                       SELECT COUNT(*)
                         FROM billing_distribution_item AS item
                         JOIN billing_distribution_attempt AS attempt
                           ON attempt.id = item.attempt_id
                         JOIN billing_distribution_run AS run ON run.id = item.run_id
                         JOIN billing_distribution_plan AS plan
                           ON plan.id = run.plan_id
                        WHERE item.move_id = move.id
                          AND attempt.sent_at IS NOT NULL
                          AND plan.is_reminder) AS reminders
                 FROM account_move AS move
            LEFT JOIN LATERAL (
                      SELECT MAX(partial.max_date) AS day
                        FROM account_move_line AS line
                        JOIN account_partial_reconcile AS partial
                          ON partial.debit_move_id = line.id
                       WHERE line.move_id = move.id
                         AND move.payment_state IN ('paid', 'in_payment')) AS paid
                   ON TRUE
                WHERE move.company_id = %(company)s
                  AND move.move_type = 'out_invoice'
                  AND move.state = 'posted'
                  AND move.payment_state <> 'reversed'
                  AND move.amount_total > 0
                  AND move.invoice_date >= %(since)s""",
            company=self.company_id.id,
            since=since,
            kinds=sorted(self._reminder_kinds()),
        )

    @api.model
    def _reminder_kinds(self):
        """Return the kinds of event that say that a customer was reminded.

        Besides the messages of distribution plans that ask for payment again. Extended
        by addons with reminders of their own.

        :rtype: set[str]
        """
        return set()

    def _reasons_sql(self, partner_ids, draw):
        """Return why customers are left out, the first reason that holds, or NULL.

        :param list partner_ids: ids of the customers that are asked about
        :param bool draw: whether some are drawn by lot to compare with
        """
        company = self.company_id
        today = company._billing_today()
        return SQL(
            """SELECT partner.id AS partner_id, CASE
                 WHEN EXISTS (
                      SELECT FROM billing_mandate AS mandate
                       WHERE mandate.company_id = %(company)s
                         AND mandate.partner_id = partner.id
                         AND mandate.state IN ('draft', 'sent', 'active'))
                 THEN 'has_mandate'
                 WHEN EXISTS (
                      SELECT FROM billing_mandate AS mandate
                       WHERE mandate.company_id = %(company)s
                         AND mandate.partner_id = partner.id
                         AND mandate.state = 'ended'
                         AND mandate.ended_on > %(ended_since)s)
                 THEN 'ended'
                 WHEN partner.billing_debit_no_offers_on IS NOT NULL THEN 'said_no'
                 WHEN EXISTS (
                      SELECT FROM billing_debit_offer AS offer
                        JOIN billing_debit_campaign AS campaign
                          ON campaign.id = offer.campaign_id
                       WHERE offer.company_id = %(company)s
                         AND offer.partner_id = partner.id
                         AND offer.campaign_id <> %(campaign)s
                         AND (offer.sent_at > %(quiet_since)s
                              OR (%(draw)s AND offer.state = 'planned'
                                  AND campaign.state = 'sending')))
                 THEN 'asked'
                 WHEN partner.id = ANY(%(troubled)s) THEN 'trouble'
                 WHEN NOT EXISTS (%(points)s) THEN 'no_address'
                 WHEN %(needs_consent)s
                      AND NOT EXISTS (%(points)s AND point.consent_marketing)
                 THEN 'no_consent'
                 WHEN %(draw)s AND MOD(
                      HASHTEXT(%(campaign)s || ':' || partner.id) & 2147483647, 100
                      ) < %(holdout)s
                 THEN 'held_out'
                  END AS reason
                 FROM res_partner AS partner
                WHERE partner.id = ANY(%(partners)s)""",
            partners=partner_ids,
            company=company.id,
            campaign=self.id,
            troubled=self._troubled_customers(partner_ids),
            ended_since=today - relativedelta(months=self.ended_months),
            quiet_since=company._billing_now()
            - relativedelta(months=self.quiet_months),
            points=self._points_sql(),
            needs_consent=self.basis == "consent",
            draw=draw,
            holdout=self.holdout_share,
        )

    def _points_sql(self):
        """Return the electronic addresses of ``partner`` that messages may go to."""
        return SQL(
            """SELECT FROM billing_contact_point AS point
                WHERE point.partner_id = partner.id
                  AND point.active
                  AND point.consent_billing
                  AND point.state IN ('unverified', 'working')
                  AND point.channel = ANY(%s)""",
            sorted(
                self.env["res.partner"].with_company(self.company_id)._billing_senders()
            ),
        )

    def _troubled_customers(self, partner_ids):
        """Return whose open invoices are on hold, or with a collection agency.

        :param list partner_ids: ids of the customers that are asked about
        :rtype: list[int]
        """
        moves = self.env["account.move"].sudo()
        unpaid = moves.search(
            [
                ("company_id", "=", self.company_id.id),
                ("commercial_partner_id", "in", partner_ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
            ]
        )
        troubled = moves.browse(
            move_id for move_id, held in unpaid._billing_holds().items() if held
        ) | moves.browse(unpaid._billing_collections())
        return troubled.commercial_partner_id.ids

    def _reasons_against(self, partner_ids):
        """Return why customers should not be told now, by id.

        :param list partner_ids: of customers of the campaign
        :rtype: dict[int, str | None]
        """
        self.ensure_one()
        self.env.flush_all()
        return dict(
            self.env.execute_query(self._reasons_sql(list(partner_ids), draw=False))
        )

    def _allowed_points(self, partner):
        """Return the addresses of a customer that this campaign may use.

        :rtype: billing.contact.point
        """
        self.ensure_one()
        points_sudo = (
            self.env["billing.contact.point"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", partner.id),
                    ("state", "in", ("unverified", "working")),
                ]
            )
        )
        if self.basis == "consent":
            points_sudo = points_sudo.filtered("consent_marketing")
        return points_sudo

    # === BUSINESS METHODS - SENDING === #

    @api.model
    def _cron_send_offers(self):
        """Tell customers of the campaigns that go out, batch by batch; see who came."""
        offers_sudo = self.env["billing.debit.offer"].sudo()
        seen = offers_sudo
        while True:
            offers = offers_sudo.search(
                [
                    ("state", "=", "planned"),
                    ("campaign_id.state", "=", "sending"),
                    ("id", "not in", seen.ids),
                ],
                limit=BATCH,
                order="id",
            ).try_lock_for_update()
            if not offers:
                break
            seen += offers
            for company, own in offers.grouped("company_id").items():
                own.with_company(company)._send()
            if not self.env["ir.cron"]._commit_progress(len(offers)):
                return
        offers_sudo._match_mandates()
        for campaign in self.sudo().search([("state", "=", "sending")]):
            if not offers_sudo.search_count(
                [("campaign_id", "=", campaign.id), ("state", "=", "planned")], limit=1
            ):
                campaign.write({"state": "done", "ended_at": fields.Datetime.now()})

    # === HELPERS - FIGURES === #

    def _counts(self):
        """Return the figures of campaigns, by id, with one query.

        :rtype: dict[int, dict[str, int]]
        """
        names = (
            "gain_count planned_count left_out_count told_count opened_count "
            "declined_count signup_count held_out_count held_out_signups "
            "unreachable_count"
        ).split()
        counts = {campaign.id: dict.fromkeys(names, 0) for campaign in self}
        if not self.ids:
            return counts
        self.env["billing.debit.offer"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT campaign_id, COUNT(*),
                          COUNT(*) FILTER (WHERE state = 'planned'),
                          COUNT(*) FILTER (WHERE state = 'left_out'),
                          COUNT(sent_at), COUNT(opened_at), COUNT(declined_at),
                          COUNT(mandate_id) FILTER (WHERE sent_at IS NOT NULL),
                          COUNT(*) FILTER (WHERE reason = 'held_out'),
                          COUNT(mandate_id) FILTER (WHERE reason = 'held_out'),
                          COUNT(*) FILTER (WHERE state = 'unreachable')
                     FROM billing_debit_offer
                    WHERE campaign_id = ANY(%s)
                 GROUP BY campaign_id""",
                self.ids,
            )
        )
        for campaign_id, *figures in rows:
            counts[campaign_id].update(zip(names, figures, strict=True))
        return counts

    def _left_out(self):
        """Return how many are left out for which reason, the most frequent first.

        :rtype: list[tuple[str, int]]
        """
        labels = dict(
            self.env["billing.debit.offer"]
            ._fields["reason"]
            ._description_selection(self.env)
        )
        groups = (
            self.env["billing.debit.offer"]
            .sudo()
            ._read_group(
                [("campaign_id", "=", self.id), ("state", "=", "left_out")],
                ["reason"],
                ["__count"],
                order="__count DESC",
            )
        )
        return [(labels.get(reason, ""), count) for reason, count in groups]

    def _sentences(self, figures):
        """Return what a campaign does, or did, a sentence each.

        :param dict figures: of :meth:`_counts`
        :rtype: list[str]
        """
        self.ensure_one()
        sentences = []
        if self.state == "draft":
            sentences.append(
                self.env._(
                    "%(gain)s customers would gain by direct debit. %(told)s of them "
                    "would be told.",
                    gain=figures["gain_count"],
                    told=figures["planned_count"],
                )
            )
            left_out = self._left_out()
            if left_out:
                sentences.append(
                    self.env._(
                        "Left out: %(reasons)s.",
                        reasons=", ".join(
                            f"{label.lower()} ({count})" for label, count in left_out
                        ),
                    )
                )
            return sentences
        sentences.append(
            self.env._(
                "%(told)s customers were told. %(opened)s opened the page, "
                "%(signups)s signed up, %(declined)s want no more offers.",
                told=figures["told_count"],
                opened=figures["opened_count"],
                signups=figures["signup_count"],
                declined=figures["declined_count"],
            )
        )
        if figures["planned_count"]:
            sentences.append(
                self.env._(
                    "%(count)s wait for an hour at which they may be written to.",
                    count=figures["planned_count"],
                )
            )
        if figures["told_count"] and figures["held_out_count"]:
            sentences.append(
                self.env._(
                    "Of those told %(told)s %% signed up; of the %(count)s who were "
                    "not told %(others)s %%.",
                    told=round(
                        100 * figures["signup_count"] / figures["told_count"], 1
                    ),
                    count=figures["held_out_count"],
                    others=round(
                        100 * figures["held_out_signups"] / figures["held_out_count"], 1
                    ),
                )
            )
        return sentences
