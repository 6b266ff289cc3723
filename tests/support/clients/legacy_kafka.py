"""LegacyClient: a client of Kafka 0.6 and 0.7, and their message sets. It shares nothing with the program under test.

A log is bytes, an offset a place among them, and a message set entries without gaps: size int32, magic int8, with
magic 1 attributes int8, crc uint32, payload. The CRC is zip's, of the payload.
"""

import collections
import gzip
import socket
import struct
import zlib

NONE, GZIP, SNAPPY = 0, 1, 2
LATEST, EARLIEST = -1, -2

# next_offset: where the entry in the log ends; messages of one compressed entry share it.
Message = collections.namedtuple("Message", "next_offset payload")


class Corrupt(Exception):
    """An entry that is none: a wrong CRC, an impossible size or magic."""


# --- writing ----------------------------------------------------------------------------------------------------------


def entry(payload, magic, attributes=0):
    head = struct.pack(">bb" if magic else ">b", *([magic, attributes] if magic else [magic]))
    return struct.pack(">i", len(head) + 4 + len(payload)) + head + struct.pack(">I", zlib.crc32(payload)) + payload


def message_set(payloads, magic):
    return b"".join(entry(payload, magic) for payload in payloads)


def compressed(inner_set, codec):
    """An entry that holds a set."""
    return entry(gzip.compress(inner_set) if codec == GZIP else _snappy_frames(inner_set), 1, codec)


def _snappy_frames(plain):
    """As snappy-java writes them, of blocks that hold nothing but literals."""
    frames = b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1)
    for at in range(0, len(plain), 32768):
        chunk = plain[at : at + 32768]
        block = _varint(len(chunk)) + struct.pack("<BH", 61 << 2, len(chunk) - 1) + chunk
        frames += struct.pack(">i", len(block)) + block
    return frames


def _varint(number):
    low = [number >> shift & 0x7F | 0x80 for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes(low[:-1] + [low[-1] & 0x7F])


# --- reading ----------------------------------------------------------------------------------------------------------


def messages(log_bytes, offset):
    """The messages of the whole entries from `offset` on, those within compressed ones too; and where the next entry
    begins."""
    found = []
    at = 0
    while at + 4 <= len(log_bytes):
        (size,) = struct.unpack_from(">i", log_bytes, at)
        if size < 5:
            raise Corrupt(f"size {size} at {offset + at}")
        body = log_bytes[at + 4 : at + 4 + size]
        if len(body) < size:
            break
        at += 4 + size
        found += [Message(offset + at, payload) for payload in _payloads(body, offset + at)]
    return found, offset + at


def _payloads(body, where):
    magic = body[0]
    if magic > 1 or len(body) < 5 + magic:
        raise Corrupt(f"magic {magic} before {where}")
    (crc,) = struct.unpack_from(">I", body, 1 + magic)
    payload = body[5 + magic :]
    if zlib.crc32(payload) != crc:
        raise Corrupt(f"CRC before {where}")
    codec = body[1] & 3 if magic else NONE
    if codec == NONE:
        return [payload]
    inner = gzip.decompress(payload) if codec == GZIP else _unsnap(payload)
    return [message.payload for message in messages(inner, 0)[0]]


def _unsnap(packed):
    if not packed.startswith(b"\x82SNAPPY\0"):
        return _unsnap_block(packed)
    plain, at = b"", 16
    while at < len(packed):
        (size,) = struct.unpack_from(">i", packed, at)
        plain += _unsnap_block(packed[at + 4 : at + 4 + size])
        at += 4 + size
    return plain


def _unsnap_block(block):
    at = next(i for i, byte in enumerate(block) if byte < 0x80) + 1  # behind the length
    plain = bytearray()
    while at < len(block):
        tag = block[at]
        kind, at = tag & 3, at + 1
        if kind == 0:
            size = (tag >> 2) + 1
            if size > 60:
                size_bytes = size - 60
                size = int.from_bytes(block[at : at + size_bytes], "little") + 1
                at += size_bytes
            plain += block[at : at + size]
            at += size
            continue
        back_bytes = (1, 2, 4)[kind - 1]
        back = int.from_bytes(block[at : at + back_bytes], "little")
        size = (tag >> 2 & 7) + 4 if kind == 1 else (tag >> 2) + 1
        if kind == 1:
            back += tag >> 5 << 8
        at += back_bytes
        for _ in range(size):
            plain.append(plain[-back])
    return bytes(plain)


# --- the connection ---------------------------------------------------------------------------------------------------


class LegacyClient:
    """One connection to a broker, inside a `with` block. EOFError: the broker has hung up."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def produce(self, topic, partition, log_bytes):
        self._send(0, self._produce(topic, partition, log_bytes))

    def multi_produce(self, produces):
        self._send(3, struct.pack(">h", len(produces)) + b"".join(self._produce(*one) for one in produces))

    def fetch(self, topic, partition, offset, max_size=1 << 20, patience_s=30):
        """The error, and bytes of the log. TimeoutError: no answer came."""
        self._socket.settimeout(patience_s)
        self._send(1, self._fetch(topic, partition, offset, max_size))
        return self._part(self.receive_answer())

    def multi_fetch(self, fetches):
        """The same for each of (topic, partition, offset, max_size)."""
        self._send(2, struct.pack(">h", len(fetches)) + b"".join(self._fetch(*one) for one in fetches))
        error, rest = self._part(self.receive_answer())
        assert error == 0, error
        parts = []
        while rest:
            (size,) = struct.unpack_from(">i", rest)
            parts.append(self._part(rest[4 : 4 + size]))
            rest = rest[4 + size :]
        return parts

    def offsets(self, topic, partition, time_ms, max_offsets=1000):
        self._send(4, self._place(topic, partition) + struct.pack(">qi", time_ms, max_offsets))
        error, rest = self._part(self.receive_answer())
        assert error == 0, error
        (count,) = struct.unpack_from(">i", rest)
        return list(struct.unpack_from(f">{count}q", rest, 4))

    def log_end(self, topic, partition):
        """All that was sent before has been seen to once this is answered."""
        return self.offsets(topic, partition, LATEST, 1)[0]

    def read_on(self, topic, partition, offset, max_size=1 << 20):
        """All messages from `offset` to the end of the log, and where that is."""
        found = []
        while True:
            error, log_bytes = self.fetch(topic, partition, offset, max_size)
            assert error == 0, f"error {error} at {offset}"
            if not log_bytes:
                return found, offset
            more, offset = messages(log_bytes, offset)
            assert more, f"no whole entry at {offset}"
            found += more

    def send_raw(self, data):
        self._socket.sendall(data)

    def receive_answer(self):
        """Its bytes behind the length."""
        (size,) = struct.unpack(">i", self._receive(4))
        return self._receive(size)

    def is_hung_up_on(self):
        """Waits for it. What comes instead is an error."""
        try:
            rest = self._socket.recv(1)
        except ConnectionResetError:
            return True
        assert not rest, rest
        return True

    @staticmethod
    def _place(topic, partition):
        name = topic.encode()
        return struct.pack(">h", len(name)) + name + struct.pack(">i", partition)

    def _produce(self, topic, partition, log_bytes):
        return self._place(topic, partition) + struct.pack(">i", len(log_bytes)) + log_bytes

    def _fetch(self, topic, partition, offset, max_size):
        return self._place(topic, partition) + struct.pack(">qi", offset, max_size)

    def _send(self, key, body):
        self._socket.sendall(struct.pack(">ih", 2 + len(body), key) + body)

    @staticmethod
    def _part(answer):
        return struct.unpack_from(">h", answer)[0], answer[2:]

    def _receive(self, size):
        received = bytearray()
        while len(received) < size:
            more = self._socket.recv(min(size - len(received), 1 << 20))
            if not more:
                raise EOFError(f"the broker hung up after {len(received)} of {size} bytes")
            received += more
        return bytes(received)
