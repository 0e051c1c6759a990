"""`python -m cost`: the same as `scalper cost`."""

from .command import cost_command

if __name__ == "__main__":
    cost_command(prog_name="python -m cost")
