# SPDX-License-Identifier: Apache-2.0
"""What people do at a ColdFront, and what they see there.

    coldfront_site.py request PROJECT CREDITS    ask for an allocation; its number
    coldfront_site.py approve NUMBER             approve it, as the administrator
    coldfront_site.py change NUMBER CREDITS      ask for a change; approve that
    coldfront_site.py usage NUMBER               what was used of its credits
    coldfront_site.py failed                     how many tasks have failed

The administrator uses the web site's own views; what ColdFront lets a site's people
enter by its pages for objects of all kinds is put into its tables.
"""

import sys

import django

django.setup()

from coldfront.core.allocation import models
from coldfront.core.field_of_science import models as sciences
from coldfront.core.project import models as projects
from coldfront.core.resource import models as resources
from django import test
from django import urls
from django.contrib.auth import models as users
from django_q import models as queue
import flocx_coldfront.tasks as plugin


def request(project, credits):
    user, _ = users.User.objects.get_or_create(username='pi', email='pi@example.org')
    owner, _ = projects.Project.objects.get_or_create(
        pi=user,
        title='Servers',
        description='of the marketplace',
        field_of_science=sciences.FieldOfScience.objects.first(),
        status=projects.ProjectStatusChoice.objects.get(name='Active'),
    )
    resource, _ = resources.Resource.objects.get_or_create(
        name='FLOCX',
        resource_type=resources.ResourceType.objects.get(name='Cloud'),
    )
    allocation = models.Allocation.objects.create(
        project=owner,
        status=models.AllocationStatusChoice.objects.get(name='New'),
        justification='experiments',
        is_changeable=True,
    )
    allocation.resources.add(resource)
    for name, value in ((plugin.PROJECT, project), (plugin.CREDITS, credits)):
        models.AllocationAttribute.objects.create(
            allocation=allocation,
            allocation_attribute_type=models.AllocationAttributeType.objects.get(
                name=name
            ),
            value=value,
        )
    print(allocation.pk)


def _administrator():
    user, _ = users.User.objects.get_or_create(
        username='admin', is_superuser=True, is_staff=True
    )
    client = test.Client(raise_request_exception=True)
    client.force_login(user)
    return client


def _posted(name, pk, body):
    path = urls.reverse(name, kwargs={'pk': pk})
    answer = _administrator().post(path, body)
    if answer.status_code not in (200, 302):
        sys.exit(f'{path}: {answer.status_code}')


def approve(number):
    new = models.AllocationStatusChoice.objects.get(name='New')
    _posted('allocation-detail', number, {'action': 'approve', 'status': new.pk})


def change(number, credits):
    attribute = _credits(number)
    asked = models.AllocationChangeRequest.objects.create(
        allocation_id=number,
        status=models.AllocationChangeStatusChoice.objects.get(name='Pending'),
        end_date_extension=0,
        justification='more experiments',
    )
    wanted = models.AllocationAttributeChangeRequest.objects.create(
        allocation_change_request=asked,
        allocation_attribute=attribute,
        new_value=credits,
    )
    _posted(
        'allocation-change-detail',
        asked.pk,
        {
            'action': 'approve',
            'end_date_extension': '0',
            'notes': '',
            'attributeform-TOTAL_FORMS': '1',
            'attributeform-INITIAL_FORMS': '1',
            'attributeform-0-change_pk': str(wanted.pk),
            'attributeform-0-attribute_pk': str(attribute.pk),
            'attributeform-0-name': plugin.CREDITS,
            'attributeform-0-value': attribute.value,
            'attributeform-0-new_value': credits,
        },
    )


def _credits(number):
    return models.AllocationAttribute.objects.get(
        allocation_id=number, allocation_attribute_type__name=plugin.CREDITS
    )


def usage(number):
    print(_credits(number).allocationattributeusage.value)


def failed():
    print(queue.Failure.objects.count())


if __name__ == '__main__':
    {each.__name__: each for each in (request, approve, change, usage, failed)}[
        sys.argv[1]
    ](*sys.argv[2:])
