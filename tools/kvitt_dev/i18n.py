"""Translations: every term of every addon in every language, or the check fails."""

import tempfile
from pathlib import Path

import polib

from . import runtime, translations
from .databases import Databases
from .paths import ADDONS, manifests
from .ui import say, step

#: What `odoo i18n export` does, for many addons by one process.
EXPORT = """
from odoo.tools.translate import trans_export
for addon in {addons!r}:
    with open({folder!r} + f"/{{addon}}.po", "wb") as file:
        trans_export(None, [addon], file, "po", env(context={{}}))
"""


def _fresh_templates(rt: runtime.Runtime, folder: Path) -> dict[str, polib.POFile]:
    """Export the terms of each addon from a database without demo data."""
    addons = sorted(manifests(bridges=False))
    script = EXPORT.format(addons=addons, folder=str(folder))
    rt.run_odoo("shell", "-d", Databases(rt).plain(), "--no-http", stdin=script)
    found = {}
    for addon in addons:
        file = folder / f"{addon}.po"
        # What cannot be exported leaves an empty file, or none.
        exported = file.is_file() and file.stat().st_size
        found[addon] = polib.pofile(str(file)) if exported else polib.POFile()
    return found


def i18n(args: list[str]) -> int:
    """Check the translations, or with ``--export`` bring the files up to date.

    The export writes ``i18n/<addon>.pot`` and adds the new terms, untranslated, to
    the addon's ``nb.po`` and ``sv.po``; what is translated stays.
    """
    rt = runtime.ensure()
    with tempfile.TemporaryDirectory() as folder, step("Exporting the terms"):
        templates = _fresh_templates(rt, Path(folder))
    if "--export" in args:
        for addon, template in templates.items():
            _export(addon, template)
        return 0
    failed = 0
    for addon, template in templates.items():
        for language in translations.LANGUAGES:
            file = ADDONS / addon / "i18n" / f"{language}.po"
            if file.is_file():
                wrong = translations.problems(
                    template, polib.pofile(str(file)), language
                )
            else:
                wrong = [f"no {file.name} for {len(template)} terms"]
            if wrong:
                failed += 1
                print(f"{addon} {language}: {len(wrong)} problems")
                for text in wrong[:20]:
                    print(f"  {text}")
            else:
                say(f"    {addon} {language}: {len(template)} terms complete")
    return 1 if failed else 0


def _export(addon: str, template: polib.POFile) -> None:
    folder = ADDONS / addon / "i18n"
    folder.mkdir(exist_ok=True)
    # The dates would make every export a change.
    for key in ("POT-Creation-Date", "PO-Revision-Date"):
        template.metadata.pop(key, None)
    template.save(str(folder / f"{addon}.pot"))
    for language in translations.LANGUAGES:
        file = folder / f"{language}.po"
        translated = polib.pofile(str(file)) if file.is_file() else polib.POFile()
        translated.merge(template)
        for entry in [entry for entry in translated if entry.obsolete]:
            translated.remove(entry)
        translated.header = template.header
        translated.metadata = {
            **template.metadata,
            "Language": language,
            "Plural-Forms": "nplurals=2; plural=(n != 1);",
        }
        translated.save(str(file))
        missing = len([e for e in translated if e.fuzzy or not e.msgstr])
        say(f"    {file.relative_to(ADDONS)}: {len(translated)} terms, {missing} open")
