#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# devstack/plugin.sh - the phases of DevStack, for FLOCX
#
# The contract is DevStack's doc/source/plugins.rst: `plugin.sh <mode> [<phase>]`.

# shellcheck source=devstack/lib/flocx
source "$(dirname "${BASH_SOURCE[0]}")/lib/flocx"

if is_flocx_enabled; then
    if [[ "$1" == "stack" && "$2" == "install" ]]; then
        echo_summary "Installing FLOCX"
        install_flocx

    elif [[ "$1" == "stack" && "$2" == "post-config" ]]; then
        # Keystone answers already; Ironic's files are written, and it starts later.
        echo_summary "Configuring FLOCX"
        configure_flocx
        create_flocx_accounts
        # Before Horizon collects its panels and their files.
        configure_flocx_dashboard

    elif [[ "$1" == "stack" && "$2" == "extra" ]]; then
        echo_summary "Starting FLOCX"
        init_flocx
        start_flocx
    fi

    if [[ "$1" == "unstack" ]]; then
        stop_flocx
    fi

    if [[ "$1" == "clean" ]]; then
        cleanup_flocx
    fi
fi
