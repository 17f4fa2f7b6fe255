# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.market import calendar
from flocx_dashboard.content.market import lanes
from flocx_dashboard.content.market import views

urlpatterns = [
    re_path(r'^$', views.Prices.as_view(), name='index'),
    re_path(r'^book/$', views.Book.as_view(), name='book'),
    re_path(r'^calendar/$', calendar.Calendar.as_view(), name='calendar'),
    re_path(r'^timeline/$', lanes.Timeline.as_view(), name='timeline'),
]
