"""Runs the unmodified Pulumi program on this machine, with no AWS account."""
