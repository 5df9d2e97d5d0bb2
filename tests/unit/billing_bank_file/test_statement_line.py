"""What a statement line of another importer says, wherever it says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.billing_bank_file.core.statement_line import MAX_TEXTS, Stated, stated

KID = "001234567890128"


def read(label="", reference="", notes="", details=None, **payer):
    return stated(label, reference, notes, details, **payer)


@pytest.mark.parametrize(
    ("line", "reference", "texts"),
    [
        # a label that is the reference
        ({"label": "0012 3456 7890 128"}, KID, ()),
        ({"label": f"KID: {KID}"}, KID, ()),
        # OCA's camt importer: reference and message apart, «/» for none
        ({"label": "/", "reference": KID}, KID, ()),
        (
            {"label": "Faktura for november", "reference": KID},
            KID,
            ("Faktura for november",),
        ),
        ({"label": "/", "reference": "NOTPROVIDED"}, "", ()),
        # the bank's own number is no reference when the other has a check digit
        ({"label": KID, "reference": "2026112100012345"}, KID, ("2026112100012345",)),
        ({"label": "2026112100012345", "reference": KID}, KID, ("2026112100012345",)),
        # a reference in a sentence is left to the search of texts
        ({"label": f"betaling av {KID} takk"}, "", (f"betaling av {KID} takk",)),
        ({"label": "INV/2026/00105"}, "", ("INV/2026/00105",)),
        ({"label": "RF18 5390 0754 7034"}, "RF18539007547034", ()),
        ({"notes": "<p>Takk<br/>Faktura &amp; 12</p>"}, "", ("Takk", "Faktura & 12")),
        ({"label": "Takk", "notes": "<p>Takk</p>"}, "", ("Takk",)),
        # what OCA's camt importer has no field for: the payer's words, not the bank's
        (
            {
                "label": "/",
                "reference": "20261120123456",
                "notes": "<p>Partner Name (RltdPties/Nm): Åse 12345<br/>"
                "Partner Account Number (RltdPties/Acct): 15035149098\n"
                "Transaction Date (BookgDt): 2026-11-20\n"
                "Reference: 20261120123456\nCommunication: \nNotat: ring ham\n"
                "Transaction Type (BkTxCd): PMNT-RCDT-VCOM\n"
                f"Structured Reference (RmtInf/Strd/CdtrRefInf/Ref): {KID}\n"
                "Unstructured Reference (RmtInf/Ustrd): Takk for strøm\n"
                "Account Servicer Reference (Refs/AcctSvcrRef): 20261120998877\n"
                "End To End Id (Refs/EndToEndId): NOTPROVIDED</p>",
            },
            KID,
            ("20261120123456", "Notat: ring ham", "Takk for strøm"),
        ),
        (
            {"label": "Se (Takk): alt", "notes": "<p>Hei (du): faktura 12</p>"},
            "",
            ("Se (Takk): alt", "Hei (du): faktura 12"),
        ),
        # a bank feed's own names
        (
            {
                "details": {
                    "remittanceInformation": [f"KID {KID}"],
                    "amount": "100.00",
                    "transactionId": "998877665544",
                }
            },
            KID,
            (),
        ),
        ({"details": {"a": {"Strd": {"CdtrRefInf": {"Ref": KID}}}}}, KID, ()),
        ({"details": {"message": "Hei", "bookingDate": "2026-11-20"}}, "", ("Hei",)),
        ({"details": [1, None, True, 2.5, "x"]}, "", ()),
        ({"details": {"ocr": 72019122420063}}, "72019122420063", ()),
    ],
)
def test_reference_and_texts(line, reference, texts):
    found = read(**line)
    assert (found.reference, found.texts) == (reference, texts)


def test_payer_of_a_bank_feed():
    details = {
        "debtorName": "Kari Nordmann",
        "debtorAccount": {"iban": "NO93 8601 1117 947"},
        "creditorName": "Fjordlys AS",
        "creditorAccount": {"iban": "NO1799991042764"},
        "reference": KID,
    }
    found = read(details=details)
    assert found == Stated(KID, (), "Kari Nordmann", "NO9386011117947")
    # what the importer gave itself counts more
    found = read(details=details, payer_name="Ola", payer_account="8601.11.17947")
    assert (found.payer_name, found.payer_account) == ("Ola", "86011117947")


def test_nothing_is_found_in_nothing():
    assert stated(None, None, None, None, None or "", "") == Stated("", (), "", "")


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["ref", "text", "debtorName", "debtorIban", "x"]), inner
        ),
    ),
    max_leaves=30,
)


@given(st.text(), st.text(), st.text(), json_values, st.text(), st.text())
def test_any_fields_are_read(label, reference, notes, details, name, account):
    found = stated(label, reference, notes, details, name, account)
    assert all(text and text == " ".join(text.split()) for text in found.texts)
    assert len(set(found.texts)) == len(found.texts) <= MAX_TEXTS
    assert found.reference not in found.texts or not found.reference
    assert found.payer_account.isalnum() or not found.payer_account


def test_json_of_any_depth_is_read():
    details = {}
    for _ in range(5000):
        details = {"text": details}
    assert read(details=details) == Stated("", (), "", "")
