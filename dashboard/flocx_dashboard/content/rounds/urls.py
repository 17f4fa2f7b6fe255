# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.rounds import health
from flocx_dashboard.content.rounds import views

urlpatterns = [
    re_path(r'^$', views.Index.as_view(), name='index'),
    re_path(r'^health/$', health.Health.as_view(), name='health'),
    re_path(r'^audit/$', views.Audit.as_view(), name='audit'),
    re_path(r'^(?P<uuid>[^/]+)/$', views.Detail.as_view(), name='detail'),
]
