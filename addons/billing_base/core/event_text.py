"""Text of an event, from the template of its kind and the data of the event.

Payloads hold what customers, banks and gateways sent. They are only ever put in
as text: the sole placeholder is ``%(name)s``, so there is no attribute access, no
conversion and no way for a payload to be read as a template.
"""

import re
from collections.abc import Mapping

#: Longest piece of one payload value that a sentence shows.
MAX_VALUE_LENGTH = 200
#: Stands where the payload does not have what the sentence asks for.
MISSING = "–"

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_SPACE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]+")


def clean(value: object) -> str:
    """Return ``value`` as one line of text without control characters."""
    if value is None or value is False:
        return ""
    text = _SPACE_OR_CONTROL.sub(" ", str(value)).strip()
    if len(text) > MAX_VALUE_LENGTH:
        text = text[: MAX_VALUE_LENGTH - 1] + "…"
    return text


def render(template: str, values: Mapping[str, object]) -> str:
    """Put ``values`` into the ``%(name)s`` places of ``template``.

    The result is plain text: whoever shows it as HTML must escape it, as every
    field widget and ``t-out`` do.

    :param template: text of the kind, already in the reader's language
    :param values: value by name; a missing or empty one shows as a dash
    """
    return _PLACEHOLDER.sub(
        lambda match: clean(values.get(match[1])) or MISSING, template
    )
