"""The page, and the JSON that it asks for: what `scalper` says and does, for a browser."""
