"""All kinds of broken hand-ins."""

from tests.broken.kinds_of_cells import CELLS
from tests.broken.kinds_of_files import FILES
from tests.broken.kinds_of_folders import FOLDERS
from tests.broken.kinds_of_running import RUNNING

KINDS = (*CELLS, *FILES, *RUNNING, *FOLDERS)
KEPT = tuple(kind for kind in KINDS if not kind.big and kind.lay is None)
