# SPDX-License-Identifier: Apache-2.0
"""Fields that read what people write, as the command line does."""

from django import forms
from django.utils import formats as written
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import formats
from flocxclient.osc import alternatives
from flocxclient.osc import asks
from flocxclient.osc import prices
from flocxclient.osc import requirements
from flocxclient.osc import times

#: How times are written, for those who have to write one.
TIMES = _('2027-01-05 09:00, tonight, mon 09:00 or +3d; in your time zone')
EXAMPLE = _('tomorrow 09:00 or +3d')


class Read(forms.CharField):
    """A field whose text one of the client's functions understands."""

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return self.read(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class Price(Read):
    """A decimal string, per server and hour."""

    def __init__(self, **kwargs):
        attrs = {'inputmode': 'decimal', 'placeholder': '1.25'}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def read(self, text):
        # As the user's language writes it, and with a point.
        return prices.price(written.sanitize_separators(text.strip()))


class Moment(Read):
    """A moment, as the API writes it. What has no offset is the user's time."""

    def __init__(self, example=EXAMPLE, **kwargs):
        kwargs.setdefault('help_text', TIMES)
        super().__init__(**kwargs)
        self.widget.attrs['placeholder'] = example
        # A script puts a button beside it, which is called so.
        self.widget.attrs['data-flocx-moment'] = _('Choose a date and time')

    def read(self, text):
        found = times.moment(text, timezone.localtime())
        return times.render(found.replace(microsecond=0))

    def has_changed(self, initial, data):
        # What is shown to the minute is unchanged if the minute is.
        return super().has_changed(self.prepare_value(initial), data)

    def prepare_value(self, value):
        """A moment of the API as this field would have it typed."""
        if isinstance(value, str) and value.endswith('Z'):
            return formats.editable_moment(value)
        return value


class Duration(Read):
    """Seconds."""

    def __init__(self, **kwargs):
        kwargs.setdefault('help_text', _('36h, 2w, 90m or 1d12h'))
        super().__init__(**kwargs)
        self.widget.attrs['placeholder'] = '36h'

    def read(self, text):
        return times.duration(text)

    def prepare_value(self, value):
        """Seconds as this field would have them typed."""
        return times.render_duration(value) if isinstance(value, int) else value


class Requirements(Read):
    """Triples of the match language, a line of text for each."""

    def __init__(self, **kwargs):
        kwargs.setdefault(
            'help_text',
            _('One on each line, such as memory_mb>=65536 or cpu_arch=x86_64'),
        )
        attrs = {
            'rows': 2,
            'spellcheck': 'false',
            'placeholder': 'memory_mb>=65536\ncpu_arch=x86_64',
        }
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)

    def read(self, text):
        lines = filter(None, map(str.strip, text.splitlines()))
        return [requirements.parse(line) for line in lines]


class Asks(Read):
    """What is asked at some times, a line of text for each."""

    EXAMPLE = 'weekdays 20:00-08:00 Europe/Berlin=0.50'

    def __init__(self, **kwargs):
        kwargs.setdefault(
            'help_text',
            _('Another price at these times, one a line; the first that holds counts.'),
        )
        attrs = {'rows': 2, 'spellcheck': 'false', 'placeholder': self.EXAMPLE}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)

    def read(self, text):
        lines = filter(None, map(str.strip, text.replace(';', '\n').splitlines()))
        return [asks.parse(line) for line in lines]

    def prepare_value(self, value):
        """Entries as this field would have them typed."""
        if isinstance(value, list):
            return '\n'.join(map(asks.render, value))
        return value


class Falls(Read):
    """To what, and how long before, an ask falls."""

    def __init__(self, **kwargs):
        kwargs.setdefault(
            'help_text', _('48h=0.20: the nearer a time, the less, down to this price.')
        )
        super().__init__(**kwargs)
        self.widget.attrs['placeholder'] = '48h=0.20'

    def read(self, text):
        return asks.parse_falls(text)

    def prepare_value(self, value):
        return asks.render_falls(value) if isinstance(value, dict) else value


class Alternatives(Read):
    """Other terms of a bid, a line of text for each."""

    OPTIONS = alternatives.OPTIONS
    EXAMPLE = 'resource_class=a100,quantity=2,duration=12h,price=1.20'

    def __init__(self, **kwargs):
        attrs = {'rows': 2, 'spellcheck': 'false', 'placeholder': self.EXAMPLE}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)

    def read(self, text):
        lines = filter(None, map(str.strip, text.splitlines()))
        return [self._terms(line) for line in lines]

    def _terms(self, line):
        readers = {
            **dict.fromkeys(('quantity', 'min_quantity', 'spread_max'), int),
            **dict.fromkeys(('duration', 'min_reclaim_notice'), times.duration),
            'offset': times.duration,
            **dict.fromkeys(('start_time', 'end_time'), Moment().read),
            'price': prices.price,
            'requirements': lambda several: list(map(requirements.parse, several)),
        }
        found = {}
        for name, value in alternatives.words(line, self.OPTIONS).items():
            try:
                found[name] = readers.get(name, str)(value)
            except ValueError as error:
                raise ValueError(f'{line}: {name}: {error}') from error
        return found


class Parts(Alternatives):
    """Parts of a bundle, a line of text for each."""

    OPTIONS = alternatives.OF_PARTS
    EXAMPLE = 'name=head\nname=workers,quantity=4,offset=1h,price=2.50,require=gpus>=1'


def typed(triples):
    """Requirements as the field above would have them typed."""
    return '\n'.join(formats.requirement(each) for each in triples or ())


class ClassChoice(forms.ChoiceField):
    """One of the classes of servers; which there are, :meth:`offer` is told."""

    def offer(self, classes, given=None):
        """Let it be chosen from ``classes``, and what was chosen before stay."""
        known = sorted({*classes, *filter(None, [given])})
        self.choices = [('', _('Any')), *((each, each) for each in known)]
