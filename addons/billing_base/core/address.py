"""Forms of addresses, and what somebody probably meant to write."""

import re

#: Mail services of private customers in Norway and Sweden.
COMMON_DOMAINS = (
    "gmail.com",
    "hotmail.com",
    "hotmail.no",
    "hotmail.se",
    "outlook.com",
    "live.com",
    "live.no",
    "live.se",
    "icloud.com",
    "me.com",
    "msn.com",
    "yahoo.com",
    "yahoo.no",
    "yahoo.se",
    "online.no",
    "broadpark.no",
    "getmail.no",
    "altibox.no",
    "lyse.net",
    "telia.com",
    "comhem.se",
    "bredband.net",
    "bahnhof.se",
    "proton.me",
    "protonmail.com",
)
#: A Peppol participant: four digits of the scheme, a colon, the id in that scheme.
#: (Peppol Policy for use of Identifiers 4.4, section 3)
_PEPPOL = re.compile(r"\d{4}:[a-z0-9][a-z0-9:_.-]{1,49}", re.ASCII)
_SPACE = re.compile(r"\s+")


def suggest_email(address: str) -> str | None:
    """Return what ``address`` was probably meant to be, when its domain looks mistyped.

    :param address: e-mail address, normalised
    :return: the address with a common domain one slip away (a character wrong, missing,
        too many, or two swapped), or None
    """
    local, at, domain = address.rpartition("@")
    if not (at and local) or domain in COMMON_DOMAINS:
        return None
    meant = [common for common in COMMON_DOMAINS if _is_one_slip(domain, common)]
    # «hotmail.o» may be two of them: then nobody knows.
    return f"{local}@{meant[0]}" if len(meant) == 1 else None


def _is_one_slip(written: str, meant: str) -> bool:
    """Whether one slip of the finger turns ``meant`` into ``written``."""
    if written == meant or abs(len(written) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    rest_written, rest_meant = written[start:], meant[start:]
    return (
        rest_written[1:] == rest_meant[1:]
        or rest_written[1:] == rest_meant
        or rest_written == rest_meant[1:]
        or (
            rest_written[:2] == rest_meant[:2][::-1]
            and rest_written[2:] == rest_meant[2:]
        )
    )


def one_line(parts) -> str:
    """Return the parts of a postal address as one line, without what is empty.

    :param parts: texts or False, in the order in which they are written
    """
    lines = (_SPACE.sub(" ", part).strip(" ,") for part in parts if part)
    return ", ".join(line for line in lines if line)


def peppol(address: str) -> str | None:
    """Return a Peppol participant such as ``0192:987654321`` in its one form.

    :return: None when ``address`` has not the form of one
    """
    value = _SPACE.sub("", address).lower()
    return value if _PEPPOL.fullmatch(value) else None


def compact(address: str) -> str:
    """Return ``address`` without white space: the form of ids that people write."""
    return _SPACE.sub("", address)
