"""`python -m benchfmt` is `benchfmt`."""

from benchfmt.cli import main

if __name__ == "__main__":
    main()
