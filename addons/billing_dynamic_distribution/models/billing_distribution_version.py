from odoo import api, fields, models
from odoo.exceptions import UserError


class BillingDistributionVersion(models.Model):
    """One wording of a plan.

    It is changed as a draft, published once, and from then on fixed: what invoices go
    through can be told years later. ``state`` changes through :meth:`_publish` and
    :meth:`_retire` only.
    """

    _name = "billing.distribution.version"
    _description = "Version of a Distribution Plan"
    _order = "plan_id, number desc"
    _check_company_auto = True

    plan_id = fields.Many2one(
        "billing.distribution.plan", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    number = fields.Integer(string="Version", readonly=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("live", "Live"), ("retired", "Retired")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    step_ids = fields.One2many(
        "billing.distribution.step", "version_id", string="Steps", copy=True
    )
    note = fields.Char(string="What Is New", copy=False)
    published_at = fields.Datetime(string="Published", readonly=True, copy=False)
    published_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="set null"
    )

    _number_unique = models.UniqueIndex(
        "(plan_id, number)", "The plan has a version with this number."
    )
    _one_live = models.UniqueIndex(
        "(plan_id) WHERE state = 'live'", "A plan has one live version."
    )
    _one_draft = models.UniqueIndex(
        "(plan_id) WHERE state = 'draft'", "A plan has one draft."
    )

    # === COMPUTE METHODS === #

    @api.depends("plan_id.name", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(plan)s, version %(number)s",
                plan=version.plan_id.name or "",
                number=version.number,
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        plans = self.env["billing.distribution.plan"].browse(
            {vals["plan_id"] for vals in vals_list if vals.get("plan_id")}
        )
        last = {
            plan.id: max(plan.sudo().version_ids.mapped("number"), default=0)
            for plan in plans
        }
        for vals in vals_list:
            if vals.get("plan_id"):
                last[vals["plan_id"]] += 1
                vals["number"] = last[vals["plan_id"]]
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() - {"note", "state", "published_at", "published_by_id"}:
            self._check_is_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_is_draft()

    # === ACTIONS === #

    def action_publish(self):
        """Let invoices begin with this version from now on (button)."""
        self.check_access("write")
        self._publish()

    def action_edit(self):
        """Open the draft of the plan, made from this version if there is none."""
        self.ensure_one()
        return self.plan_id.action_edit()

    def action_restore(self):
        """Go back to this version: publish a copy of it (button)."""
        self.ensure_one()
        self.check_access("write")
        self.plan_id.version_ids.filtered(lambda v: v.state == "draft").unlink()
        draft = self._copy_as_draft()
        draft.note = self.env._("Back to version %(number)s", number=self.number)
        draft._publish()
        return draft._get_records_action()

    # === BUSINESS METHODS === #

    def _publish(self):
        """Make drafts live and retire the versions they follow.

        Running invoices finish the version they began with.

        :return: None
        :raises UserError: a version that is no draft, or has no steps
        """
        for version in self:
            version._check_is_draft()
            if not version.step_ids:
                raise UserError(
                    self.env._(
                        "«%(plan)s» has no steps yet.", plan=version.plan_id.name
                    )
                )
            version.step_ids._keep_texts()
            former = version.plan_id.live_version_id
            former.state = "retired"
            former.flush_recordset(["state"])
            version.write(
                {
                    "state": "live",
                    "published_at": self.env.company._billing_now(),
                    "published_by_id": self.env.uid,
                }
            )
            version.plan_id.live_version_id = version
            # The next draft may be written before this one is any more.
            version.flush_recordset(["state"])

    def _publish_again(self):
        """Publish live versions once more, with their contents as they are now.

        A draft that somebody is working on stays a draft.

        :return: None
        """
        for version in self:
            plan = version.plan_id
            draft = plan.version_ids.filtered(lambda other: other.state == "draft")
            # A plan has one draft: let the new version pass.
            draft.state = "retired"
            draft.flush_recordset(["state"])
            fresh = version._copy_as_draft()
            fresh.note = self.env._(
                "Version %(number)s with its texts as they are now",
                number=version.number,
            )
            fresh._publish()
            draft.state = "draft"
            if draft:
                draft.number = fresh.number + 1

    def _retire(self):
        """Take live versions out of use; no invoice begins with them any more.

        :return: None
        """
        live = self.filtered(lambda version: version.state == "live")
        live.plan_id.live_version_id = False
        live.state = "retired"

    def _copy_as_draft(self):
        """Return a new draft of the plan with the same steps."""
        self.ensure_one()
        return self.copy()

    def _to_steps(self):
        """Return the steps as ``core.plan`` takes them, in order.

        :rtype: tuple[core.plan.Step]
        """
        self.ensure_one()
        return tuple(
            step._to_step()
            for step in self.step_ids.sorted(lambda step: (step.sequence, step.id))
        )

    def _check_is_draft(self):
        for version in self:
            if version.state != "draft":
                raise UserError(
                    self.env._(
                        "%(version)s is published and cannot change any more. Edit "
                        "the plan: that makes a new version.",
                        version=version.display_name,
                    )
                )
