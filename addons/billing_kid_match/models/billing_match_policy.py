import dataclasses
from math import inf

from odoo import api, fields, models
from odoo.tools import SQL, formatLang, ormcache

from ..core.weights import DEFAULT_POLICY, Policy


class BillingMatchPolicy(models.Model):
    """What is asked before payments of one group of customers are booked unseen.

    A customer in several groups follows the first policy in order of sequence. What a
    policy leaves at zero is as the company has it.
    """

    _name = "billing.match.policy"
    _description = "Matching Rule of a Customer Group"
    _order = "sequence, id"
    _rec_name = "category_id"

    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    category_id = fields.Many2one(
        "res.partner.category",
        string="Customer Group",
        help="Customers with this tag, or with one below it.",
        required=True,
        index=True,
        # A rule about money does not vanish with a tag.
        ondelete="restrict",
    )
    propose_only = fields.Boolean(
        string="Leave to Staff",
        help="Only exact references are booked without a person. Everything else is "
        "proposed.",
    )
    threshold = fields.Float(
        string="Repaired Reference",
        help="Least certainty for a repaired reference. Zero: as the company.",
        digits=(6, 5),
    )
    evidence_threshold = fields.Float(
        string="Other Evidence",
        help="Least certainty by other evidence than the reference. Zero: as the "
        "company.",
        digits=(6, 5),
    )
    margin = fields.Float(
        help="How many times as likely as the next one the invoice must be. Zero: as "
        "the company.",
    )
    assign_threshold = fields.Float(
        string="Customer",
        help="Least certainty of the customer when the invoice is not certain. Zero: "
        "as the company.",
        digits=(6, 5),
    )
    summary = fields.Char(
        string="In Words", compute="_compute_summary", help="The rule as a sentence."
    )

    _category_unique = models.UniqueIndex(
        "(company_id, category_id) WHERE active",
        "The customer group has a rule already.",
    )
    _threshold_range = models.Constraint(
        "CHECK (COALESCE(threshold, 0) = 0 OR threshold BETWEEN 0.99 AND 1)",
        "The least certainty lies between 99 and 100 percent.",
    )
    _evidence_range = models.Constraint(
        "CHECK ((COALESCE(evidence_threshold, 0) = 0"
        " OR evidence_threshold BETWEEN 0.9 AND 1)"
        " AND (COALESCE(assign_threshold, 0) = 0"
        " OR assign_threshold BETWEEN 0.9 AND 1))",
        "The least certainty by evidence lies between 90 and 100 percent.",
    )
    _margin_range = models.Constraint(
        "CHECK (COALESCE(margin, 0) = 0 OR margin >= 1)",
        "The margin is zero or at least one.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "company_id",
        "propose_only",
        "threshold",
        "evidence_threshold",
        "margin",
        "assign_threshold",
    )
    @api.depends_context("lang")
    def _compute_summary(self):
        for policy in self:
            policy.summary = policy._in_words()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self.env.registry.clear_cache()
        return policies

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(("active", "company_id")):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === BUSINESS METHODS === #

    @api.model
    def _any(self, company):
        """Whether the company has any policy, so that customers need to be looked up.

        :param company: the ``res.company``
        :rtype: bool
        """
        return self._any_of(company.id)

    @api.model
    @ormcache("company_id")
    def _any_of(self, company_id):
        return bool(
            self.sudo().search_count([("company_id", "=", company_id)], limit=1)
        )

    @api.model
    def _default_policy(self, company):
        """What the company asks of all customers without a policy of their own.

        :param company: the ``res.company``
        :rtype: core.weights.Policy
        """
        company_sudo = company.sudo()
        return dataclasses.replace(
            DEFAULT_POLICY,
            one_edit=company_sudo.billing_match_threshold,
            two_edits=max(
                DEFAULT_POLICY.two_edits, company_sudo.billing_match_threshold
            ),
            evidence=company_sudo.billing_match_evidence_threshold,
            margin=company_sudo.billing_match_margin,
            by_evidence=company_sudo.billing_match_evidence,
            customer=company_sudo.billing_match_assign_threshold
            if company_sudo.billing_match_assign
            else 0.0,
        )

    @api.model
    def _by_partner(self, company, partner_ids):
        """What is asked of the payments of each of the customers.

        :param company: the ``res.company`` the payments are for
        :param partner_ids: ids of commercial partners
        :return: policy of each of them, the company's own where no group has one
        :rtype: dict[int, core.weights.Policy]
        """
        default = self._default_policy(company)
        found = self._find_for_partners(company, partner_ids)
        policies_sudo = self.sudo().browse(set(found.values()))
        by_policy = {
            policy_sudo.id: policy_sudo._to_core(default)
            for policy_sudo in policies_sudo
        }
        return {
            partner_id: by_policy.get(found.get(partner_id), default)
            for partner_id in partner_ids
        }

    # === HELPERS === #

    @api.model
    def _find_for_partners(self, company, partner_ids):
        """First policy of each of the customers that has one, in one query.

        :return: dict of partner id to policy id
        """
        if not partner_ids:
            return {}
        self.env["res.partner"].flush_model(["category_id"])
        self.env["res.partner.category"].flush_model(["parent_path"])
        self.flush_model(["active", "category_id", "company_id", "sequence"])
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (tag.partner_id) tag.partner_id, policy.id
                      FROM res_partner_res_partner_category_rel AS tag
                      JOIN res_partner_category AS category
                        ON category.id = tag.category_id
                      JOIN res_partner_category AS above
                        ON starts_with(category.parent_path, above.parent_path)
                      JOIN billing_match_policy AS policy
                        ON policy.category_id = above.id
                     WHERE tag.partner_id = ANY(%s)
                       AND policy.active AND policy.company_id = %s
                     ORDER BY tag.partner_id, policy.sequence, policy.id
                    """,
                    list(partner_ids),
                    company.id,
                )
            )
        )

    def _to_core(self, default: Policy) -> Policy:
        """The policy as the engine takes it.

        :param default: what holds where this policy says nothing
        """
        self.ensure_one()
        if self.propose_only:
            return dataclasses.replace(
                default, one_edit=inf, two_edits=inf, evidence=inf, customer=0.0
            )
        one_edit = self.threshold or default.one_edit
        return dataclasses.replace(
            default,
            one_edit=one_edit,
            two_edits=max(DEFAULT_POLICY.two_edits, one_edit),
            evidence=self.evidence_threshold or default.evidence,
            margin=self.margin or default.margin,
            # Who wants no money on customers' accounts wants none for any group.
            customer=default.customer and (self.assign_threshold or default.customer),
        )

    def _in_words(self):
        """The rule as a sentence, in the reader's language."""
        self.ensure_one()
        if self.propose_only:
            return self.env._("Only exact references are booked; people decide.")
        parts = [
            (self.threshold, self.env._("repairs from %(share)s")),
            (self.evidence_threshold, self.env._("other evidence from %(share)s")),
            (self.assign_threshold, self.env._("customer from %(share)s")),
        ]
        words = [
            text % {"share": f"{self._written(value * 100)} %"}
            for value, text in parts
            if value
        ]
        if self.margin:
            words.append(
                self.env._(
                    "%(times)s times as likely as the next",
                    times=self._written(self.margin),
                )
            )
        text = ", ".join(words) or self.env._("As the company")
        return text[0].upper() + text[1:]

    def _written(self, value):
        """A number in the reader's language, without zeros at its end."""
        return formatLang(self.env, value, digits=3).rstrip("0").rstrip(".,")
