"""Reading files in the tests of the bank file readers."""

import io
from pathlib import Path

import pytest

from odoo.addons.billing_bank_file.core.errors import BankFileError
from odoo.addons.billing_bank_file.core.recognise import open_bank_file

DATA = Path(__file__).resolve().parents[2] / "data"


def read(data, name="bank.file"):
    """All transactions and the summary of a file given as bytes or path."""
    reader = open_bank_file(io.BytesIO(data) if isinstance(data, bytes) else data, name)
    return list(reader), reader.summary


def refusal(data, name="bank.file"):
    """The error a file is refused with; it names file, line, field and reason."""
    with pytest.raises(BankFileError) as caught:
        read(data, name)
    error = caught.value
    assert error.file == name
    assert error.field and error.message
    assert str(error) == f"{name}:{error.line}: {error.field}: {error.message}"
    assert "\n" not in str(error) and len(str(error)) < 600
    return error
