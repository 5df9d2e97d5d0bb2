"""What a bank tells in a file beside money, and how an addon has its readers asked.

Files of payments may hold records of other services (the mandates of AvtaleGiro stand
in the OCR giro file), and some files of a bank hold hardly any payment at all
(Autogiro). An addon that knows such records hands an :class:`Extension` to
:func:`~.recognise.open_bank_file`; its records come out of the reader between the
payments, in the order of the file.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One record of a bank that is no payment.

    :param line: line (or record) where it starts
    :param account: own account or bankgiro number it is about, letters and digits only
    :param currency: ISO 4217 code of the account
    :param kind: what it is, a dotted code of the addon that reads it
    :param record: the record as its reader understood it
    :param fingerprint: stable identity, as :class:`~.types.Fingerprints` makes them;
        the same record in another file has the same one
    :param raw: the record as it stands in the file
    :param giro: own bankgiro number, digits without leading zeros; empty when
        ``account`` says it all
    """

    line: int
    account: str
    currency: str
    kind: str
    record: object
    fingerprint: str
    raw: str
    giro: str = ""


class Extension:
    """Reads what the readers of this addon do not; both answers are optional."""

    def read_assignment(self, kind):
        """The reader of an assignment of another service in an OCR giro file.

        :param str kind: the first eight characters of its start record
        :return: None when it is to be read over; else a function of (start record,
            iterator of the records after it up to and with its end record, the
            :class:`~.fixed_width.FixedWidthReader`, identity of the transmission) that
            yields a :class:`Message` for each of its records; it reads its iterator to
            the end
        """
        return None

    def open(self, source, head):
        """The reader of a file that no reader here knows.

        :param source: :class:`~.source.Source`
        :param bytes head: how it begins
        :return: a :class:`~.source.Reader` of payments and messages, or None
        """
        return None
