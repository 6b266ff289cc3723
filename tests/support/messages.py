"""Message values that prove themselves: each names its place and carries a digest of it."""

import hashlib
import re

_VALUE = re.compile(rb"(\d+):(\d{9}):([0-9a-f]{40}):(x*)")


def value(partition, sequence):
    """54 to 120 bytes without a line end; the length varies with the place."""
    place = b"%d:%09d" % (partition, sequence)
    digest = hashlib.sha1(place).hexdigest().encode()
    return place + b":" + digest + b":" + b"x" * (int(digest[:4], 16) % 67)


def lines(partition, first, count):
    """`count` values from sequence `first` on, each ended by a line end."""
    return b"".join(value(partition, sequence) + b"\n" for sequence in range(first, first + count))


def reader_of(partition):
    """A function that gives the sequence of a line; None if it is not, byte for byte, a value of this partition."""

    def sequence_of(line):
        match = _VALUE.fullmatch(line)
        if match and value(partition, int(match[2])) == line:
            return int(match[2])
        return None

    return sequence_of
