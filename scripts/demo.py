"""depository at work: a notebook is edited, run and archived in steps, then looked at, compared and given back."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from demo_notebook import DemoNotebook
from demo_steps import STEPS, measurements

_NAME = "coffee.ipynb"
_DECIDES = ("DEPOSITORY_", "XDG_", "APPDATA", "LOCALAPPDATA", "PWD")
"""What in the environment would lead to a depository of the user's own."""


class Demo:
    """A home directory to throw away, with a depository in it that no setting named.

    Args:
        home: the directory, empty.
        environ: the environment to start from.
    """

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self._home = home
        self._notebooks = home / "notebooks"
        self._file = self._notebooks / _NAME
        self._environ = {name: value for name, value in environ.items() if not name.startswith(_DECIDES)}
        self._environ |= {"HOME": str(home), "USERPROFILE": str(home), "DEPOSITORY_PAGER": "cat"}

    def run(self) -> None:
        """All of it."""
        self._notebooks.mkdir()
        self._tell(f"The home directory of this demo is {self._home}.")
        saves = self._work()
        self._look_back()
        self._restore(saves)
        self._publish()
        self._sum_up(saves)

    def _work(self) -> list[bytes]:
        """Edit, run and save; the file after each step."""
        self._tell("A notebook is edited and run, plots and all, and archived after each step.")
        notebook = DemoNotebook()
        saves = []
        for step in STEPS:
            step.edit(notebook)
            if step.minutes:
                (self._notebooks / "cup.csv").write_text(measurements(step.minutes), encoding="utf-8")
            notebook.run(self._notebooks)
            notebook.write(self._file)
            saves.append(self._file.read_bytes())
            self._depository("save", _NAME, *(["-m", step.message] if step.message else []))
        self._tell("Saving what is archived already makes no new version.")
        self._depository("save", _NAME)
        return saves

    def _look_back(self) -> None:
        self._tell("Every save is there: which changed source, and which only outputs.")
        self._depository("log", _NAME)
        self._depository("log", _NAME, "--source-only", "-n", "3")
        self._tell("Cells are compared, not lines of JSON: here the fit that failed, and the one that did not.")
        self._depository("diff", f"{_NAME}@v4", "v5")
        self._tell("Of a re-run only the outputs differ; this one had more measurements to read.")
        self._depository("diff", f"{_NAME}@v6", "v7")
        self._tell("A version can have a name of one's own.")
        self._depository("tag", f"{_NAME}@v6", "first-fit")

    def _restore(self, saves: list[bytes]) -> None:
        self._tell("The fit of v6 is put back, after an accident that was not saved.")
        accident = self._file.read_bytes()[:3000]
        self._file.write_bytes(accident)
        self._depository("restore", f"{_NAME}@first-fit")
        if self._file.read_bytes() != saves[5]:
            raise SystemExit("The file is not what was saved as v6.")
        self._tell(f"The file is v6 again, byte for byte, all {len(saves[5]):,} of them. The accident is kept as well:")
        self._depository("log", _NAME, "-n", "3")
        for number, save in enumerate(saves, 1):
            if self._depository("show", f"{_NAME}@v{number}", "--raw", shown=False) != save:
                raise SystemExit(f"v{number} does not come back as it was saved.")
        self._tell(f"So is every other save: {len(saves)} of {len(saves)} come back byte for byte.")

    def _publish(self) -> None:
        self._tell("What others are to see is published: a name in the archive, and a plain notebook for any viewer.")
        self._depository("publish", f"{_NAME}@v11", "-m", "for the group")
        self._depository("ls", "-l")
        for file in sorted((self._store() / "published").rglob("*.ipynb*")):
            self._tell(f"The plain notebook is {file.relative_to(self._home)}, {file.stat().st_size:,} bytes.")

    def _sum_up(self, saves: list[bytes]) -> None:
        store = self._store()
        plain = sum(file.stat().st_size for file in (store / "published").rglob("*") if file.is_file())
        stored = sum(file.stat().st_size for file in store.rglob("*") if file.is_file()) - plain
        raw = sum(map(len, saves))
        self._tell(
            f"{len(saves)} saves of {raw:,} bytes in all are archived in {stored:,} bytes, {stored / raw:.0%} of that."
        )

    def _store(self) -> Path:
        """Where the depository is, by its own account."""
        return Path(json.loads(self._depository("status", "--json", shown=False))["url"])

    def _depository(self, *arguments: str, shown: bool = True) -> bytes:
        """Run the command, and show it with what it says."""
        if shown:
            print(f"\n$ depository {shlex.join(arguments)}", flush=True)
        command = [sys.executable, "-m", "depository", *arguments]
        out = None if shown else subprocess.PIPE
        done = subprocess.run(command, cwd=self._notebooks, env=self._environ, check=False, stdout=out)
        if done.returncode:
            raise SystemExit(f"The demo ends here: 'depository {shlex.join(arguments)}' failed.")
        return done.stdout

    def _tell(self, sentence: str) -> None:
        print(f"\n# {sentence}", flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--remove", action="store_true", help="leave nothing behind")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="depository-demo-"))
    try:
        Demo(home, os.environ).run()
    finally:
        if options.remove:
            shutil.rmtree(home)
    if not options.remove:
        print(f"\n# Look around in {home}, and remove it when you have seen enough: rm -r {shlex.quote(str(home))}")


if __name__ == "__main__":
    main()
