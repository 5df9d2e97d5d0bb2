"""A directory for partners survives what cannot be caught: the process is gone."""

import os
import signal

import pytest

from odoo.addons.billing_base.adapters.drop_box import DropBox

KEY = "a" * 32
FILES = [(f"{KEY}.pdf", b"%PDF"), ("list.json", b"{}")]


def publish_and_die(path, step):
    """Publish in a process of its own that is killed at its ``step``-th system call.

    :return: whether it was killed
    """
    child = os.fork()
    if child == 0:
        left = step

        def counted(call):
            def instead(*args, **kwargs):
                nonlocal left
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1
                return call(*args, **kwargs)

            return instead

        for name in ("mkdir", "open", "fsync", "rename"):
            setattr(os, name, counted(getattr(os, name)))
        try:
            DropBox(path).publish_files("first", [KEY], FILES)
        finally:
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("step", range(16))
def test_killed_at_any_step_what_is_found_is_what_is_out(tmp_path, step):
    box = DropBox(tmp_path)
    box.prepare()
    was_killed = publish_and_die(tmp_path, step)
    out = [folder.name for folder in (tmp_path / "outbox").iterdir()]
    assert out == ([] if was_killed else ["first"])
    assert box.find(KEY) == (out[0] if out else None)
    if was_killed:
        box.publish_files("second", [KEY], FILES)
        assert box.find(KEY) == "second"
        assert len(list((tmp_path / "outbox" / "second").iterdir())) == len(FILES)
