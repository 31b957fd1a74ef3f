"""For stage 6: features of the icons, training a captioner, baselines that do not caption, and pictures."""
