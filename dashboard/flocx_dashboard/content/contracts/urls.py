# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.contracts import views

urlpatterns = [
    re_path(r'^$', views.Index.as_view(), name='index'),
    re_path(r'^(?P<uuid>[^/]+)/$', views.Detail.as_view(), name='detail'),
    re_path(r'^(?P<uuid>[^/]+)/end/$', views.MoveEnd.as_view(), name='end'),
    re_path(
        r'^(?P<uuid>[^/]+)/end/total/$', views.EndTotal.as_view(), name='end_total'
    ),
    re_path(r'^(?P<uuid>[^/]+)/go-on/$', views.GoOn.as_view(), name='go_on'),
    re_path(r'^(?P<uuid>[^/]+)/reclaim/$', views.Reclaim.as_view(), name='reclaim'),
    re_path(r'^(?P<uuid>[^/]+)/release/$', views.Release.as_view(), name='release'),
]
