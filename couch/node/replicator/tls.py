"""The identity that this node's replicator shows, and whom it trusts."""

import ssl
from pathlib import Path

from couch.node.replicator.failures import ReplicationFailed
from couch.node.replicator.options import ReplicatorOptions


class TlsIdentity:
    """Makes the TLS context of requests, anew when a file has changed: a renewed certificate is taken up.

    A file that is missing or unreadable fails the replication: without its certificate the peer would refuse
    it later and with a less clear reason.
    """

    def __init__(self, options: ReplicatorOptions) -> None:
        self._options = options
        self._made_of: tuple[float, ...] | None = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """The context for a request now. Raises ReplicationFailed."""
        options = self._options
        files = [path for path in (options.cert_file, options.key_file, options.ssl_ca) if path is not None]
        try:
            made_of = tuple(path.stat().st_mtime for path in files)
            if self._context is None or made_of != self._made_of:
                self._context = self._make(options.cert_file, options.key_file, options.ssl_ca)
                self._made_of = made_of
        except (OSError, ssl.SSLError) as err:
            names = ", ".join(str(path) for path in files)
            raise ReplicationFailed("tls_files", f"cannot use the certificate files {names}: {err}") from err
        return self._context

    def _make(self, cert: Path | None, key: Path | None, authorities: Path | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=None if authorities is None else str(authorities))
        if not self._options.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert is not None:
            context.load_cert_chain(cert, key)
        return context
