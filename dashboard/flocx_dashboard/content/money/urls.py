# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.money import views

urlpatterns = [
    re_path(r'^$', views.Index.as_view(), name='index'),
    re_path(
        r'^statement-(?P<month>[0-9-]{1,10})\.csv$',
        views.StatementFile.as_view(),
        name='statement_csv',
    ),
    re_path(r'^groups\.csv$', views.GroupsFile.as_view(), name='groups_csv'),
]
