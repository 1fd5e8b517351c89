"""`bus-core dead`: look at what a service gave up, give it another chance, or throw it away."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bus_core.cli import dead_views as views
from bus_core.cli.interrupts import Interrupts
from bus_core.cli.options import (
    Failed,
    UsageError,
    add_command,
    add_url,
    moment,
    seconds,
    url,
    whole,
)
from bus_core.cli.terminal import Progress, Style, agree, count, say
from bus_core.connecting import open_link
from bus_core.dead_letters import (
    DeadLetter,
    HeldDeadLetters,
    Selection,
    Tally,
    discard,
    open_targets,
    retry,
)
from bus_core.dead_letters.letter import REASONS
from bus_core.dead_letters.waiting import DEFAULT_LIMIT, MAX_LIMIT
from bus_core.errors import BusError, NotFound

_SHARED = """\
While it runs it holds what waits in the queue dead__SERVICE, without acknowledging it; at the end
everything that was not acted on goes back. Others that read the queue meanwhile, such as an admin
that takes dead letters in, share them with this command: each sees only what it was given.
A memory:// broker lives inside one process; this is another one, and finds nothing there."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "dead",
        help="list, retry or discard what a service gave up",
        description="What to do with a service's dead letters, where no admin is at hand.",
        epilog="`bus-core dead VERB --help` says more, with an example.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    listing = add_command(
        verbs,
        "list",
        run_list,
        brief="show dead letters, by cause",
        description=f"Show what has gone wrong, the most frequent cause first.\n\n{_SHARED}",
        example="  bus-core dead list --service meca-exporter --since 2h",
    )
    _add_selection(listing, everything="show each one, and not only the causes")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    retrying = add_command(
        verbs,
        "retry",
        run_retry,
        brief="give dead letters another chance",
        description="Send dead letters back to the subscription that gave them up, and to no "
        "other, with their whole retry budget before them. Each one is removed once the broker "
        "has its copy: if this is interrupted just between, the event is handled twice, and never "
        f"lost.\n\n{_SHARED}",
        example="  bus-core dead retry --service meca-exporter --error TimeoutError",
    )
    discarding = add_command(
        verbs,
        "discard",
        run_discard,
        brief="throw dead letters away",
        description=f"Remove dead letters for good.\n\n{_SHARED}",
        example="  bus-core dead discard --service meca-exporter --reason undecodable --since 1d",
    )
    for one in (retrying, discarding):
        _add_selection(one, everything="all that wait there now")
        one.add_argument("--yes", action="store_true", help="do not ask")


def _add_selection(parser: argparse.ArgumentParser, *, everything: str) -> None:
    parser.add_argument("--service", required=True, help="whose dead letters")
    parser.add_argument("--type", default="", help="of this event type")
    parser.add_argument("--reason", default="", help=f"one of {', '.join(REASONS)}")
    parser.add_argument("--error", default="", metavar="TEXT", help="whose error holds this text")
    parser.add_argument(
        "--since",
        type=moment,
        metavar="WHEN",
        help="that gave up since then: 30m, 2h, 7d or 2026-11-23T18:00Z",
    )
    parser.add_argument(
        "--id", action="append", default=[], help="the event with this id; may be given again"
    )
    parser.add_argument("--all", action="store_true", help=everything)
    parser.add_argument(
        "--limit",
        type=whole(1, MAX_LIMIT),
        default=DEFAULT_LIMIT,
        metavar="N",
        help="read so many at most (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long the broker may take for an answer (default: %(default)g)",
    )
    add_url(parser)


# -- the three verbs --


def run_list(options: argparse.Namespace) -> int:
    """Show them."""
    style = Style(sys.stdout)
    with _held(options) as (held, letters):
        chosen = _chosen(options, letters)
        each = options.all or options.id
        if options.json:
            lines = views.letters_as_json(chosen) if each else views.causes_as_json(chosen)
        else:
            lines = views.letters(chosen, style) if each else views.causes(chosen, style)
            print(_found(held, letters, chosen))
        for line in lines:
            print(line)
        sys.stdout.flush()
    return 0


def run_retry(options: argparse.Namespace) -> int:
    """Send them back."""
    _demand_selection(options)
    with _held(options) as (held, letters):
        chosen = _chosen(options, letters)
        _show_chosen(held, letters, chosen)
        there = open_targets(held.link, options.service, chosen, timeout=options.timeout)
        ready = [one for one in chosen if one.queue in there]
        for line in views.targets(chosen, there):
            say(line)
        if not ready or not _agreed(options, f"Retry {count(len(ready), 'dead letter')}?"):
            return _nothing_done(left=len(chosen))
        with Interrupts() as interrupts:
            progress = Progress("retried", len(ready))
            tally = retry(
                held,
                ready,
                stopped=lambda: interrupts.came,
                progress=progress,
                timeout=options.timeout,
            )
            progress.end()
            return _report("retried", held, tally, len(chosen), interrupts)


def run_discard(options: argparse.Namespace) -> int:
    """Throw them away."""
    _demand_selection(options)
    with _held(options) as (held, letters):
        chosen = _chosen(options, letters)
        _show_chosen(held, letters, chosen)
        say(
            f"What is discarded is lost: {options.service} will never handle these events. "
            "Other services keep their own copies."
        )
        if not chosen or not _agreed(options, f"Discard {count(len(chosen), 'dead letter')}?"):
            return _nothing_done(left=len(chosen))
        with Interrupts() as interrupts:
            progress = Progress("discarded", len(chosen))
            tally = discard(held, chosen, stopped=lambda: interrupts.came, progress=progress)
            progress.end()
            return _report("discarded", held, tally, len(chosen), interrupts)


# -- what they share --


@contextmanager
def _held(options: argparse.Namespace) -> Iterator[tuple[HeldDeadLetters, list[DeadLetter]]]:
    """Read the queue, and give back at the end what is left."""
    where = url(options)
    link = open_link(where, client_name="bus-core dead")
    try:
        held = HeldDeadLetters(link, options.service, limit=options.limit)
        try:
            letters = held.read(timeout=options.timeout)
        except NotFound as error:
            raise Failed(_no_queue(error, where)) from error
        except BusError as error:
            raise Failed(f"{error} (waited {options.timeout:g} s at most)") from error
        say(f"Holding what waits in {held.queue}; what is not acted on goes back at the end.")
        if held.found.consumers:
            others = count(held.found.consumers, "other consumer")
            say(f"{others} of {held.queue}: what they have taken is not seen here.")
        if held.more:
            say(f"There are more than the {len(letters):,} that were read; see --limit.")
        yield held, letters
    finally:
        link.close()


def _no_queue(error: NotFound, where: str) -> str:
    if where.startswith("memory:"):
        return (
            f"{error}: a memory:// broker lives inside one process, and this command sees only "
            "that of its own"
        )
    return f"{error}: a service gets it when it first runs; is the service's name right?"


def _demand_selection(options: argparse.Namespace) -> None:
    if not options.all and not _selection(options):
        raise UsageError(
            "say which ones: --type, --reason, --error, --since or --id, or --all for all of them"
        )


def _selection(options: argparse.Namespace) -> Selection:
    return Selection(
        ids=frozenset(options.id),
        event_type=options.type,
        reason=options.reason,
        error=options.error,
        since=options.since,
    )


def _chosen(options: argparse.Namespace, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    selection = _selection(options)
    unknown = selection.ids.difference(letter.id for letter in letters)
    if unknown:
        raise Failed(f"not among the dead letters that were read: {', '.join(sorted(unknown))}")
    return [letter for letter in letters if letter in selection]


def _found(
    held: HeldDeadLetters, letters: Sequence[DeadLetter], chosen: Sequence[DeadLetter]
) -> str:
    there = f"{count(len(letters), 'dead letter')} of {held.service}"
    return there if len(chosen) == len(letters) else f"{len(chosen):,} of the {there}"


def _show_chosen(
    held: HeldDeadLetters, letters: Sequence[DeadLetter], chosen: Sequence[DeadLetter]
) -> None:
    say(f"Chosen: {_found(held, letters, chosen)}")
    for line in views.causes(chosen, Style(sys.stderr)):
        say(line)


def _agreed(options: argparse.Namespace, question: str) -> bool:
    return bool(options.yes) or agree(question)


def _nothing_done(*, left: int) -> int:
    print(f"nothing was done; {count(left, 'chosen dead letter')} left untouched")
    return 1 if left else 0


def _report(
    verb: str, held: HeldDeadLetters, tally: Tally, chosen: int, interrupts: Interrupts
) -> int:
    """Say how it ended, after everything is settled; return the exit code."""
    held.close()
    print(f"{verb} {tally.done:,}, left {chosen - tally.done:,} of those chosen untouched")
    if tally.error is not None:
        raise Failed(f"it ended early: {tally.error}")
    if held.lost:
        raise Failed(
            "the connection was lost at the end: the last ones may still be there, and what was "
            "retried of them comes twice"
        )
    if interrupts.came:
        say("Interrupted; the rest is as it was.")
        return interrupts.exit_code
    return 0 if tally.done == chosen else 1
