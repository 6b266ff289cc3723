"""Kafka's own console producer, for what only the Java client writes. A call costs a few seconds."""

import pathlib
import subprocess

_KAFKA_SH = pathlib.Path(__file__).with_name("kafka.sh")


def produce(folder, bootstrap, topic, data, codec):
    """Sends `data`, one message a line, in record batches of up to 200 KB; returns once all are acknowledged.

    `folder`: any, for the tool's sake.
    """
    subprocess.run([_KAFKA_SH, "fetch"], check=True, capture_output=True)
    done = subprocess.run(
        [_KAFKA_SH, "java", folder, "org.apache.kafka.tools.ConsoleProducer"]
        + ["--bootstrap-server", bootstrap, "--topic", topic, "--compression-codec", codec]
        + ["--batch-size", "200000", "--command-property", "linger.ms=1000"],
        input=data, capture_output=True, timeout=120, check=False,
    )
    words = (done.stdout + done.stderr)[-2000:].decode(errors="replace")
    if done.returncode != 0 or "ERROR" in words:
        raise AssertionError(f"console producer: exit {done.returncode}\n{words}")
