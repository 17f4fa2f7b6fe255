# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.offers import claiming
from flocx_dashboard.content.offers import file
from flocx_dashboard.content.offers import server_detail
from flocx_dashboard.content.offers import servers
from flocx_dashboard.content.offers import views

urlpatterns = [
    re_path(r'^$', views.Index.as_view(), name='index'),
    re_path(r'^mine/$', views.Mine.as_view(), name='mine'),
    re_path(r'^servers/$', servers.Index.as_view(), name='servers'),
    re_path(
        r'^servers/(?P<uuid>[^/]+)/$', server_detail.Detail.as_view(), name='server'
    ),
    re_path(r'^servers/(?P<uuid>[^/]+)/offer/$', views.Create.as_view(), name='create'),
    re_path(r'^file/$', file.File.as_view(), name='file'),
    re_path(r'^hardware/$', servers.Hardware.as_view(), name='hardware'),
    re_path(r'^(?P<uuid>[^/]+)/$', views.Detail.as_view(), name='detail'),
    re_path(r'^(?P<uuid>[^/]+)/claim/$', claiming.Claim.as_view(), name='claim'),
    re_path(
        r'^(?P<uuid>[^/]+)/claim/total/$',
        claiming.ClaimTotal.as_view(),
        name='claim_total',
    ),
    re_path(r'^(?P<uuid>[^/]+)/change/$', views.Change.as_view(), name='change'),
    re_path(r'^(?P<uuid>[^/]+)/outage/$', views.Outage.as_view(), name='outage'),
]
