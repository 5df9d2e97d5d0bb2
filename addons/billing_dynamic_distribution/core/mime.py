"""Putting an e-mail together, byte for byte (RFC 5322, RFC 2045 to 2047).

The standard library parses every header it is given and folds it again, which takes
longer than handing the message over. The e-mails of a batch have the same form and most
of their headers in common, so that little has to be done for each of them.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from email import policy
from email.header import Header
from email.mime.application import MIMEApplication
from email.utils import format_datetime

_CRLF = b"\r\n"
_FOLDED = "\r\n "
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_POLICY = policy.compat32.clone(linesep="\r\n")
#: Longest line of a header that is not broken (RFC 5322 §2.1.1 recommends 78).
_LINE_LENGTH = 76


def encoded_words(text: str, name: str) -> str:
    """Return the value of an unstructured header such as Subject.

    :param text: any text; line breaks and control characters become spaces
    :param name: name of the header, whose length counts for the first line
    """
    clean = " ".join(
        "".join(letter if letter.isprintable() else " " for letter in text).split()
    )
    # What looks like an encoded word would be decoded by whoever reads it.
    if clean.isascii() and "=?" not in clean:
        if len(name) + 2 + len(clean) <= _LINE_LENGTH:
            return clean
    return Header(clean, "utf-8", maxlinelen=_LINE_LENGTH, header_name=name).encode(
        linesep="\r\n"
    )


def address(name: str, email: str, header_name: str) -> str:
    """Return the value of a header with one address, such as To.

    :param name: of its owner, any text
    :param email: the address, ASCII
    :param header_name: name of the header, whose length counts for the first line
    """
    clean = encoded_words(name, header_name)
    if not clean:
        return email
    if clean.isascii() and "=?" not in clean:
        escaped = clean.replace("\\", "\\\\").replace('"', '\\"')
        clean = f'"{escaped}"'
    room = _LINE_LENGTH - len(clean.rpartition("\n")[2]) - len(header_name)
    return f"{clean}{' ' if len(email) + 3 <= room else _FOLDED}<{email}>"


def date(moment) -> str:
    """Return the value of a Date header.

    :param datetime moment: aware
    """
    return format_datetime(moment)


def header(name: str, value: str) -> bytes:
    """Return one header line.

    :param value: encoded already, and folded if it is long
    :raises ValueError: the value would begin another header
    :raises UnicodeEncodeError: the value is not encoded
    """
    data = value.encode("ascii")
    if len(_FOLD.sub(b"", data).splitlines()) > 1:
        raise ValueError(f"{name} would go on as another header: {value!r}")
    return name.encode("ascii") + b": " + data + _CRLF


def compose(
    headers: bytes,
    html: str,
    text: str,
    boundary: str,
    attachments: Iterable[tuple[str, bytes, str]] = (),
) -> bytes:
    """Return a whole message with an HTML body, its text alternative and files.

    :param headers: lines made by :func:`header`, without those about the content
    :param boundary: letters and digits that occur in none of the parts
    :param attachments: file name, content and MIME type of each
    """
    alternative = _multipart(
        "alternative",
        boundary,
        [_text("plain", text), _text("html", html)],
    )
    files = [_file(*attachment) for attachment in attachments]
    if files:
        alternative = _multipart("mixed", f"{boundary}0", [alternative, *files])
    return headers + b"MIME-Version: 1.0" + _CRLF + alternative


def _multipart(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    mark = boundary.encode("ascii")
    lines = [
        f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    ]
    for part in parts:
        lines += [b"--", mark, _CRLF, part, _CRLF]
    return b"".join([*lines, b"--", mark, b"--", _CRLF])


def _text(subtype: str, text: str) -> bytes:
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(data, istext=True).replace(b"\n", _CRLF)
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode() + encoded


def _file(name: str, content: bytes, mime_type: str) -> bytes:
    main, _slash, subtype = (mime_type or "").partition("/")
    if main != "application" or not subtype:
        subtype = "octet-stream"
    part = MIMEApplication(b"", subtype)
    del part["MIME-Version"]
    part.add_header(
        "Content-Disposition",
        "attachment",
        filename=name if name.isascii() else ("utf-8", "", name),
    )
    part.set_payload(base64.encodebytes(content).decode("ascii"))
    return part.as_bytes(policy=_POLICY)
