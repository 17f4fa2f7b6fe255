# SPDX-License-Identifier: Apache-2.0
import json
import unittest

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions as sdk_exceptions
import requests

from flocxclient.sdk import errors


def answer(status, body, **headers):
    """The SDK's error for a response."""
    response = requests.Response()
    response.status_code = status
    response.reason = 'Reason'
    response.headers.update(
        {'Content-Type': 'application/json'},
        **{key.replace('_', '-'): value for key, value in headers.items()},
    )
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        sdk_exceptions.raise_from_response(response)
    except errors.ERRORS as exc:
        return exc


class TestExplain(unittest.TestCase):
    def test_detail_and_request_id(self):
        body = {
            'errors': [
                {
                    'status': 400,
                    'title': 'Bad Request',
                    'detail': 'price: not a number',
                    'request_id': 'req-1',
                }
            ]
        }
        self.assertEqual(
            'price: not a number (HTTP 400, request req-1)',
            errors.explain(answer(400, body)),
        )

    def test_the_header_has_the_request_id_too(self):
        self.assertEqual(
            'No offer x (HTTP 404, request req-2)',
            errors.explain(
                answer(
                    404,
                    {'errors': [{'detail': 'No offer x'}]},
                    x_openstack_request_id='req-2',
                )
            ),
        )

    def test_several_errors(self):
        body = {'errors': [{'detail': 'one'}, {'title': 'two'}]}
        self.assertEqual('one; two (HTTP 409)', errors.explain(answer(409, body)))

    def test_an_answer_from_something_else(self):
        for body in (b'', {'errors': None}, {'errors': ['x']}):
            self.assertEqual('Reason (HTTP 502)', errors.explain(answer(502, body)))
        self.assertEqual('<html> (HTTP 502)', errors.explain(answer(502, b'<html>')))
        self.assertEqual(
            'no (HTTP 403)', errors.explain(answer(403, {'error': {'message': 'no'}}))
        )

    def test_remedy(self):
        self.assertIn('try again', errors.explain(answer(503, {})))

    def test_the_remedy_for_a_code_comes_first(self):
        for code, remedy in errors.REMEDIES.items():
            if isinstance(code, str):
                refusal = answer(409, {'errors': [{'detail': 'No.', 'code': code}]})
                self.assertEqual(f'No: {remedy} (HTTP 409)', errors.explain(refusal))
                self.assertEqual(code, errors.code(refusal))

    def test_an_error_without_a_code(self):
        self.assertIsNone(errors.code(answer(502, b'<html>')))
        self.assertIsNone(errors.code(auth_exceptions.ConnectFailure('no')))

    def test_what_was_not_answered_can_be_repeated(self):
        lost = errors.Unanswered(auth_exceptions.ConnectFailure('Lost'), 'k')
        self.assertIn('with the idempotency key k', errors.explain(lost))

    def test_no_answer(self):
        self.assertIn(
            'Is the service running',
            errors.explain(auth_exceptions.ConnectFailure('Unable to connect')),
        )
        self.assertEqual(
            'none', errors.explain(sdk_exceptions.EndpointNotFound('none'))
        )
