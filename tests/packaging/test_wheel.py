"""What a user installs is the wheel: it must hold all it needs and do the main job by itself."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source") / "tree"
    subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(source)], check=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "-o", str(out), str(source)],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_design_documents_templates_and_static_files_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    committed = subprocess.run(
        ["git", "ls-files", "design_docs", "webapp"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    needed = [name for name in committed if not name.endswith((".py", ".po"))]
    assert needed
    assert [name for name in needed if name not in names] == []
    assert [name for name in names if name.startswith("tests")] == []


@pytest.mark.slow
def test_the_demo_runs_from_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "env"
    venv.create(home, with_pip=True)
    subprocess.run([home / "bin" / "pip", "install", "-q", f"{wheel}[centre]"], check=True, cwd=tmp_path)
    done = subprocess.run(
        [home / "bin" / "survey", "demo", "--once"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
