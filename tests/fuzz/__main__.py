"""`make fuzz`: a whole Cohort with servers of its own, and Schemathesis for ten minutes.

Half of the time with real ids, half with made-up ones. What is found is printed with a line that repeats it, and with
the tracebacks of the log; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.fakes.smtp import SmtpSink
from tests.fuzz.running import schemathesis
from tests.fuzz.shop import fill
from tests.journeys.conftest import Product, cohort_run


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    found = 0
    with tempfile.TemporaryDirectory() as temporary, SmtpSink() as sink:
        folder = Path(temporary)
        options = (
            *("--generation-database", "none", "--seed", str(asked.seed), "--workers", "2", "--continue-on-failure"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--max-time", str(max(1, asked.seconds // 2))),
        )
        with cohort_run(folder, SMTP_URL=sink.url) as (url, log):
            with Product(url, sink).api() as api:
                authorization, ids = api.headers["Authorization"], fill(api)
            for name, real in (("real ids", ids), ("made-up ids", {})):
                code, said = schemathesis(url, authorization, folder / "fuzz", *options, ids=real)
                print(f"== {name}, seed {asked.seed}\n{said}", flush=True)
                found += code != 0
            traces = [line for line in log.read_text(errors="replace").splitlines() if "unexpected error" in line]
    for line in traces:
        print(line)
    return 1 if found or traces else 0


if __name__ == "__main__":
    sys.exit(main())
