"""Looking at data sets: pictures and printed samples. Only the commands call this."""
