"""What staff did, in the admin's own log (`LogEntry`): Django writes down forms, this what actions do."""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import HttpRequest


def record(request: HttpRequest, model: type[models.Model], what: Any, message: Any) -> None:
    """Write down that the asking member of staff did something to rows of `model`.

    `what` is the row it was done to, or a text where it was many; `message` says what was done, in a sentence.
    """
    is_row = isinstance(what, models.Model)
    LogEntry.objects.create(
        user_id=int(request.user.pk or 0),
        content_type=ContentType.objects.get_for_model(model),
        object_id=str(what.pk) if is_row else None,
        object_repr=str(what)[:200],
        action_flag=CHANGE,
        change_message=str(message),
    )
