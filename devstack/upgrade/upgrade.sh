#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# upgrade.sh - installs the newer release, brings the tables to it and starts it
#
# The configuration stays what the older one had, but for the notice of contracts: a
# release works with it.

echo "*********************************************************************"
echo "Begin $0"
echo "*********************************************************************"

# Ends whatever calls this, as grenade does not look at each status.
function abort {
    set +o errexit
    echo "ERROR: Abort $0"
    trap 2
    kill -2 $$
}

trap abort SIGHUP SIGINT SIGTERM

RUN_DIR=$(cd "$(dirname "$0")" && pwd)

# shellcheck source=/dev/null
source "$GRENADE_DIR/grenaderc"
# shellcheck source=/dev/null
source "$GRENADE_DIR/functions"

set -o errexit

for part in stackrc lib/tls lib/apache lib/rpc_backend lib/database \
    lib/keystone lib/horizon; do
    # shellcheck source=/dev/null
    source "$TARGET_DEVSTACK_DIR/$part"
done
initialize_database_backends

# What is installed is the repository that the target's local.conf names.
FLOCX_DIR=$TARGET_RELEASE_DIR/flocx
# shellcheck source=/dev/null
source "$FLOCX_DIR/devstack/settings"
# shellcheck source=/dev/null
source "$FLOCX_DIR/devstack/lib/flocx"

set -o xtrace

if [[ -d $FLOCX_CONF_DIR && ! -d $SAVE_DIR/etc.flocx ]]; then
    cp -pr "$FLOCX_CONF_DIR" "$SAVE_DIR/etc.flocx"
fi

stack_install_service flocx

# What one pair of releases needs beside that, if it does.
upgrade_project flocx "$RUN_DIR" \
    "$BASE_DEVSTACK_BRANCH" "$TARGET_DEVSTACK_BRANCH"

# As DevStack has it: nobody waits a quarter of an hour for what is released.
iniset "$(_flocx_conf market)" contracts notice "$FLOCX_NOTICE"

upgrade_flocx
start_flocx

for service in $FLOCX_SERVICES; do
    ensure_services_started "flocx-$service-api"
done
ensure_services_started flocx-market-worker flocx-matcher-engine \
    flocx-provider-fulfiller

# With the tables at the newest, nothing is left to do.
"$FLOCX_BIN_DIR/flocx-market-status" \
    --config-file "$FLOCX_CONF_DIR/market.conf" upgrade check

set +o xtrace
echo "*********************************************************************"
echo "SUCCESS: End $0"
echo "*********************************************************************"
