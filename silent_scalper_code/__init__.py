"""The user's code on its way to Lambda: read, completed with its packages, checked, packed.

Only the standard library is used here, so that `scalper try` needs no Pulumi for it.
"""
