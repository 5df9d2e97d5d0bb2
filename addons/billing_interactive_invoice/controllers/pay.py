from odoo import http
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.http import request

from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.addons.billing_base.controllers.portal import LinkError
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..core import visitor_rights
from ..models.account_move_pay import TELLING_PROVIDERS
from .page import InvoicePage


class InvoicePay(InvoicePage, PortalAccount, PaymentPortal):
    """Paying through Odoo's providers, for one invoice or all that are open.

    Who came by a link may pay, and no more: cards that the customer saved are neither
    shown nor charged, and none is saved.
    """

    # === THE STEP === #

    @http.route(
        "/my/invoices/<int:invoice_id>/pay",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_pay(self, invoice_id, access_token=None, choice=None, **kw):
        """Show Odoo's payment form for one invoice.

        :param str choice: ``part`` or ``all``, which amount to pay
        """
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        page = self._billing_page(move_sudo, access_token)
        if not (
            visitor.may(visitor_rights.PAY)
            and move_sudo._billing_payable()
            and move_sudo._has_to_be_paid()
        ):
            return request.redirect(page.url(section="pay"))
        choices = dict(move_sudo._billing_pay_choices())
        chosen = choice if choice in choices else next(iter(choices))
        return self._billing_pay_response(
            move_sudo,
            visitor,
            page,
            amount=choices[chosen],
            reference=move_sudo.name,
            transaction_route=f"/invoice/transaction/{move_sudo.id}",
            choices=[
                {
                    "code": code,
                    "amount": amount,
                    "url": page.url("pay", choice=code),
                    "is_chosen": code == chosen,
                }
                for code, amount in choices.items()
            ],
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/pay/all",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_pay_all(self, invoice_id, access_token=None, **kw):
        """Show Odoo's payment form for all the customer's open invoices."""
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        page = self._billing_page(move_sudo, access_token)
        if not visitor.may(visitor_rights.OTHER_INVOICES):
            if visitor.can_step_up(visitor_rights.OTHER_INVOICES):
                return request.redirect(
                    self._billing_step_up_url(
                        move_sudo, visitor, visitor_rights.OTHER_INVOICES, page
                    )
                )
            return request.redirect(page.url())
        together_sudo = move_sudo._billing_payable_together()
        if len(together_sudo) < 2:
            return request.redirect(page.url(section="other_invoices"))
        return self._billing_pay_response(
            move_sudo,
            visitor,
            page,
            amount=sum(together_sudo.mapped("amount_residual")),
            reference=", ".join(together_sudo.mapped("name")),
            transaction_route=f"/my/invoices/{move_sudo.id}/pay/all/transaction",
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/pay/code.svg",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
        save_session=False,
    )
    def billing_pay_code(self, invoice_id, access_token=None, kind=None, **kw):
        """Return a code of the page as a picture.

        :param str kind: see ``account.move._billing_code_svg``
        """
        try:
            move_sudo, _visitor = self._billing_open_page(invoice_id, access_token)
        except (AccessError, MissingError):
            raise request.not_found() from None
        page = self._billing_page(move_sudo, access_token)
        picture = move_sudo._billing_code_svg(kind, page)
        if not picture:
            raise request.not_found()
        response = request.make_response(
            picture, headers=[("Content-Type", "image/svg+xml")]
        )
        response.headers.update(self._billing_page_headers())
        return response

    @http.route(
        "/my/invoices/<int:invoice_id>/other/<int:other_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_other_invoice(self, invoice_id, other_id, access_token=None, **kw):
        """Go to the page of another open invoice of the same customer.

        Who proved to be the customer, without signing in, gets a link to it that works
        for a day.
        """
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        page = self._billing_page(move_sudo, access_token)
        right = visitor_rights.OTHER_INVOICES
        if visitor.can_step_up(right):
            return request.redirect(
                self._billing_step_up_url(move_sudo, visitor, right, page)
            )
        other_sudo = move_sudo._billing_open_invoices().filtered(
            lambda move: move.id == other_id
        )
        if not visitor.may(right) or not other_sudo:
            return request.redirect(page.url(section="other_invoices"))
        if visitor.kind != visitor_rights.LINK:
            return request.redirect(
                move_sudo._billing_other_url(other_id, visitor, page)
            )
        link_sudo = other_sudo._billing_issue_other_link(visitor)
        return request.redirect(link_sudo._url(lang=page.lang), local=False)

    # === TRANSACTIONS === #

    @http.route()
    def invoice_transaction(self, invoice_id, access_token=None, **kwargs):
        """Override of `account_payment`: pay what is open, with what is one's own.

        Core takes any amount for an invoice in any state, and charges cards of the
        customer for whoever holds a link.

        :raises ValidationError: there is nothing to pay, or not that much
        """
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except MissingError:
            # Of no concern to us: a vendor's bill, or nothing.
            return super().invoice_transaction(
                invoice_id, access_token=access_token, **kwargs
            )
        except AccessError as error:
            raise ValidationError(str(error)) from None
        self._billing_check_transaction(move_sudo, visitor, kwargs)
        amount = self._cast_as_float(kwargs.get("amount")) or 0.0
        left = move_sudo.amount_residual
        if not 0 < amount <= left:
            raise ValidationError(
                request.env._(
                    "%(amount)s is left to pay. Please load the page again.",
                    amount=move_sudo.currency_id.format(left),
                )
            )
        return super().invoice_transaction(
            invoice_id,
            access_token=access_token,
            **kwargs,
            landing_route=self._billing_page(move_sudo, access_token).url(),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/pay/all/transaction",
        type="jsonrpc",
        auth="public",
    )
    def billing_pay_all_transaction(self, invoice_id, access_token=None, **kwargs):
        """Create a transaction for all the customer's open invoices.

        :return: what Odoo's payment form goes on with
        :rtype: dict
        :raises ValidationError: the visitor may not, or there is nothing to pay
        """
        try:
            move_sudo, visitor = self._billing_open_page(invoice_id, access_token)
        except (AccessError, MissingError) as error:
            raise ValidationError(str(error)) from None
        if not visitor.may(visitor_rights.OTHER_INVOICES):
            raise ValidationError(request.env._("Please sign in first."))
        self._billing_check_transaction(move_sudo, visitor, kwargs)
        together_sudo = move_sudo._billing_payable_together()
        amount = sum(together_sudo.mapped("amount_residual"))
        shown = self._cast_as_float(kwargs.pop("amount", None)) or 0.0
        if not together_sudo or move_sudo.currency_id.compare_amounts(shown, amount):
            raise ValidationError(
                request.env._(
                    "Something was paid meanwhile. Please load the page again."
                )
            )
        self._validate_transaction_kwargs(kwargs)
        user = request.env.user
        partner_sudo = move_sudo.partner_id
        if visitor.kind == visitor_rights.PORTAL:
            partner_sudo = user.partner_id
        kwargs["landing_route"] = self._billing_page(move_sudo, access_token).url()
        return self._process_transaction(
            partner_sudo.id,
            move_sudo.currency_id.id,
            together_sudo.ids,
            move_sudo.company_id.get_next_batch_payment_communication(),
            amount=amount,
            **kwargs,
        )

    # === HELPERS === #

    def _billing_check_transaction(self, move_sudo, visitor, kwargs):
        """Refuse a payment that would be one too many, or with somebody else's card.

        ``kwargs`` of the transaction lose what the visitor does not decide.

        :raises ValidationError: with what the visitor is told
        """
        # Where it ends is ours to say, and what the payment is called too.
        for name in ("landing_route", "payment_reference"):
            kwargs.pop(name, None)
        if not visitor.may(visitor_rights.PAY):
            raise ValidationError(
                request.env._("You see the customer's page and cannot pay here.")
            )
        limited = self._billing_page_limited(move_sudo, visitor, "pay")
        if limited:
            raise ValidationError(limited)
        if not move_sudo._billing_payable() or not move_sudo._has_to_be_paid():
            raise ValidationError(
                request.env._(
                    "There is nothing to pay here now. Please load the page again."
                )
            )
        if not visitor.is_known:
            if kwargs.get("token_id") or kwargs.get("flow") == "token":
                raise ValidationError(
                    request.env._("Sign in to pay with a card that you saved.")
                )
            kwargs["tokenization_requested"] = False

    def _billing_pay_response(
        self,
        move_sudo,
        visitor,
        page,
        *,
        amount,
        reference,
        transaction_route,
        choices=(),
    ):
        """Return the step with Odoo's payment form.

        :param float amount: to pay, in the currency of the invoice
        :param str reference: of what is paid, for the reader
        :param str transaction_route: where the form creates the transaction
        """
        values = self._get_common_page_view_values(
            invoices_data={
                "partner": move_sudo.partner_id,
                "company": move_sudo.company_id,
                "total_amount": amount,
                "currency": move_sudo.currency_id,
                "amount_residual": amount,
                "landing_route": page.url(),
                "transaction_route": transaction_route,
            },
            # Signed in there is none, and the route has to be given one all the same.
            access_token=page.access_token,
        )
        if not visitor.is_known:
            values["tokens_sudo"] = values["tokens_sudo"].browse()
            values["show_tokenize_input_mapping"] = dict.fromkeys(
                values["show_tokenize_input_mapping"], False
            )
        response = request.render(
            "billing_interactive_invoice.pay_step",
            {
                **values,
                "amount": amount,
                "reference": reference,
                # Not the one that happens to be first in the database.
                "res_company": move_sudo.company_id,
                "choices": choices,
                "back_url": page.url(section="pay"),
            },
        )
        # What the page shows and its address say is for this visitor.
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response


class InvoicePayStatus(PaymentPostProcessing):
    """Where a payment that has to be checked is waited for: on the invoice's page."""

    @http.route()
    def display_status(self, **kwargs):
        """Override of `payment`: nobody has to look at a page that waits.

        The page of the invoice says that the payment is being checked, and changes by
        itself when it is.
        """
        tx_sudo = self._get_monitored_transaction()
        if (
            tx_sudo.state == "pending"
            and tx_sudo.provider_code not in TELLING_PROVIDERS
            and tx_sudo.invoice_ids
            and all(move_sudo._billing_has_page() for move_sudo in tx_sudo.invoice_ids)
        ):
            return request.redirect(tx_sudo.landing_route)
        return super().display_status(**kwargs)
