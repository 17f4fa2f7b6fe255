# SPDX-License-Identifier: Apache-2.0
"""The three services in one process, under a scheduler, a clock and faults of a seed.

The code of the services is the real one: the controllers behind their WSGI
applications, the engine's rounds, the fulfiller and the reconciliation, the real SQL
on SQLite in memory. What is simulated is the world around them: which task runs next,
what time it is, what becomes of a message or a request, when a process dies, what
Ironic answers. All of that follows from one number, so a failure comes back when
that number is given again::

    python -m tests.simulation --seed 4711 --trace

========================  ======================================================
``scheduler``             tasks that run one at a time, and where they may die
``network``               messages and requests: lost, doubled, late, out of order
``storage``               the database, its deadlocks and lost acknowledgements
``ironic``                a machine room: 409, 503, late answers, or none
``people``                owners and renters, who say again what was not answered
``world``                 the processes, and the storm they are in
``audit``                 triggers that write down what each sale rested on
``invariants``            what has to hold, in its own words and its own SQL
========================  ======================================================
"""
