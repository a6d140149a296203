"""`python -m d365edi` is the command line."""

import sys

from d365edi.cli import main

sys.exit(main())
