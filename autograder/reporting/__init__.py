"""The report on a class, data flowing one way: records and gradebook -> figures (pure) -> page and CSV."""
