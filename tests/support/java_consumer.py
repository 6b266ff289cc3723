"""Kafka's own console consumer, the client of those who wrote the protocol. A call costs a few seconds."""

import pathlib
import subprocess

_KAFKA_SH = pathlib.Path(__file__).with_name("kafka.sh")


def consume(folder, bootstrap, topic, partition, count):
    """The first `count` messages of a partition as (offset, value). `folder`: any, for the tool's sake."""
    subprocess.run([_KAFKA_SH, "fetch"], check=True, capture_output=True)
    place = ["--bootstrap-server", bootstrap, "--topic", topic, "--partition", str(partition), "--offset", "earliest"]
    done = subprocess.run(
        [_KAFKA_SH, "java", folder, "org.apache.kafka.tools.consumer.ConsoleConsumer", *place]
        + ["--max-messages", str(count), "--timeout-ms", "60000"]
        + ["--command-property", "enable.auto.commit=false"]  # there is no group to commit to
        + ["--formatter-property", "print.offset=true"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
    )
    if done.returncode != 0:
        words = done.stderr[-2000:].decode(errors="replace")
        raise AssertionError(f"console consumer: exit {done.returncode}\n{words}")
    lines = (line.removeprefix(b"Offset:").split(b"\t", 1) for line in done.stdout.splitlines())
    return [(int(offset), value) for offset, value in lines]
