"""The operator's command, `scalper`: questions to a deployed pipeline, and answers."""
