# SPDX-License-Identifier: Apache-2.0
"""Offers from a file, each row on its own terms, and what became of each row."""

import json

from django import forms as django_forms
from django import http
from django.utils.translation import gettext_lazy as _
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard.content.offers import forms as offer_forms
from flocx_dashboard.content.offers import sections
from flocxclient import row_files

#: The columns that a file may have, and which field each of them is.
COLUMNS = {
    'resource': None,
    'name': 'name',
    'price': 'price',
    'start_time': 'start_time',
    'end_time': 'end_time',
    'reclaim_notice': 'reclaim_notice',
    'min_length': 'min_length',
    'max_length': 'max_length',
    'block': 'block',
    'block_size': 'block_size',
    'ask_at': 'ask_schedule',
    'ask_falls': 'ask_falls',
    'lessee': 'lessee_id',
}
TIMES = ('start_time', 'end_time')
#: As many rows as one file has, and as many bytes.
MOST_ROWS, MOST_BYTES = 1000, 1 << 20
EXAMPLE = 'server,price,end_time\nrack3-01,1.10,2027-03-01\nrack3-02,1.20,+2w'


class Upload(django_forms.Form):
    """A file, or its text, and what is meant where a row does not say."""

    error_css_class = 'has-error'

    file = django_forms.FileField(
        label=_('File'),
        required=False,
        help_text=_('CSV with a heading, or a list in YAML (.yaml).'),
        widget=django_forms.FileInput(attrs={'accept': '.csv,.tsv,.yaml,.yml,.json'}),
    )
    text = django_forms.CharField(
        label=_('Or its rows'),
        required=False,
        help_text=_('CSV, as copied from a spreadsheet.'),
        widget=django_forms.Textarea(
            attrs={'rows': 6, 'spellcheck': 'false', 'placeholder': EXAMPLE}
        ),
    )
    price = fields.Price(label=_('Price of rows without one'), required=False)
    end_time = fields.Moment(label=_('End of rows without one'), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id='file_%s', **kwargs)
        for name in ('text', 'price', 'end_time'):
            self.fields[name].widget.attrs['class'] = 'form-control'

    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            cleaned['rows'] = self._rows(cleaned)
        return cleaned

    def _rows(self, cleaned):
        """The rows, each with what the form says for those that do not."""
        usual = {
            name: self.data[name].strip()
            for name in ('price', 'end_time')
            if cleaned.get(name) is not None
        }
        try:
            found = row_files.parse(*self._text(cleaned), COLUMNS)
        except ValueError as error:
            raise django_forms.ValidationError(str(error)) from error
        if len(found) > MOST_ROWS:
            raise django_forms.ValidationError(
                _('There are %(rows)s rows; at most %(most)s go at once.')
                % {'rows': len(found), 'most': MOST_ROWS}
            )
        return [{**usual, **each} for each in found]

    @staticmethod
    def _text(cleaned):
        """What is in the file, and whether it is YAML."""
        file = cleaned.get('file')
        if file is None:
            return cleaned['text'], False
        if file.size > MOST_BYTES:
            raise ValueError('it is larger than 1 MiB')
        return file.read().decode('utf-8-sig'), row_files.is_yaml(file.name)


class Row:
    """A row of a file: what it says, and what became of it or would."""

    def __init__(self, request, says, key):
        self.says, self.key = says, key
        self.result, self.error = None, None
        server = str(says.get('resource', ''))
        self._form = offer_forms.Create(
            request, data=self._typed(request), initial={'uuid': server}
        )
        self._request, self._server = request, server

    def _typed(self, request):
        """What somebody would have typed into the form of one offer."""
        typed = {
            field: self.says[column]
            for column, field in COLUMNS.items()
            if field and column in self.says
        }
        if 'lessee_id' in typed:
            by_name = {name: i for i, name in names.of_projects(request).items()}
            typed['lessee_id'] = by_name.get(typed['lessee_id'], typed['lessee_id'])
        return {**typed, 'key': self.key}

    @property
    def document(self):
        """The row as the page sends it back."""
        return json.dumps({'says': self.says, 'key': self.key})

    @property
    def is_good(self):
        return self.error is None

    def check(self):
        """Find what is wrong with it, as far as that can be told without offering."""
        known = names.of_servers(self._request)
        if not self._server:
            self.error = _('server: none is named')
        elif self._server not in {*known, *known.values()}:
            self.error = _('server: you have none that is called %s') % self._server
        elif not self._form.is_valid():
            self.error = ' '.join(
                f'{COLUMN_OF.get(name, name)}: {text}'
                for name, texts in self._form.errors.items()
                for text in texts
            )
        else:
            self.result = _('ready to be offered')
            # What is relative would be another time when it is sent.
            cleaned = self._form.cleaned_data
            for name in TIMES:
                if cleaned[name]:
                    self.says = {**self.says, name: cleaned[name]}
        return self

    @property
    def window(self):
        """From when and until when, with the zone where it is known to be a time."""
        known = self._form.cleaned_data if self.is_good else {}
        return [
            formats.moment(known[name])
            if known.get(name)
            else self.says.get(name) or usual
            for name, usual in zip(TIMES, (_('now'), '–'), strict=True)
        ]

    def offer(self):
        """Offer it; once, however often it is sent."""
        if self.check().is_good:
            try:
                made = self._form.send(self._form.cleaned_data)
            except api.Refused as refused:
                self.error = str(refused)
            else:
                self.result = _('%s is offered') % formats.title(made)
        return self


#: The column of a file that a field of the form is.
COLUMN_OF = {field: column for column, field in COLUMNS.items() if field}


class File(views.HorizonTemplateView):
    """A file is checked first; what is good in it is then offered, row by row."""

    template_name = 'flocx_dashboard/offers/file.html'
    page_title = _('Offers from a file')

    def post(self, request, *args, **kwargs):
        """Check a file; or offer rows, which ``row`` has, of one that was checked."""
        given = request.POST.getlist('row')
        if given:
            return self._offered(given)
        form = Upload(request.POST, request.FILES)
        rows = []
        if form.is_valid():
            found = form.cleaned_data['rows']
            keys = row_files.keys(found, request.user.project_id)
            rows = [
                Row(request, says, key).check()
                for says, key in zip(found, keys, strict=True)
            ]
        return self._shown(form, rows, 'checked')

    def _offered(self, given):
        try:
            rows = [
                Row(self.request, each['says'], each['key']).offer()
                for each in map(json.loads, given[:MOST_ROWS])
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            return http.HttpResponseBadRequest('row: it is not what this page sends')
        if self.request.headers.get('X-Requested-With') == 'XMLHttpRequest':
            # A script sends a few at a time, and shows how far it is.
            return http.JsonResponse(
                [{'good': e.is_good, 'text': str(e.result or e.error)} for e in rows],
                safe=False,
            )
        return self._shown(Upload(), rows, 'offered')

    def _shown(self, form, rows, stage):
        good = [each for each in rows if each.is_good]
        context = self.get_context_data(
            form=form, rows=rows, good=len(good), bad=len(rows) - len(good), stage=stage
        )
        return self.render_to_response(context)

    def get_context_data(self, **kwargs):
        kwargs.setdefault('form', Upload())
        return super().get_context_data(
            sections=sections.sections('file'), example=EXAMPLE, **kwargs
        )
