"""The command `intelvae`, also as `python -m intelvae`. What it needs comes with the extra `paper`."""

import sys


def main() -> None:
    """Runs the command. Where a package is missing, one line says what to install, and the exit code is 2."""
    try:
        from intelvae.paper import cli

        cli.main()
    except ModuleNotFoundError as error:
        if (error.name or "intelvae").startswith("intelvae"):
            raise
        print(f"intelvae: the command needs {error.name}: pip install 'intelvae[paper]'", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
