"""The list of survivors cannot rot: each is still a change of the program, and says why."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter

from tests.proofs.mutants.measure import TARGETS
from tests.proofs.mutants.mutations import SOURCE, Mutation, mutations_of
from tests.proofs.mutants.survivors import LIST, explained

CODE = '''
A_LIMIT = 3
_WHERE = "SELECT a FROM b WHERE c = 1 AND d > 2 ORDER BY e"


def check(found, wanted, ports):
    """Words."""
    if found is None or found.total_minor != wanted:
        raise ValueError("it is not what is wanted")
    ports.ledger.note(found)
    ports.ledger.note(found)
    if found.count > 3 and found.status in ("open", "paid"):
        return None
    return found


def some(found):
    kept = [each for each in found if each.amount > 0]
    return [each for each in kept if each.kind in (Kind.A, Kind.B, Kind.C)]


class Store:
    @property
    def key(self) -> str:
        return f"{self.id}:create"
'''


def changed(function: str) -> set[tuple[str, str]]:
    found = mutations_of("file.py", CODE)
    return {(m.before, m.after) for m in found if m.function == function}


def test_each_survivor_is_still_a_change_of_the_program() -> None:
    keys = {mutation.key for file in TARGETS for mutation in mutations_of(file)}

    assert set(explained()) - keys == set()


def test_each_survivor_is_listed_once_with_a_reason() -> None:
    entries = tomllib.loads(LIST.read_text("utf-8")).get("survivor", [])

    assert len(explained()) == len(entries)
    assert all(len(reason) > 20 for reason in explained().values())


def test_every_file_that_is_measured_is_there() -> None:
    assert [file for file in TARGETS if not (SOURCE / file).is_file()] == []


def test_a_key_names_one_change() -> None:
    keys = Counter(mutation.key for file in TARGETS for mutation in mutations_of(file))

    assert [key for key, count in keys.items() if count > 1] == []


def test_a_key_does_not_change_when_lines_move() -> None:
    moved = mutations_of("file.py", f"# more\n\n{CODE}")

    assert [m.key for m in moved] == [m.key for m in mutations_of("file.py", CODE)]


def test_statements_and_halves_of_conditions_are_left_out() -> None:
    condition = "if found is None or found.total_minor != wanted"
    assert changed("check") >= {
        ("ports.ledger.note(found)", "(deleted)"),
        (condition, "if False"),
        (condition, "if found is None"),
        (condition, "if found is None or found.total_minor < wanted"),
        (condition, "if found is None or found.total_minor > wanted"),
    }
    twice = [m.nth for m in mutations_of("file.py", CODE) if m.before == "ports.ledger.note(found)"]
    assert twice[:2] == [1, 2]


def test_each_change_is_the_one_that_it_says_and_none_is_left_out() -> None:
    """Trying one does not change the others, of which several may share a piece of the tree."""
    import ast

    found = {m.after: m for m in mutations_of("file.py", CODE) if m.before.startswith("if ")}
    condition = "found.count > 3 and found.status in ('open', 'paid')"
    for change in (("> 3", ">= 3"), ("> 3", "> 4"), ("'paid'", "'mutated'"), (", 'paid')", ",)")):
        mutation = found[f"if {condition.replace(*change)}"]
        mutation.change.plant()
        assert condition.replace(*change) in ast.unparse(mutation.tree)
        mutation.change.take_back()


def test_terms_of_queries_constants_and_keys_are_changed() -> None:
    assert ("AND d > 2", "(deleted)") in changed("_WHERE")
    assert ("A_LIMIT = 3", "A_LIMIT = 4") in changed("A_LIMIT")
    assert "return f'{self.id}mutated'" in {after for _, after in changed("Store.key")}


def test_what_people_read_and_types_are_not_changed() -> None:
    befores = {m.before for m in mutations_of("file.py", CODE)}

    assert not any("Words" in text or "-> str" in text for text in befores)
    assert ("'it is not what is wanted'", "'mutated'") not in changed("check")


def test_each_change_is_a_program_and_is_taken_back() -> None:
    def text(mutation: Mutation) -> str:
        compile(mutation.tree, "file.py", "exec")
        return ast.unparse(mutation.tree)

    for mutation in mutations_of("file.py", CODE):
        before = text(mutation)
        mutation.change.plant()
        assert text(mutation) != before, mutation
        mutation.change.take_back()
        assert text(mutation) == before, mutation


def test_each_change_is_the_one_that_it_says() -> None:
    """Whatever has been put in and taken back before."""
    for mutation in [m for m in mutations_of("file.py", CODE) if m.function == "some"]:
        mutation.change.plant()
        if mutation.after != "(deleted)":
            assert mutation.after in ast.unparse(mutation.tree)
        mutation.change.take_back()


def test_each_of_what_something_is_looked_for_in_is_left_out() -> None:
    rests = ("Kind.A, Kind.B", "Kind.A, Kind.C", "Kind.B, Kind.C")

    assert {after for _, after in changed("some")} >= {
        f"return [each for each in kept if each.kind in ({rest})]" for rest in rests
    }
