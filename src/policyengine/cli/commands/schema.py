"""``policyengine schema``: the JSON Schemas of policy files, requests and answers."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import exits


@click.command(
    help=f"""Print a JSON Schema, list their names, or write all of them into a folder.

NAME is a kind of policy file, such as `facts` or `coverage`, or one of `request`, `decision` and `problem` for what the
service reads and answers. Editors complete and check policy files with the schemas that their first lines name.

\b
Examples:
  policyengine schema
  policyengine schema facts
  policyengine schema --write policies/schemas

{exits.FOR_OTHERS}
"""
)
@click.argument("name", required=False)
@click.option(
    "--write", "folder", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path), help="Write all."
)
def schema(name: str | None, folder: Path | None) -> None:
    """Print one schema, list all, or write all."""
    from policyengine.api_schema.files import NAMES, api_schema_text, write_api_schemas
    from policyengine.frontend.schema_words import KINDS
    from policyengine.frontend.schemagen import schema_text, write_schemas

    if name is not None and folder is not None:
        raise click.UsageError("give a name to print one schema, or --write to write all of them, not both")
    if folder is not None:
        written = [*write_schemas(folder), *write_api_schemas(folder)]
        click.echo(f"{len(written)} schemas written to {folder}")
    elif name is None:
        click.echo("\n".join([*KINDS, *NAMES]))
    elif name in NAMES:
        click.echo(api_schema_text(name), nl=False)
    elif name in KINDS:
        click.echo(schema_text(name), nl=False)
    else:
        raise click.UsageError(_unknown(name, (*KINDS, *NAMES)))


def _unknown(name: str, known: tuple[str, ...]) -> str:
    from policyengine.diagnostics import did_you_mean

    return f"there is no schema `{name}`; {did_you_mean(name, known) or 'known: ' + ', '.join(known)}"
