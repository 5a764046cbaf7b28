"""The `depository` command."""

import atexit
import gc


def main() -> None:
    """Run the command with the arguments of this process, and exit with its code."""
    # what a command makes in its short life is not worth looking through for cycles: a tenth of what it costs to start
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    try:
        from depository.cli.app import app

        app(prog_name="depository")
    except KeyboardInterrupt:  # while it was still being loaded
        raise SystemExit(130) from None
