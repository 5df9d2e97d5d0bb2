"""One-time codes: how they are made, judged, and what is shown of where they went.

A code is short because a person types it. What protects it is that it lives for ten
minutes, in one browser, and bears five wrong tries; so at most five in a million who
guess get in, and how many codes may be sent is limited elsewhere.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Digits of a code.
DIGITS = 6
#: How many codes there are.
CODES = 10**DIGITS
#: For how long a code can be used.
LIFETIME = timedelta(minutes=10)
#: Codes that may be tried before a new one has to be asked for.
TRIES = 5
#: A right code is right again for as long, in the same browser: a double click, or a
#: request that the database made the server repeat.
REPEAT = timedelta(minutes=1)
#: For how long somebody who proved who they are need not do so again.
ELEVATION = timedelta(minutes=30)

RIGHT = "right"
WRONG = "wrong"
EXPIRED = "expired"
USED = "used"
#: Too many were tried.
SPENT = "spent"

#: What people put between the digits, or a telephone does.
_BETWEEN = re.compile(r"[\s\u00a0\u202f.-]+")
_HIDDEN = "•••"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that was sent.

    :param digest: of the code, from :func:`digest`
    :param expires_at: until when it can be used (UTC)
    :param tries: codes tried so far
    :param used_at: when the right one was given (UTC), None = not yet
    """

    digest: str
    expires_at: datetime
    tries: int = 0
    used_at: datetime | None = None


def make(number: int) -> str:
    """Return the code of a random number.

    :param number: at least 0, less than :data:`CODES`
    :raises ValueError: any other number
    """
    if not 0 <= number < CODES:
        raise ValueError(f"a code is made of a number below {CODES}")
    return f"{number:0{DIGITS}d}"


def shown(code: str) -> str:
    """Return ``code`` as people read it: in two halves."""
    half = DIGITS // 2
    return f"{code[:half]} {code[half:]}"


def clean(typed: object) -> str:
    """Return the code in what somebody typed, or «» when there is none.

    :param typed: such as ``123 456`` or ``123-456``
    """
    if not isinstance(typed, str) or len(typed) > 40:
        return ""
    code = _BETWEEN.sub("", typed)
    return code if len(code) == DIGITS and code.isascii() and code.isdigit() else ""


def digest(secret: str, salt: str, code: str) -> str:
    """Return what is stored of a code.

    Keyed, as a million codes are tried through in no time: who reads the table alone
    learns none.

    :param secret: what only the server knows
    :param salt: random, another one for each code
    :raises ValueError: empty secret or salt
    """
    if not (secret and salt):
        raise ValueError("a digest needs a secret and salt")
    message = f"billing.page.code:{len(salt)}:{salt}:{code}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def judge(challenge: Challenge, given: str, now: datetime) -> str:
    """Return what a try is worth.

    The caller has locked the challenge, and notes the try, and the use when the code is
    right, before it lets anybody in.

    :param challenge: as it was before this try
    :param given: digest of what was typed
    :param now: UTC
    :return: :data:`RIGHT`, :data:`WRONG`, :data:`EXPIRED`, :data:`USED` or
        :data:`SPENT`
    """
    if now >= challenge.expires_at:
        return EXPIRED
    if challenge.tries >= TRIES:
        return SPENT
    if challenge.used_at and now - challenge.used_at >= REPEAT:
        return USED
    return RIGHT if hmac.compare_digest(challenge.digest, given) else WRONG


def tries_left(tries: int) -> int:
    """Return how many more codes may be tried after ``tries``."""
    return max(TRIES - tries, 0)


def mask(channel: str, address: str) -> str:
    """Return so much of an address that its owner knows it, and nobody else learns it.

    :param channel: code of the channel
    :param address: normalised, as its contact point has it
    :return: such as ``k•••@g•••.com`` or ``••• 47``
    """
    if channel == "email":
        local, _at, domain = address.rpartition("@")
        name, _dot, ending = domain.rpartition(".")
        shown_domain = f"{name[:1]}{_HIDDEN}" + (f".{ending}" if name else "")
        return f"{local[:1]}{_HIDDEN}@{shown_domain}"
    # Two of eight digits leave a million numbers.
    return f"{_HIDDEN} {address[-2:]}" if len(address) > 5 else _HIDDEN
