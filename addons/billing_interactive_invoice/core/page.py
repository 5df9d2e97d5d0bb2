"""Addresses and forms of the customer's page of one invoice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

#: What stands in a drawn section where each answer needs something of its own. The
#: whole attribute is looked for: text that somebody wrote cannot hold a bare quote.
_CSRF = 'value="%CSRF%"'
_NONCE = 'value="%NONCE%"'


def personalise(html: str, csrf_token: str, nonces) -> str:
    """Return ``html`` of a section as it goes to one visitor.

    :param html: as drawn, the same for the same facts
    :param csrf_token: of the visitor's session
    :param nonces: iterator of values that were never used; one for each form
    """
    html = html.replace(_CSRF, f'value="{csrf_token}"')
    first, *rest = html.split(_NONCE)
    return first + "".join(f'value="{next(nonces)}"{part}' for part in rest)


@dataclass(frozen=True, slots=True)
class Page:
    """Where the page of one invoice is, and all that belongs to it.

    :param invoice_id: id of the invoice
    :param prefix: what stands before paths in the language of the page (``/sv``, or
        nothing)
    :param lang: code of the language (``sv_SE``)
    :param access_token: what opened the page; nothing when the visitor is signed in
    """

    invoice_id: int
    prefix: str = ""
    lang: str = ""
    access_token: str = ""

    def url(self, path: str = "", section: str = "", **query: object) -> str:
        """Return the address of the page, or of something below it.

        :param path: below the page, such as ``live`` or ``pay``
        :param section: code of the section to go to
        :param query: what else the address says; empty values are left out
        """
        token = {"access_token": self.access_token}
        pairs = {
            name: value
            for name, value in (token | query).items()
            if value not in (None, False, "")
        }
        address = f"{self.prefix}/my/invoices/{self.invoice_id}"
        address += f"/{path}" if path else ""
        address += f"?{urlencode(pairs)}" if pairs else ""
        return f"{address}#{section}" if section else address

    def action_url(self, action: str) -> str:
        """Return where the form of ``action`` is sent.

        The token goes with the form: what is sent ends up in no log.
        """
        return f"/my/invoices/{self.invoice_id}/{action}"

    def lang_url(self, url_code: str) -> str:
        """Return the address of the page in the language with ``url_code``."""
        return Page(
            self.invoice_id, prefix=f"/{url_code}", access_token=self.access_token
        ).url()


@dataclass(frozen=True, slots=True)
class FormState:
    """What became of the form that was sent just before the page is shown.

    :param action: of the form that was refused; empty when none was
    :param message: why
    :param values: what was typed
    """

    action: str = ""
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def error(self, action: str) -> str:
        """Return why the form of ``action`` was refused; nothing when it was not."""
        return self.message if action == self.action else ""

    def typed(self, action: str, name: str, default: object = "") -> object:
        """Return what was typed into a field, or ``default``."""
        if action != self.action:
            return default
        return self.values.get(name, default)
