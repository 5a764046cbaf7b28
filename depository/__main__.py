"""`python -m depository` is the `depository` command."""

from depository.cli import main

if __name__ == "__main__":
    main()
