"""A two-command typer program that does nothing: what `benchfmt --help` is compared with."""

import typer

app = typer.Typer()


@app.command()
def convert(source: str, output: str = "out") -> None:
    """Convert a source."""
    typer.echo(f"{source} {output}")


@app.command()
def validate(path: str, strict: bool = False) -> None:
    """Validate a package."""
    typer.echo(f"{path} {strict}")


if __name__ == "__main__":
    app()
