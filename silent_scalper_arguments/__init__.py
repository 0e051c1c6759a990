"""The arguments of a pipeline: declared once, read by the component, `scalper` and Lambda alike.

Standard library only, and one name everywhere: in a checkout, installed, and in an archive.
"""
