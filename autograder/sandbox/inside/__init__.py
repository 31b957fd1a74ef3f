"""The only code of ours that shares a process with student code. It knows no case, no answer and no score."""
