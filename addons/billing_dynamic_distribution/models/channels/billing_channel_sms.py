import re
from collections import defaultdict
from dataclasses import asdict

import requests

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date

from odoo.addons.iap.tools.iap_tools import InsufficientCreditError

from ...adapters.sms_http import HttpGateway, Message, before_handing_over
from ...core import sms_text, state
from ...core.channel import ChannelError, Outcome, Prepared

_TOKEN = re.compile(r"(access_token=)[\w-]+")

# State in the words of Odoo's own providers → outcome, and whether it is the number's
# fault.
ODOO_SENT = frozenset({"success", "processing", "sent"})
ODOO_WRONG_NUMBER = frozenset({"wrong_number_format", "sms_number_missing"})
ODOO_NEVER = frozenset({"country_not_supported", "incompatible_content"})


def without_tokens(text):
    """Return ``text`` as it is kept.

    Whoever may read what was sent may not open the page as the customer.
    """
    return _TOKEN.sub(r"\1…", text)


class BillingChannel(models.AbstractModel):
    _inherit = "billing.channel"

    @api.model
    def _registry(self):
        """Extended with SMS."""
        return {**super()._registry(), "sms": "billing.channel.sms"}


class BillingChannelSms(models.AbstractModel):
    """SMS: through the HTTP gateway of the company, or through Odoo's own provider.

    What a provider tells later arrives at ``/billing/sms/report/<key>`` (gateways) and
    ``/sms/status`` (Odoo's own), and moves the attempt.
    """

    _name = "billing.channel.sms"
    _inherit = "billing.channel"
    _description = "SMS Channel"

    _channel = "sms"
    _group = "sms"

    # === CONTRACT: ABOUT THE CHANNEL === #

    def _is_available(self, company):
        """Override: a gateway with an address, or an account with Odoo's service."""
        company_sudo = company.sudo()
        if company_sudo.billing_sms_provider == "http":
            return bool(company_sudo.billing_sms_http_url)
        accounts_sudo = (
            self.env["iap.account"]
            .sudo()
            .search_count(
                [
                    ("service_name", "=", "sms"),
                    ("state", "=", "registered"),
                    "|",
                    ("company_ids", "in", company.ids),
                    ("company_ids", "=", False),
                ],
                limit=1,
            )
        )
        return bool(accounts_sudo)

    def _opted_out(self, points):
        """Override: numbers on Odoo's list of phones that want nothing."""
        blacklisted_sudo = (
            self.env["phone.blacklist"]
            .sudo()
            .search([("number", "in", points.mapped("address"))])
        )
        numbers = set(blacklisted_sudo.mapped("number"))
        return points.filtered(lambda point: point.address in numbers)

    # === CONTRACT: SENDING === #

    def _prepare(self, attempt):
        """Override: the text, with the personal link of every invoice whole in it."""
        if not attempt.address:
            raise ChannelError("hard", "number", self.env._("There is no number."))
        company = attempt.company_id
        text = self._final_text(
            company, self._render(attempt), attempt.item_ids.mapped("page_url")
        )
        measured = sms_text.measure(text)
        return Prepared(
            subject=self.env._("SMS"),
            text=without_tokens(text),
            parts=Message(
                attempt.key,
                attempt.address,
                text,
                company._billing_sms_report_url(attempt.key),
            ),
            segments=measured.segments,
            expected_cost=company._billing_sms_cost(measured.segments),
        )

    def _call(self, attempt, prepared):
        """Override: one call."""
        [(_attempt, outcome)] = self._call_batch([(attempt, prepared)])
        return outcome

    def _call_batch(self, attempts_prepared):
        """Override: over connections that stay open, several messages at once.

        A diary outside the database tells after a crash which of them were never
        handed over.
        """
        pairs = list(attempts_prepared)
        if not pairs:
            return
        diary = self.env["billing.handover"]._open(
            [attempt for attempt, _prepared in pairs]
        )
        by_company = defaultdict(dict)
        for attempt, prepared in pairs:
            by_company[attempt.company_id][prepared.parts] = attempt
        try:
            for company, attempt_by_message in by_company.items():
                for message, outcome in self._send(
                    company, list(attempt_by_message), diary
                ):
                    yield attempt_by_message[message], outcome
        finally:
            diary.close()

    def _look_up(self, attempt):
        """Override: what our own diary knows; a gateway of this kind cannot be asked.

        A message that may have left stays uncertain until a delivery report settles
        it, whenever that comes; nobody sends it again by himself.
        """
        return self.env["billing.handover"]._look_up(attempt)

    def _cost(self, company, prepared):
        return company._billing_sms_cost(prepared.segments)

    # === PROVIDERS === #

    def _send(self, company, messages, diary):
        """Hand the messages of one company over to its provider.

        :param list messages: ``adapters.sms_http.Message``
        :param adapters.handover_diary.HandoverDiary diary: opened for them
        :return: iterator of pairs of message and ``core.channel.Outcome``
        """
        if company.billing_sms_provider == "http":
            return self._send_http(company, messages, diary)
        return self._send_odoo(company, messages, diary)

    def _send_http(self, company, messages, diary):
        def hand_over(message):
            # In a thread of its own: nothing of Odoo's is touched here.
            diary.start(message.key)
            answer = gateway.send(message)
            outcome = Outcome(
                answer.event,
                reference=answer.reference or None,
                code=answer.code or None,
                reason=answer.reason or None,
                address_fault=answer.address_fault,
            )
            diary.end(message.key, asdict(outcome))
            return outcome

        with HttpGateway(company._billing_sms_gateway_settings()) as gateway:
            yield from gateway.each(messages, hand_over)

    def _send_odoo(self, company, messages, diary):
        """Send through the provider that Odoo itself uses for the company.

        One call a message: after a call for many that broke off, nobody could tell
        which of them went out.
        """
        provider = self._get_odoo_provider(company)
        for message in messages:
            diary.start(message.key)
            outcome = self._send_one_odoo(provider, message)
            diary.end(message.key, asdict(outcome))
            yield message, outcome

    def _get_odoo_provider(self, company):
        """Return what Odoo itself would send the company's SMS with."""
        # The account with Odoo's service is looked up by the companies of the user.
        env = self.with_context(allowed_company_ids=company.ids).env
        provider = company._get_sms_api_class()(env)
        provider._set_company(company)
        return provider

    def _send_one_odoo(self, provider, message):
        try:
            results = provider._send_sms_batch(
                [
                    {
                        "content": message.text,
                        "numbers": [{"number": message.to, "uuid": message.key}],
                    }
                ],
                delivery_reports_url=f"{self.get_base_url()}/sms/status",
            )
        except InsufficientCreditError as error:
            return self._refused("insufficient_credit", str(error))
        except (AccessError, UserError) as error:
            # Core wraps what the network did into its own error.
            cause = error.__context__
            unreached = cause is None or (
                isinstance(cause, requests.RequestException)
                and before_handing_over(cause)
            )
            if unreached:
                return self._refused("gateway_unreachable", str(error))
            return Outcome(state.UNCERTAIN, code="gateway_broken", reason=str(error))
        except (requests.RequestException, ValueError) as error:
            # It answered what its own class cannot read.
            return self._outcome_of_error(error)
        result = next((r for r in results or () if r["uuid"] == message.key), None)
        if result is None:
            return Outcome(state.UNCERTAIN, code="gateway_answer")
        return self._outcome_of_odoo(provider, result)

    def _outcome_of_odoo(self, provider, result):
        """Return what an answer in the words of Odoo's providers means.

        :param dict result: ``state`` and, of some providers, ``failure_reason``
        """
        code = result["state"]
        if code in ODOO_SENT:
            return Outcome(state.SENT)
        words = result.get("failure_reason") or (
            provider._get_sms_api_error_messages().get(code, code)
        )
        reason = re.sub(r"<[^>]+>", "", str(words))
        if code in ODOO_WRONG_NUMBER:
            return Outcome(state.FAILED_HARD, code="number", reason=reason)
        if code in ODOO_NEVER:
            return Outcome(
                state.FAILED_HARD, code=code, reason=reason, address_fault=False
            )
        return self._refused(code, reason)

    @api.model
    def _refused(self, code, reason):
        """Return the outcome of a call that left nothing with the provider."""
        return Outcome(state.FAILED_SOFT, code=code, reason=reason, address_fault=False)

    # === TEXT === #

    def _render(self, attempt):
        """Return the text of the content, in the language of the attempt.

        :raises ChannelError: its template cannot be rendered
        """
        attempt = attempt.with_context(lang=attempt.lang or self.env.lang)
        body = attempt.content_id.sms_body
        if not body:
            return self._default_text(attempt)
        try:
            rendered = attempt.env["mail.render.mixin"]._render_template(
                body, attempt._name, attempt.ids, engine="inline_template"
            )
        except UserError as error:
            raise ChannelError(
                "soft", "template", str(error), address_fault=False
            ) from error
        return rendered[attempt.id] or ""

    @api.model
    def _default_text(self, attempt):
        """Return what is said when nobody wrote a text, in the customer's language."""
        _ = attempt.env._
        lines = [
            _(
                "%(amount)s by %(date)s: %(link)s",
                amount=format_amount(attempt.env, item.amount_due, item.currency_id),
                date=format_date(attempt.env, item.date_due),
                link=item.page_url,
            )
            for item in attempt.item_ids
        ]
        head = _("Invoice from %(company)s.", company=attempt.company_id.name)
        if len(lines) > 1:
            head = _(
                "%(count)s invoices from %(company)s.",
                count=len(lines),
                company=attempt.company_id.name,
            )
        return "\n".join([head, *lines])

    @api.model
    def _final_text(self, company, text, links):
        """Return a text as it is sent: in the company's way, with every link whole.

        A text too long is cut around its link. With several links there is nothing
        to cut but them, and the message is as long as it is.

        :param str text: rendered
        :param list[str] links: personal links of the invoices it is about
        :rtype: str
        """
        text = company._billing_sms_tidy(text)
        # An invoice without a page of its own has no link.
        links = [link for link in links if link]
        missing = [link for link in links if link not in text]
        text = "\n".join(filter(None, [text, *missing]))
        if len(links) == 1:
            text = sms_text.shorten(text, links[0], company.billing_sms_max_segments)
        return text
