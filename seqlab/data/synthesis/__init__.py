"""Data sets that are drawn from a seed. The same seed and version give the same files, byte for byte."""
