# SPDX-License-Identifier: Apache-2.0
"""The page about a cluster has all files that the rig needs, and only these."""

import configparser
import re
import unittest

from oslo_messaging._drivers import impl_rabbit

from tools.rigging import balancer
from tools.rigging import cluster
from tools.rigging import members
from tools.rigging import page

DAEMONS = (members.Galera, members.RabbitMQ, balancer.Balancer)
SHARED = {3306: ('127.0.0.1', 1), 7780: ('127.0.0.1', 2)}


def made(**words):
    return page.Page('127.1.2.', SHARED, words)


class ClusterPageTest(unittest.TestCase):
    def test_each_file_of_the_page_is_used(self):
        used = {path for each in DAEMONS for path in each.FILES}
        used |= {path for each in cluster.CONFIGURED.values() for path in each}
        self.assertEqual(used, set(page.files()))

    def test_a_file_is_that_of_its_host(self):
        text = made().file('/etc/mysql/mariadb.conf.d/60-galera.cnf', 12)
        self.assertIn('wsrep_node_address = 127.1.2.12\n', text)
        self.assertIn('gcomm://127.1.2.11,127.1.2.12,127.1.2.13\n', text)
        for other in ('192.0.2', 'ADDRESS'):
            self.assertNotIn(other, text)

    def test_what_is_shared_is_where_it_listens_here(self):
        text = made().file('/etc/haproxy/haproxy.cfg')
        self.assertIn('bind 127.0.0.1:1\n', text)
        self.assertIn('bind 127.0.0.1:2\n', text)
        self.assertIn('server controller2 127.1.2.12:7780 check', text)

    def test_brokers_of_one_machine_have_different_names(self):
        text = made().file('/etc/rabbitmq/rabbitmq.conf', 13)
        names = re.findall(r'nodes\.\d = (\S+)', text)
        self.assertEqual([f'rabbit{n}@127.1.2.1{n}' for n in (1, 2, 3)], names)
        own = made().file('/etc/rabbitmq/rabbitmq-env.conf', 13)
        self.assertIn('NODENAME=rabbit3@127.1.2.13\n', own)

    def test_words_are_replaced(self):
        text = made(SECRET='drawn').file(cluster.DATABASE)
        self.assertIn('//flocx:drawn@127.0.0.1:1/flocx', text)

    def test_the_options_of_the_broker_exist(self):
        known = {option.dest for option in impl_rabbit.rabbit_opts}
        parser = configparser.ConfigParser(default_section=None)
        parser.read_string(made().file(cluster.CLUSTER))
        self.assertLess(set(parser['oslo_messaging_rabbit']), known)
