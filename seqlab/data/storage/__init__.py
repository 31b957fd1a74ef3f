"""How data lie on disk: HDF5 that is read lazily, folders that are there whole or not at all, and their stamps."""
