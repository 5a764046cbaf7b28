"""`depository sync`."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from depository import records
from depository.backends import connect
from depository.cli import queue
from depository.cli.app import complain
from depository.cli.command import command, json_option
from depository.cli.progress import Progress
from depository.cli.queue import Aside
from depository.cli.session import Session
from depository.cli.text import printable, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depository.cli.archiving import Archiving, Left, Way
    from depository.spool.directory import Name, Spool
    from depository.spool.schedule import Entry

_UNCONFIRMED = "Something before it is being saved at this moment: try again in a minute."


@command(
    ("sync", "archive all that Jupyter has saved and could not archive yet"),
    ("sync --dry-run", "say what that would be"),
    ("sync --again", "try again what was set aside as well"),
    ("sync --to s3://right-name", "archive what waits for a bucket whose name was a mistake into this one"),
)
@click.option("--to", metavar="URL", help="Archive what waits for another depository into this one instead.")
@click.option("--again", is_flag=True, help="Try again what was set aside because it could not be archived.")
@click.option("--dry-run", is_flag=True, help="Only say what waits, and for which depository.")
@json_option("Print a JSON document.")
@click.pass_obj
def sync(session: Session, to: str | None, again: bool, dry_run: bool, as_json: bool) -> None:
    """Archive what waits.

    What Jupyter saves waits on this machine until it is archived, which happens by itself while Jupyter runs. This
    archives all of it now, automatic saves too, and waits for a server that is doing so already. With --depository
    only what waits for that one is archived. The exit code is 1 if anything still waits, with the reason and what to
    do about it, or had to be set aside because it cannot be archived at all.
    """
    target = session.named_place(to) if to else None
    if target is not None:
        connect(target.url, settings=target.s3_settings).close()  # what cannot be a place is no place's problem
    spool = session.spool()
    if spool is None:
        session.console.line(records.document(_Result([], [], []).document()) if as_json else "Nothing waits.")
        return
    from depository.cli.archiving import Archiving

    if again and not dry_run:
        for name, _ in spool.aside():
            spool.take_back(name)
    before = {item.name for item in queue.aside(spool)}
    archiving = Archiving(session, spool)
    if dry_run:
        _say_what_waits(session, archiving, as_json=as_json)
        return
    ways = archiving.ways(target.url if target else None)
    _watch(spool, archiving, ways)
    left = [*archiving.left(ways), *([] if to or session.url else archiving.placeless())]
    aside = queue.aside(spool)
    result = _Result(_archived(ways, left, aside), left, [item for item in aside if item.name not in before])
    if as_json:
        session.console.line(records.document(result.document()))
    else:
        _report(session, result, earlier=len(aside) - len(result.aside))
    if left or result.aside:
        raise click.exceptions.Exit(1)


class _Result(NamedTuple):
    archived: "list[Name]"
    left: "list[Left]"
    aside: list[Aside]
    """What was set aside by this."""

    def document(self) -> dict[str, Any]:
        return {
            "archived": len(self.archived),
            "waiting": [
                {
                    "url": left.url,
                    "count": len(left.entries),
                    "reason": left.sentence or None,
                    "problem": queue.problem_record(left.problem) if left.problem else None,
                }
                for left in self.left
            ],
            "aside": [queue.aside_record(item) for item in self.aside],
        }


def _watch(spool: "Spool", archiving: "Archiving", ways: "list[Way]") -> None:
    """Archive, and show how far it is."""
    from depository.cli.archiving import LOOK_SECONDS

    wanted = {name for way in ways for name in way.names}
    # Ctrl-C may break off whatever Python does while it holds a lock of its own, as that of a future, and nobody gets
    # that lock any more; a simple queue has none
    ended: SimpleQueue[Exception | None] = SimpleQueue()

    def work() -> None:
        try:
            archiving.run(ways)
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            ended.put(error)
        else:
            ended.put(None)

    thread = Thread(target=work, name="archiving", daemon=True)
    with Progress(len(wanted)) as progress:
        thread.start()
        try:
            done = 0
            while True:
                progress.show(done)
                with suppress(Empty):
                    error = ended.get(timeout=LOOK_SECONDS)
                    break
                done = len(wanted.difference(spool.waiting()))
        except BaseException:
            archiving.stop()
            thread.join()
            raise
    if error is not None:
        raise error


def _archived(ways: "list[Way]", left: "list[Left]", aside: list[Aside]) -> "list[Name]":
    others = {entry.name for each in left for entry in each.entries} | {item.name for item in aside}
    return [name for way in ways for name in way.names if name not in others]


def _report(session: Session, result: _Result, *, earlier: int) -> None:
    for each in result.left:
        what = queue.number(entry.name for entry in each.entries)
        where = f"for {each.url}" if each.url else "without a depository"
        why = queue.complaint(each.problem) if each.problem else each.sentence or _UNCONFIRMED
        complain(f"{what} still wait{_s(each.entries)} {where}: {why}")
        if each.problem:
            session.console.note(f"  {queue.remedy(each.problem.kind)}")
    for item in result.aside:
        complain(f"Set aside, because it cannot be archived: {queue.put_aside(item)}")
        session.console.note(f"  It is kept in {printable(item.file)}")
    if earlier:
        session.console.note(f"{earlier:,} set aside before: 'depository status' says why, --again tries again.")
    if result.archived:
        session.console.line(f"Archived {queue.number(result.archived)}.")
    elif not result.left and not result.aside:
        session.console.line("Nothing waits.")


def _s(entries: "Sequence[Entry]") -> str:
    return "s" if len(entries) == 1 else ""


def _say_what_waits(session: Session, archiving: "Archiving", *, as_json: bool) -> None:
    found = archiving.waiting()
    if as_json:
        rows = [
            {
                "url": url or None,
                "count": len(entries),
                "notebooks": len({entry.name.key for entry in entries}),
                "bytes": sum(entry.size for entry in entries),
            }
            for url, entries in found.items()
        ]
        session.console.line(records.document({"waiting": rows}))
        return
    for url, entries in found.items():
        what = f"{queue.number(entry.name for entry in entries)}, {size(sum(entry.size for entry in entries))}"
        session.console.line(f"{printable(url) or 'No depository is known'}: {what}")
    if not found:
        session.console.line("Nothing waits.")
