"""The form with which a Norwegian customer is handed to the E-Agreement page.

AvtaleGiro's «Elektronisk avtaleinngåelse»: the browser posts a form to the page of the
scheme, the customer agrees there with BankID and is sent back. What comes back proves
nothing; the bank's own record of the mandate (``NY219470``) does.
"""

from decimal import ROUND_CEILING, Decimal
from urllib.parse import urlsplit

#: Pages of the scheme.
TEST_ADDRESS = "https://mtf.pvu.avtalegiro.no/ecsa/start"
PRODUCTION_ADDRESS = "https://pvu.avtalegiro.no/ecsa/start"
#: What the page takes for the limit when it is told none, in NOK a calendar month.
USUAL_LIMIT = 10_000
_STEP = 1_000


def form_fields(
    *,
    account: str,
    kid: str,
    return_url: str,
    company_name: str = "",
    limit: int | None = None,
    no_notice: bool | None = None,
) -> tuple[tuple[str, str], ...]:
    """Return what the form holds: names and values, in the order of the documentation.

    :param account: of the company, 11 digits
    :param kid: of the customer, 3 to 25 digits
    :param return_url: where the customer's browser comes back to
    :param company_name: shown to the customer; shorter than three characters it is
        left out
    :param limit: whole NOK a calendar month that the customer is proposed; None = the
        page's own
    :param no_notice: whether the customer wants no written notice; None = the page asks
    :raises ValueError: a value the page does not take; says which
    """
    if not (len(account) == 11 and account.isascii() and account.isdecimal()):
        raise ValueError("companyAccountNo: an account has 11 digits")
    if not (3 <= len(kid) <= 25 and kid.isascii() and kid.isdecimal()):
        raise ValueError("kid: 3 to 25 digits, and nothing else")
    if urlsplit(return_url).scheme not in ("http", "https"):
        raise ValueError("returnUrl: not an address of the web")
    fields = [("companyAccountNo", account), ("kid", kid)]
    if limit is not None:
        if limit <= 0:
            raise ValueError("amountLimit: whole kroner, more than none")
        fields.append(("amountLimit", str(limit)))
    if no_notice is not None:
        fields.append(("notificationDisabled", "true" if no_notice else "false"))
    if len(company_name.strip()) >= 3:
        fields.append(("companyName", company_name.strip()))
    fields.append(("returnUrl", return_url))
    return tuple(fields)


def proposed_limit(highest: Decimal) -> int:
    """Return the limit a month to propose, so that debits do not fail on it.

    Twice the highest invoice there was, and never less than the page's own: winters
    differ, and two invoices may fall into one month.

    :param highest: NOK, the customer's highest invoice lately
    :return: whole NOK
    """
    steps = (highest * 2 / _STEP).to_integral_value(rounding=ROUND_CEILING)
    return max(USUAL_LIMIT, int(steps) * _STEP)


def origin(address: str) -> str:
    """Return the origin of an address, as a Content-Security-Policy names it.

    :param address: absolute, of the web
    :raises ValueError: it is not
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is no address of the web")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
