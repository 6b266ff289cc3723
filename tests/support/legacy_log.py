"""LegacyLog: a partition of a broker of Kafka 0.6 or 0.7, filled with values that prove themselves."""

from support import messages
from support.clients.legacy_kafka import NONE, compressed, entry, message_set


class LegacyLog:
    """Sequence N is message N of the partition. With a codec so many messages share one compressed entry.

    `sequence_at` holds, of every place where an entry begins and of the end, the sequence that comes next there.
    """

    MESSAGES_PER_ENTRY = 50
    _ENTRIES_PER_SET = 500

    def __init__(self, client, topic, partition=0, magic=1, codec=NONE):
        self.end = 0
        self.count = 0
        self.sequence_at = {0: 0}
        self._client, self._topic, self._partition = client, topic, partition
        self._magic, self._codec = magic, codec

    def produce(self, count):
        """`count` more messages; all can be read once this returns."""
        step = 1 if self._codec == NONE else self.MESSAGES_PER_ENTRY
        entries = [self._entry(first, count) for first in range(0, count, step)]
        for at in range(0, len(entries), self._ENTRIES_PER_SET):
            self._client.produce(self._topic, self._partition, b"".join(entries[at : at + self._ENTRIES_PER_SET]))
        assert self._client.log_end(self._topic, self._partition) == self.end

    def lines(self):
        """What a file of all values, each with a line end, holds."""
        return messages.lines(self._partition, 0, self.count)

    def _entry(self, done, count):
        if self._codec == NONE:
            written = entry(messages.value(self._partition, self.count), self._magic)
            self.count += 1
        else:
            size = min(self.MESSAGES_PER_ENTRY, count - done)
            values = [messages.value(self._partition, self.count + i) for i in range(size)]
            written = compressed(message_set(values, self._magic), self._codec)
            self.count += size
        self.end += len(written)
        self.sequence_at[self.end] = self.count
        return written
