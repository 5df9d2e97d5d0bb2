"""The made-up pages of the live benchmark speak as browsers do."""

import asyncio
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import bench_live, live_pages


def unmasked(data):
    """Return kind and content of a frame as a server reads it."""
    first, second = data[:2]
    size, at = second & 0x7F, 2
    if size == 126:
        [size] = struct.unpack("!H", data[2:4])
        at = 4
    assert second & 0x80, "servers refuse what is not masked"
    mask, content = data[at : at + 4], data[at + 4 :]
    assert len(content) == size
    return first & 0x0F, bytes(
        byte ^ mask[index % 4] for index, byte in enumerate(content)
    )


@given(st.binary(max_size=70_000 // 2))
def test_frames_say_what_they_were_given(content):
    assert unmasked(live_pages.frame(1, content)) == (1, content)


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=9))
def test_content_in_pieces_is_put_together(pieces):
    sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    assert live_pages._joined(sent + b"0\r\n\r\n") == b"".join(pieces)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_of_any_length_are_read(size):
    content = b"x" * size
    if size < 126:
        head = struct.pack("!BB", 0x81, size)
    elif size < 65_536:
        head = struct.pack("!BBH", 0x81, 126, size)
    else:
        head = struct.pack("!BBQ", 0x81, 127, size)

    async def read():
        reader = asyncio.StreamReader()
        reader.feed_data(head + content)
        return await live_pages.read_frame(reader)

    assert asyncio.run(read()) == (1, content)


def test_the_middle_the_late_and_the_last():
    assert bench_live._spread(range(1, 101)) == [50.5, 96, 100]
    assert bench_live._spread([]) == [0.0, 0.0, 0.0]
