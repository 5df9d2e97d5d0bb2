import re
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.urls import urljoin

from ..adapters.sms_api import SmsApiHttpGateway
from ..adapters.sms_http import Settings
from ..core import sms_gateway, sms_text


class ResCompany(models.Model):
    """SMS: who sends them, from whom they come, and what they cost."""

    _inherit = "res.company"

    billing_sms_provider = fields.Selection(
        [("odoo", "Odoo"), ("http", "HTTP gateway")],
        string="SMS Sent Through",
        required=True,
        default="odoo",
        help="Who sends all SMS of the company, those of Odoo's other apps too.",
    )
    billing_sms_sender = fields.Char(
        string="SMS Sender",
        help="Name of up to 11 letters and digits, or a number, that messages come "
        "from. Empty: the company's name. Odoo's own service has a sender of its own.",
    )

    # What the messages look like, and their price
    billing_sms_typewriter = fields.Boolean(
        string="Plain Dashes and Quotes",
        default=True,
        help='Writes – “ ” … as - " " ..., since one such sign makes an SMS cost two '
        "or three times as much. Letters stay as they are.",
    )
    billing_sms_max_segments = fields.Integer(
        string="Longest SMS",
        default=4,
        help="In segments. A longer text is cut at a word; its link stays whole.",
    )
    billing_sms_price = fields.Float(
        string="Price per Segment", digits=(16, 5), default=0.0
    )
    billing_sms_price_currency_id = fields.Many2one(
        "res.currency",
        string="Currency of the SMS Price",
        help="Empty: the currency of the company.",
    )

    # How the gateway is spoken to: what is secret, only administrators can read.
    billing_sms_http_url = fields.Char(
        string="Gateway Address", groups="base.group_system"
    )
    billing_sms_http_method = fields.Selection(
        [("get", "GET"), ("post", "POST")],
        string="Gateway Method",
        required=True,
        default="get",
        groups="base.group_system",
    )
    billing_sms_http_username = fields.Char(
        string="Gateway User", groups="base.group_system"
    )
    billing_sms_http_password = fields.Char(
        string="Gateway Password", groups="base.group_system"
    )
    billing_sms_http_parameters = fields.Text(
        string="Gateway Parameters",
        default=sms_gateway.KANNEL_PARAMETERS,
        groups="base.group_system",
        help="One name=value a line. Filled in are {username}, {password}, {sender}, "
        "{to}, {text}, {coding} (0, or 2 for a text outside the GSM alphabet), {key} "
        "and {report_url}. What ships is right for Kannel.",
    )
    billing_sms_http_accepted = fields.Char(
        string="Accepted If",
        default=sms_gateway.KANNEL_ACCEPTED,
        groups="base.group_system",
        help="Regular expression that the answer of the gateway matches when it took "
        "the message. A group (?P<reference>…) is the gateway's number of it.",
    )
    billing_sms_http_timeout = fields.Integer(
        string="Gateway Time-out (Seconds)", default=10, groups="base.group_system"
    )
    billing_sms_http_connections = fields.Integer(
        string="Gateway Connections",
        default=8,
        groups="base.group_system",
        help="Messages that are handed over at the same time.",
    )
    billing_sms_report_base_url = fields.Char(
        string="Address for Delivery Reports",
        groups="base.group_system",
        help="Under which the gateway reaches this server. Empty: the server's own "
        "address.",
    )

    _billing_sms_max_segments_positive = models.Constraint(
        "CHECK(billing_sms_max_segments > 0)", "An SMS has at least one segment."
    )
    _billing_sms_price_not_negative = models.Constraint(
        "CHECK(billing_sms_price >= 0)", "An SMS cannot cost less than nothing."
    )
    _billing_sms_http_timeout_positive = models.Constraint(
        "CHECK(billing_sms_http_timeout > 0)",
        "The time-out of the SMS gateway is at least one second.",
    )
    _billing_sms_http_connections_range = models.Constraint(
        "CHECK(billing_sms_http_connections BETWEEN 1 AND 50)",
        "Use 1 to 50 connections to the SMS gateway.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("billing_sms_sender")
    def _check_billing_sms_sender(self):
        texts = {
            "long": self.env._("An SMS sender has at most 11 characters."),
            "signs": self.env._(
                "An SMS sender may hold the letters A to Z, digits, and between them "
                "spaces, dots and dashes. Phones show nothing else."
            ),
            "digits": self.env._("A number SMS come from has 3 to 15 digits."),
        }
        for company in self.filtered("billing_sms_sender"):
            problem = sms_gateway.sender_problem(company.billing_sms_sender)
            if problem:
                raise ValidationError(texts[problem])

    @api.constrains(
        "billing_sms_http_url",
        "billing_sms_http_parameters",
        "billing_sms_http_accepted",
    )
    def _check_billing_sms_gateway(self):
        # Each on its own: the settings are written field by field.
        for company_sudo in self.sudo():
            url = company_sudo.billing_sms_http_url
            address = urlsplit(url or "")
            if url and (
                address.scheme not in ("http", "https") or not address.hostname
            ):
                raise ValidationError(
                    self.env._(
                        "The address of the SMS gateway begins with http:// or https://."
                    )
                )
            try:
                found = sms_gateway.parameters(
                    company_sudo.billing_sms_http_parameters or ""
                )
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "A parameter of the SMS gateway cannot be used: %(problem)s",
                        problem=error,
                    )
                ) from error
            template = "".join(value for _name, value in found)
            if "{to}" not in template or "{text}" not in template:
                raise ValidationError(
                    self.env._(
                        "The parameters of the SMS gateway need {to} and {text}."
                    )
                )
            try:
                re.compile(company_sudo.billing_sms_http_accepted or "(")
            except re.error as error:
                raise ValidationError(
                    self.env._(
                        "What the SMS gateway answers when it accepts is no regular "
                        "expression: %(problem)s",
                        problem=error,
                    )
                ) from error

    # === BUSINESS METHODS - SMS === #

    def _get_sms_api_class(self):
        """Override of `sms`: the company's HTTP gateway, if that is its provider."""
        self.ensure_one()
        if self.billing_sms_provider == "http":
            return SmsApiHttpGateway
        return super()._get_sms_api_class()

    def _billing_sms_gateway_settings(self):
        """Return how the gateway of the company is spoken to.

        :rtype: adapters.sms_http.Settings
        """
        self.ensure_one()
        company_sudo = self.sudo()
        return Settings(
            url=company_sudo.billing_sms_http_url or "",
            method=company_sudo.billing_sms_http_method,
            parameters=company_sudo.billing_sms_http_parameters or "",
            accepted=company_sudo.billing_sms_http_accepted,
            username=company_sudo.billing_sms_http_username or "",
            password=company_sudo.billing_sms_http_password or "",
            sender=company_sudo.billing_sms_sender
            or sms_gateway.sender_of_name(company_sudo.name),
            timeout=company_sudo.billing_sms_http_timeout,
            connections=company_sudo.billing_sms_http_connections,
        )

    def _billing_sms_report_url(self, key):
        """Return the address where the gateway reports on one message.

        :param str key: of the attempt, or of Odoo's own SMS
        :rtype: str
        """
        self.ensure_one()
        base = self.sudo().billing_sms_report_base_url or self.get_base_url()
        secret = self.env["billing.sms.report"]._secret(key)
        return urljoin(base, f"/billing/sms/report/{key}?secret={secret}")

    def _billing_sms_tidy(self, text):
        """Return a text as the company's SMS are sent.

        :rtype: str
        """
        self.ensure_one()
        return sms_text.tidy(text, typewriter=self.billing_sms_typewriter)

    def _billing_sms_cost(self, segments):
        """Return what so many segments cost, in the company's currency.

        :param int segments: parts
        :rtype: float
        """
        self.ensure_one()
        price = self.billing_sms_price * segments
        currency = self.billing_sms_price_currency_id
        if not currency or currency == self.currency_id:
            return price
        return currency._convert(
            price, self.currency_id, self, self._billing_today(), round=False
        )
