"""The one error a bank file can raise."""


class BankFileError(Exception):
    """A bank file is refused as a whole, with the place and the reason.

    :param str message: plain English, what was expected and what was found
    :param str file: name of the file as the user knows it
    :param int line: 1-based line, or record number in a file without line breaks;
        0 when the whole file is meant
    :param str field: name of the field in the specification: the path of the ISO
        20022 element below ``Document``, or the field name of the Nets record table
    """

    def __init__(self, message, *, file="", line=0, field=""):
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.field = field

    def __str__(self):
        return f"{self.file}:{self.line}: {self.field}: {self.message}"

    def __reduce__(self):
        return _rebuild, (self.message, self.file, self.line, self.field)


def _rebuild(message, file, line, field):
    return BankFileError(message, file=file, line=line, field=field)


def shown(text, limit=40):
    """Quote a value from a file for a message: printable, short, on one line."""
    text = ascii(text) if not text.isprintable() else repr(text)
    return text if len(text) <= limit + 2 else f"{text[:limit]}…{text[0]}"
