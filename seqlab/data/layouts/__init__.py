"""The files that the data of each task become, whoever makes them; what is written here is what the loaders read."""
