from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: Channels that operators carry.
PROVIDER_CHANNELS = ("efaktura", "mailbox")


class ResCompany(models.Model):
    """eFaktura and digital mailboxes: who carries them, and with what settings."""

    _inherit = "res.company"

    billing_efaktura_provider = fields.Selection(
        selection="_selection_billing_efaktura_provider", string="eFaktura Operator"
    )
    billing_efaktura_settings = fields.Text(
        string="eFaktura Settings",
        groups="base.group_system",
        copy=False,
        help="One name=value a line, as the operator's addon asks for them.",
    )
    billing_efaktura_price = fields.Float(string="Price of an eFaktura")
    billing_mailbox_provider = fields.Selection(
        selection="_selection_billing_mailbox_provider", string="Mailbox Operator"
    )
    billing_mailbox_settings = fields.Text(
        string="Mailbox Settings",
        groups="base.group_system",
        copy=False,
        help="One name=value a line, as the operator's addon asks for them.",
    )
    billing_mailbox_price = fields.Float(string="Price of a Mailbox Message")

    _billing_provider_prices_positive = models.Constraint(
        "CHECK(billing_efaktura_price >= 0 AND billing_mailbox_price >= 0)",
        "A message cannot cost less than nothing.",
    )

    # === SELECTION METHODS === #

    @api.model
    def _selection_billing_efaktura_provider(self):
        return self._selection_billing_provider("efaktura")

    @api.model
    def _selection_billing_mailbox_provider(self):
        return self._selection_billing_provider("mailbox")

    @api.model
    def _selection_billing_provider(self, channel):
        providers = self.env[f"billing.channel.{channel}"]._providers()
        return [(code, provider.label) for code, provider in providers.items()]

    # === CONSTRAINT METHODS === #

    @api.constrains("billing_efaktura_settings", "billing_mailbox_settings")
    def _check_billing_provider_settings(self):
        for company in self:
            for channel in PROVIDER_CHANNELS:
                company._billing_provider_settings(channel)

    # === HELPERS === #

    def _billing_provider_settings(self, channel):
        """Return the settings of an operator.

        :param str channel: one of :data:`PROVIDER_CHANNELS`
        :rtype: dict[str, str]
        :raises ValidationError: a line is no name=value
        """
        self.ensure_one()
        settings = {}
        for line in (self.sudo()[f"billing_{channel}_settings"] or "").splitlines():
            if not line.strip():
                continue
            name, sign, value = line.partition("=")
            if not sign or not name.strip():
                raise ValidationError(
                    self.env._("«%s» is not of the form name=value.", line)
                )
            settings[name.strip()] = value.strip()
        return settings
