"""What trying two versions of a plan needs of plans, versions and steps."""

from collections import Counter
from dataclasses import replace

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class BillingDistributionPlan(models.Model):
    _inherit = "billing.distribution.plan"

    experiment_ids = fields.One2many(
        "billing.distribution.experiment", "plan_id", string="Tries"
    )
    proposal_ids = fields.One2many(
        "billing.distribution.proposal", "plan_id", string="Proposals"
    )

    # === BUSINESS METHODS === #

    def _split_by_version(self, moves_sql):
        """Return which version invoices begin with.

        While something is tried, customers are split by a stable number that follows
        from the customer and the try alone (see ``core.experiment``), so that the
        database can say it for a million invoices.

        :param moves_sql: condition on ``account_move``, which goes by ``move``
        :return: pairs of version and condition; each invoice meets one of them
        :rtype: list[tuple]
        """
        self.ensure_one()
        running = self.experiment_ids.filtered(lambda exp: exp.state == "running")
        if not running:
            return [(self.live_version_id, moves_sql)]
        _kept, first = running._limits()
        bucket = SQL(
            """('x' || LEFT(MD5(%s || ':' || COALESCE(
                move.commercial_partner_id, move.partner_id)::text), 8)
            )::bit(32)::bigint""",
            str(running.id),
        )
        return [
            (self.live_version_id, SQL("%s AND %s < %s", moves_sql, bucket, first)),
            (running.version_b_id, SQL("%s AND %s >= %s", moves_sql, bucket, first)),
        ]


class BillingDistributionVersion(models.Model):
    _inherit = "billing.distribution.version"

    state = fields.Selection(
        selection_add=[("trial", "Being Tried")], ondelete={"trial": "set default"}
    )

    # === BUSINESS METHODS === #

    def _publish(self):
        """Extension: a new version ends what is tried against the former one."""
        self.plan_id.experiment_ids.filtered(lambda exp: exp.state == "running")._stop(
            "changed"
        )
        return super()._publish()

    def _begin_trial(self):
        """Fix a draft, so that some of the customers can get it.

        :raises UserError: it is no draft, has no steps, or drops what the law asks for
        """
        self.ensure_one()
        self._check_is_draft()
        if not self.step_ids:
            raise UserError(
                self.env._("«%(plan)s» has no steps yet.", plan=self.plan_id.name)
            )
        self._check_keeps_required(self.plan_id.live_version_id)
        self.step_ids._keep_texts()
        self.write({"state": "trial", "published_at": self.env.company._billing_now()})
        self.flush_recordset(["state"])

    def _end_trial(self):
        """Begin nothing with the versions any more; what runs finishes."""
        self.filtered(lambda version: version.state == "trial").state = "retired"

    def _adopt(self):
        """Let every invoice begin with a version that was published before.

        After a try, or to go back to a former version.

        :raises UserError: it was never published, or drops what the law asks for
        """
        self.ensure_one()
        if self.state == "draft":
            raise UserError(
                self.env._(
                    "%(version)s was never published.", version=self.display_name
                )
            )
        former = self.plan_id.live_version_id
        if former == self:
            return
        self._check_keeps_required(former)
        former.state = "retired"
        former.flush_recordset(["state"])
        self.write(
            {
                "state": "live",
                "published_at": self.env.company._billing_now(),
                "published_by_id": self.env.uid,
            }
        )
        self.plan_id.live_version_id = self

    def _copy_with(self, factor, value):
        """Return a draft of the plan with one thing changed.

        :param str factor: of ``core.optimiser.FACTORS``
        :param str value: channel, part of the day, or wait in days
        :rtype: billing.distribution.version
        :raises UserError: somebody is editing the plan
        """
        self.ensure_one()
        if any(version.state == "draft" for version in self.plan_id.version_ids):
            raise UserError(
                self.env._(
                    "Somebody is editing «%(plan)s». Publish or delete that draft "
                    "first.",
                    plan=self.plan_id.name,
                )
            )
        draft = self._copy_as_draft()
        steps = draft.step_ids.sorted(lambda step: (step.sequence, step.id))
        first, rest = steps[:1], steps[1:]
        if factor == "channel":
            # The channel that gives up its place steps in where the new one stood.
            rest.filtered(lambda step: step.channel == value)[
                :1
            ].channel = first.channel
            first.channel = value
        elif factor == "band":
            first.send_window = value
        else:
            rest[:1].write({"wait": int(value), "wait_unit": "days"})
        return draft

    def _to_steps(self):
        """Extension: steps with the hours at which they would rather come."""
        windows = {step.id: step.send_window for step in self.step_ids}
        return tuple(
            replace(step, window=windows[step.id]) for step in super()._to_steps()
        )

    def _check_keeps_required(self, former):
        """Refuse to drop a step that the law asks for.

        :param former: the version that it follows, may be empty
        """
        self.ensure_one()
        missing = self._required_channels(former) - self._required_channels(self)
        if missing:
            raise UserError(
                self.env._(
                    "%(version)s leaves out steps that are required by law: "
                    "%(channels)s.",
                    version=self.display_name,
                    channels=", ".join(sorted(missing.elements())),
                )
            )

    def _required_channels(self, version):
        return Counter(version.step_ids.filtered("is_required").mapped("channel"))


class BillingDistributionStep(models.Model):
    _inherit = "billing.distribution.step"

    send_window = fields.Selection(
        [
            ("any", "Any hour"),
            ("morning", "In the morning (8–11)"),
            ("midday", "At midday (11–15)"),
            ("afternoon", "In the afternoon (15–18)"),
            ("evening", "In the evening (18–21)"),
            ("learned", "When the customer usually opens"),
        ],
        string="Time of Day",
        required=True,
        default="any",
        help="A wish: by the customer's own clock, within the hours people may be "
        "written to, and never a day later for it.",
    )
    is_required = fields.Boolean(
        string="Required by Law",
        help="A step that the law asks for. Proposals and tries never leave it out or "
        "change it.",
    )
