"""Tools for stage 2 around the student's own model: n-gram baselines, a torch LSTM, labels, cells and their colours."""
