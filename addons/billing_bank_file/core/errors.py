"""The one error a bank file can raise."""


class BankFileError(Exception):
    """A bank file is refused as a whole, with the place and the reason.

    Message and field are put on one line and kept short and printable, because parts
    of them come from the file.

    :param str message: plain English, what was expected and what was found
    :param str file: name of the file as the user knows it
    :param int line: 1-based line, or record number in a file without line breaks;
        0 when the whole file is meant
    :param str field: name of the field in the specification: the path of the ISO
        20022 element below ``Document``, or the field name of the Nets record table
    """

    def __init__(self, message, *, file="", line=0, field=""):
        super().__init__(message)
        self.message = one_line(message, 400)
        self.file = file
        self.line = line
        self.field = one_line(field, 200)

    def __str__(self):
        return f"{one_line(self.file, 200)}:{self.line}: {self.field}: {self.message}"

    def __reduce__(self):
        return _rebuild, (self.message, self.file, self.line, self.field)


def _rebuild(message, file, line, field):
    return BankFileError(message, file=file, line=line, field=field)


def one_line(text, limit):
    """Text without line breaks and unprintable characters, cut at ``limit``."""
    text = " ".join(text.split())
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return text if len(text) <= limit else f"{text[:limit]}…"


def shown(text, limit=40):
    """Quote a value from a file for a message: printable, short, on one line."""
    text = ascii(text) if not text.isprintable() else repr(text)
    return text if len(text) <= limit + 2 else f"{text[:limit]}…{text[0]}"
