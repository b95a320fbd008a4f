"""Django's admin with our site (ops.admin_site) as `admin.site`."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default = False  # settings name it
    default_site = "ops.admin_site.StaffSite"
