"""The `audiopost` command: its subcommands by name, imported on use; errors as one message and an exit code."""

from __future__ import annotations

import sys
from typing import Any

import click

from ..core.errors import AudiopostError, UnknownName
from ..models import threads
from .console import say, utf8_streams

#: name -> (module of this package that makes the command, line of help). Order is the order of the help.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "The main job: a recording in, every deliverable of a preset out."),
    "diagnose": ("stages", "Find hum, clicks, clipping, noise, dropouts, phase trouble."),
    "restore": ("stages", "Mend what diagnose finds: shows the chain of repairs; with -o, applies it."),
    "denoise": ("stages", "Take noise from speech: clean and removed."),
    "separate": ("stages", "Split into stems: dialogue, music, effects, or the four of a song."),
    "transcribe": ("transcribe", "Speech to text with word times: subtitles in every format."),
    "diarise": ("stages", "Who speaks when: RTTM."),
    "emotion": ("stages", "Arousal and valence over time, a label for each utterance."),
    "cues": ("cues", "Where music should enter and leave, in which mood, and why."),
    "loudness": ("loudness", "Measure by BS.1770-4; with -o, bring to a delivery spec."),
    "subtitles": ("subtitles", "Lay out, check and convert a transcript or subtitle file."),
    "library": ("library", "Your own music: add folders, list, find."),
    "cast": ("cast", "The people of a series: list, name, merge, consent, forget."),
    "models": ("models", "List, pull, find and verify model weights."),
    "presets": ("presets", "List the presets, show one."),
    "batch": ("batch", "A series overnight: many recordings through one preset, nothing lost."),
    "serve": ("serve", "Take jobs over HTTP, for pipelines in other languages."),
    "doctor": ("doctor", "What is installed, what each preset would use, what to do for more."),
    "ui": ("ui", "Open the workbench in the browser."),
}


class Commands(click.Group):
    """Looks a command up by name and imports its module only then."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        import importlib

        module = importlib.import_module(f"audiopost.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command(cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise UnknownName("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from .. import __version__

        click.echo(f"audiopost {__version__}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Print the version."
)
@click.option("--debug", is_flag=True, help="Show where an error came from.")
def cli(debug: bool) -> None:
    """AI post-production audio: repaired dialogue, stems, subtitles, music cues, loudness, and a record of AI use."""


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and ends the process: 0 done, 1 failed, 2 wrong use."""
    utf8_streams()
    threads.settle()
    arguments = sys.argv[1:] if arguments is None else arguments
    # Accepted anywhere on the line: a person adds it to the end of the command that failed.
    debug = "--debug" in arguments
    try:
        result: Any = cli.main([a for a in arguments if a != "--debug"], prog_name="audiopost", standalone_mode=False)
        sys.exit(result if isinstance(result, int) else 0)
    except AudiopostError as error:
        if debug:
            raise
        say(f"error: {error}")
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        kept = "; finished stages are kept: the same command with --resume goes on" if "run" in arguments[:1] else ""
        say(f"stopped{kept}")
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:  # a bug of ours still ends in a message and a code
        if debug:
            raise
        say(f"error: unexpected {type(error).__name__}: {error}. '--debug' shows where; please report it.")
        sys.exit(1)
