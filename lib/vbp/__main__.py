"""Run the command line as `python -m vbp`."""

from vbp.cli import main

if __name__ == "__main__":
    main()
