import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_interactive_invoice.core import upload

PDF = b"%PDF-1.7\n..."


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (b"\xff\xd8\xff\xe0..", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic....", "image/heic"),
        (b"MZ\x90\x00", None),
        (b"<html><script>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", None),
        (b"PK\x03\x04", None),
        (b"\n%PDF-1.7", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"\x00\x00\x00\x18ftypisom", None),
        (b"", None),
    ],
)
def test_the_first_bytes_say_what_it_is(content, kind):
    assert upload.sniff(content) == kind


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("kvittering.pdf", "kvittering.pdf"),
        ("kvittering.exe", "kvittering.pdf"),
        ("bilde.pdf.exe", "bilde_pdf.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\kari\\måling.jpg", "måling.pdf"),
        ('x";\r\nSet-Cookie: a.pdf', "x____Set-Cookie_ a.pdf"),
        ("<script>.pdf", "script.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
    ],
)
def test_a_name_does_no_harm(name, safe):
    assert upload.safe_name(name, "application/pdf") == safe


@given(name=st.text(max_size=300))
def test_whatever_it_is_called_the_extension_is_that_of_the_content(name):
    safe = upload.safe_name(name, "image/png")
    assert safe.endswith(".png")
    assert safe.count(".") == 1
    assert len(safe) <= upload.MAX_NAME + 4
    assert not set(safe) & set("/\\\"'<>\r\n\x00;:")
    assert upload.safe_name(safe, "image/png") == safe


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty"), (b"%PDF-" * 30, "size"), (b"MZ", "type")]
)
def test_what_is_not_taken_is_told_why(content, code):
    with pytest.raises(upload.UploadError) as caught:
        upload.check("a/receipt.pdf", content, 100)
    assert caught.value.code == code
    assert caught.value.name == "receipt"


def test_what_is_taken_gets_its_true_name():
    assert upload.check("receipt.html", PDF, 100) == ("receipt.pdf", "application/pdf")
