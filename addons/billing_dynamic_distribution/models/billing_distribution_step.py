from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core.plan import Step
from .billing_channel import CHANNELS, VIRTUAL_CHANNELS


class BillingDistributionStep(models.Model):
    """One message of a plan: by which channel, when, and under which condition."""

    _name = "billing.distribution.step"
    _description = "Step of a Distribution Plan"
    _order = "version_id, sequence, id"
    _check_company_auto = True

    version_id = fields.Many2one(
        "billing.distribution.version", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="version_id.company_id", store=True, index=True
    )
    sequence = fields.Integer(default=10)
    channel = fields.Selection(VIRTUAL_CHANNELS + CHANNELS, required=True)
    wait = fields.Integer(
        default=0,
        help="After the step before it was sent; the first step: after the trigger.",
    )
    wait_unit = fields.Selection(
        [("hours", "Hours"), ("days", "Days"), ("bank_days", "Bank Days")],
        string="Unit",
        required=True,
        default="days",
    )
    condition = fields.Selection(
        [
            ("not_paid", "Not paid"),
            ("not_opened", "Not opened"),
            ("not_delivered", "Not delivered"),
        ],
        string="Only If",
        required=True,
        default="not_opened",
        help="Looked at when the time of the step has come. Nothing is ever sent about "
        "an invoice that is paid.",
    )
    at_once_on_failure = fields.Boolean(
        string="At Once after a Failure",
        default=True,
        help="When the step before it could not be delivered, this one does not wait.",
    )
    template_id = fields.Many2one(
        "billing.distribution.content",
        string="Content",
        required=True,
        ondelete="restrict",
        check_company=True,
    )
    attach_pdf = fields.Selection(
        [
            ("company", "As the company does"),
            ("link", "Link only"),
            ("attach", "Attach the PDF"),
        ],
        string="PDF",
        required=True,
        default="company",
    )

    _wait_positive = models.Constraint(
        "CHECK(wait >= 0)", "A step cannot come before the one ahead of it."
    )

    # === COMPUTE METHODS === #

    @api.depends("sequence", "channel")
    def _compute_display_name(self):
        labels = dict(self._fields["channel"]._description_selection(self.env))
        for step in self:
            step.display_name = labels.get(step.channel, "")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps._check_is_draft()
        return steps

    def write(self, vals):
        # A published text that cannot be rendered is mended, by the system.
        if not self.env.su or vals.keys() != {"text_id"}:
            self._check_is_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_is_draft()

    # === HELPERS === #

    def _to_step(self):
        """Return the step as ``core.plan`` takes it.

        :rtype: core.plan.Step
        """
        self.ensure_one()
        return Step(
            id=self.id,
            channel=self.channel,
            wait=self.wait,
            unit=self.wait_unit,
            condition=self.condition,
            at_once_on_failure=self.at_once_on_failure,
        )

    def _check_is_draft(self):
        if any(step.version_id.state != "draft" for step in self):
            raise UserError(
                self.env._(
                    "The steps of a published version cannot change any more. Edit the "
                    "plan: that makes a new version."
                )
            )
