"""nginx's files: what they say, that nginx takes them, and what is told where something is wrong."""

import json
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from couch.errors import Fault
from couch.secret import Secret
from provisioning.nginx.commands import provision
from provisioning.nginx.site import MAIN_FILE, DoorOptions, door_files

SECRET = Secret("s" * 32)


@pytest.fixture
def options(tmp_path: Path) -> DoorOptions:
    for name in ("server.pem", "server.key", "trust.pem", "crl.pem"):
        (tmp_path / name).write_text("")
    return DoorOptions(
        name="centre.example.org",
        certificate=tmp_path / "server.pem",
        key=tmp_path / "server.key",
        trust=tmp_path / "trust.pem",
        crl=tmp_path / "crl.pem",
        log=tmp_path / "access.log",
    )


def changed(options: DoorOptions, **more: object) -> DoorOptions:
    return DoorOptions(**{name: getattr(options, name) for name in DoorOptions.__slots__} | more)


def test_every_place_is_filled_and_the_secret_stands_in_its_own_file_alone(options, tmp_path):
    files = door_files(changed(options, pages_name="pages.example.org"), SECRET, tmp_path / "out")
    assert list(files) == ["proxy-secret.conf", "to-pages.conf", MAIN_FILE]
    assert all("<" not in text for text in files.values())
    assert [name for name, text in files.items() if SECRET.reveal() in text] == ["proxy-secret.conf"]


def test_no_request_reaches_anybody_unjudged(options, tmp_path):
    """`auth_request` stands at the server; only what nginx answers by itself is exempt."""
    text = door_files(options, SECRET, tmp_path)[MAIN_FILE]
    blocks = text.split("    location ")[1:]
    judged = [block.split(" {")[0] for block in blocks if "auth_request off" not in block]
    assert judged == ["/household-", "= /enrol", "= /return", "/"]
    exempt = [block for block in blocks if "auth_request off" in block]
    assert all(
        "proxy_pass" not in block or block.startswith("= /_gateway/authorize {\n        internal;")
        for block in exempt
    )
    assert text.count("proxy_pass_request_headers off;") == 2


def test_every_fault_is_told_at_once(options, tmp_path):
    wrong = changed(
        options,
        name="Centre example",
        couchdb="10.0.0.5:5984",
        pages="127.0.0.1",
        listen="443; include /etc/passwd",
        crl=tmp_path / "none.pem",
        key=tmp_path / "a b",
    )
    with pytest.raises(Fault) as told:
        door_files(wrong, Secret('short"'), tmp_path)
    for option in ("--name", "--couchdb", "--pages", "--listen", "--crl", "--key", "secret"):
        assert option in str(told.value)
    assert "\n" not in str(told.value)
    assert "short" not in str(told.value)


@pytest.mark.parametrize(
    "address", ["0.0.0.0:5984", "192.168.1.2:5984", "localhost:0", "127.0.0.1:5984/x", "evil.example:80"]
)
def test_what_stands_behind_is_on_loopback(options, tmp_path, address):
    with pytest.raises(Fault, match="--couchdb"):
        door_files(changed(options, couchdb=address), SECRET, tmp_path)


def run(options: DoorOptions, folder: Path, *more: str):
    arguments = [
        "nginx",
        "--out",
        str(folder / "out"),
        "--secret-file",
        str(folder / "secret"),
        "--listen",
        "127.0.0.1:18443",
    ]
    for name in ("name", "certificate", "key", "trust", "crl", "log"):
        arguments += [f"--{name}", str(getattr(options, name))]
    return CliRunner().invoke(provision, [*arguments, *more], catch_exceptions=True)


def test_the_command_writes_files_for_their_owner_alone(options, tmp_path):
    done = run(options, tmp_path, "--no-check", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert answer["include"] == str(tmp_path / "out" / MAIN_FILE)
    for path in [*answer["files"], tmp_path / "secret"]:
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    secret = (tmp_path / "secret").read_text()
    run(options, tmp_path, "--no-check")
    assert (tmp_path / "secret").read_text() == secret


def test_where_nginx_is_absent_that_is_said_and_nothing_is_written(options, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)
    done = run(options, tmp_path)
    assert isinstance(done.exception, Fault)
    assert "apt-get install nginx-light" in str(done.exception)
    assert not (tmp_path / "out").exists()


needs_nginx = pytest.mark.skipif(
    shutil.which("nginx") is None and not Path("/usr/sbin/nginx").exists(),
    reason="needs the Debian package nginx-light",
)


@pytest.mark.debian
@needs_nginx
def test_what_nginx_does_not_take_is_told_in_its_words_and_nothing_is_written(options, tmp_path):
    done = run(options, tmp_path)  # the certificate is an empty file
    assert isinstance(done.exception, Fault)
    assert "nginx does not take the configuration" in str(done.exception)
    assert "server.pem" in str(done.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.debian
@needs_nginx
def test_nginx_takes_the_files_with_the_peoples_pages_too(options, tmp_path):
    from provisioning.ca.authority import IssuingAuthority  # noqa: PLC0415
    from provisioning.ca.creation import create_authority  # noqa: PLC0415
    from provisioning.ca.keys import bare, new_key  # noqa: PLC0415

    passphrase, other = Secret("a pass phrase of this test"), Secret("another pass phrase of this test")
    folder = create_authority(tmp_path / "ca", passphrase, other)
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    key = new_key()
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    with IssuingAuthority(folder.path, passphrase) as authority:
        chain = authority.issue_server(
            csr.public_bytes(Encoding.PEM), ["centre.example.org", "pages.example.org"]
        )
    options.certificate.write_text(chain)
    options.key.write_text(bare(key))
    done = run(
        changed(options, trust=folder.trust, crl=folder.crl), tmp_path, "--pages-name", "pages.example.org"
    )
    assert done.exit_code == 0, (done.output, done.exception)
    assert "include" in done.output


def test_couchdb_listens_on_loopback_and_believes_the_gateways_tokens(tmp_path):
    out, key = tmp_path / "survey.ini", tmp_path / "jwt-key"
    done = CliRunner().invoke(provision, ["couchdb", "--jwt-key-file", str(key), "--out", str(out)])
    assert done.exit_code == 0, done.output
    text = out.read_text()
    assert "bind_address = 127.0.0.1" in text
    assert f"hmac:_default = {key.read_text().strip()}" in text
    assert 'required_claims = exp, nbf, {iss, "survey-gateway"}' in text
    assert "{chttpd_auth, jwt_authentication_handler}" in text
    assert stat.S_IMODE(out.stat().st_mode) == stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_key_that_is_none_is_refused(tmp_path):
    key = tmp_path / "jwt-key"
    key.write_text("c2hvcnQ=")
    key.chmod(0o600)
    done = CliRunner().invoke(
        provision, ["couchdb", "--jwt-key-file", str(key), "--out", str(tmp_path / "x")]
    )
    assert isinstance(done.exception, Fault)
    assert not (tmp_path / "x").exists()
