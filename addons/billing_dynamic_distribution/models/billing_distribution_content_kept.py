import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import state

#: Field types a wording is made of.
_PLAIN = ("char", "text", "html", "boolean", "selection", "integer", "float")
#: Fields of a content that are no part of what a message says.
_NO_WORDING = frozenset({"name", "sequence", "active", "digest", "problem"})
#: Fields of an e-mail template that are part of what a message says.
_MAIL_WORDING = ("subject", "body_html", "email_from", "reply_to")


class BillingDistributionContent(models.Model):
    """Texts of published plans: what is sent is what was published.

    When a version of a plan goes live, each content it names is kept as it is at that
    moment, in a copy that nobody can change. There is one copy for each wording,
    however many versions were published with it.
    """

    _inherit = "billing.distribution.content"

    original_id = fields.Many2one(
        "billing.distribution.content",
        string="Kept from",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    digest = fields.Char(readonly=True, copy=False)
    problem = fields.Char(
        readonly=True,
        copy=False,
        help="Why a message with this text could not be prepared.",
    )
    earlier_plan_ids = fields.Many2many(
        "billing.distribution.plan",
        string="Plans with an Earlier Text",
        compute="_compute_earlier_plan_ids",
        help="Live plans that were published before the text became what it is now.",
    )

    _kept_once = models.UniqueIndex(
        "(original_id, digest) WHERE original_id IS NOT NULL",
        "This wording is kept already.",
    )

    # === COMPUTE METHODS === #

    def _compute_earlier_plan_ids(self):
        steps = self.env["billing.distribution.step"].search(
            [
                ("template_id", "in", self._origin.ids),
                ("version_id.state", "=", "live"),
            ]
        )
        by_content = steps.grouped("template_id")
        for content in self:
            own = by_content.get(content._origin, steps.browse())
            content.earlier_plan_ids = (
                own._filter_with_earlier_text().version_id.plan_id
            )

    # === CRUD METHODS === #

    def write(self, vals):
        if not self.env.su or vals.keys() != {"problem"}:
            self._check_not_kept()
        return super().write(vals)

    def _update_field_translations(
        self, field_name, translations, digest=None, source_lang=""
    ):
        self._check_not_kept()
        return super()._update_field_translations(
            field_name, translations, digest=digest, source_lang=source_lang
        )

    # === ACTIONS === #

    def action_use_in_plans(self):
        """Let live plans use the text as it is now, from now on (button).

        Publishes a new version of each plan that has an earlier one. Invoices on their
        way finish with the text they began with.
        """
        self.ensure_one()
        plans = self.earlier_plan_ids
        plans.check_access("write")
        plans.live_version_id._publish_again()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === BUSINESS METHODS === #

    def _keep(self):
        """Return the contents as they are now, each in a copy nobody can change.

        :return: the copy (superuser) by content
        :rtype: dict
        """
        kept = {}
        for content in self:
            content_sudo = content.sudo().with_context(lang=None, active_test=False)
            original_sudo = content_sudo.original_id or content_sudo
            digest = content_sudo.digest or content_sudo._get_digest()
            kept[content] = content_sudo.search(
                [("original_id", "=", original_sudo.id), ("digest", "=", digest)],
                limit=1,
            ) or original_sudo._make_kept(digest)
        return kept

    def _make_kept(self, digest):
        """Return a new copy of one content."""
        self.ensure_one()
        template = self.mail_template_id
        kept = self.copy(
            {
                "active": False,
                "mail_template_id": (
                    template.copy({"name": template.name, "active": False}).id
                    if template
                    else False
                ),
            }
        )
        kept.write({"original_id": self.id, "digest": digest})
        return kept

    @api.model
    def _mend(self, kept):
        """Let what was published with a broken text have the one that is published now.

        A published text is never changed; what cannot be rendered was never sent.

        :param kept: copy that is published (superuser) by the content it is kept from
        """
        mended_by_original = {content.id: copy for content, copy in kept.items()}
        broken_sudo = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("original_id", "in", list(mended_by_original)),
                    ("problem", "!=", False),
                ]
            )
        )
        for content_sudo in broken_sudo:
            mended_sudo = mended_by_original[content_sudo.original_id.id]
            if mended_sudo == content_sudo:
                continue
            self.env["billing.distribution.step"].sudo().search(
                [("text_id", "=", content_sudo.id)]
            ).write({"text_id": mended_sudo.id})
            self.env["billing.distribution.attempt"].sudo().search(
                [("content_id", "=", content_sudo.id), ("state", "=", state.PLANNED)]
            ).write({"content_id": mended_sudo.id})
            self.env["billing.distribution.trouble"].sudo().search(
                [("content_id", "=", content_sudo.id)]
            )._end("works")

    def _get_digest(self):
        """Return a number that changes with every word of the content, as text."""
        self.ensure_one()
        wording = json.dumps(self.sudo()._get_wording(), sort_keys=True, default=str)
        return hashlib.sha256(wording.encode()).hexdigest()

    def _get_wording(self):
        """Return all that messages with the content say, in every language.

        :rtype: dict
        """
        self.ensure_one()
        names = [
            name
            for name, field in self._fields.items()
            if field.store
            and field.copy
            and field.type in _PLAIN
            and name not in _NO_WORDING
        ]
        wording = {name: _stored(self, name) for name in names}
        template = self.mail_template_id
        if template:
            wording["mail"] = {name: _stored(template, name) for name in _MAIL_WORDING}
            wording["mail_server"] = template.mail_server_id.id
            wording["files"] = sorted(
                (file.name or "", file.checksum or "")
                for file in template.attachment_ids
            )
        return wording

    def _check_not_kept(self):
        if any(content.original_id for content in self):
            raise UserError(
                self.env._(
                    "This text is kept as it was published. Change the content it was "
                    "kept from, and use that in the plans from now on."
                )
            )


class BillingDistributionStep(models.Model):
    _inherit = "billing.distribution.step"

    text_id = fields.Many2one(
        "billing.distribution.content",
        string="Text as Published",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    # === BUSINESS METHODS === #

    def _get_content(self):
        """Return what the messages of the step say: as published, once it is.

        :rtype: billing.distribution.content
        """
        self.ensure_one()
        return self.text_id or self.template_id

    def _keep_texts(self):
        """Fix what the messages of the steps say."""
        steps_sudo = self.sudo()
        kept = steps_sudo.template_id._keep()
        for content_sudo, kept_sudo in kept.items():
            steps_sudo.filtered(
                lambda step, content=content_sudo: step.template_id == content
            ).text_id = kept_sudo
        self.env["billing.distribution.content"]._mend(kept)

    def _filter_with_earlier_text(self):
        """Return those published steps whose content says something else by now."""
        digests = {
            content: content._get_digest() for content in self.sudo().template_id
        }
        return self.filtered(
            lambda step: (
                step.sudo().text_id
                and step.sudo().text_id.digest != digests[step.sudo().template_id]
            )
        )


class BillingDistributionPlan(models.Model):
    _inherit = "billing.distribution.plan"

    new_text_ids = fields.Many2many(
        "billing.distribution.content",
        string="Texts Changed since Publishing",
        compute="_compute_new_text_ids",
        help="The live version goes on with the texts it was published with.",
    )

    # === COMPUTE METHODS === #

    @api.depends("live_version_id")
    def _compute_new_text_ids(self):
        for plan in self:
            steps = plan.live_version_id.step_ids
            plan.new_text_ids = steps._filter_with_earlier_text().template_id

    # === ACTIONS === #

    def action_use_new_texts(self):
        """Let the plan use its texts as they are now, from now on (button)."""
        self.check_access("write")
        self.live_version_id._publish_again()
        return {"type": "ir.actions.client", "tag": "soft_reload"}


def _stored(record, name):
    """Return a stored value, of texts that are translated all their languages."""
    field = record._fields[name]
    if field.translate:
        return field._get_stored_translations(record)
    return record[name]
