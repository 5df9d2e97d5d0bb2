import re
from urllib.parse import urlencode, urlsplit

from odoo import http
from odoo.http import request

from ..core import payer
from ..models.billing_debit_agreement_signup import DEMO_AGREEMENT
from ..models.billing_identification_demo import PAGE as DEMO_BANKID

#: A path of ours; with two slashes browsers take it for another site.
_PATH = re.compile(r"/(?![/\\])")


class DirectDebitDemo(http.Controller):
    """Stand-ins for the bank's page and for BankID, where no money moves.

    They answer for agreements of test that name them, and for nobody else.
    """

    @http.route(
        DEMO_AGREEMENT,
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        # The page of the scheme gets forms of other sites; so does this one. It reads.
        csrf=False,
        save_session=False,
    )
    def billing_demo_agreement(self, **kw):
        """Show what the E-Agreement page would get, and two ways back."""
        agreement_sudo = (
            request.env["billing.debit.agreement"]
            .sudo()
            .search(
                [
                    ("is_test", "=", True),
                    ("signup_address", "=", DEMO_AGREEMENT),
                    ("account_number", "=", _text(kw.get("companyAccountNo"))),
                ],
                limit=1,
            )
        )
        back = urlsplit(_text(kw.get("returnUrl")))
        ours = urlsplit(request.httprequest.url_root)
        if (
            not agreement_sudo
            or (back.scheme, back.netloc) != (ours.scheme, ours.netloc)
            or not _PATH.match(back.path)
        ):
            raise request.not_found()

        def way(status):
            return f"{back.path}?{back.query}&{urlencode({'status': status})}"

        response = request.render(
            "billing_direct_debit.demo_agreement_page",
            {
                "title": request.env._("E-Agreement (demo)"),
                "company": False,
                "payee": _text(kw.get("companyName")),
                "kid": _text(kw.get("kid")),
                "limit": _text(kw.get("amountLimit")),
                "signed": way("OK"),
                "cancelled": way("CANCELLED"),
            },
        )
        return _strict(response)

    @http.route(
        DEMO_BANKID,
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def billing_demo_bankid(self, key=None, **kw):
        """Ask who somebody would like to be."""
        return self._billing_demo_page(self._billing_demo_signup(key), key)

    @http.route(DEMO_BANKID, type="http", auth="public", methods=["POST"], website=True)
    def billing_demo_bankid_say(self, key=None, identity=None, name=None, **kw):
        """Take it, and go back to the invoice."""
        signup_sudo = self._billing_demo_signup(key)
        number = ""
        if kw.get("sign"):
            try:
                number = payer.identity(
                    _text(identity), signup_sudo.company_id._billing_today()
                )
            except payer.PayerError:
                return self._billing_demo_page(
                    signup_sudo,
                    key,
                    error=request.env._(
                        "That is no personal number. It has ten or twelve digits."
                    ),
                )
        signup_sudo.agreement_id._identification()._say(
            signup_sudo, number, _text(name)[:80]
        )
        return request.redirect(signup_sudo._return_url("/"), code=303)

    # === HELPERS === #

    def _billing_demo_signup(self, key):
        """Return the attempt that the demo may speak for."""
        signup_sudo = request.env["billing.debit.signup"]._find(key)
        agreement_sudo = signup_sudo.agreement_id
        provider = agreement_sudo._identification() if agreement_sudo else None
        is_demo = provider is not None and (
            provider._name == "billing.identification.demo"
        )
        if not is_demo or signup_sudo._is_over():
            raise request.not_found()
        return signup_sudo

    def _billing_demo_page(self, signup_sudo, key, error=""):
        return _strict(
            request.render(
                "billing_direct_debit.demo_bankid_page",
                {
                    "title": request.env._("BankID (demo)"),
                    "company": False,
                    "payee": signup_sudo.agreement_id._payee_shown(),
                    "consent": (signup_sudo.consent or "").splitlines(),
                    "csrf": request.csrf_token(),
                    "action": DEMO_BANKID,
                    "key": key,
                    "error": error,
                },
                status=422 if error else 200,
            )
        )


def _strict(response):
    response.headers.update(
        {
            "Cache-Control": "private, no-store",
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'self'; img-src 'self'; "
                "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex, nofollow, noarchive",
        }
    )
    return response


def _text(value):
    return value if isinstance(value, str) else ""
