"""Files that customers send: what they really are, and by which name they are kept.

Neither the name nor the type that comes with a file says what it is. The first bytes
do; what does not begin like one of the few kinds that people photograph or print is not
taken.
"""

import re
import unicodedata

#: Files with one message.
MAX_FILES = 5
#: Characters of a name that are kept.
MAX_NAME = 80

#: Kinds that are taken: extension by type.
EXTENSIONS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/heic": ".heic",
}
_STARTS = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"}
_UNSAFE = re.compile(r"[^\w .()+-]")


class UploadError(ValueError):
    """A file that is not taken.

    :param str code: ``empty``, ``size``, ``type`` or ``count``
    :param str name: which one, as it may be shown
    """

    def __init__(self, code, name=""):
        super().__init__(f"{code}: {name}")
        self.code = code
        self.name = name


def sniff(content: bytes) -> str | None:
    """Return the type of ``content`` by its first bytes; None when it is not taken."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None


def safe_name(name: str, kind: str) -> str:
    """Return a name for a file of type ``kind`` that does no harm wherever it is saved.

    No folders, no control characters, no second extension that lies: the extension is
    that of the content.

    :param name: as it came, from any system
    :param kind: of :data:`EXTENSIONS`
    """
    name = unicodedata.normalize("NFC", name or "").replace("\\", "/").split("/")[-1]
    stem = name.rpartition(".")[0] or name
    stem = _UNSAFE.sub("_", stem).replace(".", "_").strip(" _-")
    return (stem[:MAX_NAME].rstrip(" _-") or "file") + EXTENSIONS[kind]


def check(name: str, content: bytes, max_bytes: int) -> tuple[str, str]:
    """Return the safe name and the true type of a file.

    :param name: as it came
    :param content: the file
    :param max_bytes: greatest size that is taken
    :raises UploadError: it is not taken
    """
    shown = safe_name(name, "application/pdf").removesuffix(".pdf")
    if not content:
        raise UploadError("empty", shown)
    if len(content) > max_bytes:
        raise UploadError("size", shown)
    kind = sniff(content)
    if kind is None:
        raise UploadError("type", shown)
    return safe_name(name, kind), kind
