# SPDX-License-Identifier: Apache-2.0
"""FLOCX for openstacksdk.

``services.register(connection)`` adds the three services to a connection::

    connection = openstack.connect(cloud='example')
    services.register(connection)
    for offer in connection.marketplace.offers(resource_class='gpu'):
        print(offer.uuid, offer.price)
"""
