import secrets
from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.billing_base.controllers import portal

from ..core import e_agreement, identification

#: Where the browser's session, which is kept on the server, holds what was begun in it,
#: and by which token: addresses that banks see open nothing.
BEGUN = "billing_debit_begun"
#: Attempts that one browser may have begun at the same time.
MOST = 5
#: What a customer wants to do: begin in Norway, where the bank finds out who it is; and
#: all the rest, for which it has to be certain that it is the customer.
BEGIN, MANAGE = "begin", "manage"
#: What is kept of what a bank's page says.
_SAID = 200


class DirectDebitPage(portal.PortalAccount):
    """Direct debit from the page of an invoice: signing up, stopping, changing.

    Works with Odoo's own page of an invoice. Who has another page, other ways to prove
    who one is, or limits, overrides the methods under «What pages differ in».
    """

    # === ROUTES === #

    @http.route(
        "/my/invoices/<int:invoice_id>/direct_debit",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_direct_debit(self, invoice_id, access_token=None, **kw):
        """Show how direct debit stands, and what can be done about it."""
        return self._billing_debit_with(
            invoice_id,
            access_token,
            MANAGE,
            lambda move_sudo: self._billing_debit_page_response(
                move_sudo, _text(access_token)
            ),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/debit_start",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def billing_debit_start(self, invoice_id, access_token=None, **kw):
        """Norway: begin, and go on to the bank's page."""

        def start(move_sudo):
            token = _text(access_token)
            stage = move_sudo._billing_debit_stages().get(move_sudo.id)
            if (
                stage
                and stage.mandate.at_bank
                and not stage.mandate.is_live
                and not self._billing_debit_may(move_sudo, token, MANAGE)
            ):
                # Stopped here, and the bank still has it: the customer alone begins it
                # anew.
                return request.redirect(
                    self._billing_debit_step_up_url(move_sudo, token), code=303
                )
            signup_sudo = self._billing_debit_begin(move_sudo, token, "avtalegiro", kw)
            self._billing_debit_keep(signup_sudo, token)
            return request.redirect(
                self._billing_debit_url(
                    move_sudo, "", "debit_bank", key=signup_sudo._key()
                ),
                code=303,
            )

        return self._billing_debit_with(
            invoice_id, access_token, BEGIN, start, is_action=True
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/debit_bank",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_debit_bank(self, invoice_id, key=None, **kw):
        """Hand the browser to the page of the scheme, by the form that it asks for.

        A page of its own: it is the one that may send a form elsewhere.
        """
        signup_sudo, token = self._billing_debit_begun(invoice_id, key)
        if not signup_sudo or not signup_sudo.kid:
            return self._billing_debit_unknown()
        move_sudo = signup_sudo.move_id
        if signup_sudo._is_over() or signup_sudo.state not in ("started", "returned"):
            return request.redirect(
                self._billing_debit_url(move_sudo, token, section="cards")
            )
        base = request.httprequest.url_root
        address = signup_sudo.agreement_id._signup_page(base)
        response = request.render(
            "billing_direct_debit.handover_page",
            {
                "company": signup_sudo.company_id,
                "title": request.env._("On to your bank"),
                "address": address,
                "form_fields": signup_sudo._form_fields(base),
                "back": self._billing_debit_url(move_sudo, token, section="cards"),
            },
        )
        return self._billing_debit_strict(response, e_agreement.origin(address))

    @http.route(
        "/my/invoices/<int:invoice_id>/debit_back",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_debit_back(self, invoice_id, key=None, **kw):
        """Norway: back from the bank's page. Whatever it says is a hint and no more."""
        signup_sudo, token = self._billing_debit_begun(invoice_id, key)
        if not signup_sudo or not signup_sudo.kid:
            return self._billing_debit_unknown()
        said = urlencode({name: str(value) for name, value in sorted(kw.items())})
        signup_sudo._came_back(said[:_SAID])
        return request.redirect(
            self._billing_debit_url(signup_sudo.move_id, token, section="cards"),
            code=303,
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/debit_sign",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def billing_debit_sign(self, invoice_id, access_token=None, **kw):
        """Sweden: take account and consent, and go on to find out who signs."""

        def sign(move_sudo):
            token = _text(access_token)
            signup_sudo = self._billing_debit_begin(move_sudo, token, "autogiro", kw)
            if signup_sudo.state == "started" and not signup_sudo._is_filled():
                if not kw.get("agree"):
                    raise UserError(
                        request.env._("Please tick that you agree, and try once more.")
                    )
                signup_sudo._set_account(
                    _text(kw.get("clearing")),
                    _text(kw.get("account")),
                    _text(kw.get("bankgiro")),
                )
                signup_sudo.consent = signup_sudo.agreement_id._signup_consent()
            self._billing_debit_keep(signup_sudo, token)
            if signup_sudo.state != "started":
                return request.redirect(
                    self._billing_debit_url(move_sudo, token, "direct_debit"), code=303
                )
            address = signup_sudo._identify(request.httprequest.url_root)
            # A provider's page may be anywhere.
            return request.redirect(address, code=303, local=False)

        return self._billing_debit_with(
            invoice_id, access_token, MANAGE, sign, is_action=True
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/debit_signed",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_debit_signed(self, invoice_id, key=None, **kw):
        """Sweden: back from identification. Who it is, the provider's server says."""
        signup_sudo, token = self._billing_debit_begun(invoice_id, key)
        if not signup_sudo or signup_sudo.kid:
            return self._billing_debit_unknown()
        move_sudo = signup_sudo.move_id
        state = signup_sudo._collect()
        if state == identification.DONE:
            return request.redirect(
                self._billing_debit_url(move_sudo, token, "direct_debit"), code=303
            )
        words = {
            identification.PENDING: request.env._(
                "BankID is not finished. Go on there, or sign once more here."
            ),
            identification.CANCELLED: request.env._(
                "You did not go on with BankID. Nothing has been signed."
            ),
        }
        error = words.get(
            state,
            request.env._(
                "That did not work, or took too long. Nothing has been signed. Please "
                "try once more."
            ),
        )
        return self._billing_debit_with(
            invoice_id,
            token,
            MANAGE,
            lambda move_sudo: self._billing_debit_page_response(
                move_sudo, token, error=error
            ),
        )

    @http.route(
        "/my/invoices/<int:invoice_id>/debit_stop",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def billing_debit_stop(self, invoice_id, access_token=None, **kw):
        """Stop, at once."""

        def stop(move_sudo):
            move_sudo._billing_debit_stop()
            return request.redirect(
                self._billing_debit_url(move_sudo, _text(access_token), "direct_debit"),
                code=303,
            )

        return self._billing_debit_with(
            invoice_id, access_token, MANAGE, stop, is_action=True
        )

    # === WHAT PAGES DIFFER IN === #

    def _billing_debit_open(self, invoice_id, access_token):
        """Return the invoice that a visitor may see, in superuser mode.

        :raises AccessError: it is not for them
        :raises MissingError: there is none
        """
        move_sudo = self._document_check_access(
            "account.move", invoice_id, access_token
        )
        return move_sudo.with_company(move_sudo.company_id)

    def _billing_debit_may(self, move_sudo, access_token, want):
        """Return whether the visitor may do something.

        :param str want: :data:`BEGIN` or :data:`MANAGE`
        :return: True; False when signing in or a code would let them; None when nothing
            would: staff look on, and so does the company above the customer
        """
        user = request.env.user
        own = not user._is_public() and (
            user.partner_id.sudo().commercial_partner_id
            == move_sudo.commercial_partner_id
        )
        if own:
            return True
        if user._is_internal():
            return None
        if want == BEGIN:
            return True
        return False if user._is_public() else None

    def _billing_debit_step_up_url(self, move_sudo, access_token):
        """Return where a visitor proves to be the customer, and comes back from."""
        target = self._billing_debit_url(move_sudo, "", "direct_debit")
        return f"/web/login?{urlencode({'redirect': target})}"

    def _billing_debit_limited(self, move_sudo, access_token):
        """Return why a form is not taken now; nothing when it is."""
        return ""

    def _billing_debit_url(self, move_sudo, access_token, path="", section="", **query):
        """Return the address of an invoice's page, or of something below it."""
        default = request.env["ir.http"]._get_default_lang()
        lang = request.env["res.lang"]._get_data(code=request.env.lang or default.code)
        prefix = "" if lang.code == default.code else f"/{lang.url_code}"
        pairs = {
            name: value
            for name, value in {"access_token": access_token, **query}.items()
            if value
        }
        address = f"{prefix}/my/invoices/{move_sudo.id}"
        address += f"/{path}" if path else ""
        address += f"?{urlencode(pairs)}" if pairs else ""
        return f"{address}#{section}" if section else address

    def _billing_debit_render(self, move_sudo, access_token, values, status=200):
        """Return the page about direct debit in the frame of this page.

        :param dict values: of :meth:`account.move._billing_debit_page`, ``title`` and
            ``error``
        """
        response = request.render(
            "billing_direct_debit.direct_debit_page",
            {**values, "csrf": request.csrf_token()},
            status=status,
        )
        return self._billing_debit_strict(response)

    # === HELPERS === #

    def _billing_debit_with(self, invoice_id, access_token, want, run, is_action=False):
        """Answer a request about the direct debit of one invoice.

        :param str want: :data:`BEGIN` or :data:`MANAGE`
        :param run: called with the invoice in superuser mode; returns the answer; an
            ``UserError`` undoes what it did and is shown on the page
        """
        access_token = _text(access_token)
        try:
            move_sudo = self._billing_debit_open(invoice_id, access_token)
        except portal.LinkError as error:
            return self._billing_link_notice(error.code, error.link)
        except (AccessError, MissingError):
            return request.redirect("/my")
        move_sudo = move_sudo.with_context(lang=request.env.lang)
        may = self._billing_debit_may(move_sudo, access_token, want)
        if may is None:
            return request.redirect(
                self._billing_debit_url(move_sudo, access_token), code=303
            )
        if not may:
            return request.redirect(
                self._billing_debit_step_up_url(move_sudo, access_token), code=303
            )
        if not is_action:
            return run(move_sudo)
        limited = self._billing_debit_limited(move_sudo, access_token)
        if limited:
            return self._billing_debit_again(
                move_sudo, access_token, want, limited, status=429
            )
        try:
            with request.env.cr.savepoint():
                return run(move_sudo)
        except UserError as error:
            return self._billing_debit_again(
                move_sudo, access_token, want, str(error), status=422
            )

    def _billing_debit_again(self, move_sudo, access_token, want, error, status):
        """Say what is wrong, beside the form that it was sent with."""
        if self._billing_debit_may(move_sudo, access_token, MANAGE):
            return self._billing_debit_page_response(
                move_sudo, access_token, error=error, status=status
            )
        response = request.render(
            "billing_direct_debit.notice_page",
            {
                "company": move_sudo.company_id,
                "title": request.env._("Direct debit"),
                "text": error,
                "back": self._billing_debit_url(
                    move_sudo, access_token, section="cards"
                ),
            },
            status=status,
        )
        return self._billing_debit_strict(response)

    def _billing_debit_page_response(
        self, move_sudo, access_token, error="", status=200
    ):
        """Return the page about direct debit, to who is the customer."""
        move_sudo = move_sudo.with_context(lang=request.env.lang)
        stage = move_sudo._billing_debit_stages().get(move_sudo.id)
        if not stage:
            return request.redirect(self._billing_debit_url(move_sudo, access_token))
        params = request.params
        values = {
            **move_sudo._billing_debit_page(stage),
            "title": stage.agreement._scheme_name(),
            "error": error,
            "access_token": access_token,
            "nonce": secrets.token_urlsafe(12),
            "typed": {
                name: _text(params.get(name))
                for name in (
                    "clearing",
                    "account",
                    "bankgiro",
                    "include_open",
                    "agree",
                )
            }
            if error
            else {},
            "back": self._billing_debit_url(move_sudo, access_token, section="cards"),
            "action_base": f"/my/invoices/{move_sudo.id}",
        }
        return self._billing_debit_render(move_sudo, access_token, values, status)

    def _billing_debit_begin(self, move_sudo, access_token, scheme, form):
        """Return the attempt that a form begins, or goes on with.

        :param str scheme: which the form is of
        :param dict form: what was sent
        :return: in superuser mode
        :raises UserError: this cannot be begun here
        """
        stage = move_sudo._billing_debit_stages().get(move_sudo.id)
        if not stage or stage.agreement.scheme != scheme:
            raise UserError(
                request.env._("Direct debit cannot be set up for this invoice.")
            )
        signup_sudo, _is_new = request.env["billing.debit.signup"]._begin(
            move_sudo,
            form.get("nonce"),
            "change" if stage.code == "active" else "new",
            bool(form.get("include_open")),
            is_known=bool(self._billing_debit_may(move_sudo, access_token, MANAGE)),
            begun_ids=[int(number) for number in request.session.get(BEGUN) or {}],
        )
        return signup_sudo

    def _billing_debit_keep(self, signup_sudo, access_token):
        """Note in the browser's session what was begun in it."""
        begun = dict(request.session.get(BEGUN) or {})
        begun.pop(str(signup_sudo.id), None)
        request.session[BEGUN] = {
            **dict(list(begun.items())[-(MOST - 1) :]),
            str(signup_sudo.id): [access_token, request.env.lang],
        }

    def _billing_debit_begun(self, invoice_id, key):
        """Return what an address is about, if it was begun in this very browser.

        :return: the attempt in superuser mode, or none; and the token it was begun with
        :rtype: tuple[billing.debit.signup, str]
        """
        signup_sudo = request.env["billing.debit.signup"]._find(key)
        begun = request.session.get(BEGUN) or {}
        if (
            not signup_sudo
            or str(signup_sudo.id) not in begun
            or signup_sudo.move_id.id != invoice_id
        ):
            return signup_sudo.browse(), ""
        token, lang = begun[str(signup_sudo.id)]
        request.update_context(lang=lang)
        return signup_sudo.with_context(lang=lang), token

    def _billing_debit_unknown(self):
        """Tell somebody who came by an address of another browser what to do."""
        response = request.render(
            "billing_direct_debit.notice_page",
            {
                "company": False,
                "title": request.env._("Thank you"),
                "text": request.env._(
                    "As soon as your bank has told us, your invoice says so. Open it "
                    "by the link in our message, and you see how things stand."
                ),
                "back": False,
            },
            status=404,
        )
        return self._billing_debit_strict(response)

    def _billing_debit_strict(self, response, form_target="'self'"):
        """Let a page do what it has to, and nobody along the way keep it."""
        response.headers.update(
            {
                "Cache-Control": "private, no-store",
                "Content-Security-Policy": (
                    "default-src 'none'; script-src 'self'; style-src 'self'; "
                    f"img-src 'self'; form-action {form_target}; base-uri 'none'; "
                    "frame-ancestors 'none'"
                ),
                "Referrer-Policy": "same-origin",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "X-Robots-Tag": "noindex, nofollow, noarchive",
            }
        )
        return response


def _text(value):
    """Return a field of a form as text; somebody may send a file under its name."""
    return value if isinstance(value, str) else ""
