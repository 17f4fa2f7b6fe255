# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, in six categories.

::

    FlocxError
     +-- Invalid       400  the request cannot be understood; it names the field
     +-- Forbidden     403  the caller may see the object but not do this to it
     +-- NotFound      404  there is no such object, or the caller may not know
     +-- Conflict      409  the object is not in a state that allows this
     +-- Unprocessable 422  the request contradicts an earlier one
     +-- Unavailable   503  a service that is needed does not answer

``code`` is published: once in a release, it never changes its meaning.
"""


class FlocxError(Exception):
    """Something that the caller should be told in the words of the message."""

    status = 500
    code = 'flocx.internal'

    def __init__(self, detail: str, code: str | None = None) -> None:
        super().__init__(detail)
        self.code = code or self.code


class Invalid(FlocxError):
    status = 400
    code = 'flocx.invalid'


class Forbidden(FlocxError):
    status = 403
    code = 'flocx.forbidden'


class NotFound(FlocxError):
    status = 404
    code = 'flocx.not_found'


class Conflict(FlocxError):
    status = 409
    code = 'flocx.conflict'


class Unprocessable(FlocxError):
    status = 422
    code = 'flocx.unprocessable'


class Unavailable(FlocxError):
    status = 503
    code = 'flocx.unavailable'
