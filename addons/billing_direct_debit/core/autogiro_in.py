"""Opens Autogiro files: what Bankgirot answers, and what it is sent."""

import re
from dataclasses import replace

from odoo.addons.billing_bank_file.core.errors import shown
from odoo.addons.billing_bank_file.core.fixed_width import WIDTH
from odoo.addons.billing_bank_file.core.source import MAX_BYTES, Source

from .autogiro_in_changes import ChangesReader
from .autogiro_in_mandates import (
    NEW_REGISTER,
    OLD_REGISTER,
    EMandatesReader,
    MandatesReader,
    RegisterReader,
)
from .autogiro_in_orders import OrdersReader
from .autogiro_in_payments import PaymentsReader, RejectedReader, WaitingReader
from .autogiro_reader import Form, plain

_HEAD = 4096
_BOM = b"\xef\xbb\xbf"
_SEALED = re.compile(r"00\d{6}HMAC", re.ASCII)
_CONTENTS = {
    "BET. SPEC & STOPP TK": "payments",
    "AG-MEDAVI": "mandates",
    "AVVISADE BET UPPDR": "rejected",
    "FELLISTA REG.KONTRL": "rejected",
    "MAKULERING/ÄNDRING": "changes",
    "MAK/ÄNDRINGSLISTA": "changes",
    "BEVAKNINGSREG": "waiting",
}

_READERS = {
    "payments": PaymentsReader,
    "rejected": RejectedReader,
    "waiting": WaitingReader,
    "changes": ChangesReader,
    "mandates": MandatesReader,
    "emandates": EMandatesReader,
    "register": RegisterReader,
    "orders": OrdersReader,
}


def open_autogiro(source, name, *, max_bytes=MAX_BYTES, key=None):
    """Open an Autogiro file.

    :param source: path or binary stream; a stream is left open
    :param str name: the name to show in messages
    :param int max_bytes: largest file that is read
    :param key: 32 hexadecimal digits to check the seal with, when there is one
    :return: an :class:`~.autogiro_reader.AutogiroReader`
    :raises BankFileError: it is none, or its opening record is damaged
    :raises SealError: the key is none
    """
    source = Source(source, name, max_bytes)
    try:
        reader = autogiro_reader(source, source.head(), key=key)
        if not reader:
            raise source.error("expected an Autogiro file, found another")
        return reader
    except BaseException:
        source.close()
        raise


def is_autogiro(head):
    """Whether a file that begins so is Autogiro.

    :param bytes head: its first 200 bytes or more
    """
    return bool(_form(_first_records(head))[0])


def autogiro_reader(source, head, *, key=None):
    """The reader of a file that may be Autogiro.

    :param source: :class:`~.source.Source`
    :param bytes head: how it begins, 200 bytes or more
    :param key: see :func:`open_autogiro`
    :return: an :class:`~.autogiro_reader.AutogiroReader`; None when the file is
        something else
    :raises BankFileError: its opening record is damaged, or its contents are unknown
    """
    form, record = _form(_first_records(head))
    if not form:
        return None
    line = 2 if form.sealed else 1
    if head.startswith(_BOM):
        raise source.error(
            "expected ISO-8859-1 text, found UTF-8 with a byte order mark",
            line=1,
            field="encoding",
        )
    if form.kind not in _READERS:
        raise source.error(
            f"expected one of {', '.join(_CONTENTS)}, found {shown(form.kind)}",
            line=line,
            field="contents",
        )
    return _READERS[form.kind](source, form, record, key)


def _first_records(head):
    """The first two records, as the reader will see them."""
    text = head[:_HEAD].removeprefix(_BOM).decode("iso-8859-1")
    if "\n" in text[: WIDTH + 2] or "\r" in text[: WIDTH + 2] or len(text) <= WIDTH:
        records = [line.removesuffix("\r") for line in text.split("\n", 2)[:2]]
    else:
        records = [text[:WIDTH], text[WIDTH : 2 * WIDTH]]
    return [plain(record) for record in records]


def _form(records):
    """What a file is by its first records.

    :return: (:class:`Form`, the record that says it); (None, "") when it is not
        Autogiro. A kind that is none of the readers' is the contents it claims to have.
    """
    if _SEALED.match(records[0]):
        form, record = _form(records[1:]) if records[1:] else (None, "")
        return (replace(form, sealed=True), record) if form else (None, "")
    record = records[0]
    form = None
    if record.startswith("01AUTOGIRO  "):
        contents = record[44:64].strip()
        form = Form(_CONTENTS.get(contents, contents))
    elif record.startswith("01") and record[10:22] == "AUTOGIRO9900":
        contents = record[22:62].strip()
        kind = _CONTENTS.get(contents, contents) if contents else "payments"
        form = Form(kind, "old", "old")
    elif record.startswith("01") and record[10:18] == "AUTOGIRO":
        form = Form("orders", "new", "old")
    elif (
        record.startswith("01")
        and record[10:14] == "9900"
        and record[24:33] == "AG-MEDAVI"
    ):
        form = Form("mandates", "old", "short")
    elif record.startswith("51") and record[24:34] == "AG-EMEDGIV":
        form = Form("emandates", "new", "short")
    elif NEW_REGISTER.matches(record):
        form = Form("register", "new", "")
    elif OLD_REGISTER.matches(record):
        form = Form("register", "old", "")
    return (form, record) if form else (None, "")
