"""The `autolabel` command where it is not on the path, as inside Slicer: `python -m AutoLabelLib`."""

import sys

from AutoLabelLib.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
