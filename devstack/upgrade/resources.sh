#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# resources.sh - an offer, a contract and a bid that have to outlive an upgrade
#
# Needs FLOCX_NODES=dummy, where a server is a file: with an Ironic there may be
# none that nobody else wants, and only the bid is looked after.

set -o errexit

# shellcheck source=/dev/null
source "$GRENADE_DIR/grenaderc"
# shellcheck source=/dev/null
source "$GRENADE_DIR/functions"
FLOCX_NODES_DIR=$DATA_DIR/flocx/nodes
NAME=grenade

set -o xtrace

# As the owner of the server, and as who rents it: DevStack has both of them. Its openrc
# is left out, as its variables would be stronger than what clouds.yaml says of each.
function as_owner {
    openstack --os-cloud devstack-admin market "$@"
}

function as_renter {
    openstack --os-cloud devstack market "$@"
}

function has_servers {
    [[ -d $FLOCX_NODES_DIR ]]
}

function contract {
    as_renter contract show $NAME -f value -c "$1"
}

function bid {
    as_renter bid show $NAME-open -f value -c "$1"
}

# Fails unless both are the same, and there is something.
function same {
    [[ -n $1 && "$1" == "$2" ]]
}

function create {
    local found
    local owner
    # Nothing that is on offer anywhere has so many processors.
    found=$(as_renter bid create --name $NAME-open --price 0.01 \
        --duration 1h --end-time +7d --require 'cpus>=100000' -f value -c uuid)
    resource_save flocx bid "$found"
    if ! has_servers; then
        return
    fi
    owner=$(openstack --os-cloud devstack-admin \
        project show admin -f value -c id)
    cat > "$FLOCX_NODES_DIR/$NAME.yaml" <<EOF
uuid: 6f2c2a4e-7a40-4a6c-8f0e-3a1d7c9e0b11
owner: $owner
resource_class: baremetal
properties: {cpus: 8, memory_mb: 65536, local_gb: 480, cpu_arch: x86_64}
EOF
    found=$(as_owner offer create $NAME --name $NAME --price 1.25 \
        --end-time +7d -f value -c uuid)
    resource_save flocx offer "$found"
    as_renter bid create --name $NAME --price 2 --duration 5d --end-time +6d \
        --require 'memory_mb>=65536' --wait
    resource_save flocx contract "$(contract uuid)"
    resource_save flocx end_time "$(contract end_time)"
    wait_until_active
}

function wait_until_active {
    local left=60
    until [[ $(contract status) == active ]]; do
        left=$((left - 1))
        if [[ $left == 0 ]]; then
            die $LINENO "The server was not handed over"
        fi
        sleep 1
    done
}

# The same, whatever has been upgraded.
function verify {
    same "$(bid uuid)" "$(resource_get flocx bid)"
    same "$(bid status)" available
    if ! has_servers; then
        return
    fi
    same "$(as_owner offer show $NAME -f value -c uuid)" \
        "$(resource_get flocx offer)"
    same "$(contract uuid)" "$(resource_get flocx contract)"
    same "$(contract end_time)" "$(resource_get flocx end_time)"
    same "$(contract status)" active
    # The provider still says so, too.
    grep --quiet lessee "$FLOCX_NODES_DIR/$NAME.yaml"
    as_renter event list -f value -c Type | grep --quiet contract.active
}

# Without the services: the tables.
function verify_noapi {
    local found
    if ! has_servers; then
        return
    fi
    found=$(sudo mysql flocx --batch --skip-column-names \
        --execute='SELECT uuid FROM contracts')
    [[ $found == *"$(resource_get flocx contract)"* ]]
}

function destroy {
    as_renter bid delete $NAME-open
    if has_servers; then
        as_renter contract release $NAME --wait
        as_owner offer delete $NAME
        rm "$FLOCX_NODES_DIR/$NAME.yaml"
    fi
}

case $1 in
    create | verify | verify_noapi | destroy)
        "$1"
        ;;
esac
