"""A load balancer: each connection goes to the next server that answers."""

import contextlib
import itertools
import select
import socket
import threading


class Balancer:
    """Round robin over servers on this machine. Use it as a context manager.

    :param ports: where the servers listen
    :ivar port: where it listens itself, on 127.0.0.1
    """

    def __init__(self, ports):
        self._turns = itertools.cycle(ports)
        self._count = len(ports)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exc):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _connect(self):
        """Return a connection to the next server that answers, None if none does."""
        for _turn in range(self._count):
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", next(self._turns)), 5)
        return None

    def _serve(self, client):
        with client:
            server = self._connect()
            if server is None:
                return
            with server, contextlib.suppress(OSError):
                server.settimeout(None)
                other = {client: server, server: client}
                while True:
                    for source in select.select(list(other), [], [])[0]:
                        data = source.recv(65536)
                        if not data:
                            return
                        other[source].sendall(data)
