"""Tokens of personal links: made from a secret, known again by their digest.

A token is a keyed hash of what its link is, so the same message can be rendered a
second time with the same link while the token itself is stored nowhere. What is
stored is the SHA-256 digest: the look-up goes by that, so how long it takes tells
nothing about the token, and who reads the table can open nothing.
"""

import base64
import hashlib
import hmac
import re

#: Bytes of a token. 128 bits: 10^12 guesses at 10^9 live links find one with a
#: probability of 3·10^-18.
TOKEN_BYTES = 16
#: Characters those bytes take in URL-safe Base64 without padding.
TOKEN_LENGTH = 22

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_LENGTH}}}", re.ASCII)


def derive(secret: str, scope: str, key: str) -> str:
    """Return the token of ``key``.

    :param secret: what only the server knows
    :param scope: what the token is for, so that no other use of the secret gives it
    :param key: what the token stands for
    :return: 22 characters that need no quoting in an address
    :raises ValueError: empty secret, scope or key
    """
    if not (secret and scope and key):
        raise ValueError("a token needs a secret, a scope and a key")
    # The lengths keep («a», «bc») and («ab», «c») apart.
    message = f"{len(scope)}:{scope}:{key}".encode()
    raw = hmac.new(secret.encode(), message, hashlib.sha256).digest()[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def looks_like(value: object) -> bool:
    """Whether ``value`` has the form of a token; says nothing about its being one."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def digest(token: str) -> str:
    """Return what is stored of ``token``: 64 hexadecimal digits.

    A plain hash will do: a token is random over 128 bits, so there is nothing to
    gain from hashing slowly or with salt.
    """
    return hashlib.sha256(token.encode()).hexdigest()
