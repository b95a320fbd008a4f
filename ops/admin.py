"""What staff see of the house itself."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ops import operations
from ops.admin_lists import FactAdmin
from ops.models import ModelBudget


@admin.register(ModelBudget)
class ModelBudgetAdmin(FactAdmin):
    """How many calls of the model were spent, by day and payer."""

    list_display = ["day", "payer", "used"]
    ordering = ["-day", "-payer"]


admin.site.add_page(  # type: ignore[attr-defined]  # it is ours: ops.admin_site
    "operations/", operations.page, name="operations", label=_("Operaciones"), permission="ops.see_operations"
)
admin.site.add_page(  # type: ignore[attr-defined]
    "operations/data", operations.data, name="operations-data", permission="ops.see_operations"
)
