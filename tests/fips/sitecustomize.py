# SPDX-License-Identifier: Apache-2.0
"""Python as on a machine in FIPS mode: no MD5 and no SHA-1 for security.

On the PYTHONPATH it is imported by every process of Python that starts. OpenSSL would
say the same; here it needs neither a certified module nor a kernel that was told.
"""

import hashlib
import sys

FORBIDDEN = frozenset(('md5', 'sha1', 'md4', 'ripemd160'))
#: Who may ask for SHA-1, by file: what they hash is no secret and no proof.
ALLOWED = (
    # The answer to a WebSocket's handshake, by RFC 6455, section 1.3.
    '/websockets/',
    # A name of version 5, by RFC 9562.
    '/uuid.py',
    # Which key a certificate has, by RFC 5280, section 4.2.1.2.
    '/cryptography/x509/',
    # An HMAC, which FIPS 198-1 lets be of SHA-1: osprofiler signs traces by one.
    '/hmac.py',
    # Names of files, of what numba has compiled, and of what hypothesis has seen.
    '/tooz/drivers/file.py',
    '/numba/',
    '/hypothesis/',
)


def _forbidding(name, made):
    def digest(*args, usedforsecurity=True, **kwargs):
        _check(name, usedforsecurity)
        return made(*args, usedforsecurity=False, **kwargs)

    return digest


def _check(name, usedforsecurity):
    if not usedforsecurity or name.lower().replace('-', '') not in FORBIDDEN:
        return
    asking = sys._getframe(2).f_code.co_filename
    if 'sha' not in name.lower() or not any(each in asking for each in ALLOWED):
        raise ValueError(f'[digital envelope routines] unsupported: {name}, {asking}')


_new = hashlib.new


def new(name, data=b'', *, usedforsecurity=True, **kwargs):
    _check(name, usedforsecurity)
    return _new(name, data, usedforsecurity=False, **kwargs)


hashlib.new = new
for _name in ('md5', 'sha1'):
    setattr(hashlib, _name, _forbidding(_name, getattr(hashlib, _name)))
