"""For stage 7: features to look at, scenes whose boxes are known, places drawn by chance, and pictures of looks."""
