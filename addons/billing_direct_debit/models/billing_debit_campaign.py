from odoo import api, fields, models
from odoo.exceptions import UserError

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
    started_by_id = fields.Many2one("res.users", readonly=True, copy=False)
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
