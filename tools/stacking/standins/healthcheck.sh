#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
exec mariadb --host=127.0.0.1 --user="$MARIADB_USER" \
    --password="$MARIADB_PASSWORD" "$MARIADB_DATABASE" --execute='SELECT 1'
