"""cohort eval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.frame import connected, run_async


def evaluate(
    file: Annotated[Path, typer.Argument(help="Cases in YAML: prompts, and the rules they mean.")],
) -> None:
    """Measure how well prompts become segments, with the configured AI or without one; exit code 1 on a wrong rule."""
    from app.ai.eval import EvalReport, run_eval

    async def work() -> EvalReport:
        # Documents need a database, and what a provider is asked and answers is kept there.
        async with connected("eval"):
            return await run_eval(file)

    report = run_async(work())
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(report.counts.items()))
    print(f"{len(report.verdicts)} cases by {report.source}: {counts or 'none'}")
    for line in report.table():
        print(line)
    for line in report.declined:
        print(f"declined: {line}")
    for line in report.wrong:
        print(f"wrong: {line}")
    if report.wrong:
        raise typer.Exit(1)
