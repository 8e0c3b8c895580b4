"""The SDK's HTTP client on sockets that keep to a time limit."""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from invoicepay.deadline import LimitedTlsSocket, connect, look_up


class LimitedAdapter(HTTPAdapter):
    """Within `deadline.time_limit`, a request and the whole of its answer end by then: urllib3's
    own timeouts are for each read."""

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        context = create_urllib3_context()
        context.sslsocket_class = LimitedTlsSocket
        super().init_poolmanager(*arguments, ssl_context=context, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _connected(connection: HTTPConnection) -> socket.socket:
    seconds = connection.timeout
    return connect(look_up(connection.host, connection.port), seconds)
