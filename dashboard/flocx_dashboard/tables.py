# SPDX-License-Identifier: Apache-2.0
"""Tables that the services page, filter and sort."""

from django import forms
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import messages
from horizon import tables
from horizon.utils import functions

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard.templatetags import marketplace

MARKERS = ('marker', 'prev_marker')
#: What Horizon adds to the URL when it asks for one row again.
OF_ROWS = ('action', 'table', 'obj_id')


class Column(tables.Column):
    """A column; with ``sort_key`` its heading sorts the list at the service.

    :param total: what stands below the rows of a page, given these.
    """

    def __init__(self, transform, sort_key=None, total=None, **kwargs):
        # Horizon's script would sort the rows of one page only.
        kwargs.setdefault('sortable', False)
        if total:
            kwargs['summation'] = 'sum'
        kwargs['cell_attributes_getter'] = self._label
        super().__init__(transform, **kwargs)
        self.sort_key, self.total = sort_key, total

    def _label(self, _data):
        """What a narrow page, on which rows are cards, shows before a value."""
        return {'data-label': self.verbose_name}

    def get_summation(self):
        return self.total(self.table.data) if self.total else None

    @property
    def is_labelled(self):
        """Whether it is the first that has something to say of a page."""
        return self.name == 'name'

    @property
    def order(self):
        """asc or desc, if the list is sorted by this column."""
        return self.table.order.get(self.sort_key) if self.sort_key else None

    @property
    def sort_query(self):
        """The query of the list sorted by this column, the other way if it is."""
        wanted = 'desc' if self.order == 'asc' else 'asc'
        return self.table.query(sort_key=self.sort_key, sort_dir=wanted)


class Table(tables.DataTable):
    """A table whose links keep its filters, its order and its page."""

    #: {sort key: asc or desc}, of the view.
    order = {}

    def query(self, **changes):
        """The query of this page with ``changes``; from the first page on."""
        query = self.request.GET.copy()
        for name in (*MARKERS, *OF_ROWS):
            query.pop(name, None)
        for name, value in changes.items():
            query[name] = value
        return query.urlencode()

    def get_pagination_string(self):
        return self.query(marker=self.get_marker())

    def get_prev_pagination_string(self):
        return self.query(prev_marker=self.get_prev_marker())

    def get_object_id(self, datum):
        return datum.uuid

    def get_object_display(self, datum):
        return formats.title(datum)


def name_column(view, **kwargs):
    """What the things of a table are called, each a link to its page."""
    return Column(formats.title, link=view, **kwargs)


def time_column(field, sorted_by_it=True, **kwargs):
    """A moment, by which the service can sort."""
    return Column(
        lambda each: marketplace.when(getattr(each, field)),
        sort_key=field if sorted_by_it else None,
        **kwargs,
    )


def price_column(render=lambda each: each.price, **kwargs):
    """A price, and what ``render`` makes of a thing where it has none itself."""
    return Column(
        lambda each: formats.money(render(each)), classes=('flocx-number',), **kwargs
    )


def status_column():
    return Column(marketplace.status_of, verbose_name=_('Status'))


def settled_column(is_settled):
    """Hidden: whether a row need not be looked at again by itself."""
    return Column(is_settled, hidden=True, status=True, status_choices=((True, True),))


class Row(tables.Row):
    """A row that looks by itself what has become of it, while it is not settled.

    Subclasses have ``fetch``, the name of the SDK's method.
    """

    ajax = True
    fetch = None

    def get_data(self, request, uuid):
        try:
            return api.call(getattr(api.market(request), self.fetch), uuid)
        except api.Refused as refused:
            # Horizon answers the script with 404, which then stops to ask.
            raise exceptions.NotFound(str(refused)) from refused


def page_size(request):
    """How many rows the user wants on a page."""
    return functions.get_page_size(request)


class ListView(tables.DataTableView):
    """A list that a service pages, filters and sorts.

    Subclasses have ``listing()``, the SDK's method, and ``filters(data)``, what
    it is to be called with for what is in the form ``filter_class``.
    """

    filter_class = None
    default_sort = ('created_at', 'desc')

    _page = api.Page([])

    def get_filter_form(self):
        return self.filter_class(self.request.GET, request=self.request)

    def get_data(self):
        self.filter_form = self.get_filter_form()
        key, direction = self.sorting()
        self.table.order = {key: direction}
        if not self.filter_form.is_valid():
            return []
        try:
            self._page = self._read(key, direction)
        except api.Refused as refused:
            self._blame(refused)
        return self._page.rows

    def _read(self, key, direction):
        backwards = 'prev_marker' in self.request.GET
        marker = self.request.GET.get('prev_marker') or self.request.GET.get('marker')
        query = self.filters(self.filter_form.cleaned_data)
        listing, size = self.listing(), page_size(self.request)
        order = {'sort_key': key, 'descending': direction == 'desc'}
        try:
            return api.page(
                listing, size, marker=marker, backwards=backwards, **order, **query
            )
        except api.Refused as refused:
            # What was at the edge of the page may be gone meanwhile.
            if refused.field != 'marker':
                raise
            return api.page(listing, size, **order, **query)

    def _blame(self, refused):
        if refused.field in self.filter_form.fields:
            text = refused.detail
            self.filter_form.add_error(refused.field, text)
        else:
            messages.error(self.request, str(refused))

    def sorting(self):
        """The sort key and direction of the URL, or the usual ones."""
        known = {
            column.sort_key
            for column in self.table.columns.values()
            if getattr(column, 'sort_key', None)
        }
        key = self.request.GET.get('sort_key')
        if key not in known:
            return self.default_sort
        return key, 'desc' if self.request.GET.get('sort_dir') == 'desc' else 'asc'

    def has_prev_data(self, table):
        return self._page.before

    def has_more_data(self, table):
        return self._page.after

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context['filter_form'] = self.filter_form
        return context


class FilterForm(forms.Form):
    """What a list is asked for, in the URL, so that it can be kept and sent."""

    use_required_attribute = False
    error_css_class = 'has-error'

    def __init__(self, *args, request, **kwargs):
        self.request = request
        kwargs.setdefault('auto_id', 'filter_%s')
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs['class'] = 'form-control'
            if isinstance(field, fields.ClassChoice):
                field.offer(self.classes(), self.data.get(name))

    def classes(self):
        """The classes of servers to choose from."""
        return names.of_classes(self.request)

    def given(self, *names):
        """The fields that are filled in, by name."""
        return {
            name: self.cleaned_data[name]
            for name in names
            if self.cleaned_data.get(name) not in (None, '', [])
        }

    @property
    def kept(self):
        """What the URL holds beside the filters, and should go on holding."""
        return [
            (name, value)
            for name, value in self.request.GET.items()
            if name in ('sort_key', 'sort_dir')
        ]

    @property
    def is_used(self):
        return any(self.data.get(name) for name in self.fields)


class WindowFilter(FilterForm):
    """What may be asked of things that have a name, a class, a purpose and a time."""

    name = forms.CharField(label=_('Name'), required=False)
    resource_class = fields.ClassChoice(label=_('Class'), required=False)
    purpose = forms.CharField(label=_('Purpose'), required=False)
    start_time = fields.Moment(
        label=_('From'),
        required=False,
        help_text='',
        example=_('now, 7d ago, 2027-01-05'),
    )
    end_time = fields.Moment(
        label=_('Until'), required=False, help_text='', example=_('+3d, 2027-01-05')
    )

    field_order = ('role', 'status')


class Ending(tables.BatchAction):
    """An action that ends objects, and says of each one why it could not."""

    icon = 'trash'
    action_type = 'danger'
    help_text = _('This action cannot be undone.')

    def action(self, request, uuid):
        try:
            self.end(request, self.table.get_object_by_id(uuid))
        except api.Refused as refused:
            messages.error(request, str(refused))
            raise
