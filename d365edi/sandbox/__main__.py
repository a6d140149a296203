"""`python -m d365edi.sandbox` is `d365edi sandbox`: a part of the command line."""

import sys

from d365edi.cli import main

sys.exit(main(["sandbox", *sys.argv[1:]]))
