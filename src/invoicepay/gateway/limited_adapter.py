"""The SDK's HTTP client on sockets that keep to a time limit, straight or through a proxy."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProxyError
from urllib3.util.ssl_ import create_urllib3_context

from invoicepay.system.deadline import LimitedTlsSocket, connect, look_up


class LimitedAdapter(HTTPAdapter):
    """Within `deadline.time_limit`, a request and the whole of its answer end by then: urllib3's
    own timeouts are for each read. What a proxy answers to CONNECT is a part of it."""

    def __init__(self, proxy_headers: dict[str, str], ca_file: str) -> None:
        """`proxy_headers`: of the request to the proxy itself. `ca_file`: PEM of the authorities
        for a proxy that is spoken to in TLS, instead of the system's; empty for those."""
        self._proxy_headers, self._ca_file = proxy_headers, ca_file
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=_context(), **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        if proxy not in self.proxy_manager:
            to_proxy = ssl.create_default_context(cafile=self._ca_file)
            to_proxy.sslsocket_class = LimitedTlsSocket
            made = super().proxy_manager_for(
                proxy, ssl_context=_context(), proxy_ssl_context=to_proxy, **more
            )
            made.pool_classes_by_scheme = _POOLS
        return self.proxy_manager[proxy]

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        return self._proxy_headers


def _context() -> ssl.SSLContext:
    context = create_urllib3_context()
    context.sslsocket_class = LimitedTlsSocket
    return context


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _TlsConnection(HTTPSConnection):
    """What a proxy does before it has connected is a ProxyError, of whatever kind it is."""

    _through = False

    def _new_conn(self) -> socket.socket:
        return _connected(self)

    def connect(self) -> None:
        self._through = False
        try:
            super().connect()
        except (OSError, HTTPException) as error:
            if self.proxy and not self._through:
                raise ProxyError("the proxy does not connect", error) from error
            raise

    def _tunnel(self) -> None:
        super()._tunnel()
        self._through = True


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


def _connected(connection: HTTPConnection) -> socket.socket:
    """To the proxy, where there is one."""
    seconds = connection.timeout
    return connect(look_up(connection.host, connection.port), seconds)
