"""A bank file as bytes: limited in size, readable twice, never whole in memory."""

import io
import os
import tempfile
from pathlib import Path

from .errors import BankFileError

# About 1.1 million payments in camt; far above what banks send in a file.
MAX_BYTES = 512 * 2**20
CHUNK = 64 * 1024
# No bank pads; a longer run of blanks is a broken or hostile file.
MAX_BLANKS = 4 * CHUNK
_BLANKS = b" \t\r\n\x00"


class Source:
    """The bytes of one bank file.

    :param source: path, or binary stream; a stream that cannot seek is copied to a
        temporary file
    :param str name: name for messages
    :param int max_bytes: largest size read
    :raises BankFileError: when it cannot be opened or is larger
    """

    def __init__(self, source, name, max_bytes=MAX_BYTES):
        self.name = name
        self.max_bytes = max_bytes
        self._own = False
        if isinstance(source, (str, os.PathLike)):
            try:
                self._stream = Path(source).open("rb")  # noqa: SIM115
            except OSError as error:
                raise self.error(f"cannot be read: {error.strerror}") from error
            self._own = True
        elif source.seekable():
            self._stream = source
        else:
            self._stream = self._copied(source)
            self._own = True
        self._start = self._stream.tell()
        size = self._stream.seek(0, io.SEEK_END) - self._start
        if size > max_bytes:
            self.close()
            raise self._too_large()

    def error(self, message, *, line=0, field="file"):
        return BankFileError(message, file=self.name, line=line, field=field)

    def _too_large(self):
        return self.error(
            f"expected at most {self.max_bytes} bytes, found more; "
            "ask the bank for smaller files"
        )

    def _copied(self, stream):
        copy = tempfile.SpooledTemporaryFile(max_size=2**23)
        try:
            for data in self._limited(lambda: stream.read(CHUNK)):
                copy.write(data)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return copy

    def _limited(self, read):
        """Yield what ``read`` returns until it returns nothing, within the limits."""
        offset = blanks = 0
        while data := read():
            offset += len(data)
            if offset > self.max_bytes:
                raise self._too_large()
            blanks = 0 if data.strip(_BLANKS) else blanks + len(data)
            if blanks >= MAX_BLANKS:
                raise self.error(
                    f"expected bank data, found more than {MAX_BLANKS} blanks in a "
                    f"row before byte {offset}"
                )
            yield data

    def head(self, size=CHUNK):
        self._stream.seek(self._start)
        return self._stream.read(size)

    def chunks(self):
        """Yield the bytes from the start; a long run of blanks is refused.

        :raises BankFileError: when more than ``MAX_BLANKS`` blanks follow each other
        """
        offset = self._start

        def read():
            # Others may move in the stream while it is read, as a second pass does.
            nonlocal offset
            self._stream.seek(offset)
            data = self._stream.read(CHUNK)
            offset += len(data)
            return data

        yield from self._limited(read)

    def close(self):
        if self._own:
            self._stream.close()


class Reader:
    """Transactions of one bank file, read as a stream.

    Iterate it once; checks that need the end of the file come at the end, so
    whoever stores transactions while reading must be able to roll back.

    :ivar str format: ``ocr_giro``, ``bgmax``, ``csv``, ``xlsx`` or the name of the ISO
        20022 message
    :ivar int journal_id: the journal that is known before anything is read; 0 for none
    """

    journal_id = 0

    def __init__(self, source, format_, summary):
        self.format = format_
        self._source = source
        self._summary = summary
        self._state = "new"

    @property
    def summary(self):
        """The :class:`Summary` of the file.

        :raises RuntimeError: before the last transaction has been read
        """
        if self._state != "read":
            raise RuntimeError("The summary is known when the file has been read.")
        return self._summary

    def __iter__(self):
        if self._state != "new":
            raise RuntimeError("A bank file is read once; open it again.")
        self._state = "reading"
        return self._guarded()

    def _guarded(self):
        try:
            yield from self._read()
            self._state = "read"
        finally:
            self._source.close()

    def _read(self):
        raise NotImplementedError
