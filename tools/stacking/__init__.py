# SPDX-License-Identifier: Apache-2.0
"""DevStack as its authors have it: a Debian with systemd, boots, and stack.sh in it.

``root`` makes the Debian, ``guest`` boots it and runs commands there, ``sources``
serves the repositories that stack.sh clones, ``settings`` writes what DevStack and
grenade read, ``stage`` is run there before the tour, ``tour`` takes it, and ``stack``
puts these together; ``grenade`` upgrades, and ``containers`` runs the images.
"""
