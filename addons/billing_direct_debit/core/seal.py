"""The seal that Bankgirot demands on Autogiro files (HMAC, "sigill").

A sealed file begins with a ``00`` record and ends with a ``99`` record, which holds two
codes: one of the key alone, by which the receiver sees which key was used, and one of
all bytes before it. Both are HMAC-SHA256, cut to 16 bytes, in upper-case hexadecimal.
"""

import hashlib
import hmac
import re

OPENING = b"00%6sHMAC" + b" " * 68
_SIZE = 32
_KEY = re.compile(r"[0-9A-Fa-f]{32}", re.ASCII)
# ISO-8859-1 letters to their places in the Swedish seven-bit set; all other bytes
# outside 32–126 become C3, so that a file seals alike whatever its encoding was.
_LETTERS = {
    0xC9: 0x40,
    0xC4: 0x5B,
    0xD6: 0x5C,
    0xC5: 0x5D,
    0xDC: 0x5E,
    0xE9: 0x60,
    0xE4: 0x7B,
    0xF6: 0x7C,
    0xE5: 0x7D,
    0xFC: 0x7E,
}
_TABLE = bytes(c if 32 <= c <= 126 else _LETTERS.get(c, 0xC3) for c in range(256))


class SealError(ValueError):
    """A key that is none, or a seal that does not fit."""


class Seal:
    """Computes the seal of a file piece by piece.

    :param str key: 32 hexadecimal digits
    :raises SealError: the key is none
    """

    def __init__(self, key):
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            # Never the key itself: the message ends in a log.
            raise SealError("the seal key must be 32 hexadecimal digits (0–9, A–F)")
        self._key = bytes.fromhex(key)
        self._mac = hmac.new(self._key, digestmod=hashlib.sha256)

    def add(self, data):
        """Take more of the file, from its ``00`` record on, in order.

        :param bytes data: ISO-8859-1, of any length, line ends included or not
        """
        self._mac.update(normalised(data))

    def value(self):
        """The seal of what was added, 32 upper-case hexadecimal digits."""
        return self._mac.hexdigest().upper()[:_SIZE]

    def check_value(self):
        """The key's check value (KVV): the seal of eight zeros."""
        mac = hmac.new(self._key, b"00000000", hashlib.sha256)
        return mac.hexdigest().upper()[:_SIZE]


def normalised(data):
    """The bytes that are sealed: seven bits, without line ends.

    :param bytes data: ISO-8859-1
    """
    return data.translate(_TABLE, b"\r\n")


def sealed(records, key, day):
    """Yield records with the seal around them.

    :param records: iterable of bytes, each one record with its line end
    :param str key: 32 hexadecimal digits
    :param day: date of the seal
    :raises SealError: the key is none
    """
    seal = Seal(key)
    written = f"{day:%y%m%d}".encode()
    opening = OPENING % written + b"\r\n"
    seal.add(opening)
    yield opening
    for record in records:
        seal.add(record)
        yield record
    yield b"99%s%s%s%s\r\n" % (
        written,
        seal.check_value().encode(),
        seal.value().encode(),
        b" " * 8,
    )
