"""The `cohort` command. Each command imports what it needs when it runs, so that `cohort --help` is quick."""

from __future__ import annotations

from app.cli import backup, doctor, evaluate, permissions, receipts, rotate, serve
from app.cli.data import import_file
from app.cli.frame import CommandLine
from app.cli.member import commands as member_commands

app = CommandLine(
    name="cohort",
    help="Cohort: describe an audience, see who and why, send, watch the numbers.",
    epilog="Settings come from the environment or a .env file; see docs/operations.md.",
)
app.command()(serve.run)
app.command()(serve.demo)
app.command()(serve.web)
app.command()(serve.worker)
app.command("load-sample", hidden=True)(serve.load_sample)
app.command("import")(import_file)
app.add_typer(member_commands, name="member")
app.command()(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("eval")(evaluate.evaluate)
app.command("receipts-secret")(receipts.secret)
app.command("rotate-key")(rotate.rotate_key)
app.command()(permissions.permissions)
app.command()(serve.version)

__all__ = ["app"]
