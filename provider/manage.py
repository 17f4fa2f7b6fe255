# SPDX-License-Identifier: Apache-2.0
"""flocx-provider-manage and flocx-provider-status: set a provider up, and check it."""

import sys

from keystoneauth1 import exceptions as ks_exceptions
from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from flocx import config
from flocx import exceptions
from flocx import upgrade_check
from provider import assembly
from provider import cleaning_demands
from provider import conf as provider_conf
from provider import ownership
from provider.nodes import ironic

#: The name of the quarantine project, unless another one is wanted.
QUARANTINE = 'flocx-quarantine'


def _commands(subparsers):
    quarantine = subparsers.add_parser(
        'quarantine',
        help='the project that has a server between two contracts',
        description='Make the project that has a server from the end of a contract '
        'until it is clean. Example: flocx-provider-manage quarantine create '
        '--os-cloud admin',
    ).add_subparsers(dest='action', required=True)
    create = quarantine.add_parser(
        'create',
        help='make it in Keystone, if it is not there, and print the option that names '
        'it; nobody gets a role in it',
    )
    create.add_argument(
        '--os-cloud',
        metavar='CLOUD',
        help='the cloud in clouds.yaml of somebody who may make projects; without it '
        'the environment says who, as for the openstack command',
    )
    create.add_argument(
        '--name',
        # Of this name oslo.config keeps which command it is.
        dest='project_name',
        metavar='NAME',
        default=QUARANTINE,
        help='what it is called',
    )
    create.add_argument('--domain', default='default', help='the id of its domain')
    create.set_defaults(run=_create_quarantine)


def _create_quarantine(command):
    project_id = ironic.create_project(
        command.os_cloud,
        command.project_name,
        command.domain,
        'Has the servers of FLOCX between two contracts. Give nobody a role in it.',
    )
    print(f'[provider]\nquarantine_project_id = {project_id}')


def manage(argv=None):
    """Entry point of ``flocx-provider-manage``."""
    conf = cfg.CONF
    conf.register_cli_opt(
        cfg.SubCommandOpt(
            'command', title='commands', handler=_commands, help='what to do'
        )
    )
    config.prepare(
        conf, sys.argv[1:] if argv is None else argv, 'provider', provider_conf.register
    )
    if conf.command.name is None:
        conf.print_help()
        return 2
    try:
        conf.command.run(conf.command)
    except exceptions.FlocxError as error:
        sys.exit(str(error))
    return 0


def _result(code, detail=None):
    return upgradecheck.Result(code, detail)


class Checks(upgradecheck.UpgradeCommands):
    """What has to be in order before a new release is started."""

    def _check_quarantine(self):
        if cfg.CONF.provider.quarantine_project_id:
            return _result(upgradecheck.Code.SUCCESS)
        return _result(
            upgradecheck.Code.WARNING,
            '[provider] quarantine_project_id is not set: between two contracts the '
            "project of the provider's own account has a server. Run "
            'flocx-provider-manage quarantine create',
        )

    def _check_nodes(self):
        try:
            nodes = assembly.build(cfg.CONF).nodes.all()
        except (exceptions.FlocxError, ks_exceptions.ClientException) as error:
            return _result(upgradecheck.Code.FAILURE, str(error))
        if not nodes:
            return _result(
                upgradecheck.Code.WARNING,
                "The provider's account sees no servers: it needs the role service, "
                'and Ironic rbac_service_role_elevated_access',
            )
        unclean = [node.name or node.uuid for node in nodes if _is_unclean(node)]
        if unclean:
            return _result(
                upgradecheck.Code.WARNING,
                'These are not sold, as their automated_clean is false: '
                + ', '.join(unclean),
            )
        return _result(upgradecheck.Code.SUCCESS)

    def _check_lessees(self):
        try:
            names = assembly.build(cfg.CONF).nodes.with_automatic_lessee()
        except (exceptions.FlocxError, ks_exceptions.ClientException) as error:
            return _result(upgradecheck.Code.FAILURE, str(error))
        if not names:
            return _result(upgradecheck.Code.SUCCESS)
        return _result(
            upgradecheck.Code.WARNING,
            'Ironic has set the lessee of these with a deployment ([conductor] '
            'automatic_lessee_source): contracts for them wait until they are '
            'undeployed: ' + ', '.join(names),
        )

    def _check_cleaning(self):
        try:
            cleaning_demands.demands(cfg.CONF.provider)
        except exceptions.Invalid as error:
            return _result(upgradecheck.Code.FAILURE, str(error))
        return _result(upgradecheck.Code.SUCCESS)

    _upgrade_checks = (
        ('Quarantine project', _check_quarantine),
        ('Servers', _check_nodes),
        ('Lessees that Ironic sets', _check_lessees),
        ('Demanded cleaning', _check_cleaning),
        upgrade_check.POLICY,
    )


def _is_unclean(node):
    return ownership.unfit(node) and node.automated_clean is False


def status(argv=None):
    """Entry point of ``flocx-provider-status``."""
    return upgrade_check.run(Checks(), argv, 'provider', provider_conf.register)
