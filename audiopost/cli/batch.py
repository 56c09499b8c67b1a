"""`audiopost batch`: a series overnight, and how it stands."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..core.errors import BadValue
from ..core.shown import shown
from ..core.time import clock
from . import batch_options, options
from .batch_display import LOG_FORMATS, Display
from .console import print_json, quiet_stdout, reporting, say

if TYPE_CHECKING:
    from ..batch.choice import Choice
    from ..batch.hooks import Hooks
    from ..batch.ledger import Ledger
    from ..batch.orders import Asked
    from ..batch.plan import Estimate, Planned
    from ..batch.session import Ending, Session

_ledger = click.option(
    "--ledger", "named", default="", metavar="FILE",
    help="The ledger, on a disk of this machine. Default: in OUT, where that is one.",
)  # fmt: skip
_out = click.argument("out", metavar="OUT")
_jobs = click.argument("jobs", metavar="[JOB]...", type=int, nargs=-1)


class _Batch(click.Group):
    """Anything but a subcommand is the batch itself: `audiopost batch IN... -p P -o OUT`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [_START, *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        start = self.commands[_START]
        formatter.write_usage(ctx.command_path, "[IN]... -p P -o OUT [OPTIONS]")
        formatter.write_usage(ctx.command_path, "COMMAND OUT [OPTIONS]")
        start.format_help_text(ctx, formatter)
        start.format_options(ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, made.get_short_help_str(80)) for name, made in self.commands.items() if name != _START]
            )


_START = "start"


@click.group("batch", cls=_Batch)
def _group() -> None:
    pass


@_group.command(_START, hidden=True)
@click.argument("inputs", metavar="[IN]...", nargs=-1)
@click.option("-p", "--preset", required=True, metavar="P", help="A preset's name, or a .toml file.")
@click.option(
    "-o", "--out", "--output-dir", "--output_dir", "out", required=True, metavar="OUT",
    help="Folder or fsspec URL (s3://…) for the results.",
)  # fmt: skip
@click.option("--manifest", default="", metavar="FILE", help="A table of recordings (CSV, JSONL) with own settings.")
@click.option("--pattern", "patterns", multiple=True, metavar="GLOB", help="Only such names in folders: '*.mov'.")
@click.option("--set", "settings", multiple=True, metavar="STAGE.OPTION=VALUE", help="Change an option of the preset.")
@click.option("--language", default="", metavar="TAG", help="The language spoken, as a BCP 47 tag.")
@click.option(
    "--output-template", "--output_template", "template", default="", metavar="TEXT",
    help="Names of the results: '{show}/S{season}E{episode}.{lang}.{ext}'. Default: as the inputs lie.",
)  # fmt: skip
@click.option("--watch", is_flag=True, help="Go on, and take new files when they have stopped growing.")
@click.option("--force", is_flag=True, help="Do again what is done.")
@click.option(
    "--dry-run", "--dry_run", "dry_run", is_flag=True, help="Only say what would run, how long, how much disk."
)
@click.option(
    "--skip-subtitled", "--skip_subtitled", "subtitled", is_flag=False, flag_value="", default=None, metavar="[TAG]",
    help="Pass over what has subtitles (in the language TAG) inside or beside it. A file '.nosub' always does that.",
)  # fmt: skip
@_ledger
@batch_options.engine
@batch_options.telling
@options.only
@options.fps
@options.start_timecode
@options.as_json
def _start(**given: Any) -> int:
    """Every recording of folders, files, globs or a manifest through one preset: nothing lost, nothing done twice.

    The next call goes on where this one ended, however it ended. Ctrl-C finishes what is in hand; twice stops at once.
    Exit code: 0 all done, 3 some failed, 1 none is done.
    """
    asked = _asked(given)
    if given["dry_run"]:
        return _dry_run(asked, given)
    from ..batch.choice import Choice
    from ..batch.orders import Orders
    from ..batch.plan import Planner
    from ..batch.session import Session, ledger_path

    choice, hooks = _choice(Choice(), given), _hooks(given)
    orders = Orders(asked)
    found = orders.all(may_be_empty=given["watch"])  # nothing is written before all of the line makes sense
    with reporting(quiet=True), Session(ledger_path(asked.out, given["named"])) as session:
        planner = Planner(session.ledger, force=given["force"], skip=orders.skip)
        planned = planner.plan(found)
        rescan = None
        if given["watch"]:
            from ..batch.watch import Watch

            rescan = Watch(lambda: orders.all(may_be_empty=True), planner)
        else:
            planner.place(planned)
        presets = {each.order.preset_name for each in planned} or {asked.preset}
        display = Display(session.ledger, given["log_format"], quiet=given["as_json"])
        display.say("plan", _plan_line(planned))
        return _driven(session, asked.out, choice, hooks, presets, display, rescan, as_json=given["as_json"])


def _asked(given: dict[str, Any]) -> Asked:
    from ..batch.orders import Asked
    from ..batch.places import is_url

    out = given["out"]
    return Asked(
        out if is_url(out) else str(Path(out).expanduser().absolute()),
        **{name: given[name] for name in (
            "preset", "inputs", "manifest", "settings", "language", "patterns", "template", "only", "fps",
            "start_timecode", "subtitled",
        )},
    )  # fmt: skip


def _choice(base: Choice, given: dict[str, Any]) -> Choice:
    """Who does the work: `base`, but for what the flags say otherwise. Raises BadValue."""
    return base.asked(**{name: given[name] for name in batch_options.ENGINE})


def _hooks(given: dict[str, Any]) -> Hooks:
    """Who hears of each job that ends. Raises BadValue."""
    from ..batch import hooks

    if given["log_format"] not in LOG_FORMATS:
        raise BadValue(
            f"--log-format {given['log_format']!r} is none.", value=given["log_format"], choices=LOG_FORMATS
        )  # fmt: skip
    return hooks.of(given["command"], given["webhook"])


def _driven(
    session: Session, out: str, choice: Choice, hooks: Hooks, presets: set[str], display: Display, rescan: Any = None,
    *, as_json: bool,
) -> int:  # fmt: skip
    """Runs what the ledger holds; the exit code."""
    from ..batch import choice as choices

    engine, line = choice.made(presets)
    choices.remember(session.ledger, choice)
    display.say("engine", line)
    with quiet_stdout() as stdout:
        with display, _stopped_by_signals(session):
            ending = session.run(
                engine, out, work=choice.work, timeout_s=choice.timeout_s, tell=display, hooks=hooks, rescan=rescan
            )
        _told_ending(session.ledger, ending, display, stdout, as_json=as_json)
    return ending.exit_code


def _told_ending(ledger: Ledger, ending: Ending, display: Display, stdout: Any, *, as_json: bool) -> None:
    if as_json:
        from ..batch import session, status

        print_json({**status.as_json(ledger, session.logs_of(ledger.path)), "report": str(ending.report)}, stdout)
        return
    counted = ", ".join(f"{count} {state}" for state, count in ending.counts.items() if count) or "nothing to do"
    display.say("ended", f"{counted}. Report: {shown(str(ending.report))}")


@contextlib.contextmanager
def _stopped_by_signals(session: Session) -> Iterator[None]:
    """Ctrl-C finishes what is in hand, twice it stops at once, as the system's request to end does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        if session.batch is not None:
            session.batch.stop()

    def terminate(*_: object) -> None:
        interrupt()
        interrupt()

    kept = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        for kind, handler in kept.items():
            signal.signal(kind, handler)


def _plan_line(planned: list[Planned]) -> str:
    counts: dict[str, int] = {}
    for each in planned:
        counts[each.verdict] = counts.get(each.verdict, 0) + 1
    told = {
        "new": "new", "changed": "changed", "forced": "forced", "gone": "with lost results", "waits": "waiting",
        "done": "done already", "left": "failed before", "skipped": "passed over",
    }  # fmt: skip
    parts = [f"{counts[verdict]} {words}" for verdict, words in told.items() if verdict in counts]
    return f"{len(planned)} recordings: {', '.join(parts) or 'none'}"


def _dry_run(asked: Asked, given: dict[str, Any]) -> int:
    """What would run: nothing is written anywhere."""
    from ..batch import speeds
    from ..batch.choice import Choice, share_of
    from ..batch.ledger import Ledger
    from ..batch.orders import Orders
    from ..batch.plan import Planner, estimate
    from ..batch.session import ledger_path

    path = ledger_path(asked.out, given["named"])
    workers = _choice(Choice(), given).workers
    orders = Orders(asked)
    with reporting(quiet=True), contextlib.ExitStack() as stack:
        ledger = None
        if path.exists():
            ledger = Ledger(path)
            stack.callback(ledger.close)
        planned = Planner(ledger, force=given["force"], skip=orders.skip).plan(orders.all())
        share = share_of(workers, {each.order.preset_name for each in planned})
        found = estimate(planned, speeds.read(), share.workers, asked.out)
    with quiet_stdout() as stdout:
        if given["as_json"]:
            print_json(_planned_json(planned, found), stdout)
        else:
            stdout.writelines(f"{line}\n" for line in _planned_lines(planned, found, share.workers))
    return 0


def _planned_json(planned: list[Planned], found: Estimate) -> dict[str, Any]:
    from dataclasses import asdict

    jobs = [
        {"source": each.order.source, "name": each.order.name, "verdict": each.verdict, "why": each.why}
        for each in planned
    ]
    return {"jobs": jobs, "estimate": asdict(found)}


def _planned_lines(planned: list[Planned], found: Estimate, workers: int) -> list[str]:
    lines = [
        f"{each.verdict:<8} {shown(each.order.name)}{f'  ({shown(each.why)})' if each.why else ''}" for each in planned
    ]
    lines.append(_plan_line(planned))
    unknown = f", {found.unknown} of unknown length" if found.unknown else ""
    lines.append(f"to do: {found.jobs} recordings, {clock(found.media_s)}{unknown}")
    if found.seconds is None or found.disk_bytes is None:
        lines.append("how long and how much disk: not measured yet for this preset; the first batch measures it")
    else:
        lines.append(f"about {clock(found.seconds)} with {workers} workers, by what was measured here")
        free = f"; {found.free_bytes / 1e9:.1f} GB are free" if found.free_bytes is not None else ""
        lines.append(f"about {found.disk_bytes / 1e9:.2f} GB of results{free}")
        if found.free_bytes is not None and found.disk_bytes > found.free_bytes:
            lines.append("warning: that is more than there is room for")
    return lines


# --- how it stands


def _opened(out: str, named: str) -> Ledger:
    from ..batch.ledger import Ledger
    from ..batch.session import ledger_path

    return Ledger(ledger_path(out, named))


@_group.command("status", short_help="How a batch stands.")
@_out
@_ledger
@click.option("--follow", is_flag=True, help="Show it anew each second, until Ctrl-C.")
@options.as_json
def _status(out: str, named: str, follow: bool, as_json: bool) -> None:
    """How the batch into OUT stands: what is in hand, what is done, what failed and why."""
    from ..batch import status
    from ..batch.session import logs_of

    ledger = _opened(out, named)
    with contextlib.closing(ledger), quiet_stdout() as stdout:
        if as_json:
            print_json(status.as_json(ledger, logs_of(ledger.path)), stdout)
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(file=stdout)
        if not follow:
            console.print(status.table(ledger))
            return
        with Live(console=console, get_renderable=status.Live(ledger), refresh_per_second=1):
            threading.Event().wait()


@_group.command("retry", short_help="Try again what failed, was quarantined or cancelled.")
@_out
@_jobs
@_ledger
@batch_options.engine
@batch_options.telling
@options.as_json
def _retry(out: str, jobs: tuple[int, ...], named: str, **given: Any) -> int:
    """Try again what failed, was quarantined or cancelled: the JOBs by number, or all of them.

    Where the batch still runs it takes them up. Else they are done here and now, by the engine that the last batch
    used, with its settings; what is given here is taken in place of them.
    """
    from ..batch import choice as choices
    from ..batch.claim import is_claimed
    from ..batch.session import Session, ledger_path

    path = ledger_path(out, named)
    hooks = _hooks(given)
    with contextlib.closing(_opened(out, named)) as ledger:
        chosen = [ledger.get(job).id for job in jobs] or [
            job.id for job in ledger.jobs("failed", "quarantined", "cancelled")
        ]
        if is_claimed(path):
            ledger.ask("retry", chosen)
            say(f"{len(chosen)} jobs are tried again by the batch that runs, as it runs")
            return 0
        choice = _choice(choices.remembered(ledger), given)
        again = sum(ledger.reset(job) for job in chosen)
        waiting = {job.order.preset_name: job.order.out for job in ledger.jobs("waiting")}
    say(f"{again} jobs are tried again")
    if not waiting:
        return 0
    if given["engine"] is None and choice.engine != "local":
        say(f"on {choice.engine}, as the last batch was; --engine takes another")
    with reporting(quiet=True), Session(path) as session:
        display = Display(session.ledger, given["log_format"], quiet=given["as_json"])
        return _driven(
            session, next(iter(waiting.values())), choice, hooks, set(waiting), display, as_json=given["as_json"]
        )  # fmt: skip


@_group.command("cancel", short_help="Cancel jobs, in hand or waiting.")
@_out
@_jobs
@_ledger
def _cancel(out: str, jobs: tuple[int, ...], named: str) -> None:
    """Cancel the JOBs by number, or all that are in hand or wait."""
    from ..batch.claim import is_claimed
    from ..batch.session import ledger_path

    with contextlib.closing(_opened(out, named)) as ledger:
        chosen = [ledger.get(job).id for job in jobs] or [job.id for job in ledger.jobs("running", "waiting")]
        if is_claimed(ledger_path(out, named)):
            ledger.ask("cancel", chosen)
            say(f"{len(chosen)} jobs are cancelled by the batch that runs")
            return
        ledger.cut_off()
        say(f"{sum(ledger.drop(job) for job in chosen)} jobs are cancelled")


@_group.command("report", short_help="Write the report of a batch anew.")
@_out
@_ledger
def _report(out: str, named: str) -> None:
    """Write the page and the table of the whole batch into OUT, as it stands now."""
    from ..batch.session import logs_of, write_reports

    with contextlib.closing(_opened(out, named)) as ledger:
        page, table = write_reports(ledger, logs_of(ledger.path), out)
    with quiet_stdout() as stdout:
        stdout.write(f"report  {page}\ntable   {table}\n")


def command(_: str) -> click.Command:
    return _group
