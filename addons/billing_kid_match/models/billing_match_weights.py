import dataclasses
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import ormcache

from ..core import learning
from ..core.weights import DEFAULT_WEIGHTS, SAID_STEPS
from .billing_match_verdict import SETTLED_DAYS


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
                ]
                + [
                    ("calibrated", str(said), self._written(worth))
                    for said, worth in zip(SAID_STEPS, values.calibrated, strict=True)
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
        self.env["res.company"].sudo().search([])._billing_each(
            self.env._("Learning from payments"),
            lambda company: self.with_env(company.env)._learn(company),
        )

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
        judged, judged_held_out = self._read_judged(company, since, until)
        weights, changes = learning.estimate(present, taught)
        weights, recalibrated = learning.recalibrate(weights, judged)
        touched = held_out.only(*{change.group for change in changes})
        changes += recalibrated
        if not changes:
            return self.browse()
        before = learning.surprise(present, touched) if touched.counts else 0.0
        after = learning.surprise(weights, touched) if touched.counts else 0.0
        if recalibrated and judged_held_out:
            surprise = learning.surprise_of_calibration
            before += surprise(present, present, judged_held_out)
            after += surprise(present, weights, judged_held_out)
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

    # === HELPERS === #

    def _to_core(self):
        """The values as the engine takes them.

        :rtype: core.weights.Weights
        """
        self.ensure_one()
        return learning.revive({**self.data, "version": self.version})


def _without_version(data):
    return {name: value for name, value in data.items() if name != "version"}
