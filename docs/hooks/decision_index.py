"""The page `decisions/index.md`: every decision by its title, so that none is forgotten."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_PAGE = "decisions/index.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site."""
    lines = ["# Decisions\n", "Why things are as they are, where there were alternatives.\n"]
    for path in sorted((Path(config.docs_dir) / "decisions").glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{int(path.name[:4])}: {title}]({path.name})")
    files.append(File.generated(config, _PAGE, content="\n".join(lines) + "\n"))
    return files
