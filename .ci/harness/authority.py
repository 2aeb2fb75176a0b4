"""An authority of a check's own, which signs certificates for hosts."""

from .process import run

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]


class Authority:
    """Its certificate is what others are told to trust."""

    def __init__(self, folder):
        self.folder, self.certificate, self.key = folder, folder / "authority.pem", folder / "authority-key.pem"
        run("openssl", "req", "-x509", *CURVE, "-subj", "/CN=An authority", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name):
        """A certificate for the host `name`, and its key."""
        certificate, key, request = (self.folder / f"{name}{end}" for end in (".pem", "-key.pem", ".csr"))
        run("openssl", "req", "-new", *CURVE[:-2], "-subj", f"/CN={name}", "-keyout", key, "-out", request,
            "-addext", f"subjectAltName=DNS:{name}")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
            "-days", 2, "-copy_extensions", "copy", "-out", certificate)
        return certificate, key
