# SPDX-License-Identifier: Apache-2.0
"""Somebody who has no mouse: every element is gone to by the Tab key."""

from selenium.webdriver.common import action_chains
from selenium.webdriver.common import keys

from flocx_dashboard.tests import browser


class Browser(browser.Browser):
    """A browser whose person does by keys what others do by the mouse."""

    def click(self, selector, text=''):
        self.type_at(selector, keys.Keys.ENTER, text=text)

    def fill(self, form='', **fields):
        for name, value in fields.items():
            selector = f'{form} [name={name}]'
            if self.see(selector).tag_name == 'select':
                self._choose(selector, value)
            else:
                self.reach(selector)
                self._press_with(keys.Keys.CONTROL, 'a')
                # What was there is gone, also where nothing takes its place.
                self._send(keys.Keys.DELETE, value)

    def press(self, selector, *pressed):
        self.type_at(selector, *pressed)

    def choose_cells(self, calendar, first, last):
        right = keys.Keys.ARROW_RIGHT
        # The first arrow leads to the first cell.
        self.type_at(calendar, *[right] * (first + 1))
        for _ in range(last - first):
            self._press_with(keys.Keys.SHIFT, right)

    def unfold(self, selector):
        self.type_at(selector, keys.Keys.ENTER)

    def _choose(self, selector, value):
        """Choose the option with that value, by the arrow keys."""
        self.reach(selector)
        options = self.find(selector).find_elements('tag name', 'option')
        values = [each.get_attribute('value') for each in options]
        self._send(keys.Keys.HOME, *[keys.Keys.ARROW_DOWN] * values.index(value))

    def _send(self, *pressed):
        action_chains.ActionChains(self._driver).send_keys(*pressed).perform()

    def _press_with(self, modifier, key):
        chain = action_chains.ActionChains(self._driver)
        chain.key_down(modifier).send_keys(key).key_up(modifier).perform()
