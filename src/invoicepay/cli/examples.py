"""What people type: the examples in each command's help."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "demo": ("demo", "demo --dir ~/practice"),
    "login": (
        "login --email dana@harborfinch.example",
        "login --email dana@harborfinch.example --invite",
    ),
    "logout": ("logout",),
    "whoami": ("whoami",),
    "passwd": ("passwd",),
    "invoices list": (
        "invoices list --overdue",
        "invoices list --all --since last-month --sort -total",
        "invoices list --all --format csv --bom > invoices.csv",
    ),
    "invoices show": ("invoices show INV-1042", "invoices show INV-1042 INV-1063 --json"),
    "invoices pdf": (
        "invoices pdf INV-1042 --view",
        "invoices pdf --open --zip open.zip",
        "invoices pdf INV-1042 --stdout | lpr",
    ),
    "pay": (
        "pay INV-1042 --method ach",
        "pay INV-1042 --amount INV-1042=500",
        "pay --overdue --dry-run",
        "pay --open --yes --max-total 5000 --key november",
    ),
    "payments list": ("payments list --since -30d", "payments list --status processing"),
    "payments show": ("payments show 277a5620",),
    "payments receipt": ("payments receipt 277a5620 --dir receipts",),
    "payments cancel": ("payments cancel 277a5620",),
    "methods list": ("methods list",),
    "methods default": ("methods default card-4242-23e89475",),
    "methods remove": ("methods remove card-4242-23e89475",),
    "customers list": ("customers list",),
    "customers show": ("customers show C-1007",),
    "contacts invite": (
        "contacts invite dana@harborfinch.example --customer C-1007",
        "contacts invite dana@harborfinch.example --mail",
    ),
    "contacts list": ("contacts list",),
    "contacts disable": ("contacts disable dana@harborfinch.example",),
    "tokens create": ("tokens create 'nightly report' --days 90",),
    "tokens list": ("tokens list",),
    "tokens revoke": ("tokens revoke 1f0c2b9a",),
    "import": (
        "import customers customers.csv",
        "import invoices invoices.csv --dry-run",
        "import payments bank.csv --mapping bank.toml --update",
    ),
    "sync": ("sync", "sync --json >> sync.log"),
    "mail list": ("mail list", "mail list --all --limit 20"),
    "mail send": ("mail send --now",),
    "mail discard": ("mail discard 277a5620.received",),
    "init": (
        "init --company 'Lantern Works' --admin-email owner@lantern.example",
        "init --company 'Lantern Works' --admin-email owner@lantern.example --test",
    ),
    "company show": ("company show",),
    "company set": (
        "company set --email billing@lantern.example --time-zone America/New_York",
        "company set --logo logo.png",
    ),
    "config show": ("config show",),
    "config stripe": ("config stripe", "config stripe --account acct_1032D82eZvKYlo2C"),
    "doctor": ("doctor", "doctor --all"),
    "audit list": ("audit list --since today", "audit list --kind payment. --limit 20"),
    "audit verify": ("audit verify", "audit verify --head 263:5f2b…"),
    "audit head": ("audit head",),
    "backup": ("backup ledger-2026-11-28.db",),
    "restore": ("restore ledger-2026-11-28.db", "restore --confirm"),
    "sandbox serve": ("sandbox serve --port 12111",),
    "sandbox attach": ("sandbox attach pm_card_visa --customer C-1007",),
    "sandbox clock show": ("sandbox clock show",),
    "sandbox clock advance": ("sandbox clock advance 5d",),
    "completion": ("completion bash >> ~/.bashrc", "completion fish | source"),
}
"""Of each command, what follows `invoicepay`."""


def examples_of(command: str) -> str:
    """For the end of its help, where `\\b` keeps lines apart; empty where there are none."""
    lines = [f"  invoicepay {example}" for example in EXAMPLES.get(command, ())]
    return "\n".join(["\b", "Examples:", *lines]) if lines else ""
