# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.overview import feed
from flocx_dashboard.content.overview import views
from flocx_dashboard.content.overview import webhooks

urlpatterns = [
    re_path(r'^$', views.Index.as_view(), name='index'),
    re_path(r'^usage/$', views.Usage.as_view(), name='usage'),
    re_path(r'^usage.csv$', views.UsageFile.as_view(), name='usage_csv'),
    re_path(r'^agenda/$', feed.Agenda.as_view(), name='agenda'),
    re_path(r'^events/$', feed.Events.as_view(), name='events'),
    re_path(r'^notifications/$', webhooks.Webhooks.as_view(), name='webhooks'),
]
