# SPDX-License-Identifier: Apache-2.0
"""Values of the API in templates."""

from django import template
from django.utils import html
from django.utils import timezone
from django.utils.translation import gettext as _

from flocx_dashboard import formats
from flocx_dashboard import names
from flocxclient.osc import asks

register = template.Library()

register.filter('money', formats.money)
register.filter('price_origin', formats.price_origin)
register.filter('about', formats.about)
register.filter('hours', formats.hours)
register.filter('ask', asks.render)
register.filter('duration', formats.duration)
register.filter('hardware', formats.hardware)
register.filter('short', formats.short)
register.filter('requirement', formats.requirement)
register.filter('explained', formats.explained)


@register.filter
def when(text):
    """A moment, which says on hovering how far off it is."""
    if not text:
        return '–'
    away = formats.distance(formats.instant(text), timezone.now())
    return html.format_html(
        '<time class="flocx-time" datetime="{}" title="{}">{}</time>',
        text,
        away,
        formats.moment(text),
    )


@register.filter
def away(text):
    """How far off a moment is."""
    return formats.distance(formats.instant(text), timezone.now()) if text else '–'


@register.filter
def status(text):
    """A status, with a colour that only repeats what it says."""
    return html.format_html(
        '<span class="flocx-status flocx-status-{}">{}</span>', text, names.status(text)
    )


@register.filter
def mechanism(text):
    """What a kind of mechanism is called."""
    return names.MECHANISMS.get(text, text)


def status_of(each):
    """The status of a bid or a contract, and whether a firm bid may displace it."""
    if each.interruptible_notice is None:
        return status(each.status)
    notice = formats.duration(each.interruptible_notice)
    return html.format_html(
        '{} <span class="flocx-muted" title="{}">{}</span>',
        status(each.status),
        _('A firm bid may displace it with a notice of %s') % notice,
        _('interruptible'),
    )


@register.simple_tag(takes_context=True)
def project(context, ident):
    """A project by its name, if the user may know it."""
    return names.project(context['request'], ident)


@register.filter
def named(ident, known):
    """What an id is called in a dictionary of names, or the beginning of it."""
    return (known or {}).get(ident) or formats.short(ident)


@register.simple_tag(takes_context=True)
def server(context, uuid):
    """A server by its name, which leads to its page, if the user may know it."""
    return names.server(context['request'], uuid)
