"""The one exception of the data package."""


class DataError(Exception):
    """Data are missing, damaged or cannot be fetched; one line says what, where and what to do."""
