"""cohort doctor."""

from __future__ import annotations

import typer

from app.cli.frame import run_async


def doctor() -> None:
    """Check the settings, the data folder, the servers and the mail server; exit code 1 when something fails."""
    from rich.console import Console
    from rich.table import Table

    from app.checkup import State, check_up

    findings = run_async(check_up())
    colours = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Check", "State", "Found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(finding.check, f"[{colours[finding.state]}]{finding.state}[/]", finding.found)
    Console(highlight=False, soft_wrap=False).print(table)
    raise typer.Exit(1 if any(finding.state == State.FAIL for finding in findings) else 0)
