# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.bids import standing
from flocx_dashboard.content.bids import views

urlpatterns = [
    re_path(r'^$', views.Index.as_view(), name='index'),
    re_path(r'^create/$', views.Create.as_view(), name='create'),
    re_path(r'^standing/$', standing.Standing.as_view(), name='standing'),
    re_path(r'^quote/$', views.Quote.as_view(), name='quote'),
    re_path(r'^(?P<uuid>[^/]+)/$', views.Detail.as_view(), name='detail'),
    re_path(r'^(?P<uuid>[^/]+)/change/$', views.Change.as_view(), name='change'),
]
