"""KafkaCluster: three real brokers and the leaders of their partitions. It dies with the test."""

import base64
import os

from support import kafka_admin, kcat
from support.child_process import wait_until
from support.kafka_broker import KafkaBroker

# A follower that does not fetch leaves the replicas in sync after this; leaders move only when the test says so.
_PROPERTIES = {
    "replica.lag.time.max.ms": "2000",
    "auto.leader.rebalance.enable": "false",
    "auto.create.topics.enable": "false",
}


class KafkaCluster:
    """Brokers 1, 2 and 3, which serve inside a `with` block. Broker 1 is the controller too: it must stay.

    `brokers[N]` is stopped, killed, paused and started as any KafkaBroker.
    """

    def __init__(self):
        cluster_id = base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=").replace("-", "A")
        environment = {"CLUSTER_ID": cluster_id, "HEAP_MB": "128"}
        controller = KafkaBroker(_PROPERTIES, environment=environment)
        self.brokers = {1: controller}
        environment["QUORUM"] = "127.0.0.1:" + (controller.folder / "second_port").read_text().strip()
        environment["ROLES"] = "broker"
        for number in (2, 3):
            self.brokers[number] = KafkaBroker(_PROPERTIES, environment={**environment, "NODE_ID": str(number)})
        self.addresses = [broker.bootstrap for broker in self.brokers.values()]
        self.bootstrap = ",".join(self.addresses)

    def __enter__(self):
        for broker in self.brokers.values():
            broker.launch()
        for broker in self.brokers.values():
            broker.wait_until_ready()
        return self

    def __exit__(self, *_):
        for broker in self.brokers.values():
            broker.close()

    def create_topic(self, name, replicas, config=None):
        """`replicas`: the brokers of each partition, its leader first. Returns when all of them are in sync."""
        wait_until(lambda: kcat.broker_ids(self.bootstrap) == set(self.brokers), "all brokers are members")
        kafka_admin.create_topic(self._admin, name, replicas, config)
        for partition, brokers in enumerate(replicas):
            self.wait_for(name, partition, leader=brokers[0], in_sync=set(brokers))

    def move_leader(self, topic, partition, replicas):
        """The brokers of the partition in a new order; returns when the first one leads it."""
        kafka_admin.order_replicas(self._admin, topic, partition, replicas)
        kafka_admin.elect_preferred_leader(self._admin, topic, partition)
        self.wait_for(topic, partition, leader=replicas[0])

    def wait_for(self, topic, partition, leader=None, in_sync=None):
        """Waits until the partition is led by this broker, and these are in sync; None: whatever it is."""

        def is_so():
            led_by, synced = kcat.leaders(self._admin, topic).get(partition, (None, None))
            return leader in (None, led_by) and in_sync in (None, synced)

        wait_until(is_so, f"{topic}/{partition} is led by {leader}, with {in_sync} in sync")

    @property
    def _admin(self):
        return self.brokers[1].bootstrap
