"""`python -m audiopost`."""

from .cli import main

main()
