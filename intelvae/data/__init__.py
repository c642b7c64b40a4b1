"""The data of the paper's experiments: toy distributions in the plane, and small grey images.

`toys` samples the former; `images.load` reads the latter; `status` and `fetch` say where the files are and
get them.
"""

from intelvae.data import images, toys
from intelvae.data.errors import DataError
from intelvae.data.files import Status, fetch, status

__all__ = ["DataError", "Status", "fetch", "images", "status", "toys"]
