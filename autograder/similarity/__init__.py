"""Which answers of a class are alike: token fingerprints (winnowing), without what all were given or many wrote.

For an instructor's eyes, on their own machine. Nothing here runs a hand-in's code.
"""
