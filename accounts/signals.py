"""What others may want to know of an account."""

from django.dispatch import Signal

# A user's clock is about to change: `user_id`, `before` and `after` (ZoneInfo). Sent inside the transaction that
# changes it, before the user's row is locked: what receivers lock comes first, as where they write by themselves.
time_zone_changing = Signal()

# A user is about to be deleted: `user_id`. Sent inside the transaction that does it, so that receivers lock what others
# may be adding to: a row added meanwhile would keep the user's from being deleted.
account_closing = Signal()
