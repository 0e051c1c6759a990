"""Is every uploaded file accounted for? What the daily check and `scalper reconcile` work out."""
