# SPDX-License-Identifier: Apache-2.0
from django.urls import re_path

from flocx_dashboard.content.rent import views

urlpatterns = [
    re_path(r'^$', views.Index.as_view(), name='index'),
    re_path(r'^claim/$', views.Claim.as_view(), name='claim'),
]
