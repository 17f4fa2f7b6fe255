# SPDX-License-Identifier: Apache-2.0
"""What Tempest is told of a cloud, to run the plugin of this tree against it."""

import configparser
import io
import json
import re

PLUGIN = 'flocx_tempest_plugin'
#: Of OpenStack, what is not there.
_ABSENT = ('nova', 'neutron', 'glance', 'cinder', 'swift')
_COUNTED = re.compile(r'^ - (\w[\w ]*): (\d+)$', re.MULTILINE)


def conf(identity, auth, marketplace):
    """tempest.conf, as text.

    :param identity: where Keystone is, and its region.
    :param auth: the account of an administrator, or the file of all accounts.
    :param marketplace: the options of the plugin.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(
        {
            'DEFAULT': {'log_dir': 'logs'},
            'oslo_concurrency': {'lock_path': 'locks'},
            'identity': {
                'auth_version': 'v3',
                'v3_endpoint_type': 'public',
                **identity,
            },
            'service_available': {**dict.fromkeys(_ABSENT, 'false'), 'flocx': 'true'},
            'auth': auth,
            'marketplace': marketplace,
        }
    )
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def administrator(password):
    """[auth] for accounts that Tempest makes, and removes."""
    return {
        'use_dynamic_credentials': 'true',
        'create_isolated_networks': 'false',
        'admin_username': 'admin',
        'admin_password': password,
        'admin_project_name': 'admin',
        'admin_domain_name': 'Default',
    }


def existing(path):
    """[auth] for the accounts of a file."""
    return {'use_dynamic_credentials': 'false', 'test_accounts_file': str(path)}


def accounts(people, password):
    """The file of accounts that are there already.

    :param people: of each the user, the project, and the roles that Tempest asks for.
    """
    # JSON is YAML.
    return json.dumps(
        [
            {
                'username': user,
                'project_name': project,
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
                'domain_name': 'Default',
                'password': password,
                'roles': roles,
            }
            for user, project, roles in people
        ]
    )


def with_servers(names):
    """[marketplace] for servers that are there already, as accounts are."""
    return {
        'servers': 'existing',
        'existing_servers': ','.join(names),
        # Names of roles that are none choose who is who.
        'renter_roles': 'renter',
        'stranger_roles': 'stranger',
    }


def counted(printed):
    """{what: number} of the tests, by what tempest has printed at its end."""
    return {name.lower(): int(number) for name, number in _COUNTED.findall(printed)}
