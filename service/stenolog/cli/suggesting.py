"""A group of commands that names the nearest one for a name that does not exist."""

from __future__ import annotations

import click

from stenolog.cli.words import safe
from stenolog.near_names import suggested


class Suggesting(click.Group):
    """Finds commands as click does, and says which one may have been meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolves as click does, and names the nearest command for one that does not exist.

        Raises:
            click.UsageError: No command has this name.
        """
        names = self.list_commands(ctx)
        near = suggested(args[0], names)
        # Completion resolves what is typed so far, and must print nothing but completions.
        if near and args[0] not in names and not ctx.resilient_parsing:
            ctx.fail(f"No such command '{safe(args[0])}'. Did you mean '{near}'?")
        return super().resolve_command(ctx, args)
