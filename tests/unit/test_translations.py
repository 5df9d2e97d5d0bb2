"""Everything people read is there in Norwegian and Swedish, and is that language.

Whether the files cover the terms the addons have now, ``tools/kvitt i18n`` finds out
with a database; these tests hold the files against each other.
"""

import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from kvitt_dev import paths  # noqa: E402
from kvitt_dev.translations import LANGUAGES, problems  # noqa: E402

# A bridge has hardly words of its own, and no database of ours to take them from.
ADDONS = sorted(paths.manifests(bridges=False))
# One word of English that is two: to open and an open invoice, since a day and a
# count from it on.
HOMONYMS = {"Open", "Since"}
FILES = [(addon, language) for addon in ADDONS for language in LANGUAGES]


def _read(addon, name):
    return polib.pofile(str(ROOT / "addons" / addon / "i18n" / name))


@pytest.mark.parametrize(("addon", "language"), FILES)
def test_translation_is_complete(addon, language):
    template = _read(addon, f"{addon}.pot")
    assert template
    assert problems(template, _read(addon, f"{language}.po"), language) == []


@pytest.mark.parametrize("addon", ADDONS)
def test_same_terms_in_every_language(addon):
    terms = [
        {(entry.msgctxt, entry.msgid) for entry in _read(addon, name)}
        for name in (f"{addon}.pot", *(f"{language}.po" for language in LANGUAGES))
    ]
    assert terms[0] == terms[1] == terms[2]


@pytest.mark.parametrize(("addon", "language"), FILES)
def test_one_english_text_has_one_translation(addon, language):
    """The same words mean the same in every addon, whoever wrote them."""
    elsewhere = {}
    for other in ADDONS:
        elsewhere.update({e.msgid: e.msgstr for e in _read(other, f"{language}.po")})
    differing = {
        entry.msgid: (entry.msgstr, elsewhere[entry.msgid])
        for entry in _read(addon, f"{language}.po")
        if entry.msgstr != elsewhere[entry.msgid] and entry.msgid not in HOMONYMS
    }
    assert differing == {}


@pytest.mark.parametrize(
    ("english", "translated", "found"),
    [
        ("%(amount)s received", "%(belop)s mottatt", "other placeholders"),
        ("<b>Nothing</b> came", "Ingenting kom", "other markup"),
        ("Payment", "", "not translated"),
        ("Payment received", "Payment received", "still English"),
        ("Payment received", "Betalning är mottagen", "not nb"),
        ("It failed:", "Det feilet", "punctuation"),
    ],
)
def test_finds_what_is_wrong(english, translated, found):
    template, file = polib.POFile(), polib.POFile()
    file.metadata = {"Language": "nb"}
    template.append(polib.POEntry(msgid=english))
    file.append(polib.POEntry(msgid=english, msgstr=translated))
    [problem] = problems(template, file, "nb")
    assert found in problem


def test_finds_what_is_missing_or_left_over():
    template, file = polib.POFile(), polib.POFile()
    file.metadata = {"Language": "sv"}
    template.append(polib.POEntry(msgid="Payment"))
    file.append(polib.POEntry(msgid="Claim", msgstr="Krav"))
    assert problems(template, file, "sv") == [
        "missing: 'Payment'",
        "no term of the addon: 'Claim'",
    ]
