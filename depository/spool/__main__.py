"""``python -m depository.spool``: see `depository.spool.worker`."""

import sys

from depository.spool.process import main

if __name__ == "__main__":
    sys.exit(main())
