# SPDX-License-Identifier: Apache-2.0
"""Forms that send what they hold to a service, and show what it says to it."""

import uuid

from django import forms
from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import forms as horizon_forms
from horizon import messages

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats


class Form(horizon_forms.SelfHandlingForm):
    """A form whose errors are the service's, each at its field.

    Subclasses have ``send(data)``, which returns what came of it, and ``done``,
    which says that.
    """

    #: The names of the API, where a field has another.
    aliases = {}

    def given(self, *names):
        """The fields that are filled in, by name."""
        return {
            name: self.cleaned_data[name]
            for name in names
            if self.cleaned_data.get(name) not in (None, '', [])
        }

    def handle(self, request, data):
        try:
            sent = self.send(data)
        except api.Refused as refused:
            self.blame(refused)
            return False
        messages.success(request, self.done(sent))
        return sent or True

    def blame(self, refused):
        """Show why something was refused where it can be put right."""
        field = self.aliases.get(refused.field, refused.field)
        if field not in self.fields or self.fields[field].widget.is_hidden:
            self.api_error(str(refused))
        else:
            self.add_error(field, refused.detail)


class Once(Form):
    """A form that makes something: once, however often it is sent."""

    key = forms.CharField(
        widget=forms.HiddenInput, initial=lambda: uuid.uuid4().hex, required=False
    )


class Change(Form):
    """A form that changes the name, the price or the end of something.

    Subclasses have ``update``, the SDK's method, and what else there is to change.
    """

    name = forms.CharField(label=_('Name'), required=False)
    price = fields.Price(label=_('Price'))
    end_time = fields.Moment(label=_('Until'))
    generation = forms.IntegerField(widget=forms.HiddenInput)

    #: The method of the SDK, by name.
    update = None
    #: Helps of the fields that mean something of their own here.
    helps = {}

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        for name, text in self.helps.items():
            self.fields[name].help_text = text

    def changes(self, data):
        """What to change, as the API takes it."""
        changes = {'name': data['name'] or None, 'price': data['price']}
        # Shown to the minute, the end would otherwise move by its seconds.
        if 'end_time' in self.changed_data:
            changes['end_time'] = data['end_time']
        return changes

    def send(self, data):
        return api.call(
            getattr(api.market(self.request), self.update),
            self.initial['uuid'],
            generation=data['generation'],
            **self.changes(data),
        )

    def done(self, changed):
        return _('%s is changed.') % formats.title(changed)

    @staticmethod
    def initial_of(resource):
        """What the form holds before anybody changes it."""
        return {
            'uuid': resource.uuid,
            'name': resource.name,
            'price': formats.editable_money(resource.price),
            'end_time': resource.end_time,
            'generation': resource.generation,
        }


class FormView(horizon_forms.ModalFormView):
    """A form on a page of its own, or in front of the page it was called from."""

    template_name = 'flocx_dashboard/form.html'
    #: What stands beside the fields.
    side_template = None

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context['side_template'] = self.side_template
        return context

    @property
    def form_id(self):
        return f'{self.form_class.__name__.lower()}_form'

    modal_id = form_id

    @property
    def page_title(self):
        return self.modal_header

    @property
    def submit_url(self):
        return urls.reverse(
            self.request.resolver_match.view_name,
            kwargs=self.request.resolver_match.kwargs,
        )
