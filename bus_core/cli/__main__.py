"""`python -m bus_core.cli`, the command where its script is not on the path."""

import sys

from bus_core.cli import main

sys.exit(main())
