#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# As much of DevStack as devstack/plugin.sh calls. What writes a file writes it, with
# the options that DevStack gives it; what would install, start or ask something is a
# line in $RECORD: the words, each ended by a NUL.

function record {
    printf '%s\0' "$@" >> "$RECORD"
    printf '\n' >> "$RECORD"
}

for recorded in create_service_user get_or_create_service \
    get_or_add_user_system_role get_or_create_endpoint recreate_database \
    rpc_backend_add_vhost \
    setup_develop wait_for_service; do
    eval "function $recorded { record $recorded \"\$@\"; }"
done

# The id of a project, for which its name will do.
function get_or_create_project {
    record get_or_create_project "$@"
    echo "$1"
}

function define_plugin {
    :
}
function plugin_requires {
    :
}
function echo_summary {
    echo "$@"
}

function die {
    echo "line $1: $2" >&2
    exit 1
}

# Nothing here belongs to root, and there is no RabbitMQ to be asked.
function sudo {
    if [[ "$1" == "rabbitmqctl" ]]; then
        record "$@"
    else
        "$@"
    fi
}

function enable_service {
    local service
    for service in "$@"; do
        if [[ ,$DISABLED_SERVICES, != *,$service,* ]]; then
            ENABLED_SERVICES=$ENABLED_SERVICES,$service
        fi
    done
}

function is_service_enabled {
    local service
    for service in "$@"; do
        [[ ,$ENABLED_SERVICES, == *,$service,* ]] && return 0
    done
    return 1
}

function run_process {
    if is_service_enabled "$1"; then
        record run_process "$@"
    fi
}

function stop_process {
    if is_service_enabled "$1"; then
        record stop_process "$@"
    fi
}

function get_python_exec_prefix {
    echo "$PYTHON_PREFIX"
}

# iniset <file> <section> <option> <value>
function iniset {
    touch "$1"
    grep -q "^\[$2\]" "$1" || printf '\n[%s]\n' "$2" >> "$1"
    sed -i "/^\[$2\]/,/^\[/{/^$3 *=/d}" "$1"
    sed -i "s"$'\x01'"^\[$2\]\$"$'\x01'"&\n$3 = ${4//&/\\&}"$'\x01' "$1"
}

function iniset_rpc_backend {
    local url="rabbit://stackrabbit:secret@127.0.0.1:5672/$4"
    iniset "$2" "$3" transport_url "${BROKER:-$url}"
}

function database_connection_url {
    echo "sqlite:///$DATA_DIR/$1.sqlite"
}

function setup_logging {
    iniset "$1" DEFAULT log_color True
    iniset "$1" DEFAULT logging_exception_prefix 'ERROR %(name)s %(instance)s'
}

function configure_keystoneauth {
    iniset "$1" "$3" auth_type password
    iniset "$1" "$3" interface public
    iniset "$1" "$3" auth_url "$KEYSTONE_SERVICE_URI"
    iniset "$1" "$3" username "$2"
    iniset "$1" "$3" password "$SERVICE_PASSWORD"
    iniset "$1" "$3" user_domain_name "$SERVICE_DOMAIN_NAME"
    iniset "$1" "$3" project_name "$SERVICE_PROJECT_NAME"
    iniset "$1" "$3" project_domain_name "$SERVICE_DOMAIN_NAME"
}

function configure_keystone_authtoken_middleware {
    configure_keystoneauth "$1" "$2" keystone_authtoken
    iniset "$1" keystone_authtoken www_authenticate_uri "$KEYSTONE_SERVICE_URI"
    iniset "$1" keystone_authtoken cafile "$SSL_BUNDLE_FILE"
    iniset "$1" keystone_authtoken memcached_servers ""
}

function apache_site_config_for {
    echo "$APACHE_CONF_DIR/$1.conf"
}

# Apache would take the path away and pass it on as SCRIPT_NAME; here uWSGI does, on
# the port that $UWSGI_PORTS has for it: "flocx-market-api:40001,...".
function write_uwsgi_config {
    local conf=$1 wsgi=$2 url=$3 name=$5
    local port=${UWSGI_PORTS#*"$name:"}
    rm -f "$conf"
    iniset "$conf" uwsgi mount "$url=$wsgi"
    iniset "$conf" uwsgi manage-script-name true
    iniset "$conf" uwsgi processes 1
    iniset "$conf" uwsgi master true
    iniset "$conf" uwsgi die-on-term true
    iniset "$conf" uwsgi enable-threads true
    iniset "$conf" uwsgi hook-master-start \
        "unix_signal:15 gracefully_kill_them_all"
    iniset "$conf" uwsgi buffer-size 65535
    iniset "$conf" uwsgi add-header "Connection: close"
    iniset "$conf" uwsgi lazy-apps true
    iniset "$conf" uwsgi http-socket "127.0.0.1:${port%%,*}"
    echo "ProxyPass \"$url\"" > "$(apache_site_config_for "$name")"
}

function remove_uwsgi_config {
    rm -f "$1"
    record remove_uwsgi_config "$@"
}
