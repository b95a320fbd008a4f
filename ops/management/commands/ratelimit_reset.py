import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ops import limits
from ops.address import limit_network
from ops.redis_client import UNAVAILABLE


class Command(BaseCommand):
    help = "Give one user or one address their whole limits again, for the window that is running."

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--user", type=int, help="a user's id; for class auth also the account's e-mail")
        who.add_argument("--ip", help="an address; of IPv6 it is the whole /64 that is counted")
        parser.add_argument("--class", dest="name", choices=sorted(settings.RATE_LIMITS), help="all when absent")

    def handle(self, *, user: int | None, ip: str | None, name: str | None, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("Without Redis the server counts in its own process, which no command can reach.")
        keys = keys_of_user(user) if user is not None else [key_of_address(ip or "")]
        names = [name] if name else list(settings.RATE_LIMITS)
        try:
            # Not any(): each of the counters must go.
            used = [each for each in names if sum([limits.reset(each, key) for key in keys])]
        except UNAVAILABLE as exc:
            raise CommandError("Redis does not answer.") from exc
        self.stdout.write(f"reset: {', '.join(used)}" if used else "nothing was used of these limits")


def keys_of_user(user_id: int) -> list[str]:
    email = get_user_model().objects.filter(pk=user_id).values_list("email", flat=True).first()
    if email is None:
        raise CommandError(f"there is no user {user_id}")
    return limits.keys_of_user(user_id, email)


def key_of_address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError as exc:
        raise CommandError(f"{text!r} is not an address") from exc
    return f"ip:{limit_network(str(getattr(address, 'ipv4_mapped', None) or address))}"
