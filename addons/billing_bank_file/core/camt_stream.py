"""Streams a camt message element by element, validated, and explains refusals."""

import codecs
import re

from lxml import etree

from .camt_schema import SYNTAX, clean, compiled_schema, objection
from .errors import BankFileError, shown
from .source import Reader

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
CONTAINERS = {"053": "Stmt", "054": "Ntfctn"}
# More than any element between two that are read; bounds memory.
MAX_ELEMENT_BYTES = 16 * 2**20


class _Names(dict):
    """Qualified tag -> local name, filled on demand."""

    def __missing__(self, tag):
        name = self[tag] = tag.rpartition("}")[2]
        return name


def _last_chain(root):
    """The elements from the root down to the one the parser opened last."""
    chain = []
    while root is not None:
        chain.append(root)
        root = root[-1] if len(root) else None
    return chain


def _field_of(names):
    """Field name from the path: what is below the message's own element."""
    names = [shown(name)[1:-1] for name in names[2:] or names[1:] or ["Document"]]
    return "/".join(names if len(names) <= 20 else [*names[:19], "…"])


def _forget(element):
    """Free an element that is read, and those before it.

    The tail stays: the parser may still be writing to it.
    """
    element.clear(keep_tail=True)
    parent = element.getparent()
    while parent is not None and parent[0] is not element:
        del parent[0]


class CamtStream(Reader):
    """The elements of a camt message, each handed over at its end, then forgotten.

    libxml2 parses and validates against the ISO schema in the same pass, so memory does
    not grow with the file. A refusal is explained with ``xmlschema``, on the refused
    element alone.
    """

    def __init__(self, source, message, encoding, summary):
        super().__init__(source, message, summary)
        self._message = message
        self._encoding = encoding
        self._namespace = f"{{{NAMESPACE}{message}}}"
        self._container = CONTAINERS[message[5:8]]
        self._names = _Names()
        self._root = None
        self._complete = False
        self._line = 1

    def error(self, message, field, line):
        return BankFileError(message, file=self._source.name, line=line, field=field)

    def _handlers(self):
        """What to call at the end of each element.

        :return: dict of local name to a method that takes the element and returns a
            transaction or None
        """
        raise NotImplementedError

    # --- parsing -------------------------------------------------------------

    def _parser(self, events=("end",)):
        return etree.XMLPullParser(
            events=events,
            tag=[self._namespace + tag for tag in ("Document", *self._handlers())],
            schema=compiled_schema(self._message),
            encoding="utf-8" if self._encoding == "utf-16" else None,
            remove_comments=True,
            remove_pis=True,
            # Not resolve_entities=False: with it lxml lets some broken files pass.
            # There are none to resolve, the recogniser has refused any DOCTYPE.
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )

    def _chunks(self):
        if self._encoding != "utf-16":
            yield from self._source.chunks()
            return
        # Lines are counted in bytes, so UTF-16 is turned into UTF-8 on the way in.
        decoder = codecs.getincrementaldecoder("utf-16")()
        line = 1
        try:
            for chunk in self._source.chunks():
                text = decoder.decode(chunk).encode()
                line += text.count(b"\n")
                yield text
            decoder.decode(b"", final=True)
        except UnicodeError as error:
            raise self.error(
                f"expected UTF-16 text, found bytes that are not: {error.reason}",
                "encoding",
                line,
            ) from error

    def _read(self):
        parser = self._parser()
        handlers = {
            self._namespace + name: handler
            for name, handler in self._handlers().items()
        }
        handlers[f"{self._namespace}Document"] = self._on_end
        events = parser.read_events()
        number = idle = 0
        for chunk in self._chunks():
            number += 1
            self._feed(parser, chunk, number)
            idle += len(chunk)
            for _event, element in events:
                if self._root is None:
                    self._root = element.getroottree().getroot()
                idle = 0
                transaction = handlers[element.tag](element)
                if transaction:
                    yield transaction
                _forget(element)
            self._line += chunk.count(b"\n")
            if idle > MAX_ELEMENT_BYTES:
                raise self.error(
                    f"expected the next entry within {MAX_ELEMENT_BYTES} bytes, found "
                    "none",
                    "Ntry",
                    self._line,
                )
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            if not self._complete and not SYNTAX.match(error.msg):
                raise self._truncated() from error
            raise self._refused(error, parser, number) from error
        if not self._complete:
            raise self._truncated()

    def _on_end(self, element):
        self._complete = True

    def _feed(self, parser, chunk, number):
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            raise self._refused(error, parser, number) from error
        if len(parser.feed_error_log):
            raise self._invalid(parser.feed_error_log[0], number)

    # --- refusals --------------------------------------------------------------

    def _refused(self, error, parser, number):
        for _event, element in parser.read_events():
            if self._root is None:
                self._root = element.getroottree().getroot()
        if SYNTAX.match(error.msg):
            return self._malformed(error)
        # Not error.error_log: that may hold what was found in other files.
        log = parser.feed_error_log
        if len(log) and log[0].domain == etree.ErrorDomains.SCHEMASV:
            return self._invalid(log[0], number)
        return self._malformed(error)

    def _malformed(self, error):
        if "Premature end of data" in error.msg:
            return self._truncated()
        return self.error(
            f"expected well-formed XML, found: {clean(error.msg)}",
            _field_of([self._names[item.tag] for item in _last_chain(self._root)]),
            error.lineno or self._line,
        )

    def _truncated(self):
        return self.error(
            "expected the end of the element Document, found the end of the file: it "
            "is truncated",
            _field_of([self._names[item.tag] for item in _last_chain(self._root)]),
            self._line,
        )

    def _invalid(self, verdict, number):
        """Find where the schema refused, and say why in the words of the standard.

        libxml2 knows neither line nor path when it validates a stream, so the file
        is read again up to the piece refused, and that piece tag by tag.
        """
        parser = self._parser(("start", "end"))
        root = None
        line = 1
        for index, chunk in enumerate(self._chunks(), start=1):
            for piece in [chunk] if index < number else re.split(rb"(?<=>)", chunk):
                try:
                    parser.feed(piece)
                except etree.XMLSyntaxError as error:
                    # The schema's objection was only a consequence.
                    if SYNTAX.match(error.msg):
                        return self._malformed(error)
                for event, element in parser.read_events():
                    if root is None:
                        root = element.getroottree().getroot()
                    if event == "end" and index < number:
                        _forget(element)
                log = parser.feed_error_log
                if len(log):
                    line += piece[: max(piece.rfind(b"<"), 0)].count(b"\n")
                    return self._explained(log[0], root, line)
                line += piece.count(b"\n")
            if index == number:
                break
        # Only the end of the file showed it.
        return self._explained(verdict, root, line)

    def _explained(self, verdict, root, line):
        message = clean(verdict.message)
        named = re.match(r"Element '([^']*)'", message)
        chain = _last_chain(root)
        names = [self._names[item.tag] for item in chain]
        if named and named[1] in names:
            depth = len(names) - names[::-1].index(named[1])
            chain, names = chain[:depth], names[:depth]
        try:
            reason = (
                objection(self._message, self._namespace[1:-1], chain, names, message)
                or message
            )
        except (ArithmeticError, LookupError, TypeError, ValueError):
            # xmlschema stumbles over some values, such as the year 99999999999.
            reason = message
        return self.error(
            f"expected valid {self._message}, found: {reason}",
            _field_of(names),
            line,
        )
