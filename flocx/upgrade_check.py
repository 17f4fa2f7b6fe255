# SPDX-License-Identifier: Apache-2.0
"""The command ``upgrade check`` of each service."""

import sys

from oslo_config import cfg
from oslo_upgradecheck import common_checks
from oslo_upgradecheck import upgradecheck

from flocx import config

#: What is looked at in every service.
POLICY = (
    'Policy file in JSON',
    (common_checks.check_policy_json, {'conf': cfg.CONF}),
)


def run(checks, argv, service, register):
    """The exit status of ``flocx-<service>-status``.

    :param checks: an UpgradeCommands of oslo.upgradecheck.
    :param argv: its arguments; None for those of the process.
    :param register: registers the options of the service.
    """
    upgradecheck.register_cli_options(cfg.CONF, checks)
    arguments = sys.argv[1:] if argv is None else argv
    config.prepare(cfg.CONF, arguments, service, register)
    return upgradecheck.run(cfg.CONF)
