"""The `depository` command."""


def main() -> None:
    """Run the command with the arguments of this process, and exit with its code."""
    try:
        from depository.cli.app import app

        app(prog_name="depository")
    except KeyboardInterrupt:  # while it was still being loaded
        raise SystemExit(130) from None
