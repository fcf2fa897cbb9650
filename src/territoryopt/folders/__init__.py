"""Files and folders of ours: written beside their place first and put there by one rename, so that
a reader sees the whole of the new one, or of the old one, whatever happens to the writer."""

from territoryopt.folders.drafts import Draft, clean, drafts_under
from territoryopt.folders.files import refuse_file, write_file, write_text
from territoryopt.folders.kinds import FolderKind

__all__ = [
    "Draft",
    "FolderKind",
    "clean",
    "drafts_under",
    "refuse_file",
    "write_file",
    "write_text",
]
