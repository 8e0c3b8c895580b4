"""Password hashes, ids and codes."""

from __future__ import annotations

import re
import uuid
from typing import Any

import argon2
import pytest

from invoicepay.billing.ports import Ids, Passwords
from invoicepay.credentials.ids import CROCKFORD, RandomIds
from invoicepay.credentials.passwords import Argon2Passwords


@pytest.fixture
def fast() -> Argon2Passwords:
    return Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)


def test_the_adapters_are_what_the_ports_ask_for(fast: Argon2Passwords) -> None:
    passwords: Passwords = fast
    ids: Ids = RandomIds()
    assert passwords and ids


def test_defaults_are_rfc_9106s_second_option() -> None:
    made = Argon2Passwords().hash("a password for this")
    parameters = argon2.extract_parameters(made)
    assert (parameters.type, parameters.version) == (argon2.Type.ID, 19)
    assert (parameters.time_cost, parameters.memory_cost, parameters.parallelism) == (3, 65_536, 4)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)


def test_right_wrong_and_broken(fast: Argon2Passwords) -> None:
    made = fast.hash("kettle-orbit-plum")
    assert fast.verify(made, "kettle-orbit-plum")
    assert not fast.verify(made, "kettle-orbit-plun")
    assert not fast.verify(made[:-3], "kettle-orbit-plum")
    assert not fast.verify("not a hash", "kettle-orbit-plum")
    assert fast.hash("kettle-orbit-plum") != made


def test_hashes_made_with_other_parameters_still_work(fast: Argon2Passwords) -> None:
    made = Argon2Passwords(time_cost=2, memory_cost=16, parallelism=1).hash("kettle-orbit-plum")
    assert fast.verify(made, "kettle-orbit-plum")


def test_the_same_text_typed_another_way(fast: Argon2Passwords) -> None:
    assert fast.verify(fast.hash("Zoë-ﬁve-１２-words"), "Zoe\u0308-five-12-words")


@pytest.mark.parametrize(
    "password", ["x" * 1025, "ü" * 600, "x" * 10_000_000, "a\udcff" + "b" * 20, ""]
)
def test_what_cannot_be_a_password_is_only_wrong(fast: Argon2Passwords, password: str) -> None:
    assert not fast.verify(fast.hash("kettle-orbit-plum"), password)
    assert not fast.verify("", password)


def test_hashing_what_cannot_be_a_password(fast: Argon2Passwords) -> None:
    with pytest.raises(ValueError, match="not a password"):
        fast.hash("x" * 1025)


def test_nobody_costs_what_somebody_costs(
    fast: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is not measured; the work is: one computation each, with the same parameters."""
    done: list[tuple[Any, ...]] = []
    real = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, made: str, password: bytes) -> bool:
        p = argon2.extract_parameters(made)
        done.append((p.type, p.time_cost, p.memory_cost, p.parallelism, p.salt_len, p.hash_len))
        return bool(real(self, made, password))

    made = fast.hash("kettle-orbit-plum")
    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    answers = [
        fast.verify(made, "kettle-orbit-plum"),
        fast.verify(made, "wrong"),
        fast.verify("", "wrong"),
        fast.verify("", "x" * 5000),
    ]
    assert answers == [True, False, False, False]
    assert len(done) == 4
    assert len(set(done)) == 1


def test_ids_and_secrets_do_not_repeat() -> None:
    ids = RandomIds()
    made = [ids.new() for _ in range(100)] + [ids.secret() for _ in range(100)]
    assert len(set(made)) == 200
    assert uuid.UUID(ids.new()).version == 4
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", ids.secret())  # 256 bits


def test_codes_can_be_read_out() -> None:
    ids = RandomIds()
    codes = {ids.code() for _ in range(100)}
    assert len(codes) == 100
    for code in codes:
        assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", code)  # 16 × 5 = 80 bits
        assert set(code) - {"-"} <= set(CROCKFORD)
    assert len(CROCKFORD) == 32
    assert not set("ILOU") & set(CROCKFORD)
