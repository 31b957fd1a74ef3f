"""Making the files that loaders read from the files that were fetched. Only the commands call this."""
