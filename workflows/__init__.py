"""What the GitHub workflows run, as programs that can be run and tested anywhere.

Only the standard library: the jobs that speak to GitHub install nothing.
"""
