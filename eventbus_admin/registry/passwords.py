"""Secrets for users of the broker; we keep their hash in RabbitMQ's own form and nothing else."""

import base64
import hashlib
import secrets

_SALT_BYTES = 4
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a secret that needs no escaping in a URL."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def rabbitmq_hash(password: str, salt: bytes | None = None) -> str:
    """Return what RabbitMQ stores of a password: `base64(salt ‖ sha256(salt ‖ password))`."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    digest = hashlib.sha256(salt + password.encode()).digest()
    return base64.b64encode(salt + digest).decode()
