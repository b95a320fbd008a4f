"""How passwords are kept: Argon2id; the first generation's bcrypt hashes still open the door, once."""

from django.contrib.auth.hashers import Argon2PasswordHasher, BCryptPasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """OWASP's recommended minimum for Argon2id (Password Storage Cheat Sheet: 19 MiB, t=2, p=1).

    Django's default takes 100 MiB per login, which eight threads of a small machine at home cannot spare.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1


class FirstGenerationBcryptHasher(BCryptPasswordHasher):
    """Verifies `bcrypt$` + `$2b$10$...` as Node's bcrypt made them. A login with one stores an Argon2 hash instead."""

    rounds = 10

    def encode(self, password: str, salt: bytes) -> str:  # type: ignore[override]  # Django's own takes bytes here too
        import bcrypt

        # Node's bcrypt silently read no more than 72 bytes; bcrypt 5 for Python refuses them.
        hashed = bcrypt.hashpw(password.encode()[:72], salt)
        return f"{self.algorithm}${hashed.decode('ascii')}"
