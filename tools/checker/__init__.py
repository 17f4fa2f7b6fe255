# SPDX-License-Identifier: Apache-2.0
"""An independent look at whether a market keeps its promises.

It reads the market's database with plain SQL and Ironic and the market over HTTP,
and shares no code with the services: what they get wrong, it must not get wrong in
the same way.
"""
