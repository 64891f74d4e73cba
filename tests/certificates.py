"""A throw-away certificate authority made with the openssl program."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import needs


@dataclass(frozen=True)
class Authority:
    """`ca_file` to trust, and server contexts signed by it."""

    folder: Path
    ca_file: str

    def server(self, name: str, *, days: int = 2) -> ssl.SSLContext:
        """Return a server's context for a certificate of `name` ("127.0.0.1" or a host)."""
        key, cert = self.folder / f"{name}.key", self.folder / f"{name}{days}.pem"
        if not cert.exists():
            kind = "IP" if name[0].isdigit() else "DNS"
            extensions = self.folder / f"{name}.ext"
            extensions.write_text(f"subjectAltName={kind}:{name}\n")
            request = self.folder / f"{name}.csr"
            _openssl(
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                key,
                "-out",
                request,
                "-subj",
                f"/CN={name}",
            )
            _openssl(
                "x509",
                "-req",
                "-in",
                request,
                "-CA",
                self.ca_file,
                "-CAkey",
                self.folder / "ca.key",
                "-CAcreateserial",
                "-days",
                days,
                "-extfile",
                extensions,
                "-out",
                cert,
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=30)


def authority(folder: Path) -> Authority:
    """Make an authority in `folder`; skips the test when there is no openssl."""
    needs.program("openssl")
    ca_file = folder / "ca.pem"
    _openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=Test authority",
        "-keyout",
        folder / "ca.key",
        "-out",
        ca_file,
    )
    return Authority(folder, str(ca_file))
