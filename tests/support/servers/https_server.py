"""HttpsServer: a local HTTPS server with a certificate of its own that notes what is posted to it."""

import contextlib
import http.server
import pathlib
import queue
import ssl
import subprocess
import threading


class HttpsServer:
    """Serves on a free port inside a `with` block. `posts` is a queue of (path, headers, body).

    `answer`: the status of each answer; None: none comes, and the connection stays open.
    """

    def __init__(self, folder, answer=200):
        self.folder = pathlib.Path(folder)
        self.answer = answer
        self.posts = queue.Queue()
        self._done = threading.Event()

    def __enter__(self):
        self.ca_file = make_certificate(self.folder, "127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, self.ca_file.with_suffix(".key"))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        # The handshake is left to the thread of the connection: a client that stalls holds up nobody else.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):  # a client that does not trust us, or has waited long enough
                    super().handle()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.put((self.path, dict(self.headers), body))
                if outer.answer is None:
                    outer._done.wait()
                else:
                    self.send_response(outer.answer)
                    self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


def make_certificate(folder, address):
    """A certificate for `address` that signs itself, beside its key; returns its path."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    cert = folder / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
        + ["-subj", "/CN=test", "-addext", f"subjectAltName=IP:{address}"]
        + ["-keyout", str(cert.with_suffix(".key")), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert
