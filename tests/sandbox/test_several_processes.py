"""Several processes, each with its own server, on one file; and processes that are killed."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from invoicepay.sandbox.server import SandboxServer

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare

SERVER = """
import sys
from pathlib import Path
from invoicepay.sandbox.server import SandboxServer
server = SandboxServer(Path(sys.argv[1]))
print(server.url, server.key, flush=True)
server.serve_forever()
"""


@contextmanager
def servers(path: Path, count: int) -> Iterator[list[tuple[subprocess.Popen[str], str, str]]]:
    """Servers in processes of their own, started at the same moment, with URL and key."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    try:
        running = []
        for process in started:
            assert process.stdout is not None
            url, key = process.stdout.readline().split()
            running.append((process, url, key))
        yield running
    finally:
        for process in started:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def test_processes_that_make_the_file_together_agree_on_it(bare: Bare, tmp_path: Path) -> None:
    with servers(tmp_path / "new.db", 6) as running:
        accounts = {type(bare)(url, key).get("/v1/account")["id"] for _, url, key in running}
    assert len(accounts) == 1


def test_one_key_through_four_servers_is_one_charge(bare: Bare, path: Path) -> None:
    intents = [bare.intent("pm_card_visa")["id"] for _ in range(5)]
    with servers(path, 4) as running, ThreadPoolExecutor(12) as pool:
        for intent in intents:
            url = f"/v1/payment_intents/{intent}/confirm"
            calls = [
                pool.submit(type(bare)(*running[n % 4][1:]), "POST", url, None, f"{intent}:confirm")
                for n in range(12)
            ]
            replies = [call.result() for call in calls]
            assert {reply.text for reply in replies} == {replies[0].text}
            assert replies[0].json["status"] == "succeeded"
            assert sum("Idempotent-Replayed" not in reply.headers for reply in replies) == 1
    assert len(bare.get("/v1/charges")["data"]) == 5


def test_one_intent_through_four_servers_is_confirmed_once(bare: Bare, path: Path) -> None:
    """Without a key: one wins, and the others read that it has succeeded already."""
    intent = bare.intent("pm_card_visa")["id"]
    with servers(path, 4) as running, ThreadPoolExecutor(12) as pool:
        calls = [pool.submit(type(bare)(*running[n % 4][1:]).confirm, intent) for n in range(12)]
        statuses = sorted(call.result().status for call in calls)
    assert statuses == [200] + [400] * 11
    assert len(bare.get("/v1/charges")["data"]) == 1


def check_books(path: Path) -> None:
    """What holds whatever was killed and when: nothing is half done."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kinds: dict[str, list[dict[str, object]]] = {}
        for kind, body in db.execute("SELECT kind, body FROM objects ORDER BY seq"):
            kinds.setdefault(kind, []).append(json.loads(body))
        kept = dict(db.execute("SELECT key, body FROM idempotency"))
    intents, charges = kinds.get("payment_intent", []), kinds.get("charge", [])
    paid = {i["latest_charge"] for i in intents if i["status"] == "succeeded"}
    assert paid == {charge["id"] for charge in charges}
    booked = {b["source"] for b in kinds.get("balance_transaction", [])}
    assert booked == paid
    told = [e["type"] for e in kinds.get("event", [])]
    assert told.count("payment_intent.created") == len(intents)
    assert told.count("payment_intent.succeeded") == len(paid)
    assert {json.loads(kept[f"create-{i['description']}"])["id"] for i in intents} == {
        i["id"] for i in intents
    }


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_killed_server_leaves_all_of_a_request_or_nothing(bare: Bare, path: Path) -> None:
    """Kill a server at random moments under load; then ask another with the same keys."""
    moments = random.Random(7)
    customer = bare.customer()
    method = bare.method("pm_card_visa", customer)

    def pay(shop: Bare, name: str) -> str:
        params = {
            "amount": 1234,
            "currency": "usd",
            "customer": customer,
            "payment_method": method,
            "description": name,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        intent = shop.post("/v1/payment_intents", params, key=f"create-{name}")["id"]
        shop.post(f"/v1/payment_intents/{intent}/confirm", key=f"confirm-{name}")
        return str(intent)

    for round in range(6):
        names = [f"{round}-{n}" for n in range(200)]
        answered: dict[str, str] = {}

        def work(shop: Bare, part: list[str], answered: dict[str, str] = answered) -> None:
            try:
                for name in part:
                    answered[name] = pay(shop, name)
            except (OSError, http.client.HTTPException):  # what is seen of a killed server
                return

        with servers(path, 1) as [(process, url, key)], ThreadPoolExecutor(4) as pool:
            shop = type(bare)(url, key)
            parts = [pool.submit(work, shop, names[n::4]) for n in range(4)]
            while not answered and not all(part.done() for part in parts):
                time.sleep(0.001)  # a loaded machine takes its time
            time.sleep(moments.uniform(0.0, 0.2))
            os.kill(process.pid, signal.SIGKILL)
            for part in parts:
                part.result()
        check_books(path)
        # Nothing that was answered is lost, and asking again gives the same intent.
        for name, intent in answered.items():
            assert pay(bare, name) == intent
        unanswered = [name for name in names if name not in answered][:5]
        assert answered and unanswered
        for name in unanswered:
            pay(bare, name)
        check_books(path)


KILL_AT_EACH_STATEMENT = """
import itertools, json, os, signal, sys
from pathlib import Path
from invoicepay.sandbox.dispatch import handle
from invoicepay.sandbox.store import connect
from invoicepay.sandbox.wire import Request

def request(key, path, body=b""):
    headers = {"idempotency-key": key}
    headers["content-type"] = "application/x-www-form-urlencoded"
    return Request("POST", path, "", body, headers, "req_1")

def call(request, die_at=None):
    db = connect(Path(sys.argv[1]))
    if die_at is not None:
        count = itertools.count(1)
        db.set_trace_callback(
            lambda _: next(count) == die_at and os.kill(os.getpid(), signal.SIGKILL)
        )
    answer = handle(db, request)
    db.close()
    return json.loads(answer.text)

for die_at in itertools.count(1):
    name = f"statement-{die_at}"
    create = request(
        f"create-{name}",
        "/v1/payment_intents",
        b"amount=1234&currency=usd&payment_method=pm_card_visa&automatic_payment_methods[enabled]"
        b"=true&automatic_payment_methods[allow_redirects]=never&description=" + name.encode(),
    )
    intent = call(create)["id"]
    confirm = request(f"confirm-{name}", f"/v1/payment_intents/{intent}/confirm")
    child = os.fork()
    if not child:
        call(confirm, die_at)
        os._exit(0)
    died = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert call(confirm)["status"] == "succeeded"
    if not died:
        print(die_at)
        break
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_killed_at_every_statement_of_a_confirm(path: Path) -> None:
    """Whatever statement is the last one, asking again with the key gives one charge."""
    done = subprocess.run(
        [sys.executable, "-c", KILL_AT_EACH_STATEMENT, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
    check_books(path)


def test_stopping_finishes_the_request_under_way(path: Path, bare: Bare) -> None:
    with SandboxServer(path) as other:
        assert urlsplit(other.url).port != urlsplit(bare.url).port
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(type(bare)(other.url, other.key).customer) for _ in range(4)]
            made = {call.result() for call in calls}
    assert {c["id"] for c in bare.get("/v1/customers")["data"]} == made
