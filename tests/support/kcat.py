"""kcat, the independent client: it writes the messages and gives the second opinion on what a topic holds."""

import json
import subprocess


def produce(bootstrap, topic, partition, data, *options):
    """Sends `data`, one message a line unless `options` (kcat's own) say otherwise; returns once all are acknowledged.

    kcat drops empty lines: an empty value needs a key before it (-K).
    """
    # Without idempotence a batch that is sent again, as the first ones to a new topic may be, lands behind later ones.
    in_order = ["-X", "enable.idempotence=true"]
    _run(bootstrap, ["-P", "-t", topic, "-p", str(partition), *in_order, *options], data)


def consume(bootstrap, topic, partition, layout="%s\\n"):
    """Everything that the partition holds now, checksums compared, each message printed by `layout`."""
    place = ["-t", topic, "-p", str(partition), "-o", "beginning"]
    return _run(bootstrap, ["-C", *place, "-e", "-q", "-X", "check.crcs=true", "-f", layout])


def topics(bootstrap):
    """Names and partition counts of the topics that exist. Makes none."""
    listing = json.loads(_run(bootstrap, ["-L", "-J"]))
    return {topic["topic"]: len(topic["partitions"]) for topic in listing["topics"]}


def broker_ids(bootstrap):
    """The numbers of the brokers that are members of the cluster."""
    return {broker["id"] for broker in json.loads(_run(bootstrap, ["-L", "-J"]))["brokers"]}


def leaders(bootstrap, topic):
    """Of each partition its leader (-1: none) and the brokers in sync."""
    listing = json.loads(_run(bootstrap, ["-L", "-J", "-t", topic]))
    rows = (row for found in listing["topics"] for row in found["partitions"])
    return {row["partition"]: (row["leader"], {broker["id"] for broker in row["isrs"]}) for row in rows}


def log_start(bootstrap, topic, partition):
    """The first offset that the partition still holds."""
    answer = json.loads(_run(bootstrap, ["-Q", "-J", "-t", f"{topic}:{partition}:-2"]))
    return answer[topic][str(partition)]["offset"]


def _run(bootstrap, arguments, data=b""):
    done = subprocess.run(
        ["kcat", "-b", bootstrap, *arguments], input=data, capture_output=True, timeout=120, check=False
    )
    if done.returncode != 0:
        words = done.stderr[-2000:].decode(errors="replace")
        raise AssertionError(f"kcat {' '.join(arguments)}: exit {done.returncode}\n{words}")
    return done.stdout
