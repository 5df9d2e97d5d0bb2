"""The proxy's configuration of the documentation is the one that is tested."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

from kvitt_dev import nginx  # noqa: E402


def test_it_is_told_where_the_servers_are_and_nothing_else_changes(tmp_path):
    shipped = nginx.SHIPPED.read_text(encoding="utf-8")
    site = nginx.site(1111, 2222, 3333, tmp_path)
    for text in (
        "server 127.0.0.1:1111;",
        "server 127.0.0.1:2222;",
        "listen 127.0.0.1:3333;",
        f"access_log {tmp_path}/odoo.log without_query;",
    ):
        assert text in site
    for text in ("8069", "8072", "ssl", "listen 80", "/var/log"):
        assert text in shipped
        assert text not in site
    start = shipped.index("    # Attachments of")
    end = shipped.index("    access_log")
    assert shipped[start:end] in site
