"""The command ``seqlab``: what students and instructors do with data and features."""

from __future__ import annotations

from typing import Any

import click

from seqlab.data.commands import data
from seqlab.data.errors import DataError
from seqlab.data.features.command import features
from seqlab.data.visible import visible


class People(click.Group):
    """Turns what may go wrong with data into one clear message; anything else keeps its stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DataError as error:
            raise click.ClickException(visible(str(error))) from error
        except KeyboardInterrupt as error:
            raise click.ClickException("interrupted. What is finished is kept; run the same command again.") from error


@click.group(cls=People, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Data sets of the course, and image features."""


main.add_command(data)
main.add_command(features)
