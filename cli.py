"""The door for terminals: ``battlemap …``. Exit codes: 0 = done, 1 = an error that is named, 2 = usage."""

import sys

import click

from geo.errors import BattlemapError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="battlemap")
def battlemap() -> None:
    """网格作战图: a command-room console for grid governance."""


def main() -> None:
    """Run the command line; our own errors become one clear line and exit code 1."""
    try:
        battlemap()
    except BattlemapError as error:
        click.echo(f"battlemap: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
