"""What ARCHITECTURE.md promises and no type checker sees."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from invoicepay.billing.payment import PaymentStatus
from invoicepay.cli.main import COMMANDS
from invoicepay.operations.app import Request, verb_of
from invoicepay.operations.rights import RIGHTS

SOURCE = Path(__file__).resolve().parents[2] / "src" / "invoicepay"
MODULES = sorted(SOURCE.rglob("*.py"))


def calls(path: Path) -> set[str]:
    """Names of what a module calls: `now` of `datetime.now(...)`, `sleep` of `time.sleep(...)`."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                names.add(f"{called.value.id}.{called.attr}")
            elif isinstance(called, ast.Name):
                names.add(called.id)
    return names


def test_every_request_has_its_row_of_rights_and_its_verb() -> None:
    found = set()
    for path in (SOURCE / "operations").rglob("*.py"):
        module = importlib.import_module(
            ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        )
        for name, value in vars(module).items():
            is_request = isinstance(value, type) and issubclass(value, Request)
            if is_request and value is not Request and value.__module__ == module.__name__:
                found.add(name)
                assert callable(verb_of(value)), name

    assert found == RIGHTS.keys()


def test_every_command_has_its_module_and_every_module_its_command() -> None:
    modules = {path.stem.rstrip("_") for path in MODULES if path.parent.name == "commands"}

    assert modules - {"__init"} == COMMANDS.keys()


def test_operations_and_billing_read_no_clock_and_never_sleep() -> None:
    for folder in ("operations", "billing"):
        for path in (SOURCE / folder).rglob("*.py"):
            forbidden = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.sleep"}
            assert not calls(path) & forbidden, path
            assert not calls(path) & {"uuid.uuid4", "secrets.token_urlsafe", "random.random"}, path


def test_only_one_place_confirms() -> None:
    confirming = [path.name for path in MODULES if ".gateway.confirm(" in path.read_text("utf-8")]

    assert confirming == ["charge.py"]


def test_only_one_place_changes_a_payment() -> None:
    changing = [path.name for path in MODULES if "payments.change(" in path.read_text("utf-8")]

    assert changing == ["transition.py"]


def test_the_schema_knows_every_state() -> None:
    schema = (SOURCE / "ledger" / "schema.py").read_text("utf-8")

    assert all(f"'{status}'" in schema for status in PaymentStatus)


def test_files_stay_small() -> None:
    """A guide, not a gate: past this, a second idea has moved in."""
    long = {p.name for p in MODULES if len(p.read_text("utf-8").splitlines()) > 400}

    assert long == set()


def test_the_tests_of_a_thing_have_its_path() -> None:
    tests = SOURCE.parents[1] / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")}
    others = {"proofs", "acceptance", "contracts", "docs"}

    mirrored = [f for f in folders if f.parts and f.parts[0] not in others]

    assert [folder for folder in mirrored if not (SOURCE / folder).is_dir()] == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Nor inside a folder, inside a function, or for types only."""
    names = {".".join(p.relative_to(SOURCE.parent).with_suffix("").parts): p for p in MODULES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph = {name: imports(path) & names.keys() - {name} for name, path in names.items()}

    TopologicalSorter(graph).prepare()  # raises CycleError


def imports(path: Path) -> set[str]:
    """Modules, and what may be one."""
    tree = ast.parse(path.read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {str(n.module) for n in found} | {f"{n.module}.{a.name}" for n in found for a in n.names}


def test_imports_point_one_way() -> None:
    """The contracts in pyproject.toml."""
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [lint], cwd=SOURCE.parents[1], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
