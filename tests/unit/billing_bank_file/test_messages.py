"""What extensions read in bank files: records that are no payments."""

import io

import pytest

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.messages import Extension, Message
from odoo.addons.billing_bank_file.core.recognise import open_bank_file
from odoo.addons.billing_bank_file.core.source import Reader
from odoo.addons.billing_bank_file.core.types import Summary

from tests.builders.bank_files import MandateList, OcrAssignment, ocr_file

from .helpers import DATA


class Mandates(Extension):
    """Reads the lists of mandates, all of them or some records of each."""

    def __init__(self, most=None):
        self.most = most

    def read_assignment(self, kind):
        return self._read if kind == "NY212420" else None

    def _read(self, start, records, reader, transmission):
        account = start[24:35]
        for number, record in enumerate(records):
            if number == self.most:
                return
            if record[6:8] == "70":
                yield Message(
                    reader.line, account, "NOK", "m", transmission, record, record
                )


class Notes(Extension):
    """Knows files that begin with NOTE."""

    def open(self, source, head):
        return _Notes(source) if head.startswith(b"NOTE") else None


class _Notes(Reader):
    def __init__(self, source):
        super().__init__(source, "notes", Summary("notes"))

    def _read(self):
        for line in self._source.head().decode().splitlines():
            yield Message(1, "1", "NOK", "note", line, line, line)


def _read_all(data, *extensions):
    reader = open_bank_file(io.BytesIO(data), "bank.file", extensions=extensions)
    return list(reader), reader.summary


def test_messages_come_between_the_payments_in_the_order_of_the_file():
    items, summary = _read_all(
        ocr_file([OcrAssignment(), MandateList(3), OcrAssignment()]), Mandates()
    )
    assert [isinstance(item, Message) for item in items] == [
        *(False, True, True, True, False)
    ]
    assert [item.line for item in items] == sorted(item.line for item in items)
    assert items[1].record == summary.message_id
    assert summary.transactions == 2 and summary.skipped == {}


def test_list_that_no_extension_reads_is_skipped():
    items, summary = _read_all(
        ocr_file([MandateList(3), OcrAssignment()]), Extension(), Notes()
    )
    assert len(items) == 1
    assert summary.skipped == {"AvtaleGiro (2124) records": 3}


def test_file_of_mandates_alone_is_read_when_an_extension_reads_them():
    data = (DATA / "refused/netsgiro_avtalegiro_agreements.txt").read_bytes()
    items, _summary = _read_all(data, Mandates())
    assert items and all(isinstance(item, Message) for item in items)
    with pytest.raises(BankFileError, match="AvtaleGiro"):
        _read_all(data)


def test_totals_hold_where_an_extension_leaves_records_unread():
    items, _summary = _read_all(ocr_file([MandateList(3)]), Mandates(most=1))
    assert len(items) == 1


def test_cut_list_is_refused():
    lines = ocr_file([MandateList(3), OcrAssignment()]).split(b"\n")
    with pytest.raises(BankFileError, match="truncated") as caught:
        _read_all(b"\n".join(lines[:4]) + b"\n", Mandates())
    assert caught.value.field == "record type"
    del lines[2]
    with pytest.raises(BankFileError) as caught:
        _read_all(b"\n".join(lines), Mandates())
    assert caught.value.field == "number of records"


def test_file_of_a_kind_of_its_own():
    items, _summary = _read_all(b"NOTE 1\nNOTE 2\n", Extension(), Notes())
    assert [item.record for item in items] == ["NOTE 1", "NOTE 2"]
    with pytest.raises(BankFileError, match="expected"):
        _read_all(b"NOTE 1\nNOTE 2\n", Extension())
