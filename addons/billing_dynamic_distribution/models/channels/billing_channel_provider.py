from pathlib import Path

from odoo import api, models, tools
from odoo.tools.misc import hmac

from ...adapters.delivery_provider import (
    STATUSES,
    Bill,
    Dispatch,
    FakeProvider,
    ProviderDown,
    ProviderRefused,
    ProviderSilent,
    Receiver,
    ReportError,
    outcome_of,
)
from ...core import state
from ...core.channel import NOT_RECEIVED, ChannelError, Outcome, Prepared

SCOPE = "billing.channel.provider"


class BillingChannelProvider(models.AbstractModel):
    """A channel whose messages an operator carries, behind a contract of our own.

    Operators are classes of ``adapters.delivery_provider``. A channel is offered only
    when the company has chosen one and set it up.
    """

    _name = "billing.channel.provider"
    _inherit = "billing.channel"
    _description = "Channel of an Operator"

    # An operator's app rings when it wants to; quiet hours do not hold it back.
    _is_intrusive = False
    _can_look_up = True

    # === PROVIDERS === #

    @api.model
    def _providers(self):
        """Return the operators there are; an addon for one adds it.

        :return: class by code
        :rtype: dict[str, type]
        """
        return {FakeProvider.code: FakeProvider}

    @api.model
    def _secret(self, company):
        """Return the secret an operator signs its reports with.

        :param company: the ``res.company``
        :rtype: str
        """
        return hmac(self.env(su=True), SCOPE, (self._channel, company.id))

    def _provider(self, company):
        """Return the operator of a company, None = none is set up.

        :rtype: adapters.delivery_provider.DeliveryProvider | None
        """
        company_sudo = company.sudo()
        code = company_sudo[f"billing_{self._channel}_provider"]
        provider_class = self._providers().get(code)
        if provider_class is None:
            return None
        settings = company_sudo._billing_provider_settings(self._channel)
        if code == FakeProvider.code:
            folder = Path(tools.config["data_dir"], "billing_fake_provider")
            settings["folder"] = str(
                folder / self.env.cr.dbname / f"{company.id}-{self._channel}"
            )
        if not all(settings.get(name) for name in provider_class.needed):
            return None
        return provider_class(settings, self._secret(company))

    # === CONTRACT === #

    def _is_available(self, company):
        """Whether an operator is set up."""
        return self._provider(company) is not None

    def _prepare(self, attempt):
        """Put together what the operator needs."""
        attempt_sudo = attempt.sudo()
        company = attempt_sudo.company_id
        if self._provider(company) is None:
            raise ChannelError(
                "soft", "no_provider", self.env._("No operator is set up.")
            )
        moves_sudo = attempt_sudo.item_ids.move_id
        pdfs_sudo = moves_sudo._billing_own_pdfs()
        if attempt_sudo.pdf_attachment_ids != pdfs_sudo:
            attempt_sudo.pdf_attachment_ids = pdfs_sudo
        provider = company[f"billing_{self._channel}_provider"]
        if attempt_sudo.provider != provider:
            attempt_sudo.provider = provider
        partner_sudo = attempt_sudo.recipient_id
        subject = self.with_context(lang=attempt_sudo.lang or None).env._(
            "Invoice %(invoices)s from %(company)s",
            invoices=", ".join(moves_sudo.mapped("name")),
            company=company.name,
        )
        bills = tuple(
            Bill(
                number=item.move_id.name,
                reference=item.reference or "",
                amount=item.amount_due,
                currency=item.currency_id.name,
                due=item.date_due.isoformat() if item.date_due else "",
                pdf=pdf.raw,
                url=item.page_url or "",
            )
            for item, pdf in zip(attempt_sudo.item_ids, pdfs_sudo, strict=True)
        )
        dispatch = Dispatch(
            key=attempt_sudo.key,
            address=attempt_sudo.address or "",
            receiver=self._receiver(partner_sudo, attempt_sudo.address or ""),
            subject=subject,
            bills=bills,
        )
        return Prepared(
            subject=subject,
            text="\n".join(bill.url for bill in bills),
            parts=dispatch,
            expected_cost=company[f"billing_{self._channel}_price"],
        )

    def _call(self, attempt, prepared):
        """Hand one message over."""
        provider = self._provider(attempt.company_id)
        if provider is None:
            return self._failed_soft(
                "no_provider", self.env._("No operator is set up.")
            )
        try:
            reference, is_delivered = provider.send(prepared.parts)
        except ProviderDown as error:
            return self._failed_soft("down", str(error))
        except ProviderSilent as error:
            return Outcome(state.UNCERTAIN, code="silent", reason=str(error))
        except ProviderRefused as error:
            return Outcome(
                state.FAILED_HARD,
                code=error.code,
                reason=error.reason,
                address_fault=error.address_fault,
            )
        return Outcome(
            state.DELIVERED if is_delivered else state.SENT, reference=reference
        )

    def _look_up(self, attempt):
        """Ask the operator for the message."""
        provider = self._provider(attempt.company_id)
        if provider is None or not provider.can_look_up:
            return None
        try:
            report = provider.look_up(attempt.key)
        except ProviderDown:
            return None
        if report is None:
            return self._failed_soft(
                NOT_RECEIVED, self.env._("The operator never got the message.")
            )
        return outcome_of(report)

    @api.model
    def _failed_soft(self, code, reason):
        return Outcome(state.FAILED_SOFT, code=code, reason=reason, address_fault=False)

    # === RECEIVERS === #

    def _find_receivers(self, company, partners):
        """Ask the operator for the addresses of customers who have none yet.

        What is found is written on the customer records, and so becomes a contact
        point. Makes one outside call for each customer.

        :param company: the ``res.company``
        :param partners: customers
        :return: those that were found
        :rtype: res.partner
        """
        provider = self._provider(company)
        found = partners.browse()
        if provider is None:
            return found
        field = f"billing_{self._channel}_address"
        for partner in partners.commercial_partner_id:
            if partner[field]:
                continue
            try:
                address = provider.find(self._receiver(partner.sudo(), ""))
            except ProviderDown:
                break
            if address:
                partner[field] = address
                found |= partner
        return found

    @api.model
    def _receiver(self, partner, address):
        """Return a customer as operators know one."""
        return Receiver(
            name=partner.name or "",
            address=address,
            email=partner.email_normalized or "",
            phone=partner.phone_sanitized or "",
            postal_code=partner.zip or "",
            city=partner.city or "",
            country=partner.country_id.code or "",
        )

    # === REPORTS === #

    @api.model
    def _receive_reports(self, company, body, headers):
        """Note what an operator reports.

        Reports may come twice and in any order. Those about messages nobody knows are
        passed over: an operator would repeat them for ever.

        :param company: the ``res.company``
        :param bytes body: of the request
        :param headers: of the request
        :return: the attempts that moved
        :raises ReportError: it is not authentic, or cannot be read
        """
        provider = self._provider(company)
        if provider is None:
            raise ReportError(403, "no operator is set up")
        reports = provider.read_reports(body, headers)
        attempts_sudo = (
            self.env["billing.distribution.attempt"]
            .sudo()
            .search(
                [
                    ("key", "in", [report.key for report in reports]),
                    ("company_id", "=", company.id),
                    ("channel", "=", self._channel),
                ]
            )
        )
        by_key = {attempt.key: attempt for attempt in attempts_sudo}
        return attempts_sudo._apply_all(
            [
                (
                    by_key[report.key],
                    STATUSES[report.status],
                    {
                        "at": report.at,
                        "code": report.code,
                        "reason": report.reason,
                        "address_fault": report.status == "returned",
                    },
                )
                for report in reports
                if report.key in by_key
            ]
        )


class BillingChannel(models.AbstractModel):
    _inherit = "billing.channel"

    @api.model
    def _registry(self):
        """Extended with eFaktura and digital mailboxes."""
        return {
            **super()._registry(),
            "efaktura": "billing.channel.efaktura",
            "mailbox": "billing.channel.mailbox",
        }


class BillingChannelEfaktura(models.AbstractModel):
    """eFaktura: the Norwegian consumer's invoice in the bank."""

    _name = "billing.channel.efaktura"
    _inherit = "billing.channel.provider"
    _description = "eFaktura"

    _channel = "efaktura"


class BillingChannelMailbox(models.AbstractModel):
    """Digital mailboxes such as Digipost, e-Boks and Kivra."""

    _name = "billing.channel.mailbox"
    _inherit = "billing.channel.provider"
    _description = "Digital Mailbox"

    _channel = "mailbox"
