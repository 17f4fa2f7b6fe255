# SPDX-License-Identifier: Apache-2.0
"""Our panels in Horizon, as somebody who has logged in sees them. Runs in the guest.

panels.py URL USER PASSWORD PANEL...: prints the status of each as JSON.
"""

import json
import sys

import requests

CERTIFICATES = '/opt/stack/data/ca-bundle.pem'


def main(dashboard, user, password, *panels):
    browser = requests.Session()
    if dashboard.startswith('https:'):
        browser.verify = CERTIFICATES
    login = f'{dashboard}/auth/login/'
    browser.get(login, timeout=120).raise_for_status()
    answer = browser.post(
        login,
        data={
            'username': user,
            'password': password,
            'region': 'default',
            'csrfmiddlewaretoken': browser.cookies['csrftoken'],
        },
        headers={'Referer': login},
        timeout=120,
        # The page that comes next may be one of Nova's, and refused where it is not.
        allow_redirects=False,
    )
    if not answer.is_redirect or 'auth/login' in answer.headers['Location']:
        sys.exit(f'{user} cannot log in: {answer.status_code}')
    found = {}
    for panel in panels:
        answer = browser.get(
            f'{dashboard}/project/{panel}/', timeout=120, allow_redirects=False
        )
        found[panel] = answer.status_code
    print(json.dumps(found))


if __name__ == '__main__':
    main(*sys.argv[1:])
