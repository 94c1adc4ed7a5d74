"""What stands between screens and their console, and can be cut."""

import socket
import threading
from contextlib import suppress


class Relay:
    """Passes on what comes to its port, to another port of this machine."""

    def __init__(self, port):
        self.to, self.pairs, self.is_held = port, set(), False
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self):
        """Close every connection."""
        for pair in list(self.pairs):
            self._close(pair)

    def hold(self):
        """Close every connection, and each new one, until told to `go_on`."""
        self.is_held = True
        self.cut()

    def go_on(self):
        """Pass on again."""
        self.is_held = False

    def _serve(self):
        while True:
            here, _ = self.door.accept()
            try:
                if self.is_held:
                    raise ConnectionRefusedError
                there = socket.create_connection(("127.0.0.1", self.to), timeout=5)
            except OSError:  # the console is away
                here.close()
                continue
            there.settimeout(None)
            self.pairs.add((here, there))
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._pass, args=(one, other, (here, there)), daemon=True).start()

    def _pass(self, one, other, pair):
        with suppress(OSError):
            while read := one.recv(65536):
                other.sendall(read)
        self._close(pair)

    def _close(self, pair):
        self.pairs.discard(pair)
        for end in pair:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
