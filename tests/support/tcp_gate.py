"""TcpGate: a door before a broker that counts the requests which pass it."""

import collections
import socket
import struct
import threading

FETCH = 1


class TcpGate:
    """Listens on a free port of 127.0.0.1 and passes bytes on to `target`, inside a `with` block.

    `requests[client_id, api_key]` counts the whole requests that went through.
    """

    def __init__(self):
        self.target = None  # (host, port), to be set before the first client comes
        self.requests = collections.Counter()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._sockets = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        for one in self._sockets:
            one.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                broker = socket.create_connection(self.target)
            except OSError:
                return
            self._sockets += [client, broker]
            threading.Thread(target=self._pass_requests, args=(client, broker), daemon=True).start()
            threading.Thread(target=_pass_bytes, args=(broker, client), daemon=True).start()

    def _pass_requests(self, client, broker):
        try:
            with client.makefile("rb") as stream:
                while prefix := stream.read(4):
                    body = stream.read(struct.unpack(">i", prefix)[0])
                    api_key, _, _, id_bytes = struct.unpack(">hhih", body[:10])
                    self.requests[body[10 : 10 + id_bytes].decode(), api_key] += 1
                    broker.sendall(prefix + body)
        except (OSError, struct.error):
            pass
        _shut(broker)


def _pass_bytes(source, target):
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
    except OSError:
        pass
    _shut(target)


def _shut(one):
    try:
        one.shutdown(socket.SHUT_WR)
    except OSError:
        pass
