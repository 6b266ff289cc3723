"""RepeatsJudge: did a partition's file survive its crashes as promised?"""

class RepeatsJudge:
    """Follows the file of one partition, whose message N has offset N and sequence N, over crashes and to its end.

    `sequence_of(line)` gives the sequence of a line, and None for one that is no whole message of this partition.
    The promises: nothing lost, no line torn or joined, order kept, delivery resumed at the stored offset, and a crash
    repeats no more than `repeats_per_crash` messages.
    """

    def __init__(self, name, sequence_of, repeats_per_crash):
        self.stored = 0  # next_offset in the store at the last crash
        self.repeats = []  # of each crash
        self._name = name
        self._sequence_of = sequence_of
        self._repeats_per_crash = repeats_per_crash
        self._written_lines = 0
        self._next = 0  # the sequence expected on the next line

    def crashed(self, output, stored):
        """After a kill: `output` is the file as it was left, `stored` the next_offset in the store."""
        whole = output[: output.rfind(b"\n") + 1]  # the last line may be torn until the next start mends it
        self._read_on(whole)
        assert stored >= self.stored, f"{self._name}: the stored offset went back from {self.stored} to {stored}"
        assert self._next >= stored, f"{self._name}: {stored} is stored, but the file ends before {self._next}"
        repeats = self._next - stored
        assert repeats <= self._repeats_per_crash, (
            f"{self._name}: {repeats} messages will be repeated, {self._repeats_per_crash} are allowed"
        )
        self.repeats.append(repeats)
        self.stored = self._next = stored

    def ended(self, output, count):
        """At the end all `count` messages must be there."""
        assert output.endswith(b"\n"), f"{self._name}: the last line is torn: {output[-200:]!r}"
        self._read_on(output)
        assert self._next == count, f"{self._name}: the file ends before {self._next} of {count}"

    def _read_on(self, whole_lines):
        lines = whole_lines.split(b"\n")[:-1]
        assert len(lines) >= self._written_lines, f"{self._name}: lines have vanished"
        for number in range(self._written_lines, len(lines)):
            sequence = self._sequence_of(lines[number])
            assert sequence is not None, f"{self._name}, line {number + 1}: torn or joined: {lines[number][:200]!r}"
            assert sequence == self._next, f"{self._name}, line {number + 1}: {sequence} where {self._next} is due"
            self._next += 1
        self._written_lines = len(lines)
