"""The marks by which an e-mail of ours is known again when it comes back.

A message that could not be delivered comes back in whatever form the other side
likes: whole, its headers only, or a line of text. So the key of the attempt travels in
four places: the Message-Id, a header of our own, the envelope id (ENVID, RFC 3461 §4.4,
which reports must return even without the message) and, where the company's mail
server delivers tagged addresses, the return address (RFC 5233).
"""

import re

#: Header of our own that carries the key.
HEADER = "X-Billing-Attempt"

#: What stands before the key in a Message-Id and in a tagged address.
_PREFIX = "billing-"
_KEY = re.compile(r"(?<![0-9a-z-])billing-([0-9a-f]{32})(?=@)", re.IGNORECASE)
_BARE_KEY = re.compile(r"\s*<?([0-9a-f]{32})>?\s*\Z", re.IGNORECASE)
_HEADER_LINE = re.compile(
    rf"^[ \t>]*{HEADER}[ \t]*:[ \t]*([0-9a-f]{{32}})\b", re.IGNORECASE | re.MULTILINE
)


def message_id(key: str, domain: str) -> str:
    """Return the Message-Id of the e-mail of an attempt.

    :param key: key of the attempt, 32 hexadecimal digits
    :param domain: right-hand side, the domain the e-mail is sent from
    :raises ValueError: ``key`` is not one
    """
    if not _BARE_KEY.match(key):
        raise ValueError(f"not the key of an attempt: {key!r}")
    return f"<{_PREFIX}{key}@{domain}>"


def tagged_address(address: str, key: str) -> str:
    """Return ``address`` with the key in it: ``bounce+billing-…@company.example``.

    :param address: where undeliverable messages go
    :param key: key of the attempt
    """
    local, _at, domain = address.rpartition("@")
    return f"{local}+{_PREFIX}{key}@{domain}"


def untagged_address(address: str) -> str:
    """Return the address that :func:`tagged_address` made ``address`` of.

    Any other address comes back as it is.
    """
    local, at, domain = address.rpartition("@")
    base, _plus, tag = local.rpartition("+")
    return f"{base}@{domain}" if at and base and _KEY.match(f"{tag}@") else address


def bare_key(text: str) -> str:
    """Return the key that ``text`` is (an envelope id, our header), else ``""``."""
    found = _BARE_KEY.match(text)
    return found.group(1).lower() if found else ""


def keys_in(text: str) -> tuple[str, ...]:
    """Return the keys in ``text``, each once, in the order they are found.

    They may stand in Message-Ids, tagged addresses or lines of our own header.
    """
    found = [match.group(1).lower() for match in _KEY.finditer(text)]
    found += [match.group(1).lower() for match in _HEADER_LINE.finditer(text)]
    return tuple(dict.fromkeys(found))
