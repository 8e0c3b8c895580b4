"""The search finds what it is there to find: leaks that are planted, in every form and place."""

from __future__ import annotations

import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.proofs.secrets.canaries import contents, leaks
from tests.proofs.secrets.watching import Watch, can_trace
from tests.world.program import DemoCompany, Desk

SECRET = "Vellum/quartz+7 owls%é"
ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "hex": lambda text: text.encode().hex().encode(),
    "URL": lambda text: quote(text, safe="").encode(),
    "path": lambda text: quote(text).encode(),
    "repr": lambda text: repr({"key": text}).encode(),
    "Base64": lambda text: b64encode(text.encode()),
    "Base64 of more": lambda text: b64encode(f"\0billing\0{text}\n".encode()),
    "Base64 of a header": lambda text: b64encode(f"Bearer {text}, and more".encode()),
    "URL-safe Base64": lambda text: urlsafe_b64encode(f"of{text}".encode()),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_form_is_found_in_the_middle_of_other_things(name: str) -> None:
    content = b"before " + ENCODINGS[name](SECRET) + b" after"
    assert leaks({"it": SECRET}, content) != []
    assert leaks({"it": SECRET[::-1]}, content) == []


def test_what_is_compressed_or_in_a_mail_is_found_too(tmp_path: Path) -> None:
    pdf = b"%PDF-1.7\nstream\n" + zlib.compress(SECRET.encode()) + b"\nendstream"
    (tmp_path / "one.pdf").write_bytes(pdf)
    mail = EmailMessage()
    mail.set_content("Hello")
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename="one.pdf")
    (tmp_path / "one.eml").write_bytes(mail.as_bytes())
    for path in tmp_path.iterdir():
        assert any(leaks({"it": SECRET}, content) for content in contents(path)), path


PLANTED = {
    "stdout": "print(secret)",
    "stderr": "print(secret.encode().hex(), file=sys.stderr)",
    "a file": "open('left.txt', 'w').write(secret)",
    "a file that is gone": "open('g', 'w').write(secret); os.remove('g')",
    "an argument": "subprocess.run(['true', secret])",
    "an environment": "subprocess.run(['true'], env={'KEY': 'x' + secret})",
    "a connection": "a, b = socket.socketpair(); a.send(b'x' + secret.encode())",
}
SEEN_BY_STRACE = {"a file that is gone", "an argument", "an environment", "a connection"}
PLANT = """
import atexit, os, socket, subprocess, sys
secret = os.environ.get("INVOICEPAY_TOKEN", "")
atexit.register(lambda: exec({code!r}, globals()))
"""


@pytest.mark.parametrize("place", PLANTED)
def test_a_planted_leak_is_found_by_the_run(
    place: str, company: DemoCompany, tmp_path: Path, traces: Path
) -> None:
    if place in SEEN_BY_STRACE and not can_trace():
        pytest.skip("needs strace")
    token = company.run("tokens create nightly").stdout.strip()
    plant = tmp_path / "plant"
    plant.mkdir()
    (plant / "sitecustomize.py").write_text(PLANT.format(code=PLANTED[place]))
    desk = Desk(company.folder, company.home, company.variables)
    for planted in (False, True):
        watch = Watch(desk, "", traces if place in SEEN_BY_STRACE else None, {"token": token})
        more = {"PYTHONPATH": str(plant)} if planted else {}
        watch.run("whoami", given={"INVOICEPAY_TOKEN": token, **more})
        assert bool(watch.leaks()) is planted
