"""The doors: one small parser for each shape of event, and the same `Upload` behind all of them.

What is recorded of a file does not depend on the door it came through: the same upload has the same
`upload_id` in each, so that one that comes through two of them is one record.
"""
