"""What makes a translation file good. Needs nothing but the files."""

import re

import polib

LANGUAGES = ("nb", "sv")

_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}|%%")
_MARKUP = re.compile(r"<[^>]+>")
#: Attributes whose words are translated together with the text around them.
_TRANSLATED = re.compile(r'\b(aria-label|title|alt|placeholder)="[^"]*"')
_LETTER = re.compile(r"[^\W\d_]")
#: What gives away that a text is in the wrong one of the two neighbour languages.
_FOREIGN = {
    "nb": re.compile(r"[äöÄÖ”]|\b(?:och|inte|är|att|från|för|av den här)\b"),
    "sv": re.compile(r"[æøÆØ«»]|\b(?:og|ikke|er|til|fra|ble|hvorfor)\b", re.IGNORECASE),
}
#: Names, abbreviations and words that are the same in all three languages.
SAME_EVERYWHERE = {
    "#17527A",
    "%(count)s min",
    "%(plan)s, version %(number)s",
    "/srv/bank/incoming",
    "Autogiro",
    "AvtaleGiro",
    "Bank",
    "Bankgiro",
    "CSV",
    "Dimension",
    "EHF",
    "Format",
    "GET",
    "Goodwill",
    "IBAN",
    "ID",
    "Inkassosats",
    "JSON",
    "Journal",
    "KID",
    "KID, MOD10",
    "KID, MOD11",
    "KID/OCR",
    "Kvitt KID/OCR",
    "OCR",
    "Odoo",
    "PDF",
    "POST",
    "Period",
    "Person",
    "Plan",
    "Plusgiro",
    "SHA-256",
    "SMS",
    "Salt",
    "Status",
    "System",
    "Text",
    "Tips",
    "Tolvan Tolvansson",
    "Unicode",
    "UsingQR",
    "Version",
    "eFaktura",
    "https://",
    "https://gateway.example/cgi-bin/sendsms",
    "https://…",
    # The name of a printed file, in Python.
    "object.display_name",
    "object.name",
    "sms",
    # What a message's own methods say.
    "{{ object._customer_sentence() }} {{ object._page_url() }}",
    "{{ object.title_text }}",
}


def problems(
    template: polib.POFile, translated: polib.POFile, language: str
) -> list[str]:
    """Return what is wrong with a translation file.

    :param template: the addon's present terms
    :param language: one of :data:`LANGUAGES`
    """
    wrong = []
    if translated.metadata.get("Language") != language:
        wrong.append(f"header Language is {translated.metadata.get('Language')!r}")
    have = {(entry.msgctxt, entry.msgid): entry for entry in translated}
    for term in template:
        # Odoo's export also takes up what has no words.
        if _LETTER.search(term.msgid):
            wrong += _term_problems(
                term, have.get((term.msgctxt, term.msgid)), language
            )
    known = {(term.msgctxt, term.msgid) for term in template}
    wrong += [
        f"no term of the addon: {entry.msgid!r}"
        for key, entry in have.items()
        if key not in known
    ]
    return wrong


def _term_problems(term, entry, language) -> list[str]:
    if entry is None or entry.obsolete:
        return [f"missing: {term.msgid!r}"]
    if entry.fuzzy or not entry.msgstr:
        return [f"not translated: {term.msgid!r}"]
    pair = f"{term.msgid!r} → {entry.msgstr!r}"
    wrong = []
    if _found(_PLACEHOLDER, term.msgid) != _found(_PLACEHOLDER, entry.msgstr):
        wrong.append(f"other placeholders: {pair}")
    if _markup(term.msgid) != _markup(entry.msgstr):
        wrong.append(f"other markup: {pair}")
    said = _PLACEHOLDER.sub("", term.msgid)
    if entry.msgstr == term.msgid and term.msgid not in SAME_EVERYWHERE:
        if _LETTER.search(said):
            wrong.append(f"still English: {pair}")
    words = _MARKUP.sub(" ", _PLACEHOLDER.sub("", entry.msgstr))
    if _FOREIGN[language].search(words):
        wrong.append(f"not {language}: {pair}")
    if _edges(term.msgid) != _edges(entry.msgstr):
        wrong.append(f"other space or punctuation at the end: {pair}")
    return wrong


def _found(pattern, text):
    return sorted(pattern.findall(text))


def _markup(text):
    return sorted(_TRANSLATED.sub(r"\1", tag) for tag in _MARKUP.findall(text))


def _edges(text):
    """What a text must keep because others join or end sentences with it."""
    # A single word may be an abbreviation, which one language dots and another not.
    last = text.rstrip()[-1:]
    return (
        text[:1].isspace(),
        text[-1:].isspace(),
        last if last in ":?!" or (last == "." and " " in text.strip()) else "",
    )
