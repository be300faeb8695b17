"""Design documents as files: the path is the JSON path, one function a file; no Python runs here."""
