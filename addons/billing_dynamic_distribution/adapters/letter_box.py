"""The directory that a print house fetches letters from and puts its answers in."""

from odoo.addons.billing_base.adapters.drop_box import DropBox

from ..core import letters as core_letters


class LetterBox(DropBox):
    """One company's directory, with a list beside the letters of a batch."""

    def publish(self, batch, letters, kind):
        """Put a batch into the outbox, all of it or nothing.

        :param str batch: its name
        :param letters: list of ``core.letters.Letter``
        :param str kind: form of the manifest, of ``core.letters.MANIFEST_FORMATS``
        :return: None
        :raises OSError: nothing was published
        """
        files = [
            (name, document.pdf)
            for letter in letters
            for name, document in letter.files
        ]
        files.append((f"manifest.{kind}", core_letters.manifest(letters, batch, kind)))
        self.publish_files(batch, [letter.key for letter in letters], files)
