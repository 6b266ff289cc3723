"""Requests of Kafka's protocol that kcat lacks, in milliseconds where a Java tool takes a second.

All in their versions without tagged fields: CreateTopics 2, DeleteTopics 1, DeleteRecords 0 (Kafka 0.11 and newer),
CreatePartitions 0 (1.0 and newer), ElectLeaders 1 (2.4 and newer), AlterClientQuotas 0 (2.6 and newer); only
AlterPartitionReassignments 0 (2.4 and newer) never had one.
"""

import socket
import struct

_CREATE_TOPICS = 19
_DELETE_TOPICS = 20
_DELETE_RECORDS = 21
_CREATE_PARTITIONS = 37
_ELECT_LEADERS = 43
_ALTER_PARTITION_REASSIGNMENTS = 45
_ALTER_CLIENT_QUOTAS = 49

_ELECTION_NOT_NEEDED = 84
_NO_TAGS = b"\0"


class KafkaRefused(Exception):
    """The broker answered with an error code."""


def create_topic(bootstrap, name, partitions, config=None):
    """Makes a topic. `partitions`: how many, each with one replica; or the brokers of each, the preferred leader first.

    `config` holds topic settings, as strings.
    """
    topic = _string(name)
    if isinstance(partitions, int):
        topic += struct.pack(">ihi", partitions, 1, 0)
    else:
        replicas = (struct.pack(">i", index) + _int_array(brokers) for index, brokers in enumerate(partitions))
        topic += struct.pack(">ih", -1, -1) + _array(replicas)
    topic += _array(_string(key) + _string(value) for key, value in (config or {}).items())
    answer = _ask(bootstrap, _CREATE_TOPICS, 2, _array([topic]) + struct.pack(">i?", 30_000, False))
    throttle, count = answer.take(">ii")
    assert (throttle, count) == (0, 1), (throttle, count)
    answer.take_string()
    _check(answer, f"create topic {name}")


def delete_topic(bootstrap, name):
    """Deletes a topic with all that it holds."""
    answer = _ask(bootstrap, _DELETE_TOPICS, 1, _array([_string(name)]) + struct.pack(">i", 30_000))
    answer.take(">ii")
    answer.take_string()
    (error_code,) = answer.take(">h")
    if error_code != 0:
        raise KafkaRefused(f"delete topic {name}: error {error_code}")


def delete_records(bootstrap, topic, partition, before):
    """Moves the start of the partition's log up to offset `before`."""
    place = _string(topic) + _array([struct.pack(">iq", partition, before)])
    answer = _ask(bootstrap, _DELETE_RECORDS, 0, _array([place]) + struct.pack(">i", 30_000))
    answer.take(">ii")
    answer.take_string()
    _, _, start, error_code = answer.take(">iiqh")
    if (start, error_code) != (before, 0):
        raise KafkaRefused(f"delete records of {topic}/{partition} before {before}: error {error_code}, start {start}")


def add_partitions(bootstrap, topic, total):
    """From now on the topic has `total` partitions."""
    grown = _string(topic) + struct.pack(">ii", total, -1)
    answer = _ask(bootstrap, _CREATE_PARTITIONS, 0, _array([grown]) + struct.pack(">i?", 30_000, False))
    answer.take(">ii")
    answer.take_string()
    _check(answer, f"add partitions to {topic}")


def order_replicas(bootstrap, topic, partition, brokers):
    """The partition's brokers in a new order: the first one is the preferred leader."""
    replicas = _compact_array(struct.pack(">i", broker) for broker in brokers)
    place = struct.pack(">i", partition) + replicas + _NO_TAGS
    places = _compact_string(topic) + _compact_array([place]) + _NO_TAGS
    body = struct.pack(">i", 30_000) + _compact_array([places]) + _NO_TAGS
    answer = _ask(bootstrap, _ALTER_PARTITION_REASSIGNMENTS, 0, body, flexible=True)
    what = f"order the replicas of {topic}/{partition}"
    answer.take(">i")
    _check(answer, what, _Answer.take_compact_string)
    answer.take_varint()
    answer.take_compact_string()
    answer.take_varint()
    answer.take(">i")
    _check(answer, what, _Answer.take_compact_string)


def elect_preferred_leader(bootstrap, topic, partition):
    """The first of the partition's replicas leads it."""
    place = _string(topic) + _int_array([partition])
    answer = _ask(bootstrap, _ELECT_LEADERS, 1, struct.pack(">b", 0) + _array([place]) + struct.pack(">i", 30_000))
    _, error_code, results = answer.take(">ihi")
    if results:
        answer.take_string()
        _, _, error_code = answer.take(">iih")
    if error_code not in (0, _ELECTION_NOT_NEEDED):
        raise KafkaRefused(f"elect a leader for {topic}/{partition}: error {error_code}")


def limit_reading(bootstrap, client_id, bytes_per_second):
    """Lets the broker slow down every fetch of `client_id` to this rate."""
    entity = _array([_string("client-id") + _string(client_id)])
    operation = _array([_string("consumer_byte_rate") + struct.pack(">d?", bytes_per_second, False)])
    answer = _ask(bootstrap, _ALTER_CLIENT_QUOTAS, 0, _array([entity + operation]) + struct.pack(">?", False))
    answer.take(">ii")
    _check(answer, f"limit {client_id}")


def _check(answer, what, take_message=None):
    (error_code,) = answer.take(">h")
    message = (take_message or _Answer.take_string)(answer)
    if error_code != 0:
        raise KafkaRefused(f"{what}: error {error_code}, {message}")


def _string(text):
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _array(elements):
    elements = list(elements)
    return struct.pack(">i", len(elements)) + b"".join(elements)


def _int_array(numbers):
    return _array(struct.pack(">i", number) for number in numbers)


def _compact_string(text):
    data = text.encode()
    return _compact_length(len(data)) + data


def _compact_array(elements):
    elements = list(elements)
    return _compact_length(len(elements)) + b"".join(elements)


def _compact_length(length):
    assert length < 127, "one byte of a varint is enough here"
    return bytes([length + 1])


class _Answer:
    def __init__(self, data):
        self._data = data

    def take(self, layout):
        size = struct.calcsize(layout)
        taken, self._data = self._data[:size], self._data[size:]
        return struct.unpack(layout, taken)

    def take_string(self):
        (size,) = self.take(">h")
        return None if size < 0 else self.take(f"{size}s")[0].decode()

    def take_compact_string(self):
        size = self.take_varint()
        return None if size == 0 else self.take(f"{size - 1}s")[0].decode()

    def take_varint(self):
        value, shift, byte = 0, 0, 0x80
        while byte & 0x80:
            (byte,) = self.take("B")
            value |= (byte & 0x7F) << shift
            shift += 7
        return value


def _ask(bootstrap, api_key, api_version, body, flexible=False):
    """`flexible`: the version has tagged fields, in both headers too."""
    host, port = bootstrap.rsplit(":", 1)
    tags = _NO_TAGS if flexible else b""
    request = struct.pack(">hhi", api_key, api_version, 1) + _string("test") + tags + body
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        with connection.makefile("rb") as stream:
            size, correlation_id = struct.unpack(">ii", stream.read(8))
            assert correlation_id == 1, correlation_id
            return _Answer(stream.read(size - 4).removeprefix(tags))
