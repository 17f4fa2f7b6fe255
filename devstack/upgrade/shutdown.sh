#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# shutdown.sh - stops the processes of the release that is upgraded

set -o errexit

# shellcheck source=/dev/null
source "$GRENADE_DIR/grenaderc"
# shellcheck source=/dev/null
source "$GRENADE_DIR/functions"

# The functions that have started them, of DevStack and of the older release, whose
# processes may have had other names.
for part in functions stackrc lib/tls lib/apache lib/rpc_backend lib/database \
    lib/keystone; do
    # shellcheck source=/dev/null
    source "$BASE_DEVSTACK_DIR/$part"
done
for part in settings lib/flocx; do
    # shellcheck source=/dev/null
    source "$BASE_RELEASE_DIR/flocx/devstack/$part"
done

set -o xtrace

stop_flocx

running=$(systemctl list-units --no-legend --plain --state=active \
    'devstack@flocx-*')
if [[ -n $running ]]; then
    die $LINENO "Still running: $running"
fi
